"""A thread that writes things when they are due: how a recording happens while everything else goes on."""

import heapq
import itertools
import threading
import time

from sessions_app.demo.recording_tables import Write


class Writer:
    """Writes in the order of time. Whatever is written is written by its one thread, connections and all."""

    def __init__(self) -> None:
        self._number = itertools.count()
        self._due: list[tuple[float, int, Write]] = []
        self._news = threading.Condition()
        self._stop = False
        self._busy = False
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def at(self, when: float, write: Write) -> None:
        """Let something be written at a time (seconds since 1970), or at once if that is over."""
        with self._news:
            heapq.heappush(self._due, (when, next(self._number), write))
            self._news.notify_all()

    @property
    def left(self) -> int:
        """How many things are not written yet."""
        with self._news:
            return len(self._due) + self._busy

    @property
    def idle(self) -> bool:
        """Whether everything has been written. Raises what writing raised."""
        with self._news:
            if self._error is not None:
                raise self._error
            return not self._due and not self._busy

    def wait_until_idle(self, patience_s: float) -> bool:
        """Until everything has been written; whether it has. Raises what writing raised."""
        with self._news:
            self._news.wait_for(lambda: self._error is not None or not (self._due or self._busy), patience_s)
        return self.idle

    def close(self) -> None:
        """What is not written yet never is."""
        with self._news:
            self._stop = True
            self._news.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            while (write := self._next()) is not None:
                write()
        except BaseException as error:
            with self._news:
                self._error = error
                self._news.notify_all()

    def _next(self) -> Write | None:
        """What is due, when it is; None at the end."""
        with self._news:
            self._busy = False
            self._news.notify_all()
            while not self._stop:
                wait = self._due[0][0] - time.time() if self._due else None
                if wait is not None and wait <= 0:
                    self._busy = True
                    return heapq.heappop(self._due)[2]
                self._news.wait(wait)
        return None
