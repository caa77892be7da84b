"""The last word arrives and stays: it is read back, and sent again where the post says something else."""

import pytest

from sessions_app.deliver.mattermost import Unreachable
from sessions_app.deliver.publisher import LATE_S, MISMATCHES, VERIFY_S
from sessions_app.models import Post
from sessions_app.state.view import Word
from tests.deliver.desk import Desk

pytestmark = pytest.mark.django_db


def gets(desk: Desk) -> int:
    return sum(request.method == "GET" and "/posts/" in request.path for request in desk.mm.requests)


def test_an_end_is_read_back_once_a_moment_later(desk: Desk) -> None:
    post = desk.publish(desk.change(desk.there(), Word.DONE))
    assert not post.closed
    assert desk.due() == []
    desk.clock.advance(VERIFY_S)
    assert desk.due() == [post]
    assert desk.publish(post).closed
    assert gets(desk) == 1
    desk.clock.advance(3600)
    assert desk.due() == []


def test_a_post_of_a_live_run_is_not_read(desk: Desk) -> None:
    post = desk.there()
    desk.clock.advance(60)
    desk.publish(post)
    assert gets(desk) == 0


def test_an_end_that_an_older_edit_has_overwritten_is_sent_again(desk: Desk) -> None:
    post = desk.publish(desk.change(desk.there(), Word.DONE))
    right = desk.shown(post).message
    desk.client.edit_post(post.post_id, message="⚙️ working", props={})  # applied late
    assert not desk.seen(post).closed
    desk.publish(post)
    assert desk.shown(post).message == right
    assert desk.seen(post).closed


def test_after_a_lost_answer_it_is_looked_at_when_no_edit_can_be_late_any_more(desk: Desk) -> None:
    post = desk.change(desk.there(), Word.WORKING)
    desk.mm.faults.lose_answers(2)  # a connection that is reset is tried once more at once
    lost = desk.publish(post)
    assert lost.lost_at == pytest.approx(desk.now, abs=30)
    post = desk.retry(desk.change(post, Word.DONE))
    assert post.sent_word == "done"
    assert post.verify_at == lost.lost_at + LATE_S
    assert desk.seen(post).closed


def test_somebody_else_who_writes_into_the_post_is_not_fought_for_ever(desk: Desk) -> None:
    post = desk.publish(desk.change(desk.there(), Word.DONE))
    for _ in range(MISMATCHES):
        desk.client.edit_post(post.post_id, message="mine", props={})
        assert not desk.seen(post).closed
        desk.publish(post)
    desk.client.edit_post(post.post_id, message="mine", props={})
    assert desk.seen(post).closed
    assert desk.shown(post).message == "mine"


def test_a_server_that_is_away_while_it_is_read_is_asked_again(desk: Desk) -> None:
    post = desk.publish(desk.change(desk.there(), Word.DONE))
    desk.mm.faults.fail_next(1, status=503)
    assert not desk.seen(post).closed
    assert desk.retry(post).closed


def test_a_run_that_says_more_after_its_end_is_read_back_anew(desk: Desk) -> None:
    post = desk.there(Word.DONE)
    assert post.closed
    post = desk.publish(desk.change(post, title="Renamed"))
    assert not post.closed
    assert desk.seen(post).closed


# --- what follows when a post cannot go on


def test_a_deleted_post_is_made_again_where_that_is_wanted(desk: Desk) -> None:
    desk.publisher = desk.worker(recreate=True)
    post = desk.there()
    desk.mm.delete_post(post.post_id)
    replaced = desk.publish(desk.change(post, Word.WORKING))
    assert (replaced.post_id, replaced.parked, replaced.earlier) == ("", "", post.post_id)
    assert replaced.nonce != post.nonce
    again = desk.retry(replaced)
    assert again.post_id not in ("", post.post_id)
    assert "working" in desk.shown(again).message
    assert len(desk.mm.bot_posts()) == 1


def test_an_end_that_was_deleted_before_it_was_read_back_is_made_again_too(desk: Desk) -> None:
    desk.publisher = desk.worker(recreate=True)
    post = desk.publish(desk.change(desk.there(), Word.DONE))
    desk.mm.delete_post(post.post_id)
    post = desk.seen(post)
    assert "done" in desk.shown(desk.retry(post)).message


def test_a_post_that_may_not_be_edited_any_more_goes_on_in_another(desk: Desk) -> None:
    desk.publisher = desk.worker(continue_after_limit=True)
    root = desk.mm.add_post(desk.channel, "please do it")
    post = desk.there(prompt_id=root.id)
    desk.mm.options.post_edit_time_limit_s = 120
    desk.clock.advance(121)
    post = desk.retry(desk.publish(desk.change(post, Word.WORKING)))
    assert [shown.root_id for shown in desk.mm.bot_posts()] == [root.id, root.id]
    assert "working" in desk.shown(post).message
    assert post.earlier


def test_with_a_limit_of_seconds_that_would_be_a_new_post_for_every_change(desk: Desk) -> None:
    desk.publisher = desk.worker(continue_after_limit=True)
    post = desk.there()
    desk.mm.options.post_edit_time_limit_s = 2
    desk.clock.advance(3)
    assert desk.publish(desk.change(post, Word.WORKING)).parked
    assert len(desk.mm.bot_posts()) == 1


# --- what is counted


def test_all_that_happens_is_counted(desk: Desk) -> None:
    post = desk.there()
    desk.change(post, Word.WORKING)
    desk.change(post, Word.WAITING)
    desk.publish(desk.change(post, Word.WORKING))
    desk.publish(desk.change(post))
    server = desk.server
    assert (server.creates, server.edits, server.coalesced, server.unchanged) == (1, 1, 2, 1)
    desk.mm.faults.fail_next(1, status=502)
    desk.worker(max_retries=2).publish(desk.change(post, Word.WAITING).id)
    assert desk.server.retries == 1


def test_how_long_something_has_waited_is_known(desk: Desk) -> None:
    post = desk.change(desk.there())
    Post.objects.update(behind_since=desk.now)
    assert desk.publish(post).behind_since == 0.0


def test_unreachable_is_what_the_client_says_of_a_lost_answer(desk: Desk) -> None:
    post = desk.there()
    desk.mm.faults.lose_answers(2)
    with pytest.raises(Unreachable) as caught:
        desk.client.edit_post(post.post_id, message="x", props={})
    assert caught.value.maybe_applied


def test_without_patience_nobody_waits_for_an_end_to_be_read_back(desk: Desk) -> None:
    ended, new = desk.publish(desk.wanted(Word.DONE, ago=90.0)), desk.wanted(ago=60.0)
    assert desk.due(patient=False, throttle_s=0.0) == [new]
    desk.clock.advance(VERIFY_S)
    assert ended in desk.due(patient=False, throttle_s=0.0)
