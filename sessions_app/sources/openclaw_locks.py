"""Lock files beside transcripts: ``<transcript>.lock`` with the pid that holds the turn, and since when."""

import os
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from sessions_app.sources.openclaw_rows import decoded

MAX_LOCK = 4096
LARGEST_PID = 2**22  # of Linux


class LockFile(msgspec.Struct, rename="camel"):
    pid: int = 0
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class Lock:
    """A turn that somebody holds. ``created_at`` in seconds since 1970, 0.0 if unreadable."""

    pid: int = 0
    created_at: float = 0.0

    def holder_dead(self) -> bool:
        """Whether no process of this host has the pid. Meaningless across pid namespaces: the caller must know."""
        if not 0 < self.pid <= LARGEST_PID:
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False


def locks_in(folder: Path) -> tuple[dict[str, Lock], str]:
    """Locks by the base name of their transcript, and a sentence if the folder cannot be listed."""
    found = {}
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name.endswith(".jsonl.lock")]
    except OSError as error:
        return {}, f"{folder} cannot be listed ({error.strerror}); run the watcher as the user of OpenClaw."
    for name in names:
        lock = _read(folder / name)
        if lock is not None:
            found[name.removesuffix(".lock")] = lock
    return found, ""


def _read(path: Path) -> Lock | None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        return _lock(os.read(handle, MAX_LOCK)) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    except OSError:
        return None
    finally:
        os.close(handle)


def _lock(raw: bytes) -> Lock:
    file = decoded(raw, LockFile) or LockFile()
    try:
        return Lock(pid=file.pid, created_at=datetime.fromisoformat(file.created_at).timestamp())
    except (ValueError, OverflowError):
        return Lock(pid=file.pid)
