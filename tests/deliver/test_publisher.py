"""One post, brought to its newest revision: what is sent, and when nothing is."""

from typing import Any

import pytest

from sessions_app.deliver.wanted import STOPPED
from sessions_app.models import Circuit, Destination, Post, Run
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from tests.deliver.desk import Desk


class TestCreate:
    def test_a_create_carries_the_nonce_twice_and_the_whole_of_its_props(self, desk: Desk) -> None:
        post = desk.wanted()
        assert desk.publisher.publish(post.id)
        body = next(request.body for request in desk.mm.requests if request.is_create)
        assert body["pending_post_id"] == post.nonce
        assert body["props"] == {
            "from_bot": "true",
            "live_status": {"v": 1, "nonce": post.nonce, "run": post.run_id, "revision": 1},
        }
        assert (body["channel_id"], body["root_id"]) == (desk.channel, "")

    def test_afterwards_the_row_says_what_was_sent(self, desk: Desk) -> None:
        post = desk.there(Word.WORKING)
        shown = desk.mm.bot_posts()[0]
        assert (post.post_id, post.channel_id) == (shown.id, desk.channel)
        assert (post.sent_revision, post.sent_word, post.sent_at) == (1, "working", desk.now)
        assert (post.closed, post.stop_note, post.attempts, post.last_error) == (False, False, 0, "")
        assert (post.lease_until, post.lease_owner, post.enqueued_until) == (0.0, "", 0.0)
        assert desk.server.updates_sent == 1
        assert "Fix it" in shown.message

    def test_the_intent_is_on_disk_before_the_create_is_sent(self, desk: Desk) -> None:
        post = desk.wanted()
        seen = []
        create = desk.client.create_post

        def look(**asked: Any) -> Any:
            seen.append(desk.fresh(post))
            return create(**asked)

        desk.client.create_post = look  # type: ignore[method-assign]
        desk.publish(post)
        assert seen[0].intent_at == desk.now
        assert seen[0].post_id == ""

    def test_a_run_that_is_over_gets_its_post_and_it_is_closed(self, desk: Desk) -> None:
        post = desk.there(Word.FAILED)
        assert post.closed
        assert "failed" in desk.shown(post).message

    def test_the_bot_asks_once_who_it_is(self, desk: Desk) -> None:
        desk.there()
        desk.there()
        assert sum(request.path == "/api/v4/users/me" for request in desk.mm.requests) == 1
        assert (desk.server.bot_id, desk.server.bot_name) == (desk.mm.bot_id, "live-status")


