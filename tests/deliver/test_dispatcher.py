"""What is handed on, in which order, and what holds it up."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.deliver.dispatcher import THOUGHT_ON_ITS_WAY_S, not_handed_on
from sessions_app.models import Circuit, Destination, Post
from sessions_app.state.view import Word
from tests.deliver.desk import Desk


class TestOrder:
    def test_endings_and_new_posts_then_whoever_has_waited_longest(self, desk: Desk) -> None:
        ages = [desk.there(title=f"age {n}") for n in range(1)]
        desk.clock.advance(1)
        changed = [desk.there(title=f"change {n}") for n in range(2)]
        word, failed, done = desk.there(title="word"), desk.there(title="failed"), desk.there(title="done")
        new = desk.wanted(title="new")
        desk.clock.advance(40)
        for post in changed:
            desk.change(post)
        desk.change(word, Word.WORKING)
        desk.change(failed, Word.FAILED)
        desk.change(done, Word.DONE)
        Post.objects.filter(id=changed[0].id).update(sent_at=desk.now - 20)
        Post.objects.filter(id=changed[1].id).update(sent_at=desk.now - 30)
        assert desk.due() == [new, failed, done, *ages, word, changed[1], changed[0]]

    def test_of_new_posts_that_of_the_older_run_comes_first(self, desk: Desk) -> None:
        late, early = desk.wanted(ago=10.0), desk.wanted(ago=60.0)
        assert desk.due() == [early, late]

    def test_without_patience_the_order_is_that_of_the_runs(self, desk: Desk) -> None:
        late, early, middle = desk.wanted(Word.DONE, ago=10.0), desk.wanted(ago=60.0), desk.wanted(ago=30.0)
        assert desk.due(patient=False) == [early, middle, late]

    def test_without_patience_what_is_behind_is_due_at_once_and_age_is_no_reason(self, desk: Desk) -> None:
        changed, same = desk.there(), desk.there()
        desk.change(changed)
        assert desk.due(patient=False, throttle_s=0.0) == [changed]
        desk.clock.advance(3600)
        assert same not in desk.due(patient=False, throttle_s=0.0)

    def test_what_is_not_due_yet_is_not_handed_on(self, desk: Desk) -> None:
        post, new = desk.there(), desk.wanted(ago=1.0)
        desk.change(post, Word.WORKING)
        assert desk.due() == []
        desk.clock.advance(0.5)
        assert desk.due() == [new]
        desk.clock.advance(0.5)
        assert desk.due() == [post]


class TestRoom:
    def test_no_more_is_handed_on_than_there_is_room_for_and_the_rest_later(self, desk: Desk) -> None:
        posts = [desk.wanted(ago=100.0 - number) for number in range(5)]
        assert desk.due(room=2) == posts[:2]
        assert desk.due(room=0) == []
        assert desk.due(room=9) == posts[2:]

    def test_what_is_on_its_way_takes_no_room(self, desk: Desk) -> None:
        first, second = desk.wanted(ago=60.0), desk.wanted(ago=50.0)
        assert desk.due(room=1) == [first]
        assert desk.due(room=1) == [second]

    def test_several_destinations_share_the_room(self, desk: Desk) -> None:
        other = Destination.objects.create(base_url="https://other.example.com")
        posts = [desk.wanted(), desk.wanted(), desk.wanted(destination=other), desk.wanted(destination=other)]
        assert len(desk.due(room=3)) == 3
        assert {post.id for post in posts} >= {post.id for post in desk.due(room=3)}


class TestRests:
    @pytest.mark.parametrize("field", ["quiet_until", "next_slot_at"])
    def test_a_destination_that_has_to_wait_gets_nothing_until_then(self, desk: Desk, field: str) -> None:
        post = desk.wanted()
        Destination.objects.update(**{field: desk.now + 5})
        assert desk.due() == []
        desk.clock.advance(5)
        assert desk.due() == [post]

    def test_a_paused_destination_gets_nothing_and_others_do(self, desk: Desk) -> None:
        other = Destination.objects.create(base_url="https://other.example.com")
        paused, going = desk.wanted(), desk.wanted(destination=other)
        Destination.objects.filter(id=desk.destination.id).update(paused=True)
        assert desk.due() == [going]
        Destination.objects.update(paused=False)
        assert desk.due() == [paused]

    @pytest.mark.parametrize("state", [Circuit.OPEN, Circuit.HALF_OPEN])
    def test_an_open_circuit_gets_nothing_and_then_one_probe(self, desk: Desk, state: Circuit) -> None:
        posts = [desk.wanted() for _ in range(3)]
        Destination.objects.update(circuit=state, open_until=desk.now + 5)
        assert desk.due() == []
        desk.clock.advance(5)
        assert desk.due() == posts[:1]

    @pytest.mark.parametrize("field", ["not_before", "lease_until"])
    def test_a_post_that_has_to_wait_is_not_handed_on(self, desk: Desk, field: str) -> None:
        post = desk.wanted()
        Post.objects.update(**{field: desk.now + 5})
        assert desk.due() == []
        desk.clock.advance(5.1)
        assert desk.due() == [post]

    def test_a_parked_post_is_not_handed_on(self, desk: Desk) -> None:
        desk.wanted(parked="Refused.")
        assert desk.due() == []


class TestLostTasks:
    def test_what_is_on_its_way_is_not_handed_on_twice(self, desk: Desk) -> None:
        desk.wanted()
        assert len(desk.due()) == 1
        desk.clock.advance(THOUGHT_ON_ITS_WAY_S)
        assert desk.due() == []

    def test_a_task_that_was_lost_is_handed_on_again(self, desk: Desk) -> None:
        post = desk.wanted()
        desk.due()
        desk.clock.advance(THOUGHT_ON_ITS_WAY_S + 0.1)
        assert desk.due() == [post]

    def test_a_task_that_did_not_go_is_handed_on_again_at_once(self, desk: Desk) -> None:
        post = desk.wanted()
        desk.due()
        not_handed_on(post.id)
        assert desk.due() == [post]

    def test_of_two_watchers_one_hands_it_on(self, desk: Desk) -> None:
        post = desk.wanted()
        first: list[int] = []
        second: list[int] = []
        other = desk.dispatcher(second)
        one = desk.dispatcher(first)
        found = one._due(desk.destination, desk.now)
        assert other.hand_on() == 1
        assert [one._hand_on(post_id, desk.now) for post_id in found] == [0]
        assert (first, second) == ([], [post.id])


def test_the_number_of_queries_does_not_grow_with_closed_posts(desk: Desk) -> None:
    desk.wanted()
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(desk.due()) == 1
        counts.append(len(queries))
        Post.objects.update(enqueued_until=0.0)
        for _ in range(20):
            desk.wanted(Word.DONE, post_id="p" * 26, closed=True, sent_revision=1)
    assert counts[0] == counts[1] <= 9
