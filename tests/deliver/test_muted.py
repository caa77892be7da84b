"""Posts of a muted session: they say so, stand still, and still tell how their run ended."""

from sessions_app.deliver.wanted import MUTED, STOPPED
from sessions_app.models import Post
from sessions_app.state.view import Word
from tests.deliver.desk import Desk


def muted(desk: Desk) -> Post:
    post = desk.there()
    desk.clock.advance(5)
    Post.objects.update(muted=True)
    assert desk.due() == [post]
    Post.objects.update(enqueued_until=0.0)
    return desk.publish(post)


def test_it_says_so_at_once(desk: Desk) -> None:
    post = muted(desk)
    assert MUTED.partition(":")[0] in desk.shown(post).message
    assert (post.mute_note, post.stop_note) == (True, False)


def test_it_does_not_move_while_its_run_goes_on(desk: Desk) -> None:
    post = desk.change(muted(desk), Word.NEEDS_YOU)
    desk.clock.advance(600)
    before = desk.writes
    assert desk.due() == []
    assert not desk.publisher.publish(post.id)
    assert desk.writes == before
    assert not Post.objects.behind().exists()


def test_it_tells_how_its_run_ended(desk: Desk) -> None:
    post = desk.change(muted(desk), Word.DONE)
    desk.clock.advance(5)
    assert desk.due() == [post]
    Post.objects.update(enqueued_until=0.0)
    post = desk.seen(desk.publish(post))
    assert (desk.shown(post).message.splitlines()[0][:1], post.closed, post.mute_note) == ("✅", True, False)
    assert "Muted" not in desk.shown(post).message


def test_unmuted_it_goes_on_at_once_though_nothing_has_changed(desk: Desk) -> None:
    post = muted(desk)
    Post.objects.update(muted=False)
    desk.clock.advance(5)
    assert desk.due() == [post]
    Post.objects.update(enqueued_until=0.0)
    assert "Muted" not in desk.shown(desk.publish(post)).message


def test_sent_by_hand_it_shows_the_newest_and_stays_muted(desk: Desk) -> None:
    post = desk.change(muted(desk), title="Something else")
    Post.objects.update(send_now=True)
    desk.clock.advance(5)
    assert desk.due() == [post]
    Post.objects.update(enqueued_until=0.0)
    said = desk.shown(desk.publish(post)).message
    assert "Something else" in said
    assert "Muted" in said


def test_one_that_is_not_made_yet_is_not_made(desk: Desk) -> None:
    post = desk.wanted()
    Post.objects.update(muted=True)
    desk.clock.advance(60)
    assert desk.due() == []
    assert not desk.publisher.publish(post.id)
    assert desk.writes == 0


def test_the_watcher_that_stops_leaves_its_note_alone(desk: Desk) -> None:
    from sessions_app.deliver.farewell import say_farewell

    post = muted(desk)
    assert say_farewell(desk.publisher, desk.clock, desk.clock.advance, 4.0) == (0, 0)
    assert STOPPED.partition(":")[0] not in desk.shown(post).message
