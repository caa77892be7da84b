"""The report: its numbers, and each thing that can be wrong."""

import dataclasses
import json
import time
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from sessions_app.health.broker import Broker
from sessions_app.health.checks import full_report, report
from sessions_app.health.disk import Room
from sessions_app.health.lately import lately
from sessions_app.health.report import Part, Report, Status
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db
KEYS = {
    "status", "uptime_s", "active_sessions", "active_runs", "posts_open", "updates_sent", "updates_failed",
    "queue_depth", "last_error", "watchers", "mattermost", "problems", "creates", "edits", "unchanged", "coalesced",
    "limited", "retries", "oldest_waiting_s", "circuits", "runs_by_word", "posts_parked", "unread_sessions",
    "bad_lines", "destinations", "parts",
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
    make.destination()
    found = look().as_json()
    assert set(found) == KEYS
    assert [set(one) for one in found["watchers"]] == [{"name", "beat_age_s", "lag_s"}]
    assert set(found["parts"][0]) == {"name", "status", "sentence", "problems"}
    assert found["destinations"][0]["base_url"] == make.MATTERMOST
    json.dumps(found)


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


def test_each_server_is_told_in_figures():
    make.watcher()
    one = make.destination(edits=7, limited=2, paused=True)
    for _ in range(60):
        make.post(make.run(), destination=one, intent_at=1.0)
    make.post(make.run(), destination=one, sent_revision=1, behind_since=time.time() - 30)
    (told,) = look().destinations
    assert (told.edits, told.limited, told.paused, told.live_posts, told.posts_behind) == (7, 2, True, 60, 1)
    assert (told.pace_s, told.pace_reduced) == (12.0, True)
    assert told.oldest_waiting_s == pytest.approx(30, abs=1)


@pytest.fixture
def posting(settings):
    """Mattermost is configured, and somebody watches."""
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, mm_base_url=make.MATTERMOST, mm_bot_token="t" * 26)
    make.watcher()


@pytest.mark.parametrize(
    ("post", "server", "stuck"),
    [
        ({}, {}, True),
        ({"behind_since": -100}, {}, False),  # not that long
        ({"muted": True}, {}, False),
        ({"attempts": 1}, {}, False),  # its own page says what went wrong
        ({"last_error": "Waits for a place: MAX_ACTIVE_SESSIONS posts are open."}, {}, False),
        ({}, {"last_ok_at": -30}, False),  # something is sent: it is only slow
        ({}, {"last_ok_at": None}, True),
        ({}, {"paused": True}, False),  # there is another sentence for that
        ({}, {"quiet_until": 9e9}, False),
    ],
)
def test_a_change_that_nobody_sends_is_broken(posting, post, server, stuck):
    now = time.time()
    last_ok = server.get("last_ok_at", -600)
    one = make.destination(**server | {"last_ok_at": moment(now + last_ok) if last_ok else None})
    fields = {"sent_revision": 1, **post, "behind_since": now + post.get("behind_since", -180)}
    make.post(make.run(), destination=one, **fields)
    said = [sentence for sentence in look().problems if "nobody sends anything" in sentence]
    assert bool(said) is stuck
    if stuck:
        assert said[0].startswith("A change has waited 3m for https://chat.example.com, and nobody sends anything (1")
        assert look().status is Status.BROKEN


# --- parts


def part(found: Report, name: str) -> Part:
    return next(one for one in found.parts if one.name.startswith(name))


def test_every_part_is_named_with_how_it_is():
    make.watcher()
    make.destination()
    found = full_report(time.time())
    names = [one.name for one in found.parts]
    assert names == [
        "Database", "Disk", "Settings", "Watchers", "Stores", f"Delivery to {make.MATTERMOST}", "Posts",
    ]  # fmt: skip
    assert {one.status for one in found.parts} == {Status.OK}
    assert all(one.sentence for one in found.parts)
    assert part(found, "Watchers").sentence.startswith("1 watcher; a sign 0s ago")


