"""Runs the processes of the Procfile together on one machine, and ends them together.

`python -m livestatus_site.processes` starts web and watcher, and worker and beat if there is a Redis. When one of them
ends, or on Ctrl-C, SIGTERM or a closed terminal, all get SIGTERM, time for their last words, and then SIGKILL. A second
Ctrl-C does not wait.
The usual Procfile runners give each process another PORT and read .env by rules of their own, so this is ours.
"""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from livestatus_site.env import Env, load
from livestatus_site.parse import BASE_DIR

STOP_S = 10.0
"""Seconds for a clean end. The watcher needs up to 4 for its last words."""
LOOK_S = 0.1
Child = subprocess.Popen[bytes]


def wanted(env: Env) -> tuple[str, ...]:
    return ("web", "watcher", "worker", "beat") if env.redis_url else ("web", "watcher")


def commands(env: Env) -> dict[str, str]:
    """Name and shell command of every process to start."""
    every = dict(re.findall(r"^([a-z]+):\s*(.+)$", (BASE_DIR / "Procfile").read_text(), re.MULTILINE))
    return {name: every[name] for name in wanted(env)}


def child_environment() -> dict[str, str]:
    """Ours, with the programs of this virtual environment found first and their lines shown as they come."""
    here = str(Path(sys.executable).parent)
    return {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ.get('PATH', '')}", "PYTHONUNBUFFERED": "1"}


class Asked:
    """Whether somebody asked us to stop, and how often. The handlers are set before anything is started."""

    def __init__(self) -> None:
        self.times = 0
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, self._count)

    def _count(self, *_: object) -> None:
        self.times += 1


def run(processes: Mapping[str, str], *, prefix: bool) -> int:
    """Start all, wait for the first end or a signal, end the rest. 0 if we were asked to stop."""
    asked = Asked()
    width = max(map(len, processes))
    children: dict[str, Child] = {}
    for name, command in processes.items():
        children[name] = _start(command, f"{name:<{width}} | " if prefix else "")
    while not asked.times and all(child.poll() is None for child in children.values()):
        time.sleep(LOOK_S)
    ended = {name: child.returncode for name, child in children.items() if child.returncode is not None}
    if not asked.times:
        _say(f"{', '.join(f'{name} ended with {code}' for name, code in ended.items())}; stopping the others.")
    _stop(children.values(), asked)
    return 0 if asked.times else next((abs(code) for code in ended.values() if code), 1)


def _start(command: str, prefix: str) -> Child:
    # In a session of its own, so that Ctrl-C reaches it through us, once and in order.
    child = subprocess.Popen(
        ["/bin/sh", "-c", command],
        cwd=BASE_DIR,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    threading.Thread(target=_pass_on, args=(child, prefix), daemon=True).start()
    return child


def _pass_on(child: Child, prefix: str) -> None:
    assert child.stdout is not None  # noqa: S101 - for the type checker
    for line in child.stdout:
        _say(prefix + line.decode(errors="replace").rstrip("\n"))


def _say(line: str) -> None:
    # One write per line, so that lines of several processes do not mix; a reader that left is no reason to stop.
    with suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


def _stop(children: Iterable[Child], asked: Asked) -> None:
    children = list(children)
    _signal(children, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while any(child.poll() is None for child in children):
        if time.monotonic() > deadline or asked.times > 1:
            _signal(children, signal.SIGKILL)
        time.sleep(LOOK_S)


def _signal(children: Iterable[Child], number: signal.Signals) -> None:
    """To the whole group: a shell between us and the program must not outlive it, nor the other way round."""
    for child in children:
        if child.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, number)


def main() -> int:
    env = load()
    return run(commands(env), prefix=env.log_format == "console")


if __name__ == "__main__":
    sys.exit(main())
