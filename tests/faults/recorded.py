"""Recordings at another time: as if they had been made from now on, and quicker.

Every time of day in the files is moved by the same rule, so that the copy is a recording like the original. A mapped
time has as many characters as it had before: sizes of files and offsets of lines stay true.
"""

import re
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.flow.recording import DATA, Recording

NEAR_S = 12 * 3600.0  # what is further away from a recording's beginning is no time of it
LAST_LOOK_S = 20.0  # the last moment of a recording is that long after what happened
# Runs with a post, of one recording at least. Left out are `reset` and `cron`, since what is taken away while nobody
# watches nobody can post, and `silent`, since a run with nothing to say has a post only if it was seen before its end.
RUNS = {
    "abort": 2, "approval": 2, "bg": 1, "compact": 4, "cross_agent": 1, "err_retry": 1, "kill": 1, "kill_children": 1,
    "label_twice": 1, "many": 1, "mm": 7, "mm_nested": 2, "mm_stop": 3, "model_errors": 4, "nested": 1, "new_mid": 2,
    "plain": 1, "restart": 1, "second": 6, "spawn_fail": 2, "toolerr": 1, "tools": 1, "yield": 1,
}  # fmt: skip
SILENT = ("2026.2.26/approval", "2026.2.26/kill", "2026.7.1/model_errors")  # runs in them end by minutes of silence
_MS = re.compile(rb"(?<![0-9a-zA-Z-])1[0-9]{12}(?![0-9a-zA-Z-])")
_ISO = re.compile(rb"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z")
_LAPSE = re.compile(r'"(t_ms|lag_ms)": ?(-?[0-9]+)')
_BINARY = (".zst", "-wal", "-shm")


def usable() -> list[str]:
    """Names of the recordings whose runs all get a post however they are watched."""
    everything = [recording.name for recording in Recording.all() + Recording.all_databases()]
    return [name for name in everything if scenario(name) in RUNS and name not in SILENT]


def scenario(name: str) -> str:
    return name.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Shift:
    """``old`` becomes ``new``, and what was a second is ``pace`` seconds. Seconds since 1970."""

    old: float
    new: float
    pace: float

    def seconds(self, at: float) -> float:
        return self.new + (at - self.old) * self.pace if abs(at - self.old) < NEAR_S else at

    def ms(self, at: int) -> int:
        return round(self.seconds(at / 1000) * 1000)

    def text(self, text: bytes) -> bytes:
        """Every time in it moved: milliseconds since 1970, and ISO with milliseconds."""
        text = _MS.sub(lambda found: b"%d" % self.ms(int(found[0])), text)
        return _ISO.sub(self._iso, text)

    def _iso(self, found: "re.Match[bytes]") -> bytes:
        at = datetime.fromisoformat(found[0].decode()).timestamp()
        moved = datetime.fromtimestamp(self.seconds(at), UTC)
        return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z").encode()

    def timeline(self, text: str) -> str:
        """The lapses of a recorder's lines, which are no times."""
        return _LAPSE.sub(lambda found: f'"{found[1]}": {round(int(found[2]) * self.pace)}', text)

    def table(self, text: str) -> str:
        """`timeline.csv`, whose first column is a lapse."""
        head, *rows = text.splitlines(keepends=True)
        moved = (f"{round(int(lapse) * self.pace)},{rest}" for lapse, _, rest in (row.partition(",") for row in rows))
        return head + "".join(moved)


def span(name: str, scratch: Path) -> tuple[float, float]:
    """When a recording begins, and when the last thing happens in it."""
    moments = Recording(name).as_it_happened(scratch)
    return moments[0].at, moments[-1].at - LAST_LOOK_S


def moved(name: str, shift: Shift, folder: Path) -> Recording:
    """A copy of a recording in ``folder`` with all its times moved."""
    shutil.copytree(DATA / name, folder, ignore=shutil.ignore_patterns("*.trajectory*", "skills-prompts", *_copies()))
    for path in (path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".sqlite":
            _move_database(path, shift)
        elif not path.name.endswith(_BINARY):
            _move_file(path, shift)
    recording = Recording(name)
    recording.folder = folder
    return recording


def _copies() -> tuple[str, ...]:
    return ("before-kill", "after-kill")


def _move_file(path: Path, shift: Shift) -> None:
    text = shift.text(path.read_bytes())
    change: Callable[[str], str] | None = None
    if path.name == "timeline.csv":
        change = shift.table
    elif path.name.endswith("_timeline.jsonl"):
        change = shift.timeline
    path.write_bytes(change(text.decode()).encode() if change else text)


def _move_database(path: Path, shift: Shift) -> None:
    """Tables of sessions; what search keeps is left alone. Python's own SQLite may be older than the file's."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("PRAGMA ignore_check_constraints = 1")
        database.execute("PRAGMA foreign_keys = 0")
        for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f"DROP TRIGGER {trigger}")
        database.execute("BEGIN")
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            if "fts" not in table and not table.startswith(("memory_", "sqlite_")):
                _move_table(database, table, shift)
        database.execute("COMMIT")


def _move_table(database: sqlite3.Connection, table: str, shift: Shift) -> None:
    low, high = int((shift.old - NEAR_S) * 1000), int((shift.old + NEAR_S) * 1000)
    database.create_function("moved_ms", 1, shift.ms)
    database.create_function("moved_text", 1, lambda text: shift.text(text.encode()).decode())
    for _, column, *_ in database.execute(f'PRAGMA table_info("{table}")').fetchall():
        database.execute(
            f'UPDATE "{table}" SET "{column}" = moved_ms("{column}") '
            f'WHERE typeof("{column}") = \'integer\' AND "{column}" BETWEEN {low} AND {high}'
        )
        database.execute(
            f'UPDATE "{table}" SET "{column}" = moved_text("{column}") '
            f"WHERE typeof(\"{column}\") = 'text' AND (\"{column}\" GLOB '*1[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*' "
            f"OR \"{column}\" LIKE '%T__:__:__.%')"
        )
