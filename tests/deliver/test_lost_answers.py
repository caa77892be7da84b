"""One post per run, whatever becomes of the answer to a create; and an edit whose answer is lost."""

import pytest

from sessions_app.deliver.creating import SAME_NONCE_S
from sessions_app.deliver.mattermost import Bot, SeenPost
from sessions_app.deliver.wanted import STOPPED
from sessions_app.models import Delivery, Post
from sessions_app.state.view import Word
from tests.deliver.desk import Desk
from tests.standin import creates, edits


def lookups(desk: Desk) -> int:
    return sum(
        request.method == "GET" and request.path.endswith(f"{desk.channel}/posts") for request in desk.mm.requests
    )


def test_a_create_without_an_answer_is_repeated_with_the_same_nonce(desk: Desk) -> None:
    desk.mm.faults.reset_next(1, where=creates)
    post = desk.publish(desk.wanted())
    assert (post.post_id, post.attempts) == ("", 1)
    desk.clock.advance(SAME_NONCE_S - 1)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]
    nonces = [request.body["pending_post_id"] for request in desk.mm.requests if request.is_create]
    assert nonces == [post.nonce] * 2
    assert lookups(desk) == 1


def test_a_server_that_was_restarted_has_forgotten_the_nonce_and_gets_no_second_create(desk: Desk) -> None:
    desk.mm.faults.lose_answers(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.mm.restart()
    desk.clock.advance(5)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]
    assert desk.writes == 1


