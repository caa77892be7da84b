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

import zstandard

PATIENCE_S = 2.0
LARGEST_EVENT = 8 * 1024 * 1024
NODES = ("session_key", "current_session_id", "entry_json", "status", "updated_at")
EVENTS = ("session_id", "seq", "event_json")


class UnreadableError(Exception):
    """The database cannot be read now, or not by this version; the message is a sentence."""


@dataclass(frozen=True, slots=True)
class Node:
    """A session's row."""

    key: str
    session_id: str
    entry: str
    status: str | None
    updated_at: int


@dataclass(frozen=True, slots=True)
class Stored:
    """One event as it is stored: its place, and its JSON, or None where it cannot be unpacked."""

    seq: int
    raw: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What differs when a window's transcript has changed: the generation of rewrites, and where it ends."""

    generation: str = ""
    last_seq: int = -1
    updated_at: int = 0


class AgentDatabase:
    """The database of one agent."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = f"{path.parent.parent.name}/agent/{path.name}"

    @contextlib.contextmanager
    def look(self) -> Iterator["Look"]:
        """A connection for a few short reads.

        Raises:
            UnreadableError: the file is not there, not ours to read, damaged, locked, or of an unknown shape.
        """
        try:
            with contextlib.closing(self._connect()) as connection:
                yield Look(connection, self._columns(connection))
        except sqlite3.Error as error:
            raise UnreadableError(f"{self.path} cannot be read ({error}).") from error

    def _connect(self) -> sqlite3.Connection:
        if not os.path.isfile(self.path) or os.path.islink(self.path):
            raise UnreadableError(f"{self.path} is not a regular file, so it is not read.")
        live = self.path.with_name(self.path.name + "-wal").exists()
        how = "mode=ro" if live else "immutable=1"
        uri = f"{self.path.absolute().as_uri()}?{how}"
        connection = sqlite3.connect(uri, uri=True, timeout=PATIENCE_S, isolation_level=None)
        connection.execute("PRAGMA query_only = 1")
        return connection

    def _columns(self, connection: sqlite3.Connection) -> dict[str, set[str]]:
        """Columns by table. Schema numbers move fast; what counts is what is there."""
        found = {}
        for table in ("session_nodes", "transcript_events", "session_windows", "transcript_rewrite_watermarks"):
            found[table] = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        missing = [f"session_nodes.{name}" for name in NODES if name not in found["session_nodes"]]
        missing += [f"transcript_events.{name}" for name in EVENTS if name not in found["transcript_events"]]
        if missing:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            raise UnreadableError(
                f"{self.path} has schema {version}, which this version does not know (it lacks {', '.join(missing)}). "
                "Update Live Status, or tell its developers which OpenClaw wrote it."
            )
        return found


class Look:
    """One open connection; every method is one short SELECT."""

    def __init__(self, connection: sqlite3.Connection, columns: dict[str, set[str]]) -> None:
        self._connection = connection
        self._columns = columns

    def nodes(self) -> list[Node]:
        """All sessions."""
        rows = self._connection.execute(f"SELECT {', '.join(NODES)} FROM session_nodes")  # noqa: S608 - our own names
        return [Node(str(key), str(window), str(entry), status, int(at)) for key, window, entry, status, at in rows]

    def windows(self) -> dict[str, Window]:
        """What has changed lately, by session id."""
        ends = self._connection.execute("SELECT session_id, max(seq) FROM transcript_events GROUP BY session_id")
        last = dict(ends.fetchall())
        written: dict[str, int] = {}
        if "transcript_updated_at" in self._columns["session_windows"]:
            rows = self._connection.execute(
                "SELECT session_id, coalesce(transcript_updated_at, 0) FROM session_windows"
            )
            written = dict(rows.fetchall())
        generations = self._generations()
        return {
            window: Window(generation=generations.get(window, ""), last_seq=seq, updated_at=written.get(window, 0))
            for window, seq in last.items()
        }

    def _generations(self) -> dict[str, str]:
        if "generation" not in self._columns["transcript_rewrite_watermarks"]:
            return {}
        rows = self._connection.execute("SELECT session_id, generation FROM transcript_rewrite_watermarks")
        return {str(window): str(generation) for window, generation in rows}

    def generation(self, window: str) -> str:
        """The generation of rewrites of one window; "" where the store has none."""
        if "generation" not in self._columns["transcript_rewrite_watermarks"]:
            return ""
        query = "SELECT generation FROM transcript_rewrite_watermarks WHERE session_id = ?"
        row = self._connection.execute(query, (window,)).fetchone()
        return str(row[0]) if row else ""

    def events(self, window: str, start: int, most: int) -> list[Stored]:
        """Events of a window from a place on, in order."""
        packed = "event_zstd" if "event_zstd" in self._columns["transcript_events"] else "NULL"
        query = (
            f"SELECT seq, event_json, {packed} FROM transcript_events "  # noqa: S608 - our own names
            "WHERE session_id = ? AND seq >= ? ORDER BY seq LIMIT ?"
        )
        rows = self._connection.execute(query, (window, start, most))
        return [Stored(int(seq), _unpacked(plain, zstd)) for seq, plain, zstd in rows]


def _unpacked(plain: str | None, packed: bytes | None) -> bytes | None:
    """Bodies of 1 KiB and more are stored as a zstd frame; reading only the text column loses them."""
    if plain is not None:
        raw = plain.encode("utf-8", "replace")
        return raw if len(raw) <= LARGEST_EVENT else None
    if packed is None:
        return None
    try:
        # A bounded read, whatever size the frame claims: a small frame can unpack to gigabytes.
        raw = zstandard.ZstdDecompressor().stream_reader(packed).read(LARGEST_EVENT + 1)
    except (zstandard.ZstdError, MemoryError):
        return None
    return raw if len(raw) <= LARGEST_EVENT else None
