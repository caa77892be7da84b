"""Handing tasks on, in the two ways there are: to threads of this process, or to a broker. Neither ever waits."""

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import connections

log = logging.getLogger(__name__)


class Pool:
    """Runs a task for each post in a few threads of its own; takes no more than it can begin at once."""

    def __init__(self, task: Callable[[int], object], threads: int) -> None:
        self._task = task
        self._threads = threads
        self._busy = 0
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="publish")

    def room(self) -> int:
        """How many posts may be handed on now."""
        with self._lock:
            return self._threads - self._busy

    def enqueue(self, post_id: int) -> None:
        """Begin the task for a post."""
        with self._lock:
            self._busy += 1
        self._executor.submit(self._run, post_id).add_done_callback(self._ended)

    def _run(self, post_id: int) -> None:
        try:
            self._task(post_id)
        finally:
            connections.close_all()

    def _ended(self, done: "Future[None]") -> None:
        with self._lock:
            self._busy -= 1
        if (error := done.exception()) is not None:
            log.error("A post could not be published; the sweep comes back to it.", exc_info=error)

    def close(self) -> None:
        """Wait for what has begun; nothing else is taken."""
        self._executor.shutdown(wait=True, cancel_futures=True)


class Outbox:
    """Hands tasks to a broker from a thread of its own; when the broker hangs, hints are dropped, nothing else."""

    def __init__(self, send: Callable[[int], object], size: int = 100) -> None:
        self._send = send
        self._queue: queue.Queue[int | None] = queue.Queue(size)
        self._complained = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def room(self) -> int:
        """How many more hints fit."""
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
                self._complained = False
            except Exception as error:
                if not self._complained:
                    log.error("The broker takes no tasks (%s); posts wait until it does.", error)
                self._complained = True

    def close(self) -> None:
        """Let the thread end after what it has; does not wait for a broker that hangs."""
        try:
            self._queue.put_nowait(None)
        except queue.Full:
            return
        self._thread.join(1.0)
