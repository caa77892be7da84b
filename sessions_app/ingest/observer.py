"""Changes of files, heard through watchdog. Only a hint: whatever it misses, the sweep finds.

Six failures of watchdog reach nobody as an error (overflow, too few watches, an unreadable or replaced folder, an
unmount, an exception in a handler), so this is asked again and again whether it still hears, and built anew if not.
"""

import logging
import os
import threading
import warnings
from collections.abc import Iterable
from pathlib import Path

from watchdog.events import (
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

log = logging.getLogger(__name__)
HEARD = [FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileDeletedEvent]
MOST_DIRTY = 100_000  # beyond it a sweep is cheaper than the list


class Dirty(FileSystemEventHandler):
    """Paths that changed since they were last taken, and a bell that rings when there are any."""

    def __init__(self) -> None:
        self.bell = threading.Event()
        self._paths: dict[str, None] = {}
        self._lock = threading.Lock()
        self.overflowed = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Note the paths of one event. Must not raise: that would end the observer's thread without a word."""
        with self._lock:
            for path in (event.src_path, event.dest_path):
                if path and len(self._paths) < MOST_DIRTY:
                    self._paths[os.fsdecode(path)] = None
            self.overflowed = self.overflowed or len(self._paths) >= MOST_DIRTY
        self.bell.set()

    def take(self) -> list[str]:
        """The paths that changed, in order, and forget them."""
        with self._lock:
            paths, self._paths = list(self._paths), {}
        self.bell.clear()
        return paths


class _Overflow(logging.Handler):
    """watchdog tells of a lost event only in its log."""

    def __init__(self, dirty: Dirty) -> None:
        super().__init__(logging.WARNING)
        self.dirty = dirty

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self.dirty.overflowed = True


class Ears:
    """Hears of changes below some folders. `check` says whether it had to be built anew."""

    def __init__(self, dirty: Dirty) -> None:
        self.dirty = dirty
        self._observer: BaseObserver | None = None
        self._folders: dict[Path, tuple[int, int]] = {}
        self._overflow = _Overflow(dirty)
        self._deaf: int | None = None  # why nothing could be heard the last time

    def check(self, folders: Iterable[Path]) -> bool:
        """Listen to these folders; rebuild what has died, moved or changed. True: something may have been missed."""
        wanted = {folder: identity for folder in folders if (identity := _identity(folder))}
        alive = self._observer is not None and self._observer.is_alive()
        alive = alive and all(emitter.is_alive() for emitter in self._observer.emitters)  # type: ignore[union-attr]
        if alive and wanted == self._folders:
            return False
        self.close()
        self._listen(wanted)
        return True

    def _listen(self, wanted: dict[Path, tuple[int, int]]) -> None:
        warnings.filterwarnings("ignore", category=RuntimeWarning, module="watchdog")  # reprs of the whole table
        logging.getLogger("watchdog").addHandler(self._overflow)
        observer: BaseObserver | None = None
        try:
            observer = Observer()  # this takes one of the kernel's instances already
            for folder in wanted:
                observer.schedule(self.dirty, str(folder), recursive=True, event_filter=HEARD)
            observer.start()
        except OSError as error:
            if observer is not None:
                observer.stop()  # some of its threads may run already
            if self._deaf != error.errno:
                log.warning("Changes cannot be heard (%s); the sweep finds them every SESSION_POLL_MS.", error.strerror)
            self._deaf = error.errno
            return
        self._observer, self._folders, self._deaf = observer, wanted, None

    def close(self) -> None:
        """Stop listening."""
        logging.getLogger("watchdog").removeHandler(self._overflow)
        if self._observer is not None:
            self._observer.stop()
            if self._observer.is_alive():
                self._observer.join(2.0)
        self._observer, self._folders = None, {}


def _identity(folder: Path) -> tuple[int, int] | None:
    try:
        seen = folder.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino
