"""The watcher as people start it: a process of its own, a database file, a store on disk, and a stand-in."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from livestatus_site.parse import BASE_DIR
from tests.bench.store import LiveStore
from tests.standin import MattermostStandIn

PATIENCE_S = 20.0
MANAGE = (sys.executable, "manage.py")


class Running:
    """A process with what it has said so far. Its output is read all the time, so that it never blocks on it."""

    def __init__(self, command: tuple[str, ...], env: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command, cwd=BASE_DIR, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            with self._news:
                self.lines.append(line)
                self._news.notify_all()

    @property
    def said(self) -> str:
        return "".join(self.lines)

    def says(self, text: str, times: int = 1) -> None:
        """Wait until it has said this."""
        with self._news:
            heard = self._news.wait_for(lambda: self.said.count(text) >= times, PATIENCE_S)
        assert heard, f"it never said {text!r}:\n{self.said}"

    def ends(self) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        return code

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.ends()


class Site:
    """An installation in a folder of its own, whose settings are ``env``."""

    def __init__(self, folder: Path, database: Path, mm: MattermostStandIn) -> None:
        self.mm = mm
        self.channel = mm.add_channel("town")
        self.data = folder / "var"
        self.data.mkdir(parents=True)
        self.database = self.data / "livestatus.sqlite3"
        self.database.write_bytes(database.read_bytes())
        self.pid_file = self.data / "watcher.pid"
        self.store_path = folder / "store"
        self.env = {
            **os.environ,
            "ENV_FILE": os.devnull,
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data),
            "OPENCLAW_STATE_DIR": str(self.store_path),
            "MM_BASE_URL": mm.url,
            "MM_BOT_TOKEN": mm.token,
            "MAX_EDITS_PER_S": "100",
        }

    def store(self) -> LiveStore:
        return LiveStore(self.store_path)

    def key(self) -> str:
        """The key of a session in a thread of its own."""
        return f"agent:main:mattermost:channel:{self.channel}:thread:{self.mm.add_post(self.channel, 'prompt').id}"

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """`manage.py runwatcher` with these options, to its end."""
        return subprocess.run(
            (*MANAGE, "runwatcher", *arguments),
            cwd=BASE_DIR, env=self.env | variables, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    @contextmanager
    def watching(self, **variables: str) -> Iterator[Running]:
        """A watcher that reads and listens; it is killed at the end if it has not ended by itself."""
        with self.process(*MANAGE, "runwatcher", **variables) as watcher:
            watcher.says("Watching")
            yield watcher

    @contextmanager
    def process(self, *command: str, **variables: str) -> Iterator[Running]:
        running = Running(command, self.env | variables)
        try:
            yield running
        finally:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGCONT)
                running.process.kill()
            running.ends()
            assert running.process.stdout is not None
            running.process.stdout.close()

    def sql(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=PATIENCE_S)) as database, database:
            return database.execute(statement).fetchall()

    def until(self, question: str, answer: Any) -> None:
        """Wait until the database answers a question so. Polls: a database file tells nobody that it has changed."""
        ends = time.monotonic() + PATIENCE_S
        while (found := self.sql(question)[0][0]) != answer:
            assert time.monotonic() < ends, f"{question}: {found!r}, not {answer!r}"
            time.sleep(0.05)

    def rows(self) -> dict[str, int]:
        """How many rows each table has."""
        tables = [name for (name,) in self.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: self.sql(f'SELECT COUNT(*) FROM "{name}"')[0][0] for name in tables}


def begin(store: LiveStore, key: str, session: str, prompt: str, ago: float = 10.0) -> None:
    """A prompt of a moment ago, so that its post is due at once."""
    at = datetime.now(UTC).timestamp() - ago
    stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    path = str(store.folder / f"{session}.jsonl")
    store.row(key, sessionId=session, sessionFile=path, status="running", startedAt=int(at * 1000))
    store.append(session, {"type": "session", "version": 3, "id": session, "cwd": "/", "timestamp": stamp})
    message = {"role": "user", "content": prompt, "__openclaw": {"senderIsOwner": False}}
    store.append(session, {"type": "message", "message": message, "timestamp": stamp})
