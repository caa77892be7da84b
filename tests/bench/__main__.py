"""`python -m tests.bench`: how quick the whole way is, on this machine.

Every figure is taken from outside: a real `runwatcher` process, a real store on disk, a real HTTP server.
"""

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import django

from tests.bench.board import board
from tests.bench.live_database import live_database
from tests.bench.store import LiveStore
from tests.standin import MattermostStandIn

POSTS = 5
ROOT = Path(__file__).parent.parent.parent
RECORDED = ROOT / "tests" / "data" / "openclaw" / "2026.7.1" / "mm" / "agents" / "main" / "sessions"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--changes", type=int, default=60, help="changes of a word to time")
    parser.add_argument("--sessions", type=int, default=300, help="sessions of the store that is read at the start")
    parser.add_argument("--database", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.database:
        os.environ["DJANGO_SETTINGS_MODULE"] = "livestatus_site.settings"
        django.setup()
        live_database(options.database)
        return
    print(f"Python {sys.version.split()[0]}, {os.cpu_count()} cores, embedded default (SQLite, no broker)")
    word_changes(options.changes)
    first_scan(options.sessions)
    with house() as (folder, _, env):
        subprocess.run([sys.executable, "-m", "tests.bench", "--database", str(folder)], cwd=ROOT, env=env, check=True)
    board()


def word_changes(count: int) -> None:
    """From the write of a line to the edit received: each of a few posts changes its word every 1.3 s."""
    with house() as (folder, mm, env):
        channel = mm.add_channel("bench")
        store = LiveStore(folder / "store")
        with watcher(env, mm):
            keys = []
            for number in range(POSTS):
                root = mm.add_post(channel, f"prompt {number}").id
                keys.append(f"agent:main:mattermost:channel:{channel}:thread:{root}")
                store.begin(keys[-1], f"s{number}", f"benchmark {number}")
            mm.wait_for(lambda: len(mm.bot_posts()) == POSTS, 20)
            time.sleep(1.5)
            taken = [_one_change(store, mm, turn) for turn in range(count)]
    taken.sort()
    print(f"change of word, line written → edit received, {count} changes over {POSTS} posts:")
    print(f"  median {_ms(statistics.median(taken))}, p95 {_ms(taken[int(count * 0.95)])}, slowest {_ms(taken[-1])}")


def _one_change(store: LiveStore, mm: MattermostStandIn, turn: int) -> float:
    session, call = f"s{turn % POSTS}", f"call{turn // POSTS // 2}"
    before = len(mm.requests)
    began = time.monotonic()
    if turn // POSTS % 2 == 0:
        store.call(session, call, "npm test")
    else:
        store.result(session, call)
    mm.wait_for(lambda: len(mm.requests) > before, 10)
    taken = mm.requests[before].at - began
    time.sleep(max(0.0, 1.3 / POSTS - (time.monotonic() - began)))
    return taken


def first_scan(sessions: int) -> None:
    """`--once` on an old store: every line read and judged, nothing posted."""
    with house() as (folder, _, env):
        size, lines = old_store(folder / "store", sessions)
        began = time.monotonic()
        subprocess.run([sys.executable, "manage.py", "runwatcher", "--once"], cwd=ROOT, env=env, check=True)
        took = time.monotonic() - began
    print(f"first scan of an old store, {sessions} sessions, {lines} lines, {size / 1e6:.1f} MB:")
    print(f"  {took:.2f} s with the start of Python, {lines / took:.0f} lines/s")


def old_store(root: Path, sessions: int) -> tuple[int, int]:
    """A store of copies of a recorded session under other keys. Returns bytes and lines of its transcripts."""
    folder = root / "agents" / "main" / "sessions"
    folder.mkdir(parents=True)
    rows = json.loads((RECORDED / "sessions.json").read_text())
    row = rows["agent:main:mattermost:channel:chan1chan1chan1chan1chan1a"]
    transcript = (RECORDED / f"{row['sessionId']}.jsonl").read_bytes()
    copies = {}
    for number in range(sessions):
        name = f"copy-{number}"
        copies[f"agent:main:{name}"] = {**row, "sessionId": name, "sessionFile": f"{name}.jsonl"}
        (folder / f"copy-{number}.jsonl").write_bytes(transcript)
    (folder / "sessions.json").write_text(json.dumps(copies))
    return len(transcript) * sessions, transcript.count(b"\n") * sessions


@contextlib.contextmanager
def house() -> Iterator[tuple[Path, MattermostStandIn, dict[str, str]]]:
    """A folder, a stand-in and an environment, and a migrated database."""
    folder = Path(tempfile.mkdtemp(prefix="live-status-bench-"))
    with MattermostStandIn() as mm:
        env = {
            **os.environ,
            "ENV_FILE": os.devnull,
            "DATA_DIR": str(folder / "var"),
            "OPENCLAW_STATE_DIR": str(folder / "store"),
            "MM_BASE_URL": mm.url,
            "MM_BOT_TOKEN": mm.token,
            "LOG_LEVEL": "WARNING",
        }
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
        try:
            yield folder, mm, env
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def watcher(env: dict[str, str], mm: MattermostStandIn) -> Iterator[None]:
    """A running watcher."""
    process = subprocess.Popen([sys.executable, "manage.py", "runwatcher"], cwd=ROOT, env=env)
    try:
        _until(lambda: Path(env["DATA_DIR"], "watcher.pid").exists())
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(15)


def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    main()
