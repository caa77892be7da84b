"""The report: its numbers, and each thing that can be wrong."""

import dataclasses
import time
from unittest import mock

import pytest
from django.db import OperationalError, connection

from sessions_app.health.checks import report
from sessions_app.health.report import Report, Status
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db
KEYS = {
    "status", "uptime_s", "active_sessions", "active_runs", "posts_open", "updates_sent", "updates_failed",
    "queue_depth", "last_error", "watchers", "mattermost", "problems", "creates", "edits", "unchanged", "coalesced",
    "limited", "retries", "oldest_waiting_s", "circuits",
}  # fmt: skip


def look() -> Report:
    return report(time.time())


def only_problem(found: Report) -> str:
    assert len(found.problems) == 1, found.problems
    return found.problems[0]


def test_all_well():
    make.watcher(started_at=moment(time.time() - 3600))
    make.destination(updates_sent=7, updates_failed=2)
    root = make.run(Word.WAITING)
    make.run(parent=root, session=root.session)
    make.run(Word.DONE)
    make.post(root, sent_revision=1)
    found = look()
    assert found.status is Status.OK
    assert found.problems == ()
    assert found.uptime_s == 3600
    assert (found.active_sessions, found.active_runs) == (1, 2)
    assert (found.posts_open, found.queue_depth) == (1, 1)
    assert (found.updates_sent, found.updates_failed) == (7, 2)
    assert found.last_error is None
    assert found.http_status == 200


def test_the_keys_are_a_promise_to_monitors():
    make.watcher()
    found = look().as_json(details=True)
    assert set(found) == KEYS
    assert [set(one) for one in found["watchers"]] == [{"name", "beat_age_s", "lag_s"}]


def test_strangers_get_numbers_only():
    make.watcher()
    found = look().as_json(details=False)
    assert set(found) == KEYS - {"problems", "last_error", "mattermost", "circuits"}
    assert [set(one) for one in found["watchers"]] == [{"beat_age_s", "lag_s"}]


def test_no_watcher_has_ever_run():
    found = look()
    assert found.status is Status.BROKEN
    assert found.http_status == 503
    assert "No watcher has run here yet" in only_problem(found)


def test_the_watcher_stopped_cleanly():
    make.watcher(stopped_at=moment(time.time() - 120))
    found = look()
    assert found.status is Status.BROKEN
    assert only_problem(found).startswith("The watcher stopped 2m ago")
    assert found.watchers == ()


def test_the_watcher_fell_silent():
    make.watcher(beat_at=moment(time.time() - 60))
    found = look()
    assert found.status is Status.BROKEN
    assert "on here (pid 4711) has given no sign for 1m" in only_problem(found)
    assert found.uptime_s == 0


def test_a_silent_watcher_beside_a_living_one_names_what_nobody_watches():
    make.watcher()
    make.watcher(name="there", host="there", stores="/srv/openclaw", beat_at=moment(time.time() - 60))
    found = look()
    assert found.status is Status.DEGRADED
    assert only_problem(found).endswith("nobody watches /srv/openclaw.")


def test_a_silent_watcher_whose_stores_another_one_took_over_is_no_problem():
    make.watcher()
    make.watcher(name="before", beat_at=moment(time.time() - 60))
    assert look().status is Status.OK


def test_what_a_watcher_cannot_see():
    make.watcher(problems="/x is not there yet; waiting for OpenClaw to make it.")
    found = look()
    assert found.status is Status.DEGRADED
    assert "is not there yet" in only_problem(found)


def test_sessions_that_cannot_be_read():
    make.watcher()
    for number in range(22):
        make.session(key=f"agent:main:{number}", problem="Its transcript is a directory.")
    make.session(problem="An old story.", in_store=False)
    found = look()
    assert found.status is Status.DEGRADED
    assert len(found.problems) == 21
    assert found.problems[0].endswith(": Its transcript is a directory.")
    assert found.problems[-1].startswith("2 more")


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"paused": True}, Status.DEGRADED, "is paused by hand (no posts behind)"),
        ({"circuit": "open", "last_error": "It is down."}, Status.BROKEN, "for now: It is down. The next try is due."),
        ({"circuit": "half-open"}, Status.BROKEN, "Nothing is sent to https://chat.example.com for now"),
        ({"quiet_until": 9e9}, Status.DEGRADED, "asked everybody to wait"),
        ({"last_error": "Refused.", "last_error_at": moment(9e9)}, Status.DEGRADED, "went wrong with"),
        ({"last_error": "Refused.", "last_error_at": moment(1.0)}, Status.OK, None),
    ],
)
def test_destinations(fields, status, sentence):
    make.watcher()
    make.destination(**fields)
    found = look()
    assert found.status is status
    if sentence:
        assert sentence in only_problem(found)
    else:
        assert found.problems == ()