@pytest.mark.parametrize(("per_s", "tries"), [(1e9, 1), (0.5, 2)])
def test_a_repeated_create_that_gives_the_first_text_is_followed_by_an_edit(
    desk: Desk, per_s: float, tries: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Mattermost gives the post that it has made, with its first message, and ignores the second one.

    It comes to that where the post cannot be found yet: it is applied late, or a replica answers that lags behind.
    """
    monkeypatch.setattr(desk.client, "find_by_nonce", lambda *_, **__: None)
    desk.mm.faults.lose_answers(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.clock.advance(5)
    desk.change(post, Word.WORKING, title="Changed meanwhile")
    worker = desk.worker(edits_per_s=per_s)
    for number in range(tries):
        assert ("Changed meanwhile" in desk.mm.bot_posts()[0].message) is False, number
        worker.publish(post.id)
        desk.clock.advance(5)
    post = desk.fresh(post)
    assert "Changed meanwhile" in desk.shown(post).message
    assert post.sent_text == desk.shown(post).message
    assert post.sent_revision == 2


def test_quick_repeats_within_one_task_make_one_post_too(desk: Desk) -> None:
    desk.mm.faults.lose_answers(3, where=creates)
    desk.worker(max_retries=3).publish(desk.wanted().id)
    assert len(desk.mm.bot_posts()) == 1
    assert desk.writes == 1


def test_after_that_it_is_found_by_its_nonce_adopted_and_brought_to_the_newest(desk: Desk) -> None:
    desk.mm.faults.lose_answers(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.mm.add_post(desk.channel, "people go on talking")
    desk.clock.advance(3600)
    desk.change(post, Word.DONE, title="Changed meanwhile")
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]
    assert "Changed meanwhile" in desk.shown(post).message
    assert (post.sent_revision, desk.seen(post).closed) == (2, True)
    assert sum(request.is_create for request in desk.mm.requests) == 1


def test_of_two_posts_of_the_bot_the_one_with_the_nonce_is_adopted(desk: Desk) -> None:
    other = desk.there(title="Another")
    desk.mm.faults.lose_answers(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.clock.advance(60)
    post = desk.publish(post)
    assert post.post_id != other.post_id
    assert len(desk.mm.bot_posts()) == 2


def test_a_create_that_never_arrived_is_made_after_the_look(desk: Desk) -> None:
    desk.mm.faults.reset_next(1, where=creates)
    post = desk.publish(desk.wanted())
    assert desk.mm.bot_posts() == []
    desk.clock.advance(SAME_NONCE_S + 1)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]
    assert lookups(desk) == 1


def test_a_create_that_is_lost_again_after_the_look_is_looked_up_again(desk: Desk) -> None:
    desk.mm.faults.reset_next(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.clock.advance(60)
    desk.mm.faults.lose_answers(1, where=creates)
    desk.publish(post)
    desk.clock.advance(60)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]
    assert sum(request.is_create for request in desk.mm.requests) == 2


def test_the_nonce_is_good_for_a_while_again_after_a_look(desk: Desk) -> None:
    desk.mm.faults.reset_next(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.clock.advance(60)
    desk.mm.faults.lose_answers(1, where=creates)
    desk.publish(post)
    desk.clock.advance(5)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]
    assert lookups(desk) == 2


def test_a_kill_between_intent_and_create_leaves_one_post(desk: Desk) -> None:
    post = desk.wanted()
    Post.objects.update(intent_at=desk.now, lease_until=desk.now + 60, lease_owner="killed")
    desk.clock.advance(61)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]


def test_a_create_that_was_surely_not_made_needs_no_look(desk: Desk) -> None:
    desk.mm.archive(desk.channel)
    post = desk.publish(desk.wanted())
    assert post.intent_at is None
    desk.mm.restore(desk.channel)
    assert desk.retry(post).post_id
    assert lookups(desk) == 0


def test_a_refusal_after_a_lost_answer_does_not_forget_the_post_that_may_be_there(desk: Desk) -> None:
    desk.mm.faults.lose_answers(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.mm.archive(desk.channel)
    desk.clock.advance(5)
    assert desk.publish(post).intent_at is not None
    desk.mm.restore(desk.channel)
    desk.clock.advance(61)
    post = desk.publish(post)
    assert [shown.id for shown in desk.mm.bot_posts()] == [post.post_id]


def test_an_adopted_post_whose_edit_failed_is_edited_later_and_not_made_again(desk: Desk) -> None:
    desk.mm.faults.lose_answers(1, where=creates)
    post = desk.publish(desk.wanted())
    desk.clock.advance(60)
    desk.mm.faults.fail_next(1, where=edits)
    post = desk.publish(post)
    assert post.post_id
    assert post.sent_hash == ""
    desk.change(post, Word.WORKING)
    desk.retry(post)
    assert len(desk.mm.bot_posts()) == 1
    assert "working" in desk.shown(post).message


@pytest.mark.parametrize("note", ["", STOPPED])
def test_an_edit_without_an_answer_is_not_taken_for_not_made(desk: Desk, note: str) -> None:
    """The state goes back to what was shown last, but Mattermost shows what was sent in between."""
    post = desk.there()
    before = desk.shown(post).message
    if not note:
        desk.change(post, Word.WORKING)
    desk.mm.faults.lose_answers(2, where=edits)  # the client repeats an edit once over a new connection
    desk.publisher.publish(post.id, note=note)
    assert desk.fresh(post).attempts == 1
    assert desk.shown(post).message != before
    desk.change(post, Word.THINKING)
    Post.objects.update(not_before=0.0)
    desk.publish(post)
    assert desk.shown(post).message == before


def test_a_row_that_is_taken_back_while_the_server_is_asked_makes_no_post(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that turns out to have nothing to say loses its row; a post that no row knows would never end."""
    post, ask = desk.wanted(), desk.client.me

    def meanwhile() -> Bot:
        Post.objects.all().delete()
        return ask()

    monkeypatch.setattr(desk.client, "me", meanwhile)
    desk.publisher.publish(post.id)
    assert desk.mm.bot_posts() == []
    assert not Delivery.objects.exists()


def test_a_post_that_another_one_follows_while_it_is_read_back_still_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = desk.publish(desk.wanted(Word.DONE))
    desk.clock.advance(60)
    read = desk.client.get_post

    def meanwhile(post_id: str) -> SeenPost:
        Post.objects.filter(id=post.id).update(run=None, left_for="another post goes on for it", closed=False)
        return read(post_id)

    monkeypatch.setattr(desk.client, "get_post", meanwhile)
    desk.publisher.publish(post.id)
    monkeypatch.undo()
    assert not desk.fresh(post).closed
    desk.clock.advance(60)
    assert "another post goes on" in desk.shown(desk.publish(post)).message
