"""The circuit and the budget of a destination: what one process learns holds for all."""

import random
from typing import Any

import pytest

from sessions_app.deliver import circuit
from sessions_app.models import Circuit, Destination
from sessions_app.models.times import moment

pytestmark = pytest.mark.django_db
NOW = 1_800_000_000.0
SENTENCE = "It is broken."


def now_of(destination: Destination) -> Destination:
    return Destination.objects.get(id=destination.id)


@pytest.fixture
def destination() -> Destination:
    return Destination.objects.create(base_url="https://chat.example.com")


def broken(destination: Destination, times: int = 3, at: float = NOW) -> Destination:
    for _ in range(times):
        circuit.failed(now_of(destination), at, SENTENCE)
    return now_of(destination)


class TestCircuit:
    def test_it_opens_after_three_failures_in_a_row(self, destination: Destination) -> None:
        assert circuit.may_send(broken(destination, 2), NOW)
        opened = broken(destination, 1)
        assert (opened.circuit, opened.open_until) == (Circuit.OPEN, NOW + 2)
        assert not circuit.may_send(opened, NOW + 1.9)

    def test_a_success_between_failures_counts_from_zero(self, destination: Destination) -> None:
        broken(destination, 2)
        circuit.succeeded(now_of(destination), NOW, made=False, coalesced=0)
        assert broken(destination, 2).circuit == Circuit.CLOSED

    def test_what_only_a_person_can_mend_opens_it_at_once(self, destination: Destination) -> None:
        circuit.failed(destination, NOW, SENTENCE, rest_s=30.0)
        assert (now_of(destination).circuit, now_of(destination).open_until) == (Circuit.OPEN, NOW + 30)

    def test_one_of_many_callers_gets_the_probe(self, destination: Destination) -> None:
        broken(destination)
        callers = [now_of(destination) for _ in range(5)]
        assert [circuit.may_send(caller, NOW + 2) for caller in callers] == [True, False, False, False, False]
        assert now_of(destination).circuit == Circuit.HALF_OPEN
        assert not circuit.may_send(now_of(destination), NOW + 2)

    def test_a_probe_that_never_came_back_is_followed_by_another(self, destination: Destination) -> None:
        assert circuit.may_send(broken(destination), NOW + 2)
        assert not circuit.may_send(now_of(destination), NOW + 31.9)
        assert circuit.may_send(now_of(destination), NOW + 32)

    def test_a_probe_that_succeeds_closes_it(self, destination: Destination) -> None:
        assert circuit.may_send(broken(destination), NOW + 2)
        circuit.succeeded(now_of(destination), NOW + 2, made=False, coalesced=0)
        closed = now_of(destination)
        assert (closed.circuit, closed.failures, closed.open_until) == (Circuit.CLOSED, 0, 0.0)
        assert (closed.last_ok_at, closed.updates_sent) == (moment(NOW + 2), 1)

    def test_a_probe_that_fails_opens_it_for_longer_but_never_longer_than_a_minute(
        self, destination: Destination
    ) -> None:
        broken(destination)
        rests, now = [], NOW
        for _ in range(8):
            now = now_of(destination).open_until
            assert circuit.may_send(now_of(destination), now)
            circuit.failed(now_of(destination), now, SENTENCE)
            rests.append(now_of(destination).open_until - now)
        assert rests == [4, 8, 16, 32, 60, 60, 60, 60]

    def test_an_error_of_one_post_only_shows_that_the_server_answers(self, destination: Destination) -> None:
        assert circuit.may_send(broken(destination), NOW + 2)
        circuit.noted(now_of(destination), NOW + 2, "The bot may not do that.")
        noted = now_of(destination)
        assert (noted.circuit, noted.failures, noted.last_error) == (Circuit.CLOSED, 0, "The bot may not do that.")

    def test_a_failure_leaves_its_sentence_and_counts(self, destination: Destination) -> None:
        failed = broken(destination, 2)
        assert (failed.failures, failed.updates_failed, failed.last_error) == (2, 2, SENTENCE)
        assert failed.last_error_at == moment(NOW)

    def test_an_end_of_the_trouble_is_logged_once(
        self, destination: Destination, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        broken(destination)
        circuit.succeeded(now_of(destination), NOW, made=False, coalesced=0)
        circuit.succeeded(now_of(destination), NOW, made=False, coalesced=0)
        assert caplog.messages == ["https://chat.example.com answers again."]


class TestRests:
    def test_a_pause_stops_everything(self, destination: Destination) -> None:
        destination.paused = True
        assert circuit.rests(destination, NOW)
        assert not circuit.may_send(destination, NOW)

    def test_retry_after_holds_everyone_until_then(self, destination: Destination) -> None:
        circuit.hold(destination, NOW + 7, SENTENCE, NOW)
        assert not circuit.may_send(now_of(destination), NOW + 6.9)
        assert circuit.may_send(now_of(destination), NOW + 7)

    def test_a_shorter_wait_does_not_cut_a_longer_one(self, destination: Destination) -> None:
        circuit.hold(destination, NOW + 7, SENTENCE, NOW)
        circuit.hold(destination, NOW + 1, "Another.", NOW)
        held = now_of(destination)
        assert (held.quiet_until, held.last_error) == (NOW + 7, SENTENCE)

    def test_a_probe_that_is_asked_to_wait_is_repeated_after_that(self, destination: Destination) -> None:
        assert circuit.may_send(broken(destination), NOW + 2)
        circuit.hold(now_of(destination), NOW + 5, SENTENCE, NOW + 2)
        assert not circuit.may_send(now_of(destination), NOW + 4)
        assert circuit.may_send(now_of(destination), NOW + 5)


class TestBudget:
    def test_a_slot_is_free_at_once_and_the_next_one_later(self, destination: Destination) -> None:
        assert circuit.take_slot(destination, NOW, 5.0) == 0.0
        assert circuit.take_slot(destination, NOW, 5.0) == NOW + 0.2
        assert circuit.take_slot(destination, NOW + 0.2, 5.0) == 0.0

    def test_of_two_at_the_same_moment_one_takes_the_slot(
        self, destination: Destination, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        us, them = now_of(destination), now_of(destination)
        theirs: list[float] = []
        refresh = Destination.refresh_from_db

        def look(self: Destination, **kwargs: Any) -> None:
            refresh(self, **kwargs)
            if self is us and not theirs:  # between our look and our claim
                theirs.append(circuit.take_slot(them, NOW, 5.0))

        monkeypatch.setattr(Destination, "refresh_from_db", look)
        assert circuit.take_slot(us, NOW, 5.0) == NOW + 0.2
        assert theirs == [0.0]

    @pytest.mark.parametrize("per_s", [1, 5, 40])
    def test_no_second_holds_more_than_the_budget(self, destination: Destination, per_s: int) -> None:
        chance, now, taken = random.Random(per_s), NOW, []
        for _ in range(400):
            if circuit.take_slot(destination, now, per_s) == 0.0:
                taken.append(now)
            now += chance.choice((0.0, 0.001, 0.01, 0.1, 0.5, 2.0)) / per_s
        assert len(taken) > 50
        most = max(sum(first <= at < first + 1 for at in taken) for first in taken)
        assert most <= per_s

    def test_whoever_asks_all_the_time_gets_the_whole_budget(self, destination: Destination) -> None:
        taken = sum(circuit.take_slot(destination, NOW + tick / 100, 5.0) == 0.0 for tick in range(300))
        assert taken >= 14
