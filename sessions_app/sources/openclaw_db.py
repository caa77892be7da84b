"""One SQLite file of OpenClaw (2026.8 and later), read without leaving a trace.

Each look opens the file, makes a few short SELECTs and closes it again. So no reader ever stands in the way of
OpenClaw's checkpoints, nor of the last close that removes its WAL. Where no ``-wal`` is there nobody writes, and the
file is read as immutable: ``mode=ro`` would make a ``-wal`` and a ``-shm`` and leave them (SQLite 3.40).
The main file's size and time stand still for minutes while the WAL is written, and the WAL is reused once it is 4 MB:
only its time, or the rows themselves, tell of news.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sessions_app.sources.openclaw_look import EVENTS, NODES, Look

PATIENCE_S = 0.25  # with a file that is locked; the next look is soon, and the other sources wait meanwhile
TABLES = (
    "session_nodes", "transcript_events", "session_windows", "transcript_rewrite_watermarks", "session_pending_inputs",
)  # fmt: skip
UNKNOWN = (
    "{path} has schema {version}, which this version does not know (it lacks {missing}). "
    "Update Live Status, or tell its developers which OpenClaw wrote it."
)


class UnreadableError(Exception):
    """The database cannot be read now, or not by this version; the message is a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stamp:
    """Who wrote a database, as far as it says. ``lacks``: columns of sessions that we need and it does not have."""

    schema: int
    version: str = ""
    has_sessions: bool = False
    lacks: tuple[str, ...] = ()
    sessions: int = 0  # rows, where it lacks nothing


def open_read_only(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing and leaves nothing behind; close it soon.

    Raises:
        UnreadableError: it is not a regular file.
        sqlite3.Error: it is locked, or no database.
    """
    if not os.path.isfile(path) or os.path.islink(path):
        raise UnreadableError(f"{path} is not a regular file, so it is not read.")
    uri = f"{path.absolute().as_uri()}?{'mode=ro' if _is_live(path) else 'immutable=1'}"
    connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, isolation_level=None)
    connection.text_factory = _text
    connection.execute("PRAGMA query_only = 1")
    return connection


def _is_live(path: Path) -> bool:
    """Whether there is anything in a WAL. Without the ``-shm`` beside it even a reader would have to make one."""
    try:
        if not os.stat(f"{path}-wal").st_size:
            return False
    except FileNotFoundError:
        return False
    except OSError as error:
        raise UnreadableError(f"{path}-wal cannot be looked at ({error.strerror}).") from error
    if os.path.exists(f"{path}-shm"):
        return True
    raise UnreadableError(
        f"{path} has a -wal and no -shm, as in a copy that was made in part, and cannot be read without making one. "
        "It is read as soon as OpenClaw has opened it."
    )


def _text(stored: bytes) -> str:
    """One text that is no UTF-8 must not cost all the others."""
    return stored.decode("utf-8", "replace")


class AgentDatabase:
    """The database of one agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"{path.parent.parent.name}/agent/{path.name}"

    @contextlib.contextmanager
    def look(self) -> Iterator[Look]:
        """A connection for a few short reads.

        Raises:
            UnreadableError: the file is not there, not ours to read, damaged, locked, or of an unknown shape.
        """
        try:
            with contextlib.closing(open_read_only(self.path)) as connection:
                yield Look(connection, self._columns(connection))
        except sqlite3.Error as error:
            raise UnreadableError(f"{self.path} cannot be read ({error}).") from error

    def has_sessions(self) -> bool:
        """Whether sessions live in it, in whatever shape.

        Raises:
            UnreadableError: nobody can tell now.
        """
        query = "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'session_nodes'"
        try:
            with contextlib.closing(open_read_only(self.path)) as connection:
                return bool(connection.execute(query).fetchone()[0])
        except sqlite3.Error as error:
            raise UnreadableError(f"{self.path} cannot be read ({error}).") from error

    def stamp(self) -> Stamp:
        """Which schema it has, whether sessions live in it, and which release last had it open.

        Raises:
            UnreadableError: the file is not there, not ours to read, damaged or locked.
        """
        try:
            with contextlib.closing(open_read_only(self.path)) as connection:
                tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
                written: list[tuple[object]] = []
                if "schema_meta" in tables and "app_version" in columns_of(connection, "schema_meta"):
                    written = connection.execute("SELECT max(app_version) FROM schema_meta").fetchall()
                lacks = tuple(_lacking(connection))
                rows = 0 if lacks else connection.execute("SELECT count(*) FROM session_nodes").fetchone()[0]
                return Stamp(
                    schema=connection.execute("PRAGMA user_version").fetchone()[0],
                    version=str(written[0][0] or "") if written else "",
                    has_sessions="session_nodes" in tables,
                    lacks=lacks,
                    sessions=rows,
                )
        except sqlite3.Error as error:
            raise UnreadableError(f"{self.path} cannot be read ({error}).") from error

    def _columns(self, connection: sqlite3.Connection) -> dict[str, set[str]]:
        """Columns by table. Schema numbers move fast; what counts is what is there."""
        found = {}
        for table in TABLES:
            found[table] = columns_of(connection, table)
        if missing := list(_lacking(connection)):
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            raise UnreadableError(UNKNOWN.format(path=self.path, version=version, missing=", ".join(missing)))
        return found


def columns_of(connection: sqlite3.Connection, table: str) -> set[str]:
    """Names of the columns of a table; none where it is not there."""
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


def _lacking(connection: sqlite3.Connection) -> Iterator[str]:
    """Columns that we need and that are not there."""
    for table, needed in (("session_nodes", NODES), ("transcript_events", EVENTS)):
        there = columns_of(connection, table)
        yield from (f"{table}.{name}" for name in needed if name not in there)
