"""Who may work on a post and for how long, and what the budget of the server allows."""

from typing import Any

import pytest

from sessions_app.deliver import publisher as module
from sessions_app.deliver.mattermost import ServerTrouble
from sessions_app.deliver.publisher import LEASE_S
from sessions_app.models import Circuit, Destination, Post, Run
from sessions_app.state.view import Word
from tests.deliver.desk import Desk
from tests.standin import creates


class TestClaim:
    def test_two_at_the_same_post_make_one_request(self, desk: Desk) -> None:
        post, second = desk.wanted(), desk.worker()
        answers = []
        create = desk.client.create_post

        def while_under_way(**asked: Any) -> Any:
            answers.append(second.publish(post.id))
            return create(**asked)

        desk.client.create_post = while_under_way  # type: ignore[method-assign]
        assert desk.publisher.publish(post.id)
        assert answers == [False]
        assert desk.writes == 1

    def test_the_lease_of_a_dead_worker_ends(self, desk: Desk) -> None:
        post = desk.wanted()
        Post.objects.update(lease_until=desk.now + LEASE_S, lease_owner="a worker that was killed")
        desk.clock.advance(LEASE_S)
        assert desk.due() == []
        assert not desk.publisher.publish(post.id)
        desk.clock.advance(0.1)
        assert desk.due() == [post]
        assert desk.publisher.publish(post.id)
        assert desk.fresh(post).lease_owner == ""

    def test_whoever_lost_the_lease_leaves_that_of_the_next_alone(self, desk: Desk) -> None:
        post = desk.wanted()
        create = desk.client.create_post

        def until_somebody_else_has_it(**asked: Any) -> Any:
            Post.objects.update(lease_owner="another", lease_until=desk.now + LEASE_S)
            return create(**asked)

        desk.client.create_post = until_somebody_else_has_it  # type: ignore[method-assign]
        after = desk.publish(post)
        assert (after.lease_owner, after.lease_until) == ("another", desk.now + LEASE_S)

    def test_no_request_is_begun_that_could_outlive_the_lease(self, desk: Desk) -> None:
        post = desk.wanted(prompt_id=desk.mm.add_post(desk.channel, "do it").id)
        get = desk.client.get_post

        def slowly(post_id: str) -> Any:
            desk.clock.advance(LEASE_S - module.REQUEST_S + 1)
            return get(post_id)

        desk.client.get_post = slowly  # type: ignore[method-assign]
        assert desk.publish(post).placed
        assert desk.writes == 0
        desk.publish(post)
        assert len(desk.mm.bot_posts()) == 1

    def test_nothing_is_repeated_that_could_outlive_the_lease(self, desk: Desk) -> None:
        post, tries = desk.change(desk.there(), Word.WORKING), []

        def slowly(post_id: str, **asked: Any) -> Any:
            tries.append(post_id)
            desk.clock.advance(19)
            raise ServerTrouble("It has trouble.")

        desk.client.edit_post = slowly  # type: ignore[method-assign]
        began = desk.now
        desk.worker(max_retries=20).publish(post.id)
        assert 1 < len(tries) <= 3
        assert desk.now < began + LEASE_S

    def test_a_task_for_a_post_that_has_to_wait_does_nothing(self, desk: Desk) -> None:
        post = desk.there()
        desk.change(post, Word.WORKING)
        for waits in ({"not_before": desk.now + 1}, {"parked": "Refused."}):
            Post.objects.update(**{"not_before": 0.0, "parked": ""} | waits)
            assert not desk.publisher.publish(post.id)
        assert desk.writes == 1

    def test_a_task_for_a_post_that_is_gone_does_nothing(self, desk: Desk) -> None:
        post = desk.wanted()
        Run.objects.all().delete()
        assert not desk.publisher.publish(post.id)


class TestBudget:
    def test_without_a_slot_it_comes_back_when_there_is_one(self, desk: Desk) -> None:
        first, second, slow = desk.wanted(), desk.wanted(), desk.worker(edits_per_s=0.5)
        assert slow.publish(first.id)
        assert not slow.publish(second.id)
        assert desk.fresh(second).not_before == desk.now + 2.0
        desk.clock.advance(2.0)
        assert slow.publish(second.id)

    def test_a_slot_that_comes_soon_is_waited_for(self, desk: Desk) -> None:
        first, second, began = desk.wanted(), desk.wanted(), desk.now
        worker = desk.worker(edits_per_s=5.0)
        assert worker.publish(first.id)
        assert worker.publish(second.id)
        assert desk.now == pytest.approx(began + 0.2)

    def test_a_quick_repeat_takes_a_slot_too(self, desk: Desk) -> None:
        desk.mm.faults.fail_next(9, status=500, where=creates)
        desk.worker(edits_per_s=0.5, max_retries=3).publish(desk.wanted().id)
        assert desk.writes == 1

    def test_while_nothing_may_go_out_no_slot_is_taken(self, desk: Desk) -> None:
        post = desk.wanted()
        Destination.objects.update(circuit=Circuit.OPEN, open_until=desk.now + 5)
        assert not desk.worker(edits_per_s=1.0).publish(post.id)
        assert desk.server.next_slot_at == 0.0
        assert desk.fresh(post).not_before == 0.0

    def test_without_a_slot_no_probe_is_claimed(self, desk: Desk) -> None:
        post = desk.wanted()
        Destination.objects.update(circuit=Circuit.OPEN, open_until=desk.now, next_slot_at=desk.now + 0.6)
        assert not desk.publisher.publish(post.id)
        assert desk.server.circuit == Circuit.OPEN