def test_the_newest_unresolved_error_is_the_last_error():
    make.watcher()
    now = time.time()
    make.destination(last_error="Older.", last_error_at=moment(now + 5))
    make.destination(base_url="https://b.example.com", last_error="Newer.", last_error_at=moment(now + 9))
    make.destination(base_url="https://c.example.com", last_error="Mended.", last_error_at=moment(now - 9))
    assert look().last_error == "Newer."


def test_a_server_that_is_not_configured_any_more(settings):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, mm_base_url="https://new.example.com")
    make.watcher()
    make.destination(circuit="open")
    assert look().status is Status.OK, "nothing waits for it"
    make.post(make.run(), sent_revision=0)
    assert "is not the server of MM_BASE_URL any more" in only_problem(look())


def test_parked_posts_with_their_reasons():
    make.watcher()
    for reason in ("It was deleted.", "It was deleted.", "It is too old to edit."):
        make.post(make.run(), parked=reason)
    found = look()
    assert found.status is Status.DEGRADED
    assert only_problem(found) == ("3 posts get no more updates: It was deleted. (2) It is too old to edit. (1)")
    assert found.queue_depth == 0


def test_bad_settings(settings):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, problems=("PORT is 'x'; set it to a number.",))
    make.watcher()
    found = look()
    assert found.status is Status.DEGRADED
    assert only_problem(found).startswith("PORT is")


def test_whether_mattermost_is_configured_is_no_problem(settings):
    make.watcher()
    assert look().mattermost == "not configured"
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, mm_base_url="https://a.example", mm_bot_token="t")
    found = look()
    assert (found.mattermost, found.status) == ("configured", Status.OK)


def test_a_dead_database():
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("connection refused")):
        found = look()
    assert found.status is Status.BROKEN
    assert found.http_status == 503
    assert "connection refused" in only_problem(found)
    assert found.active_runs is None, "nobody knows"


def test_the_number_of_queries_does_not_grow_with_rows(django_assert_max_num_queries):
    make.watcher()
    for _ in range(30):
        make.post(make.run(), parked="It was deleted.")
        make.session(problem="Its transcript is a directory.")
    with django_assert_max_num_queries(11):
        look()


# --- delivery


def test_what_was_sent_and_what_was_saved_is_counted_over_all_servers():
    make.watcher()
    make.destination(creates=1, edits=2, unchanged=3, coalesced=4, limited=5, retries=6)
    make.destination(base_url="https://other.example.com", creates=10, edits=20)
    found = look()
    assert (found.creates, found.edits, found.unchanged) == (11, 22, 3)
    assert (found.coalesced, found.limited, found.retries) == (4, 5, 6)
    assert dict(found.circuits) == {make.MATTERMOST: "closed", "https://other.example.com": "closed"}


def test_the_age_of_the_oldest_change_that_waits_is_told():
    make.watcher()
    assert look().oldest_waiting_s == 0.0
    for waited in (5, 42):
        make.post(make.run(), sent_revision=1, behind_since=time.time() - waited)
    assert look().oldest_waiting_s == pytest.approx(42, abs=1)


@pytest.mark.parametrize(("posts", "reduced"), [(50, False), (51, True)])
def test_more_live_posts_than_the_budget_can_move_are_told(posts, reduced):
    make.watcher()
    make.destination()
    for _ in range(posts):
        make.post(make.run(), intent_at=1.0)
    for _ in range(20):
        make.post(make.run(Word.DONE), intent_at=1.0)
    found = look()
    if reduced:
        assert "51 live posts share 5 requests a second" in only_problem(found)
        assert "about every 10s" in only_problem(found)
    else:
        assert found.problems == ()