def test_a_part_has_the_status_of_its_problems_and_the_whole_that_of_its_parts():
    make.watcher(stopped_at=moment(time.time() - 120), problems="Not said: it has stopped.")
    make.destination(paused=True)
    found = look()
    assert part(found, "Watchers").status is Status.BROKEN
    assert part(found, "Watchers").problems[0].next_step == "Start it again with `manage.py runwatcher`."
    assert part(found, "Delivery").status is Status.DEGRADED
    assert part(found, "Stores").status is Status.OK
    assert found.status is Status.BROKEN
    assert len(found.problems) == 2


def test_stores_are_told_with_what_could_not_be_read():
    make.watcher()
    of = make.session(problem="Its transcript is a directory.")
    make.checkpoint(of, bad_lines=3)
    found = full_report(time.time())
    assert "1 session, seen 3s ago; 3 lines could not be read." in part(found, "Stores").sentence
    assert (found.bad_lines, found.unread_sessions) == (3, 1)


@pytest.mark.parametrize(
    ("room", "status", "said"),
    [
        (Room(free=10**12, total=10**13), Status.OK, "1000.0 GB of 10000.0 GB free"),
        (Room(free=500_000_000, total=10**12), Status.DEGRADED, "Only 500 MB are free"),
        (Room(free=1_000_000, total=10**12), Status.BROKEN, "Only 1 MB are free"),
        (None, Status.BROKEN, "cannot be looked at"),
    ],
)
def test_room_on_the_disk(monkeypatch, room, status, said):
    make.watcher()
    monkeypatch.setattr("sessions_app.health.disk.room", lambda folder: room)
    found = look()
    assert found.status is status
    disk = part(found, "Disk")
    assert said in " ".join((disk.sentence, *(one.text for one in disk.problems)))


@pytest.mark.parametrize(
    ("broker", "statuses", "said"),
    [
        (Broker("r:1", True, 3, 2), {"Broker": Status.OK, "Workers": Status.OK}, None),
        (Broker("r:1", True, 3, 0), {"Broker": Status.OK, "Workers": Status.BROKEN}, "No worker answers, so"),
        (Broker("r:1", True, 0, None), {"Broker": Status.OK, "Workers": Status.BROKEN}, "No worker answers, so"),
        (Broker("r:1", False), {"Broker": Status.BROKEN}, "The broker at r:1 does not answer"),
    ],
)
def test_broker_and_workers_are_asked_for_the_full_report_only(monkeypatch, broker, statuses, said):
    make.watcher()
    monkeypatch.setattr("sessions_app.health.broker.ASKED.broker", lambda: broker)
    found = full_report(time.time())
    assert {one.name: one.status for one in found.parts if one.name in {"Broker", "Workers"}} == statuses
    assert found.http_status == (503 if said else 200)
    if said:
        assert said in only_problem(found)
    assert look().status is Status.OK


def test_what_can_be_known_without_a_database_is_told(settings, monkeypatch):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, problems=("PORT is 'x'; set it to a number.",))
    monkeypatch.setattr("sessions_app.health.broker.ASKED.broker", lambda: Broker("r:1", False))
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("connection refused")):
        found = full_report(time.time())
    assert [one.name for one in found.parts] == ["Database", "Disk", "Settings", "Broker"]
    assert "connection refused" in found.problems[0]


def test_no_report_reads_all_runs_or_posts():
    """Every page asks for one. There are few live runs and posts, and as many old ones as there ever were."""
    if connection.vendor != "sqlite":
        return  # with so few rows PostgreSQL rightly reads them all
    with CaptureQueriesContext(connection) as queries:
        report(time.time())
        lately(time.time())
    for query in queries.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
            steps = [str(row[3]) for row in cursor.fetchall()]
        tables = [step for step in steps if "sessions_app_run" in step or "sessions_app_post" in step]
        assert all("USING" in step for step in tables), (tables, query["sql"])


def test_the_full_report_costs_the_same_for_any_number_of_rows():
    make.watcher()

    def queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            full_report(time.time())
        return len(queries)

    before = queries()
    for number in range(5):
        one = make.destination(base_url=f"https://{number}.example.com")
        make.post(make.run(), destination=one, sent_revision=0, behind_since=1.0)
        make.checkpoint(make.session(store=f"/srv/{number}"))
    assert queries() == before