class TestEdit:
    def test_a_change_is_an_edit_of_the_same_post_with_all_of_its_props(self, desk: Desk) -> None:
        post = desk.there()
        desk.change(post, Word.WORKING)
        after = desk.publish(post)
        assert [request.method for request in desk.mm.requests if request.is_write] == ["POST", "PUT"]
        assert desk.mm.requests[-1].body["props"]["live_status"]["nonce"] == post.nonce
        assert (after.post_id, after.sent_revision, after.sent_word) == (post.post_id, 2, "working")
        assert desk.server.updates_sent == 2

    def test_text_that_the_post_shows_already_is_never_sent(self, desk: Desk) -> None:
        post = desk.there()
        desk.change(post)  # a new revision that reads the same
        desk.clock.advance(0.1)
        assert not desk.publisher.publish(post.id)
        after = desk.fresh(post)
        assert desk.writes == 1
        assert (after.sent_revision, after.sent_at) == (2, desk.now)
        assert desk.server.updates_sent == 1

    def test_a_look_that_finds_nothing_new_is_not_repeated_at_once(self, desk: Desk) -> None:
        """A long run's age is told in minutes: twice a minute the text is the same."""
        post = desk.there(ago=3603.0)
        desk.clock.advance(31)
        assert desk.due() == [post]
        desk.publish(post)
        assert desk.writes == 1
        desk.clock.advance(1)
        assert desk.due() == []
        desk.clock.advance(30)
        assert desk.due() == [post]

    def test_only_the_newest_is_sent_however_much_happened(self, desk: Desk) -> None:
        post = desk.there()
        for word in (Word.WORKING, Word.WAITING, Word.DONE):
            desk.change(post, word)
        after = desk.publish(post)
        assert [edit.message.split(" ")[0] for edit in desk.mm.edits(post.post_id)] == ["✅"]
        assert (after.sent_revision, desk.seen(after).closed) == (4, True)

    def test_what_changes_while_the_text_is_drawn_is_not_taken_for_sent(
        self, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post = desk.there()
        desk.change(post, Word.WORKING)
        views = type(Run.objects.all()).views

        def slowly(self: Any, roots: Any) -> Any:
            found = views(self, roots)
            monkeypatch.undo()
            desk.change(post, Word.DONE)
            return found

        monkeypatch.setattr(type(Run.objects.all()), "views", slowly)
        after = desk.publish(post)
        assert "working" in desk.shown(post).message
        assert after.sent_revision < after.wanted_revision
        desk.clock.advance(1)
        assert desk.due() == [post]
        desk.publish(post)
        assert "done" in desk.shown(post).message

    def test_a_run_that_goes_on_after_its_end_is_edited_again(self, desk: Desk) -> None:
        post = desk.there(Word.DONE)
        desk.change(post, Word.THINKING)
        desk.clock.advance(1)
        assert desk.due() == [post]
        after = desk.publish(post)
        assert not after.closed
        assert len(desk.mm.bot_posts()) == 1
        assert "thinking" in desk.shown(post).message

    def test_what_was_asked_for_by_hand_is_answered_although_nothing_is_new(self, desk: Desk) -> None:
        post = desk.there(Word.DONE)
        Post.objects.update(send_now=True)
        desk.clock.advance(1)
        assert desk.due() == [post]
        assert not desk.publish(post).send_now
        assert desk.writes == 1

    def test_unchanged_text_says_nothing_about_an_open_circuit(self, desk: Desk) -> None:
        post = desk.there()
        Destination.objects.update(circuit=Circuit.OPEN, failures=5, open_until=desk.now)
        desk.change(post)
        desk.publish(post)
        assert (desk.server.circuit, desk.server.failures) == (Circuit.OPEN, 5)


class TestStopNote:
    def test_the_note_is_taken_away_when_the_post_is_handed_on_again(self, desk: Desk) -> None:
        post = desk.there()
        assert desk.publisher.publish(post.id, note=STOPPED)
        noted = desk.fresh(post)
        assert (noted.stop_note, noted.closed) == (True, False)
        assert STOPPED in desk.shown(post).message
        desk.clock.advance(1)
        assert desk.due() == [post]
        assert not desk.publish(post).stop_note
        assert STOPPED not in desk.shown(post).message

    def test_a_task_from_before_the_stop_does_not_take_it_away(self, desk: Desk) -> None:
        post = desk.there()
        Post.objects.update(enqueued_until=desk.now + 30)
        desk.publisher.publish(post.id, note=STOPPED)
        assert not desk.publisher.publish(post.id)
        assert STOPPED in desk.shown(post).message

    def test_a_post_with_the_note_is_not_closed_even_if_its_run_ended_meanwhile(self, desk: Desk) -> None:
        post = desk.there()
        desk.change(post, Word.DONE)
        desk.publisher.publish(post.id, note=STOPPED)
        assert not desk.fresh(post).closed
        desk.clock.advance(1)
        assert desk.due() == [post]
        assert desk.seen(desk.publish(post)).closed
        assert STOPPED not in desk.shown(post).message

    def test_a_run_that_ended_unwatched_is_closed_without_the_note(self, desk: Desk) -> None:
        post = desk.there()
        desk.publisher.publish(post.id, note=STOPPED)
        desk.change(post, Word.DONE)
        desk.clock.advance(1)
        assert desk.due() == [post]
        after = desk.publish(post)
        assert (desk.seen(after).closed, after.stop_note) == (True, False)
        assert STOPPED not in desk.shown(post).message


def test_times_of_a_run_that_nobody_knows_do_no_harm(desk: Desk) -> None:
    post = desk.wanted()
    Run.objects.update(started_at=None, since=moment(0))
    assert desk.publish(post).post_id
