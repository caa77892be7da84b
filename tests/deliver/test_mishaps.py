"""What follows from each error: who waits, who goes on, what is given up, and what people can read about it."""

from collections.abc import Callable
from typing import Any

import pytest

from sessions_app.deliver import wanted
from sessions_app.deliver.mishaps import DELETED, REST_S
from sessions_app.models import Circuit, Run
from sessions_app.models.times import moment
from sessions_app.render import card
from sessions_app.state.view import Word
from tests.deliver.desk import Desk
from tests.deliver.steps import SECRET
from tests.standin import Answer, RateLimit, creates, edits, writes


class TestOnePost:
    def test_a_post_that_somebody_deleted_is_given_up_and_not_made_again(self, desk: Desk) -> None:
        post = desk.there()
        desk.mm.delete_post(post.post_id)
        desk.change(post, Word.WORKING)
        post = desk.publish(post)
        assert post.parked.startswith(DELETED)
        desk.clock.advance(3600)
        desk.change(post, Word.DONE)
        assert desk.due() == []
        assert not desk.publisher.publish(post.id)
        assert desk.mm.bot_posts() == []

    def test_a_post_deleted_before_its_answer_came_is_not_made_again(self, desk: Desk) -> None:
        desk.mm.faults.lose_answers(1, where=creates)
        post = desk.publish(desk.wanted())
        desk.mm.delete_post(desk.mm.bot_posts()[0].id)
        desk.clock.advance(5)
        assert desk.publish(post).parked.startswith(DELETED)
        assert desk.mm.bot_posts() == []

    def test_a_text_that_is_refused_is_sent_once_more_shorter_and_then_given_up(self, desk: Desk) -> None:
        desk.mm.options.max_post_size = 5
        post = desk.publish(desk.wanted(title="word " * 50))
        assert (post.reduced, post.parked) == (True, "")
        assert desk.due() == [post]
        post = desk.publish(post)
        assert "message" in post.parked or "refused" in post.parked
        assert post.last_error == post.parked
        assert desk.writes == 2

    def test_a_shorter_text_that_is_taken_is_the_end_of_it(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(wanted, "draw", lambda view, *, max_chars, **_: "x" * max_chars)
        desk.mm.options.max_post_size = 4000
        post = desk.publish(desk.publish(desk.wanted()))
        assert desk.shown(post).message == "x" * 3000
        assert (post.reduced, post.parked, post.last_error) == (True, "", "")
        assert desk.seen(desk.publish(desk.change(post, Word.DONE))).closed

    def test_the_time_limit_for_edits_is_a_reason_to_give_up(self, desk: Desk) -> None:
        post = desk.there()
        desk.mm.options.post_edit_time_limit_s = 2
        desk.clock.advance(10)
        desk.change(post, Word.WORKING)
        assert "Post Edit Time Limit" in desk.publish(post).parked

    @pytest.mark.parametrize(
        ("trouble", "cure", "says"),
        [
            (lambda mm, c: mm.archive(c), lambda mm, c: mm.restore(c), "archived"),
            (lambda mm, c: mm.kick(c), lambda mm, c: mm.invite(c), "invite it"),
        ],
    )
    @pytest.mark.parametrize("there", [True, False])
    def test_a_channel_that_is_closed_to_us_is_waited_for_while_others_go_on(
        self, desk: Desk, trouble: Callable[..., Any], cure: Callable[..., Any], says: str, there: bool
    ) -> None:
        channel = desk.mm.add_channel("another")
        post = desk.there(channel_id=channel) if there else desk.wanted(channel_id=channel)
        other = desk.there()
        trouble(desk.mm, channel)
        post = desk.publish(desk.change(post, Word.WORKING))
        assert says in post.last_error
        assert (post.parked, post.not_before) == ("", desk.now + 60)
        assert desk.publish(desk.change(other, Word.WORKING)).sent_revision == 2
        assert desk.server.circuit == Circuit.CLOSED
        desk.clock.advance(59)
        assert post not in desk.due()
        cure(desk.mm, channel)
        desk.clock.advance(1)
        assert post in desk.due()
        post = desk.publish(post)
        assert (post.sent_revision, post.last_error, post.attempts) == (2, "", 0)

    def test_a_run_that_cannot_be_drawn_costs_only_its_own_post(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad, good = desk.wanted(), desk.wanted()
        title, draw = "Cannot be drawn", card.draw
        Run.objects.filter(post=bad.id).update(title=title)
        monkeypatch.setattr(wanted, "draw", lambda view, **how: 1 / 0 if view.title == title else draw(view, **how))
        bad = desk.publish(bad)
        assert "ZeroDivisionError" in bad.last_error
        assert bad.not_before > desk.now
        assert bad.lease_until == 0.0
        assert desk.due() == [good]
        assert desk.publish(good).post_id
        assert caplog.records[0].exc_info


class TestAllPosts:
    def test_errors_of_single_posts_are_no_trouble_of_the_server(self, desk: Desk) -> None:
        posts = [desk.wanted() for _ in range(5)]
        desk.mm.archive(desk.channel)
        for post in posts:
            desk.publish(post)
        assert (desk.server.circuit, desk.server.failures, desk.server.updates_failed) == (Circuit.CLOSED, 0, 5)

    def test_a_429_makes_everyone_wait_as_long_as_it_says(self, desk: Desk) -> None:
        post, other = desk.there(), desk.there()
        desk.mm.set_rate_limit(RateLimit(per_s=0.2, burst=0))
        desk.client.ping()  # uses the bucket up
        desk.change(post, Word.DONE)
        desk.change(other, Word.DONE)
        asked = desk.writes
        desk.publish(post)
        assert desk.server.quiet_until >= desk.now + 5
        desk.clock.advance(4.9)
        assert desk.due() == []
        assert not desk.publisher.publish(other.id)
        assert desk.writes == asked + 1
        desk.mm.set_rate_limit(RateLimit(per_s=100))
        assert desk.seen(desk.retry(other)).closed
        assert desk.seen(desk.retry(post)).closed

    def test_a_refused_token_opens_the_circuit_and_says_what_to_do(self, desk: Desk) -> None:
        post = desk.wanted()
        desk.mm.revoke_token()
        desk.publish(post)
        server = desk.server
        assert (server.circuit, server.open_until) == (Circuit.OPEN, desk.now + REST_S)
        assert "MM_BOT_TOKEN" in server.last_error
        assert desk.fresh(post).last_error == server.last_error
        desk.mm.restore_token()
        assert desk.retry(post).post_id
        assert desk.server.circuit == Circuit.CLOSED

    def test_a_server_that_is_away_is_asked_ever_more_rarely_and_then_gets_the_newest(self, desk: Desk) -> None:
        post = desk.there()
        with desk.mm.down():
            desk.change(post, Word.WORKING)
            tries = 0
            until = desk.now + 3600
            while desk.now < until:
                desk.retry(post)
                tries += 1
            assert 60 <= tries <= 150
            assert desk.server.circuit == Circuit.OPEN
            desk.change(post, Word.DONE)
        desk.retry(post)
        assert [edit.message.split(" ")[0] for edit in desk.mm.edits(post.post_id)] == ["✅"]

    def test_a_passing_trouble_is_tried_again_at_once_a_few_times(self, desk: Desk) -> None:
        desk.mm.faults.fail_next(3, status=502, where=creates)
        post = desk.wanted()
        assert desk.worker(max_retries=3).publish(post.id)
        assert desk.fresh(post).post_id
        assert desk.server.failures == 0
        desk.mm.faults.fail_next(4, status=502, where=edits)
        desk.worker(max_retries=3).publish(desk.change(post, Word.WORKING).id)
        assert desk.server.failures == 1

    def test_what_belongs_to_another_server_waits_and_says_so(self, desk: Desk) -> None:
        def nobody(destination: object) -> Any:
            raise LookupError("There is no token for it.")

        post = desk.wanted()
        desk.publisher.client_for = nobody
        assert desk.publish(post).last_error == "There is no token for it."
        assert desk.server.circuit == Circuit.OPEN


class TestLog:
    def test_an_error_is_logged_once_however_often_it_happens(
        self, desk: Desk, caplog: pytest.LogCaptureFixture
    ) -> None:
        post = desk.wanted()
        desk.mm.kick(desk.channel)
        post = desk.publish(post)
        for _ in range(3):
            post = desk.retry(post)
        assert [(record.levelname, record.getMessage()) for record in caplog.records] == [("WARNING", post.last_error)]
        assert post.last_error == desk.server.last_error

    def test_another_error_of_the_same_post_is_logged(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        post = desk.wanted()
        desk.mm.kick(desk.channel)
        first = desk.publish(post).last_error
        desk.mm.invite(desk.channel)
        desk.mm.archive(desk.channel)
        second = desk.retry(post).last_error
        assert caplog.messages == [first, second]

    def test_what_strikes_all_posts_is_logged_once_for_all(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        posts = [desk.wanted() for _ in range(3)]
        desk.mm.revoke_token()
        for post in posts:
            desk.retry(post)
        assert caplog.messages == [desk.server.last_error]
        assert desk.server.updates_failed == 3

    def test_the_same_error_after_it_went_well_is_news(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("WARNING")
        post = desk.there()
        for word in (Word.WORKING, Word.THINKING):
            desk.clock.advance(1)
            with desk.mm.down():
                desk.publish(desk.change(post, word))
            desk.retry(post)
        assert len(caplog.messages) == 2
        assert len(set(caplog.messages)) == 1

    def test_no_line_holds_the_token_or_a_line_break(self, desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
        post = desk.wanted()
        echo = Answer(status=400, headers=(("Content-Type", "application/json"),), body=_echo(SECRET))
        desk.mm.faults.answer_next(echo, where=writes)
        desk.publish(post)
        assert len(caplog.messages) == 1
        assert SECRET not in caplog.text
        assert "\n" not in caplog.messages[0]


def _echo(secret: str) -> bytes:
    return b'{"id":"api.strange","message":"first line\\nBearer %s"}' % secret.encode()


def test_the_time_of_an_error_is_that_of_the_clock(desk: Desk) -> None:
    desk.mm.kick(desk.channel)
    desk.publish(desk.wanted())
    assert desk.server.last_error_at == moment(desk.now)


def test_a_run_deleted_meanwhile_is_no_error(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    post = desk.wanted()
    Run.objects.all().delete()
    desk.publisher.publish(post.id)
    assert desk.writes == 0
    assert caplog.messages == []
