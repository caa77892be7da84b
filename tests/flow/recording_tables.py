"""Small tables of a recorded SQLite file, written again row by row: the queue, the registry of spawns, the approvals.

Python's own SQLite may be older than the one that made the files: checks are off.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

Write = Callable[[], None]
SHARED = Path("state/openclaw.sqlite")
IDS = {"session_pending_inputs": "input_id", "subagent_runs": "run_id", "operator_approvals": "approval_id"}


class Tables:
    """A database of which only small tables were recorded, row by row: they are empty until the first change."""

    def __init__(self, final: Path, path: Path) -> None:
        self.final, self.path = final, path

    def prepare(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.final, self.path)
        live = sqlite3.connect(self.path, isolation_level=None)
        live.execute("PRAGMA ignore_check_constraints = 1")
        live.execute("PRAGMA foreign_keys = 0")
        for (name,) in live.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            live.execute(f"DROP TRIGGER {name}")
        live.execute("PRAGMA journal_mode = WAL")
        there = {name for (name,) in live.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        self.tables = sorted(there & IDS.keys())
        for table in self.tables:
            live.execute(f"DELETE FROM {table}")
        self.live = live

    def write(self, change: dict[str, Any]) -> Write | None:
        if change.get("table"):
            return lambda: self._row(change["table"], change["id"], change["row"])
        return None

    def _row(self, table: str, id_: str, row: dict[str, Any] | None) -> None:
        self.live.execute(f"DELETE FROM {table} WHERE {IDS[table]} = ?", (id_,))
        if row is not None:
            marks = ", ".join("?" * len(row))
            self.live.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", list(row.values()))

    def finish(self) -> None:
        """The store was copied a little after the recorder ended."""
        with closing(sqlite3.connect(self.final)) as source:
            source.row_factory = sqlite3.Row
            for table in self.tables:
                self.live.execute(f"DELETE FROM {table}")
                for row in source.execute(f"SELECT * FROM {table}"):
                    self._row(table, row[IDS[table]], dict(row))


class SharedTimeline:
    """`state_timeline.jsonl`: changes of the database that all agents share. ``t0`` is when recording began."""

    def __init__(self, folder: Path, store: Path, t0: float) -> None:
        path = folder / "state_timeline.jsonl"
        self.changes = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        self.t0 = t0
        if self.changes:
            self.tables = Tables(folder / SHARED, store / SHARED)
            self.tables.prepare()

    def moments(self) -> Iterator[tuple[float, Write]]:
        for change in self.changes:
            write = self.tables.write(change)
            assert write is not None
            yield self.t0 + change["t_ms"] / 1000, write
        if self.changes:
            yield self.t0 + self.changes[-1]["t_ms"] / 1000 + 20.0, self.tables.finish
