"""A process that is started, looked at and ended: what it says is kept in a file."""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Mapping
from pathlib import Path

from livestatus_site.parse import BASE_DIR

ENDS_WITHIN_S = 60.0


class Service:
    """One process after the other with the same command; what all of them say stands in ``log``."""

    def __init__(self, name: str, command: tuple[str, ...], env: Mapping[str, str], log: Path, up: bytes) -> None:
        self.name = name
        self.log = log
        self._up = up
        self._began, self._up_since = 0, -1
        self._command = command
        self._env = env
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """In a session of its own, so that Ctrl-C reaches it through us, once and in order."""
        if not self.alive:
            with self.log.open("ab") as log:
                self._began = log.tell()
                self._process = subprocess.Popen(
                    self._command, cwd=BASE_DIR, env=self._env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                    start_new_session=True,
                )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def starting(self) -> bool:
        """Whether it runs and has not said yet that it is up."""
        if self.alive and self._up_since != self._began:
            with self.log.open("rb") as log:
                log.seek(self._began)
                if self._up in log.read():
                    self._up_since = self._began
        return self.alive and self._up_since != self._began

    @property
    def died(self) -> int | None:
        """The exit code of a process that ended although nobody asked it to."""
        return self._process.poll() if self._process is not None else None

    def kill(self) -> None:
        """SIGKILL."""
        self._end(signal.SIGKILL)

    def ask_to_end(self, within_s: float = ENDS_WITHIN_S) -> int | None:
        """SIGTERM; its exit code, None if it has not ended in time and was killed."""
        code = self._end(signal.SIGTERM, within_s)
        if code is None:
            self.kill()
        return code

    def hang(self) -> None:
        """Let it stand still until it is to go on."""
        self.send(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it move again."""
        self.send(signal.SIGCONT)

    def send(self, number: signal.Signals) -> None:
        """To it and to whatever it has started."""
        if self._process is not None and self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    def _end(self, number: signal.Signals, within_s: float = ENDS_WITHIN_S) -> int | None:
        process = self._process
        if process is None:
            return 0
        self.send(number)
        self.send(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(within_s)
            self._process = None
            return code
        return None


def free_port() -> int:
    """A port of this machine that nobody uses at this moment."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
