"""What many ask for at once is made once."""

import threading

import pytest

from sessions_app.web.memo import Shared


class Clock:
    """Goes only when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.KEEP_DRAWINGS = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def shared(clock) -> Shared[int]:
    return Shared(fresh_s=0.5, stale_s=2.0, clock=clock)


def test_it_is_made_again_when_it_is_no_longer_fresh(shared, clock):
    values = iter(range(10))
    assert [shared.get(lambda: next(values)) for _ in range(3)] == [0, 0, 0]
    clock.now += 0.4
    assert shared.get(lambda: next(values)) == 0
    clock.now += 0.2
    assert shared.get(lambda: next(values)) == 1


def test_age_counts_from_when_its_making_began(shared, clock):
    def slow() -> int:
        clock.now += 0.6
        return 1

    assert shared.get(slow) == 1
    assert shared.get(lambda: 2) == 2


def test_nothing_is_kept_when_nothing_shall_be(shared, settings):
    settings.KEEP_DRAWINGS = False
    assert [shared.get(lambda value=value: value) for value in (1, 2)] == [1, 2]


class Making:
    """A value that is being made, in a thread of its own, until it is let go."""

    def __init__(self, shared: Shared[int], value: int) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=shared.get, args=(self._make,))
        self.value = value
        self.thread.start()
        assert self.begun.wait(10)

    def _make(self) -> int:
        self.begun.set()
        assert self.go.wait(10)
        return self.value

    def end(self) -> None:
        self.go.set()
        self.thread.join(10)


def test_meanwhile_the_others_get_the_last_one(shared, clock):
    shared.get(lambda: 1)
    clock.now += 1.0
    making = Making(shared, 2)
    assert shared.get(lambda: 99) == 1
    making.end()
    assert shared.get(lambda: 99) == 2


def test_who_has_nothing_to_show_waits_and_does_not_make_it_again(shared):
    making, got = Making(shared, 1), []
    waiting = [threading.Thread(target=lambda: got.append(shared.get(lambda: 99))) for _ in range(5)]
    for thread in waiting:
        thread.start()
    making.end()
    for thread in waiting:
        thread.join(10)
    assert got == [1] * 5


def test_what_goes_wrong_is_kept_by_nobody(shared, clock):
    def broken() -> int:
        raise RuntimeError("no")

    shared.get(lambda: 1)
    clock.now += 1.0
    with pytest.raises(RuntimeError):
        shared.get(broken)
    assert shared.get(lambda: 2) == 2
