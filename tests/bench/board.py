"""`python -m tests.bench.board`: how quick the board is with many live runs and many people who look at it.

A real gunicorn with the shipped settings, SQLite, and viewers that poll as often as the page does, over connections
that they keep, as browsers do. Half of the time nothing happens but that runs grow older; in the other half runs change
all the time.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import django

ROOT = Path(__file__).parent.parent.parent
LIVE, VIEWERS, SECONDS, CHANGES_PER_S = 500, 20, 15.0, 20
POLL_S = 0.7


@dataclass
class Polls:
    """What viewers got: the status of each answer, and how long it took in seconds."""

    taken: list[tuple[int, float]] = field(default_factory=list)
    cpu_s: float = 0.0

    def __str__(self) -> str:
        took = sorted(seconds for _, seconds in self.taken)
        same = sum(status == 304 for status, _ in self.taken)
        return (
            f"{len(took)} polls, median {_ms(statistics.median(took))}, p95 {_ms(took[int(len(took) * 0.95)])}, "
            f"slowest {_ms(took[-1])}, {same} were 304, {self.cpu_s / len(took) * 1000:.1f} ms of a core each"
        )


def main() -> None:
    """Prints the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.board", description=__doc__)
    parser.add_argument("--fill", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--change", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.fill or options.change:
        os.environ["DJANGO_SETTINGS_MODULE"] = "livestatus_site.settings"
        django.setup()
        return change(options.change) if options.change else fill()
    return board()


def board() -> None:
    """Quiet, then busy."""
    with _house() as env, _gunicorn(env) as server:
        cookies = json.loads(_this(env, "--fill"))
        first = _poll(env, cookies[0], "")
        print(f"board, {LIVE} live runs, some with sub-agents, {VIEWERS} viewers, gunicorn as shipped, SQLite:")
        print(f"  first look of a process {_ms(first[1])}, {first[3] / 1000:.0f} kB")
        print(f"  nothing happens:        {_look(env, cookies, server)}")
        command = [sys.executable, "-m", "tests.bench.board", "--change", str(SECONDS)]
        changing = subprocess.Popen(command, cwd=ROOT, env=env)
        print(f"  {CHANGES_PER_S} changes a second:    {_look(env, cookies, server)}")
        changing.wait(60)


def fill() -> None:
    """Runs, and viewers whose cookies are printed."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.db import transaction

    from sessions_app.models.times import moment
    from sessions_app.state.run_state import Step
    from sessions_app.state.view import Word
    from tests import factories as make

    cookies, words = [], [Word.THINKING, Word.WORKING, Word.QUIET, Word.NEEDS_YOU]
    with transaction.atomic():
        make.watcher(beat_at=moment(time.time() + 3600))
        for number in range(LIVE):
            step = Step(call_id="1", tool="exec", target=f"npm test {number}", started_at=time.time() - 100)
            waits = number % 4 == 0
            word = Word.WAITING if waits else words[number % len(words)]
            steps = (step,) if word is Word.WORKING else ()
            root = make.run(word, title=f"Task {number}", ago=70 + number * 7, say="Looking.", steps=steps, tokens=4711)
            make.post(root)
            for child in range(3 if waits else 0):
                make.run(Word.WORKING, parent=root, label=f"part {child}", ago=65 + number, steps=(step,))
        for number in range(VIEWERS):
            user = make.user(f"viewer{number}", permissions=("view_run",))
            session = SessionStore()
            session[SESSION_KEY] = str(user.pk)
            session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
            session[HASH_SESSION_KEY] = user.get_session_auth_hash()
            session.create()
            cookies.append(session.session_key)
    print(json.dumps(cookies))


def change(seconds: float) -> None:
    """Gives some run another title and a new revision, again and again."""
    from django.db.models import F

    from sessions_app.models import Run

    ids, chance = list(Run.objects.roots().live().values_list("id", flat=True)), random.Random(1)
    began = time.monotonic()
    for number in range(int(seconds * CHANGES_PER_S)):
        time.sleep(max(0.0, began + number / CHANGES_PER_S - time.monotonic()))
        Run.objects.filter(id=chance.choice(ids)).update(title=f"Changed {number}", revision=F("revision") + 1)


def _look(env: dict[str, str], cookies: list[str], server: int) -> Polls:
    polls, before = Polls(), _cpu_s(server)
    threads = [threading.Thread(target=_view, args=(env, cookie, polls)) for cookie in cookies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    polls.cpu_s = _cpu_s(server) - before
    return polls


def _cpu_s(server: int) -> float:
    """What the workers of a gunicorn have used so far: on a busy machine it says more than the time that passed."""
    workers = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    ticks = [int(tick) for pid in workers for tick in Path(f"/proc/{pid}/stat").read_text().split()[13:15]]
    return sum(ticks) / os.sysconf("SC_CLK_TCK")


def _view(env: dict[str, str], cookie: str, polls: Polls) -> None:
    began = time.monotonic() + random.random()
    connection = http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=30)
    etag = ""
    for number in range(int(SECONDS / POLL_S)):
        time.sleep(max(0.0, began + number * POLL_S - time.monotonic()))
        status, took, etag, _ = _poll(env, cookie, etag, connection)
        polls.taken.append((status, took))
    connection.close()


def _poll(
    env: dict[str, str], cookie: str, etag: str, connection: http.client.HTTPConnection | None = None
) -> tuple[int, float, str, int]:
    """Status, seconds, ETag and bytes of one poll."""
    connection = connection or http.client.HTTPConnection("127.0.0.1", int(env["PORT"]), timeout=60)
    headers = {
        "Cookie": f"livestatus_session={cookie}",
        "Accept-Encoding": "gzip",
        "HX-Request": "true",
        "If-None-Match": etag,
    }
    began = time.perf_counter()
    connection.request("GET", "/board/", headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    took = time.perf_counter() - began
    if answer.status not in (200, 304):
        raise RuntimeError(f"The board answered {answer.status}.")
    return answer.status, took, answer.headers["ETag"], len(body)


def _this(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "-m", "tests.bench.board", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def _house() -> Iterator[dict[str, str]]:
    folder = Path(tempfile.mkdtemp(prefix="live-status-bench-"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"ENV_FILE": os.devnull, "DATA_DIR": str(folder / "var"), "OPENCLAW_STATE_DIR": str(folder / "store")}
    env = {**os.environ, **own, "PORT": str(port), "LOG_LEVEL": "ERROR"}
    try:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        yield env
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _gunicorn(env: dict[str, str]) -> Iterator[int]:
    command = [sys.executable, "-m", "gunicorn", "livestatus_site.wsgi", "-c", "python:livestatus_site.gunicorn_conf"]
    process = subprocess.Popen(command, cwd=ROOT, env=env)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", int(env["PORT"])), 1):
                break
            time.sleep(0.05)
        yield process.pid
    finally:
        process.terminate()
        process.wait(15)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    main()
