"""Recordings at another time: as if they had been made from now on, quicker or slower.

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

from sessions_app.demo.recording import LAST_LOOK_S, Recording

NEAR_S = 12 * 3600.0  # what is further away from a recording's beginning is no time of it
_MS = re.compile(r"(?<![0-9a-zA-Z-])1[0-9]{12}(?![0-9a-zA-Z-])")
_ISO = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z")
_SECONDS = re.compile(r'"t": (1[0-9]{9}\.[0-9]+)')
_LAPSE = re.compile(r'"(t_ms|lag_ms)": ?(-?[0-9]+)')
_BINARY = (".zst", "-wal", "-shm")
_LEFT_OUT = ("*.trajectory*", "skills-prompts", "before-kill", "after-kill")


@dataclass(frozen=True, kw_only=True)
class Shift:
    """``old`` becomes ``new``, and what was a second is ``pace`` seconds. Seconds since 1970."""

    old: float
    new: float
    pace: float

    def seconds(self, at: float) -> float:
        """A time moved, if it is one of the recording."""
        return self.new + (at - self.old) * self.pace if abs(at - self.old) < NEAR_S else at

    def ms(self, at: int) -> int:
        """The same in milliseconds."""
        return round(self.seconds(at / 1000) * 1000)

    def text(self, text: str) -> str:
        """Every time in it moved: milliseconds since 1970, and ISO with milliseconds."""
        text = _MS.sub(lambda found: str(self.ms(int(found[0]))), text)
        return _ISO.sub(self._iso, text)

    def _iso(self, found: "re.Match[str]") -> str:
        at = datetime.fromisoformat(found[0]).timestamp()
        moved = datetime.fromtimestamp(self.seconds(at), UTC)
        return moved.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def timeline(self, text: str) -> str:
        """The lapses of a recorder's lines, which are no times."""
        return _LAPSE.sub(lambda found: f'"{found[1]}": {round(int(found[2]) * self.pace)}', text)

    def posts(self, text: str) -> str:
        """When people wrote, which stands in seconds."""
        return _SECONDS.sub(lambda found: f'"t": {self.seconds(float(found[1])):.3f}', text)

    def table(self, text: str) -> str:
        """`timeline.csv`, whose first column is a lapse."""
        head, *rows = text.splitlines(keepends=True)
        moved = (f"{round(int(lapse) * self.pace)},{rest}" for lapse, _, rest in (row.partition(",") for row in rows))
        return head + "".join(moved)


def as_it_is(text: str) -> str:
    """Retells nothing."""
    return text


def span(recording: Recording, scratch: Path) -> tuple[float, float]:
    """When a recording begins, and when the last thing happens in it."""
    moments = recording.as_it_happened(scratch)
    return moments[0].at, moments[-1].at - LAST_LOOK_S


def moved(recording: Recording, shift: Shift, folder: Path, retold: Callable[[str], str] = as_it_is) -> Recording:
    """A copy of a recording in ``folder`` with all its times moved, and every text in it ``retold``.

    What is retold must keep its size where a time line tells the sizes of files, that is in a store of files.
    """
    shutil.copytree(recording.folder, folder, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    for path in (path for path in folder.rglob("*") if path.is_file()):
        if path.suffix == ".sqlite":
            _Database(path, shift, retold).move()
        elif not path.name.endswith(_BINARY):
            _move_file(path, shift, retold)
    return Recording(recording.name, folder)


def _move_file(path: Path, shift: Shift, retold: Callable[[str], str]) -> None:
    # Lines end as they did: universal newlines would change the sizes of files.
    text = retold(shift.text(path.read_bytes().decode("utf-8", "surrogateescape")))
    if path.name == "timeline.csv":
        text = shift.table(text)
    elif path.name.endswith("_timeline.jsonl"):
        text = shift.timeline(text)
    elif path.name == "mattermost_rest.jsonl":
        text = shift.posts(text)
    path.write_bytes(text.encode("utf-8", "surrogateescape"))


@dataclass(frozen=True)
class _Database:
    """Tables of sessions; what search keeps is left alone. Python's own SQLite may be older than the file's."""

    path: Path
    shift: Shift
    retold: Callable[[str], str]

    def move(self) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as database:
            database.execute("PRAGMA ignore_check_constraints = 1")
            database.execute("PRAGMA foreign_keys = 0")
            for (trigger,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {trigger}")
            database.create_function("moved_ms", 1, self.shift.ms)
            database.create_function("moved_text", 1, lambda text: self.retold(self.shift.text(text)))
            database.execute("BEGIN")
            tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for table in tables:
                if "fts" not in table and not table.startswith(("memory_", "sqlite_")):
                    self._move_table(database, table)
            database.execute("COMMIT")

    def _move_table(self, database: sqlite3.Connection, table: str) -> None:
        low, high = int((self.shift.old - NEAR_S) * 1000), int((self.shift.old + NEAR_S) * 1000)
        every_text = self.retold is not as_it_is
        for _, column, *_ in database.execute(f'PRAGMA table_info("{table}")').fetchall():
            database.execute(
                f'UPDATE "{table}" SET "{column}" = moved_ms("{column}") '  # noqa: S608 (names from the file's schema)
                f'WHERE typeof("{column}") = \'integer\' AND "{column}" BETWEEN {low} AND {high}'
            )
            database.execute(
                f'UPDATE "{table}" SET "{column}" = moved_text("{column}") '  # noqa: S608
                f"WHERE typeof(\"{column}\") = 'text' AND ({every_text:d} "
                f"OR \"{column}\" GLOB '*1[0-9][0-9][0-9][0-9][0-9][0-9][0-9]*' OR \"{column}\" LIKE '%T__:__:__.%')"
            )
