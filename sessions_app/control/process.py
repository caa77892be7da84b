"""The watcher as a process: its PID file, and the locks that keep a second one from the same store.

Both are `flock`s, which the kernel takes back from a process that dies, however it dies. So a PID file without its lock
is stale, and a pid that somebody else has got meanwhile is never mistaken for the watcher.
"""

import contextlib
import fcntl
import hashlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

PATIENCE_S = 0.3


class CannotStartError(RuntimeError):
    """The watcher cannot start or be ended; the message is a sentence."""


class AlreadyWatchedError(CannotStartError):
    """Another watcher has the store."""


class Standing(Enum):
    """Whether a watcher runs, with the exit status that says so."""

    RUNNING = 0
    STALE = 1
    STOPPED = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """What a PID file says: first line the pid, second the health address ("" if there is none)."""

    standing: Standing
    pid: int = 0
    health: str = ""


def look(pid_file: Path) -> Process:
    """Whether the watcher of this PID file runs."""
    try:
        handle = os.open(pid_file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return Process(standing=Standing.STOPPED)
    try:
        first, _, rest = os.read(handle, 1000).decode("utf-8", "replace").partition("\n")
        pid = int(first) if first.strip().isdigit() else 0
        if not pid:
            return Process(standing=Standing.STOPPED)
        standing = Standing.STALE if _lock(handle, shared=True) else Standing.RUNNING
        return Process(standing=standing, pid=pid, health=rest.split("\n")[0].strip())
    finally:
        os.close(handle)


def stop(pid_file: Path, patience_s: float = 15.0) -> bool:
    """Ask the watcher to end and wait for its clean end. False: it still runs.

    Raises:
        CannotStartError: it is somebody else's process.
    """
    found = look(pid_file)
    if found.standing is not Standing.RUNNING:
        return True
    try:
        os.kill(found.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    except PermissionError:
        raise CannotStartError(f"The watcher (pid {found.pid}) runs as another user; end it as that one.") from None
    until = time.monotonic() + patience_s
    while time.monotonic() < until:
        if look(pid_file).standing is not Standing.RUNNING:
            return True
        time.sleep(0.05)
    return False


def _lock(handle: int, *, shared: bool = False) -> bool:
    try:
        fcntl.flock(handle, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lock_soon(handle: int) -> bool:
    """A look at the file holds its lock for a moment, and so does a watcher that is just ending."""
    until = time.monotonic() + PATIENCE_S
    while not (locked := _lock(handle)) and time.monotonic() < until:
        time.sleep(0.02)
    return locked


@contextlib.contextmanager
def _opened(path: Path, mode: int) -> Iterator[int]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    except OSError as error:
        raise CannotStartError(f"{path} cannot be written ({error.strerror}); see DATA_DIR and PID_FILE.") from None
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def pid_file_held(path: Path, health: str) -> Iterator[None]:
    """Hold the PID file while the watcher runs.

    Raises:
        AlreadyWatchedError: a watcher with this PID file runs.
    """
    with _opened(path, 0o644) as handle:
        if not _lock_soon(handle):
            pid = look(path).pid
            raise AlreadyWatchedError(f"A watcher runs already (pid {pid}); end it with: manage.py runwatcher --stop")
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n{health}\n".encode(), 0)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
            with contextlib.suppress(OSError):
                path.unlink()


@contextlib.contextmanager
def stores_held(data_dir: Path, stores: Iterable[str]) -> Iterator[None]:
    """Hold one lock per store, in our own folder: nothing is ever written into a store.

    Raises:
        AlreadyWatchedError: another watcher with the same DATA_DIR has one of them.
    """
    folder = data_dir / "locks"
    with contextlib.ExitStack() as held:
        for store in stores:
            name = hashlib.sha256(store.encode("utf-8", "surrogateescape")).hexdigest()[:16]
            handle = held.enter_context(_opened(folder / f"{name}.lock", 0o600))
            if not _lock_soon(handle):
                other = os.pread(handle, 20, 0).decode("ascii", "replace").strip()
                raise AlreadyWatchedError(
                    f"Another watcher (pid {other}) has the store {store}; one is enough. "
                    "End it with: manage.py runwatcher --stop"
                )
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield


@contextlib.contextmanager
def on_stop(tell: Callable[[], object]) -> Iterator[None]:
    """Call `tell` when the process is asked to end (SIGTERM, Ctrl-C) instead of ending it."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        signal.signal(number, lambda *_: tell())
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
