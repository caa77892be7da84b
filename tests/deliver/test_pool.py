"""Handing tasks on: to threads, or to a broker that may hang or be away. Nobody ever waits for either."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from sessions_app.deliver.pool import Outbox, Pool

PATIENCE_S = 5.0


class Work:
    """Tasks that go on until they are let go."""

    def __init__(self) -> None:
        self.begun: queue.Queue[int] = queue.Queue()
        self.may_end = threading.Semaphore(0)

    def __call__(self, post_id: int) -> None:
        self.begun.put(post_id)
        self.may_end.acquire(timeout=PATIENCE_S)

    def next(self) -> int:
        return self.begun.get(timeout=PATIENCE_S)


def until(true: Callable[[], bool]) -> None:
    """Give other threads their turn until it is so."""
    deadline = threading.Event()
    timer = threading.Timer(PATIENCE_S, deadline.set)
    timer.start()
    while not true():
        assert not deadline.wait(0.001), "it never became so"
    timer.cancel()


class TestPool:
    @pytest.fixture
    def work(self) -> Work:
        return Work()

    @contextmanager
    def pool(self, work: Callable[[int], object], threads: int = 2) -> Iterator[Pool]:
        pool = Pool(work, threads)
        yield pool
        assert pool.close(PATIENCE_S)

    def test_it_runs_as_many_at_once_as_it_has_threads(self, work: Work) -> None:
        with self.pool(work) as pool:
            for post_id in (1, 2):
                pool.enqueue(post_id)
            assert {work.next(), work.next()} == {1, 2}
            assert (pool.room(), pool.busy) == (0, True)
            work.may_end.release(2)
            until(lambda: pool.room() == 2)
            assert not pool.busy

    def test_there_is_no_room_from_the_moment_that_a_task_is_handed_over(self, work: Work) -> None:
        with self.pool(work) as pool:
            pool.enqueue(1)
            assert pool.room() == 1
            work.may_end.release()

    def test_it_takes_no_more_than_it_can_begin(self, work: Work) -> None:
        with self.pool(work, threads=1) as pool:
            for post_id in (1, 2, 3):
                pool.enqueue(post_id)
            work.may_end.release(3)
            until(lambda: pool.room() == 1)
        assert (work.next(), work.begun.qsize()) == (1, 0)

    def test_an_exception_is_logged_and_the_others_go_on(self, caplog: pytest.LogCaptureFixture) -> None:
        done: queue.Queue[int] = queue.Queue()

        def task(post_id: int) -> None:
            if post_id == 1:
                raise ValueError("nobody thought of that")
            done.put(post_id)

        with self.pool(task, threads=1) as pool:
            pool.enqueue(1)
            until(lambda: pool.room() == 1)
            pool.enqueue(2)
            assert done.get(timeout=PATIENCE_S) == 2
        assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["nobody thought of that"]

    def test_closing_waits_for_what_has_begun(self, work: Work) -> None:
        pool = Pool(work, 1)
        pool.enqueue(7)
        assert work.next() == 7
        threading.Timer(0.05, work.may_end.release).start()
        assert pool.close(PATIENCE_S)

    def test_closing_does_not_wait_for_ever(self, work: Work) -> None:
        pool = Pool(work, 1)
        pool.enqueue(7)
        work.next()
        assert not pool.close(0.01)
        assert all(thread.daemon for thread in pool._threads)
        work.may_end.release()


class Broker:
    """Takes tasks, or hangs, or raises."""

    def __init__(self) -> None:
        self.taken: queue.Queue[int] = queue.Queue()
        self.tried: queue.Queue[int] = queue.Queue()
        self.goes_on = threading.Event()
        self.goes_on.set()
        self.away = False

    def send(self, post_id: int) -> None:
        self.tried.put(post_id)
        self.goes_on.wait(PATIENCE_S)
        if self.away:
            raise ConnectionError("nobody there")
        self.taken.put(post_id)


class TestOutbox:
    @pytest.fixture
    def broker(self) -> Broker:
        return Broker()

    def test_hints_reach_the_broker_in_order(self, broker: Broker) -> None:
        outbox = Outbox(broker.send)
        for post_id in range(5):
            outbox.enqueue(post_id)
        assert outbox.close(PATIENCE_S)
        assert [broker.taken.get_nowait() for _ in range(5)] == list(range(5))

    def test_a_broker_that_hangs_holds_up_nobody_and_fills_no_memory(self, broker: Broker) -> None:
        broker.goes_on.clear()
        outbox = Outbox(broker.send, size=3)
        outbox.enqueue(0)
        assert broker.tried.get(timeout=PATIENCE_S) == 0
        for post_id in range(1, 1000):
            outbox.enqueue(post_id)
        assert outbox.room() == 0
        assert not outbox.close(0.01)
        broker.goes_on.set()
        assert [broker.taken.get(timeout=PATIENCE_S) for _ in range(4)] == [0, 1, 2, 3]
        until(lambda: outbox.room() == 3)
        assert outbox.close(PATIENCE_S)

    def test_a_broker_that_is_away_gives_tasks_back_and_is_tried_with_one_at_a_time(
        self, broker: Broker, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        now, returned = [100.0], queue.Queue[int]()
        outbox = Outbox(broker.send, returned.put, rest_s=1.0, clock=lambda: now[0])
        broker.away = True
        outbox.enqueue(1)
        assert returned.get(timeout=PATIENCE_S) == 1
        assert outbox.room() == 0
        now[0] += 1.0
        assert outbox.room() == 1
        outbox.enqueue(1)
        assert returned.get(timeout=PATIENCE_S) == 1
        broker.away = False
        now[0] += 1.0
        outbox.enqueue(1)
        assert broker.taken.get(timeout=PATIENCE_S) == 1
        until(lambda: outbox.room() == 100)
        assert outbox.close(PATIENCE_S)
        said = [(record.levelname, record.getMessage()) for record in caplog.records]
        assert said == [
            ("ERROR", "The broker takes no tasks (nobody there); posts wait until it does."),
            ("INFO", "The broker takes tasks again."),
        ]

    def test_trouble_with_giving_back_does_not_end_it(self, broker: Broker) -> None:
        def fail(post_id: int) -> None:
            raise RuntimeError("no database")

        outbox = Outbox(broker.send, fail, rest_s=0.0)
        broker.away = True
        outbox.enqueue(1)
        broker.tried.get(timeout=PATIENCE_S)
        broker.away = False
        outbox.enqueue(2)
        assert broker.taken.get(timeout=PATIENCE_S) == 2
        assert outbox.close(PATIENCE_S)
