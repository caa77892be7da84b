"""Handing tasks on, in the two ways there are: to threads of this process, or to a broker. Neither ever waits."""

import logging
import queue
import threading
import time
from collections.abc import Callable

from django.db import connections

log = logging.getLogger(__name__)


class Pool:
    """Runs a task for each post in a few threads of its own; takes no more than it can begin at once.

    The threads end with the process, whatever they wait for.
    """

    def __init__(self, task: Callable[[int], object], threads: int) -> None:
        self._task = task
        self._free = threads
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"publish-{number}", daemon=True) for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def room(self) -> int:
        """How many posts may be handed on now."""
        with self._lock:
            return self._free

    @property
    def busy(self) -> bool:
        """Whether a task is under way."""
        return self.room() < len(self._threads)

    def enqueue(self, post_id: int) -> None:
        """Begin the task for a post; without room nothing is begun, and the sweep comes back to it."""
        with self._lock:
            if not self._free:
                return
            self._free -= 1
        self._queue.put(post_id)

    def _run(self) -> None:
        while (post_id := self._queue.get()) is not None:
            try:
                self._task(post_id)
            except Exception as error:
                log.error("A post could not be published; the sweep comes back to it.", exc_info=error)
            finally:
                connections.close_all()
                with self._lock:
                    self._free += 1

    def close(self, within_s: float) -> bool:
        """Wait for what has begun, but not longer than that. Returns whether all of it has ended."""
        until = time.monotonic() + within_s
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)


class Outbox:
    """Hands tasks to a broker from a thread of its own; when the broker hangs, hints are dropped, nothing else.

    ``returned`` is told of a task that the broker did not take. After that one at a time is tried, after a rest.
    """

    def __init__(
        self,
        send: Callable[[int], object],
        returned: Callable[[int], object] = lambda _: None,
        *,
        size: int = 100,
        rest_s: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._returned = returned
        self._rest_s = rest_s
        self._clock = clock
        self._queue: queue.Queue[int | None] = queue.Queue(size)
        self._failed_at: float | None = None
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def room(self) -> int:
        """How many more hints fit."""
        if (failed_at := self._failed_at) is not None:
            return int(self._queue.empty() and self._clock() >= failed_at + self._rest_s)
        return self._queue.maxsize - self._queue.qsize()

    def enqueue(self, post_id: int) -> None:
        """Hand on a hint, or drop it if there is no room."""
        try:
            self._queue.put_nowait(post_id)
        except queue.Full:
            log.debug("A hint was dropped; the sweep comes back to its post.")

    def _run(self) -> None:
        while (post_id := self._queue.get()) is not None:
            try:
                self._send(post_id)
            except Exception as error:
                self._give_back(post_id, error)
            else:
                if self._failed_at is not None:
                    log.info("The broker takes tasks again.")
                self._failed_at = None
        connections.close_all()

    def _give_back(self, post_id: int, error: Exception) -> None:
        if self._failed_at is None:
            log.error("The broker takes no tasks (%s); posts wait until it does.", error)
        self._failed_at = self._clock()
        try:
            self._returned(post_id)
        except Exception as trouble:
            log.error("A post could not be taken back from the broker; the sweep comes back to it.", exc_info=trouble)

    def close(self, within_s: float) -> bool:
        """Let the thread end after what it has; does not wait for a broker that hangs."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return False
        self._thread.join(within_s)
        return not self._thread.is_alive()
