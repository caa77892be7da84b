"""What many viewers ask for at once is made once: kept for a moment, made by one thread, shared by all.

What is kept must look the same for everybody: whether somebody may see it is asked before.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.conf import settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kept(Generic[T]):
    """A value, and when its making began."""

    value: T
    at: float


class Shared(Generic[T]):
    """A value that is fresh for ``fresh_s`` seconds after its making began.

    Then one thread makes the next; the others get the last one meanwhile as long as it is younger than ``stale_s``, and
    wait otherwise. What goes wrong while it is made goes to the thread that makes it; the others keep the last one.
    """

    def __init__(self, *, fresh_s: float, stale_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._fresh_s, self._stale_s, self._clock = fresh_s, stale_s, clock
        self._lock = threading.Lock()
        self._kept: Kept[T] | None = None

    def get(self, make: Callable[[], T]) -> T:
        """The value, made by ``make`` if it is time to."""
        if (kept := self._younger_than(self._fresh_s)) is not None:
            return kept.value
        kept = self._younger_than(self._stale_s)
        if not self._lock.acquire(blocking=kept is None) and kept is not None:
            return kept.value
        try:
            # Somebody may have made it while we waited.
            kept = self._younger_than(self._fresh_s)
            if kept is None:
                began = self._clock()
                kept = self._kept = Kept(make(), began)
            return kept.value
        finally:
            self._lock.release()

    def _younger_than(self, seconds: float) -> Kept[T] | None:
        kept = self._kept
        keeps = settings.KEEP_DRAWINGS and kept is not None and self._clock() - kept.at < seconds
        return kept if keeps else None
