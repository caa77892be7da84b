"""The last words of a watcher: into the posts of live runs, newest first, within its time."""

from typing import Any

import pytest

from sessions_app.deliver import wanted
from sessions_app.deliver.farewell import say_farewell
from sessions_app.deliver.publisher import LEASE_S
from sessions_app.deliver.wanted import STOPPED
from sessions_app.models import Circuit, Destination, Post
from sessions_app.render import card
from sessions_app.state.view import Word
from tests.deliver.desk import Desk
from tests.standin import edits


def farewell(desk: Desk, within_s: float = 4.0) -> tuple[int, int]:
    return say_farewell(desk.publisher, desk.clock, desk.clock.advance, within_s)


def noted(desk: Desk) -> list[str]:
    """Titles of the posts that say that nobody is watching, in the order in which they came to say so."""
    asked = [request.body["message"] for request in desk.mm.requests if request.is_edit]
    return [message.split("**")[1] for message in asked if STOPPED in message]


def test_the_posts_of_live_runs_say_that_nobody_is_watching_newest_first(desk: Desk) -> None:
    for title, ago in (("old", 300.0), ("new", 100.0), ("middle", 200.0)):
        desk.there(title=title, ago=ago)
    assert farewell(desk) == (3, 0)
    assert noted(desk) == ["new", "middle", "old"]
    assert all(STOPPED in post.message for post in desk.mm.bot_posts())


def test_it_leaves_alone_what_is_over_or_missing_or_given_up(desk: Desk) -> None:
    desk.there(Word.DONE)
    desk.wanted()
    Post.objects.filter(id=desk.there().id).update(parked="Refused.")
    assert farewell(desk) == (0, 0)
    assert noted(desk) == []


def test_a_post_that_waits_for_its_pace_or_after_an_error_is_told_all_the_same(desk: Desk) -> None:
    desk.there()
    Post.objects.update(not_before=desk.now + 60)
    assert farewell(desk) == (1, 0)


def test_what_does_not_fit_into_the_time_is_left_and_counted(desk: Desk) -> None:
    for number in range(30):
        desk.there(title=str(number), ago=1000.0 - number)
    desk.publisher, began = desk.worker(edits_per_s=5.0), desk.now
    said, left = farewell(desk)
    assert said + left == 30
    assert 15 <= said <= 22  # five a second, and one at once
    assert noted(desk) == [str(number) for number in range(29, 29 - said, -1)]
    assert desk.now - began <= 4.3


def test_the_newest_stay_first_although_drawing_takes_time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        desk.there(title=str(number), ago=1000.0 - number)
    draw = card.draw

    def slowly(*args: Any, **how: Any) -> str:
        desk.clock.advance(0.07)
        return draw(*args, **how)

    monkeypatch.setattr(wanted, "draw", slowly)
    desk.publisher = desk.worker(edits_per_s=5.0)
    farewell(desk)
    assert noted(desk) == ["5", "4", "3", "2", "1", "0"]


def test_a_post_that_somebody_is_busy_with_holds_up_none_of_the_others(desk: Desk) -> None:
    desk.there(title="old", ago=300.0)
    busy = desk.there(title="new", ago=100.0)
    Post.objects.filter(id=busy.id).update(lease_until=desk.now + LEASE_S, lease_owner="another")
    assert farewell(desk) == (1, 1)
    assert noted(desk) == ["old"]


def test_a_post_that_becomes_free_in_time_is_told(desk: Desk) -> None:
    busy = desk.there()
    Post.objects.filter(id=busy.id).update(lease_until=desk.now + 1.0, lease_owner="another")
    assert farewell(desk) == (1, 0)


@pytest.mark.parametrize("state", [{"paused": True}, {"circuit": Circuit.OPEN, "open_until": 9e9}])
def test_a_server_that_gets_nothing_is_not_waited_for(desk: Desk, state: dict[str, Any]) -> None:
    desk.there()
    Destination.objects.update(**state)
    began = desk.now
    assert farewell(desk) == (0, 1)
    assert desk.now == began


def test_a_post_that_cannot_be_edited_is_tried_once(desk: Desk) -> None:
    desk.there(title="old", ago=300.0)
    desk.there(title="new", ago=100.0)
    asked = desk.writes
    desk.mm.faults.fail_next(1, where=edits)
    assert farewell(desk) == (1, 1)
    assert desk.writes == asked + 2


def test_the_next_start_takes_the_words_back_and_the_same_posts_go_on(desk: Desk) -> None:
    post = desk.there()
    farewell(desk)
    desk.clock.advance(100)
    for one in desk.due():
        desk.publish(one)
    assert len(desk.mm.bot_posts()) == 1
    assert STOPPED not in desk.shown(post).message
    assert not desk.fresh(post).stop_note
