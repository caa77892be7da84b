"""Posts whose run is gone from here: they say so, once, and their rows go."""

import pytest

from sessions_app.deliver import deliveries
from sessions_app.deliver.leftovers import tidy
from sessions_app.deliver.publisher import LATE_S, VERIFY_S
from sessions_app.models import Delivery, Post, Run
from sessions_app.state.view import Word
from tests.deliver.desk import Desk
from tests.standin import creates, edits

LAST = "⏹️ **Fix it** · main · no longer followed: this run was removed from Live Status"


def forget(desk: Desk) -> None:
    Run.objects.all().delete()
    desk.clock.advance(5)


def play(desk: Desk, seconds: float = 60.0) -> None:
    """What is due goes out, second by second."""
    for _ in range(int(seconds)):
        for post in desk.due():
            desk.publisher.publish(post.id)
        Post.objects.update(enqueued_until=0.0)
        desk.clock.advance(1.0)


def test_the_post_of_a_live_run_says_that_the_run_is_gone_and_its_row_goes(desk: Desk) -> None:
    shown = desk.there(Word.WORKING).post_id
    forget(desk)
    play(desk, 5)
    assert desk.mm.world.posts[shown].message == LAST
    assert not Post.objects.exists()


def test_it_is_edited_once_and_read_back_once(desk: Desk) -> None:
    desk.there(Word.WORKING)
    forget(desk)
    before = desk.writes
    play(desk)
    assert desk.writes == before + 1


def test_why_it_leaves_can_be_said(desk: Desk) -> None:
    shown = desk.there().post_id
    Post.objects.update(run=None, left_for="another post goes on for it")
    desk.clock.advance(5)
    play(desk, 5)
    assert desk.mm.world.posts[shown].message.endswith("no longer followed: another post goes on for it")


def test_one_that_ended_stays_as_it_is(desk: Desk) -> None:
    shown = desk.there(Word.DONE)
    forget(desk)
    assert tidy(desk.now) == 1
    assert desk.mm.world.posts[shown.post_id].message == shown.sent_text
    assert desk.writes == 1


def test_one_that_was_never_made_is_not_made(desk: Desk) -> None:
    desk.wanted()
    forget(desk)
    play(desk)
    assert desk.writes == 0
    assert not Post.objects.exists()


def test_one_whose_answer_was_lost_is_found_and_told(desk: Desk) -> None:
    desk.mm.faults.lose_answers(1, where=creates)
    desk.publish(desk.wanted())
    (made,) = desk.mm.bot_posts()
    forget(desk)
    play(desk, LATE_S + VERIFY_S + 10)
    assert desk.mm.world.posts[made.id].message.startswith("⏹️ ")
    assert len(desk.mm.bot_posts()) == 1
    assert not Post.objects.exists()


def test_one_whose_create_never_arrived_is_not_made_later(desk: Desk) -> None:
    desk.mm.faults.reset_next(1, where=creates)
    desk.publish(desk.wanted())
    Post.objects.update(intent_at=desk.now)
    forget(desk)
    play(desk, LATE_S + 10)
    assert desk.mm.bot_posts() == []
    assert not Post.objects.exists()


def test_one_that_somebody_deleted_is_gone_with_its_run(desk: Desk) -> None:
    shown = desk.there()
    desk.mm.delete_post(shown.post_id)
    forget(desk)
    play(desk, 5)
    assert not Post.objects.exists()


def test_a_parked_one_is_removed(desk: Desk) -> None:
    desk.there()
    Post.objects.update(parked="The body was refused.")
    forget(desk)
    assert tidy(desk.now) == 1


def test_while_somebody_is_busy_with_it_its_row_stays(desk: Desk) -> None:
    desk.wanted()
    forget(desk)
    Post.objects.update(lease_until=desk.now + 60)
    assert tidy(desk.now) == 0


def test_trouble_of_the_server_is_waited_for(desk: Desk) -> None:
    shown = desk.there().post_id
    forget(desk)
    desk.mm.faults.fail_next(3, status=500, where=edits)
    play(desk, 120)
    assert desk.mm.world.posts[shown].message == LAST
    assert not Post.objects.exists()


def test_a_refusal_for_ever_ends_it(desk: Desk) -> None:
    desk.there()
    forget(desk)
    desk.mm.options.post_edit_time_limit_s = 1
    play(desk, 10)
    assert not Post.objects.exists()


class TestDeliveries:
    def test_what_was_done_for_a_post_is_kept(self, desk: Desk) -> None:
        post = desk.there()
        desk.clock.advance(30)
        desk.publish(desk.change(post, Word.WORKING))
        desk.clock.advance(30)
        desk.seen(desk.publish(desk.change(post, Word.DONE)))
        kinds = list(Delivery.objects.order_by("id").values_list("kind", "word"))
        assert kinds == [
            ("created", "thinking"), ("edited", "working"), ("edited", "done"), ("read back", "done"),
        ]  # fmt: skip

    def test_how_long_the_oldest_change_waited_is_kept(self, desk: Desk) -> None:
        post = desk.there()
        desk.change(post, Word.WORKING)
        Post.objects.update(behind_since=desk.now)
        desk.clock.advance(4)
        desk.publish(post)
        newest = Delivery.objects.latest("id")
        assert newest.waited_s == pytest.approx(4.0)
        assert newest.at == desk.now

    def test_the_same_failure_in_a_row_is_one_row(self, desk: Desk) -> None:
        post = desk.wanted()
        desk.mm.archive(desk.channel)
        for _ in range(3):
            desk.publish(post)
            desk.clock.advance(120)
        (failed,) = Delivery.objects.filter(kind="failed")
        assert "archived" in failed.error
        assert failed.at == desk.now - 120

    def test_old_ones_go_and_so_does_what_is_too_much(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        post = desk.there()
        Delivery.objects.all().delete()
        rows = [Delivery(post=post, at=desk.now - age, kind="edited") for age in (8 * 86400, 60, 50, 40, 30)]
        Delivery.objects.bulk_create(rows)
        monkeypatch.setattr(deliveries, "KEPT_ROWS", 3)
        assert deliveries.forget_old(desk.now) == 2
        assert Delivery.objects.count() == 3
