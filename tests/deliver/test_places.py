"""MAX_ACTIVE_SESSIONS: so many posts of live runs at once; more wait their turn, and none is dropped."""

import pytest

from sessions_app.deliver.leftovers import GIVEN_UP_AFTER, tidy
from sessions_app.deliver.pace import WAITS
from sessions_app.models import Destination, Post
from sessions_app.state.view import Word
from tests.deliver.desk import Desk


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk with two places, and two live posts in them."""
    desk.publisher = desk.worker(max_open=2)
    desk.there(title="one")
    desk.there(title="two")
    return desk


def test_one_more_waits_and_says_for_what(full: Desk) -> None:
    post = full.publish(full.wanted())
    assert (post.post_id, post.last_error, post.parked) == ("", WAITS, "")
    assert (post.intent_at, post.attempts) == (None, 0)


def test_a_run_that_is_over_needs_no_place(full: Desk) -> None:
    assert full.seen(full.publish(full.wanted(Word.DONE))).closed


@pytest.mark.parametrize("how", ["it ends", "it is given up"])
def test_a_place_that_becomes_free_is_taken_by_the_one_that_began_first(full: Desk, how: str) -> None:
    late, early = full.wanted(ago=10.0), full.wanted(ago=50.0)
    for post in (late, early):
        full.publish(post)
    full.clock.advance(3)
    assert full.due(max_open=2) == []
    first = Post.objects.exclude(post_id="").earliest("id")
    if how == "it ends":
        full.publish(full.change(first, Word.DONE))
    else:
        Post.objects.filter(id=first.id).update(parked="Refused.")
    assert early in full.due(max_open=2)
    assert full.publish(early).post_id
    assert full.publish(late).last_error == WAITS


def test_those_that_wait_take_nothing_from_the_others(full: Desk) -> None:
    """No slot of the budget, no turn in the pool, no request."""
    full.publisher = full.worker(max_open=2, edits_per_s=5.0)
    for number in range(30):
        full.publish(full.wanted(title=f"waiting {number}"))
    asked = len(full.mm.requests)
    assert full.server.next_slot_at <= full.now
    full.clock.advance(3)
    live = Post.objects.exclude(post_id="").earliest("id")
    full.change(live, Word.WORKING)
    assert full.due(room=1, max_open=2) == [live]
    assert len(full.mm.requests) == asked


def test_all_of_them_get_their_post_in_the_end(full: Desk) -> None:
    waiting = [full.wanted(title=f"waiting {number}") for number in range(5)]
    for _ in range(20):
        full.clock.advance(5)
        for post in full.due(max_open=2):
            full.publish(post)
        for post in Post.objects.exclude(post_id="").filter(run_over=False)[:1]:
            full.change(post, Word.DONE)
        assert Post.objects.open().count() <= 2
    assert all(full.fresh(post).closed for post in waiting)
    assert len(full.mm.bot_posts()) == 7


def test_two_that_want_the_last_place_at_once_do_not_both_get_it(full: Desk) -> None:
    full.publish(full.change(Post.objects.earliest("id"), Word.DONE))
    first, second, other = full.wanted(), full.wanted(), full.worker(max_open=2)
    Destination.objects.update(bot_id="")
    me = full.client.me

    def once() -> object:
        full.client.me = me  # type: ignore[method-assign]
        other.publish(second.id)
        return me()

    full.client.me = once  # type: ignore[method-assign, assignment]
    assert full.publish(first).last_error == WAITS
    assert full.fresh(second).post_id


def test_a_post_that_cannot_be_made_holds_no_place(full: Desk) -> None:
    full.publish(full.change(Post.objects.earliest("id"), Word.DONE))
    closed = full.mm.add_channel("archive")
    full.mm.archive(closed)
    assert full.publish(full.wanted(channel_id=closed)).intent_at is None
    assert full.publish(full.wanted()).post_id


@pytest.mark.parametrize("how", ["removed from the channel", "muted", "another server", "without a run"])
def test_posts_that_cannot_move_keep_no_place_from_the_others(full: Desk, how: str) -> None:
    if how == "removed from the channel":
        full.mm.kick(full.channel)
        for post in Post.objects.exclude(post_id=""):
            full.publish(full.change(post, Word.DONE))
    elif how == "muted":
        Post.objects.update(muted=True, mute_note=True)
    elif how == "another server":
        Post.objects.update(destination=Destination.objects.create(base_url="https://old.example.com"))
    else:
        Post.objects.update(run=None)
    assert not Post.objects.holding_a_place().filter(destination=full.destination).exists()
    town = full.mm.add_channel("another")
    assert full.publish(full.wanted(channel_id=town)).post_id


def test_a_post_without_a_run_is_given_up_in_the_end(full: Desk) -> None:
    Post.objects.update(run=None, attempts=GIVEN_UP_AFTER - 1)
    assert tidy(full.now) == 0
    Post.objects.update(attempts=GIVEN_UP_AFTER)
    assert tidy(full.now) == 2
