"""Small tables of a recorded SQLite file, written again row by row: the queue, the registry of spawns, the approvals.

Python's own SQLite may be older than the one that made the files: checks are off.
"""

# ruff: noqa: S608 (names of tables and columns are those of the recordings)

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

Write = Callable[[], None]
Open = dict[Path, sqlite3.Connection]
"""Databases that are being written, by file."""
SHARED = Path("state/openclaw.sqlite")
LAST_LOOK_S = 20.0
"""The last moment of a recording, when its store was copied, is that long after what happened."""
PAST_MS = 300
"""What a recorder sees in its first moment was there before."""
IDS = {"session_pending_inputs": "input_id", "subagent_runs": "run_id", "operator_approvals": "approval_id"}
RECORDED = {*IDS, "session_nodes", "transcript_events", "sqlite_sequence"}


class Tables:
    """A database of which only small tables were recorded, row by row: they are empty until the first change.

    Where files are ``kept``, one that is among them is written on, whatever it holds, and a new one begins with
    nothing: what was there before the recording does not count.
    """

    def __init__(self, final: Path, path: Path, kept: Open | None = None) -> None:
        self.final, self.path = final, path
        self.begins_empty = kept is not None
        self.kept = {} if kept is None else kept

    def prepare(self) -> None:
        """Make the file, or take up the open one."""
        if self.path in self.kept:
            self.live = self.kept[self.path]
            self._add_unrecorded()
        else:
            self.kept[self.path] = self.live = self._made()
        there = {name for (name,) in self.live.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.tables = sorted(there & IDS.keys())

    def _made(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.final, self.path)
        live = sqlite3.connect(self.path, isolation_level=None)
        live.execute("PRAGMA ignore_check_constraints = 1")
        live.execute("PRAGMA foreign_keys = 0")
        for (name,) in live.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            live.execute(f"DROP TRIGGER {name}")
        live.execute("PRAGMA journal_mode = WAL")
        there = {name for (name,) in live.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        for table in there & (RECORDED if self.begins_empty else IDS.keys()):
            live.execute(f"DELETE FROM {table}")
        return live

    def _add_unrecorded(self) -> None:
        """What was not recorded row by row is there from the start, as in a file that is made."""
        with closing(sqlite3.connect(self.final)) as source:
            mine, theirs = _columns(self.live), _columns(source)
            for table in sorted(mine.keys() & theirs.keys() - RECORDED):
                names = [name for name in theirs[table] if name in mine[table]]
                marks = ", ".join("?" * len(names))
                self.live.executemany(
                    f"INSERT OR IGNORE INTO {table} ({', '.join(names)}) VALUES ({marks})",
                    source.execute(f"SELECT {', '.join(names)} FROM {table}").fetchall(),
                )

    def write(self, change: dict[str, Any]) -> Write | None:
        """What a line of a time line does to the database; None for what no reader sees."""
        if change.get("table"):
            return lambda: self._row(change["table"], change["id"], change["row"])
        return None

    def _row(self, table: str, id_: str, row: dict[str, Any] | None) -> None:
        self.live.execute(f"DELETE FROM {table} WHERE {IDS[table]} = ?", (id_,))
        if row is not None:
            marks = ", ".join("?" * len(row))
            self.live.execute(f"INSERT OR REPLACE INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def finish(self) -> None:
        """The store was copied a little after the recorder ended."""
        with closing(sqlite3.connect(self.final)) as source:
            source.row_factory = sqlite3.Row
            for table in self.tables:
                self.live.execute(f"DELETE FROM {table}")
                for row in source.execute(f"SELECT * FROM {table}"):
                    self._row(table, row[IDS[table]], dict(row))


def _columns(database: sqlite3.Connection) -> dict[str, list[str]]:
    """Names of the columns by table."""
    tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return {table: [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')] for table in tables}


class SharedTimeline:
    """`state_timeline.jsonl`: changes of the database that all agents share. ``t0`` is when recording began."""

    def __init__(self, folder: Path, store: Path, t0: float, kept: Open | None = None) -> None:
        path = folder / "state_timeline.jsonl"
        changes = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        self.changes = [change for change in changes if kept is None or change["t_ms"] >= PAST_MS]
        self.t0 = t0
        if self.changes:
            self.tables = Tables(folder / SHARED, store / SHARED, kept)
            self.tables.prepare()

    def moments(self) -> Iterator[tuple[float, Write]]:
        """The changes, in order; every one of them is of a row."""
        for change in self.changes:
            if (write := self.tables.write(change)) is not None:
                yield self.t0 + change["t_ms"] / 1000, write

    def last_looks(self) -> Iterator[tuple[float, Write]]:
        """What the database was when it was copied, if there is one."""
        if self.changes:
            yield self.t0 + self.changes[-1]["t_ms"] / 1000 + LAST_LOOK_S, self.tables.finish
