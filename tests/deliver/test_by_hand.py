"""What people did by hand, as Mattermost sees it."""

from sessions_app.control.actions import forget, mute, post_again, reset_circuit, try_again, unmute
from sessions_app.models import Circuit, Destination, Post, Run
from sessions_app.state.view import Word
from tests import factories as make
from tests.deliver.desk import Desk
from tests.deliver.test_leftovers import play


def by(desk: Desk):
    return make.by(at=desk.now)


def run_of(post: Post) -> Run:
    return Run.objects.select_related("session").get(post=post)


def test_posting_again_makes_one_more_post_and_ends_the_first(desk: Desk) -> None:
    first = desk.there(Word.WORKING)
    run = run_of(first)
    assert post_again(run, by=by(desk))
    play(desk, 10)
    shown = {post.id: post for post in desk.mm.bot_posts()}
    assert len(shown) == 2
    assert shown[first.post_id].message.endswith("no longer followed: another post goes on for it")
    second = Post.objects.get()
    assert second.run_id == run.id
    assert "working" in shown[second.post_id].message
    assert (shown[second.post_id].channel_id, shown[second.post_id].root_id) == (
        shown[first.post_id].channel_id, shown[first.post_id].root_id,
    )  # fmt: skip


def test_a_run_that_is_over_is_posted_again_too(desk: Desk) -> None:
    first = desk.there(Word.DONE)
    assert post_again(run_of(first), by=by(desk))
    play(desk, 10)
    texts = [post.message for post in desk.mm.bot_posts()]
    assert sum("another post goes on" in text for text in texts) == 1
    assert sum("done" in text for text in texts) == 1
    assert Post.objects.get().closed


def test_posted_again_although_muted(desk: Desk) -> None:
    run = run_of(desk.there(Word.WORKING))
    mute(run.session, by=by(desk))
    play(desk, 5)
    assert post_again(run, by=by(desk))
    play(desk, 10)
    assert sum("Muted by hand" in post.message for post in desk.mm.bot_posts()) == 1
    assert len(desk.mm.bot_posts()) == 2


def test_a_muted_post_says_so_and_moves_on_when_it_is_unmuted(desk: Desk) -> None:
    post = desk.there(Word.WORKING)
    session = run_of(post).session
    mute(session, by=by(desk))
    play(desk, 5)
    desk.change(post, title="Something new")
    play(desk, 5)
    text = desk.mm.world.posts[post.post_id].message
    assert "Muted by hand" in text
    assert "Something new" not in text
    unmute(session, by=by(desk))
    play(desk, 5)
    text = desk.mm.world.posts[post.post_id].message
    assert "Muted by hand" not in text
    assert "Something new" in text


def test_forgetting_ends_the_post_of_a_live_run_and_leaves_one_that_ended(desk: Desk) -> None:
    live, ended = desk.there(Word.WORKING), desk.there(Word.DONE)
    before = desk.mm.world.posts[ended.post_id].message
    for post in (live, ended):
        forget(run_of(post).session, by=by(desk))
    play(desk, 70)
    assert "this run was removed from Live Status" in desk.mm.world.posts[live.post_id].message
    assert desk.mm.world.posts[ended.post_id].message == before
    assert not Post.objects.exists()


def test_after_a_reset_the_circuit_asks_at_once(desk: Desk) -> None:
    post = desk.there(Word.WORKING)
    desk.change(post, Word.WAITING)
    desk.clock.advance(5)
    Destination.objects.update(circuit=Circuit.OPEN, failures=9, open_until=desk.now + 60, quiet_until=desk.now + 60)
    Post.objects.update(not_before=desk.now + 60)
    play(desk, 3)
    assert "waiting" not in desk.mm.world.posts[post.post_id].message
    reset_circuit(desk.destination, by=by(desk))
    play(desk, 1)
    assert "waiting" in desk.mm.world.posts[post.post_id].message


def test_a_parked_post_moves_when_it_is_tried_again(desk: Desk) -> None:
    post = desk.there(Word.WORKING)
    desk.change(post, Word.WAITING)
    Post.objects.update(parked="The channel is archived.")
    desk.clock.advance(5)
    play(desk, 3)
    assert "waiting" not in desk.mm.world.posts[post.post_id].message
    try_again(desk.fresh(post), by=by(desk))
    play(desk, 1)
    assert "waiting" in desk.mm.world.posts[post.post_id].message
