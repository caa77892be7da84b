"""What the board shows, and if there is nothing, why."""

import dataclasses
import time

import pytest

from sessions_app.models.times import moment
from sessions_app.state.view import Word
from sessions_app.web.board import Board, board
from tests import factories as make

pytestmark = pytest.mark.django_db


def look() -> Board:
    return board(time.time())


def titles(trees) -> list[str]:
    return [tree.root.title for tree in trees]


def test_live_ones_newest_first_with_all_below_them():
    make.watcher()
    make.run(title="Older", ago=500)
    root = make.run(Word.WAITING, title="Newer", ago=50)
    make.run(Word.WORKING, parent=make.run(parent=root, label="tests"), label="bisect")
    found = look()
    assert titles(found.live) == ["Newer", "Older"]
    assert [row.title for row in found.live[0].children] == ["tests", "bisect"]
    assert found.live[0].summary == "Sub-agents 0/1 done"
    assert found.nothing is None


def test_words_are_counted_with_sub_agents_those_that_want_a_person_first():
    root = make.run(Word.WAITING)
    make.run(Word.NEEDS_YOU, parent=root)
    make.run(Word.THINKING)
    assert [(one.number, one.word) for one in look().counts] == [(1, "needs you"), (1, "thinking"), (1, "waiting")]


def test_ended_ones_of_the_last_hour():
    make.run(Word.DONE, title="Just now")
    make.run(Word.FAILED, title="Earlier", ago=4000, ended_at=moment(time.time() - 3000))
    make.run(Word.DONE, title="Long ago", ago=9000, ended_at=moment(time.time() - 3700))
    assert titles(look().ended) == ["Just now", "Earlier"]


def test_a_post_can_be_followed_and_a_missing_one_is_explained():
    make.post(make.run(ago=10), post_id="p" * 26)
    make.run(ago=20, no_post="It was asked for outside Mattermost.")
    first, second = look().live
    assert first.post == f"{make.MATTERMOST}/_redirect/pl/{'p' * 26}"
    assert (second.post, second.no_post) == ("", "It was asked for outside Mattermost.")


def test_the_header_says_whether_the_system_is_well():
    make.watcher(lag_s=12.3)
    health = look().health
    assert (health.headline, health.kind) == ("All well", "done")
    assert health.parts == ("1 watcher, 12s behind", "Mattermost not configured")


def test_the_header_names_what_is_wrong():
    health = look().health
    assert (health.headline, health.kind) == ("Broken", "failed")
    text, code, *_ = health.problems[0]
    assert text.startswith("No watcher has run here yet")
    assert code == "manage.py runwatcher"


def test_posts_that_are_behind(settings):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, mm_base_url=make.MATTERMOST, mm_bot_token="t")
    make.watcher()
    post = make.post(make.run())
    assert look().health.parts[1] == "posts up to date"
    type(post).objects.update(sent_revision=1)
    assert look().health.parts[1] == "1 update waiting"


def test_nothing_because_no_agent_was_seen(settings):
    nothing = look().nothing
    assert nothing is not None
    assert nothing.headline == "No agent has been seen yet."
    assert str(settings.LIVE_STATUS.openclaw_state_dir[0]) in nothing.sentences[0]
    assert "OPENCLAW_STATE_DIR" in nothing.sentences[1]


def test_nothing_because_nobody_is_at_work():
    make.session(seen_at=moment(time.time() - 7300))
    nothing = look().nothing
    assert nothing is not None
    assert nothing.sentences[0] == "1 session known, the last sign of life was 2h 01m ago."


def test_boards_that_look_the_same_have_the_same_fingerprint():
    make.watcher()
    run = make.run(ago=700)
    now = time.time() // 60 * 60 + 1
    assert board(now).fingerprint == board(now + 2).fingerprint
    before = board(now).fingerprint
    type(run).objects.update(title="Another")
    assert board(now).fingerprint != before


def test_the_number_of_queries_does_not_grow_with_rows(django_assert_num_queries):
    make.watcher()
    make.post(make.run())
    make.run(Word.DONE)
    with django_assert_num_queries(12):
        look()
    for _ in range(30):
        root = make.run()
        make.post(root)
        make.run(parent=make.run(parent=root))
        make.post(make.run(Word.DONE))
    with django_assert_num_queries(12):
        look()
