"""What is read of one agent's database: sessions, the queue, and the events of a window, in short SELECTs.

A table may hold anything in any column: an odd value costs only its row, and no answer is larger than the memory.
"""

import contextlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

import zstandard

LARGEST_EVENT = 8 * 1024 * 1024
EVENTS_AT_ONCE = 500
BYTES_AT_ONCE = 1024 * 1024
LAST_SEQ = 2**53
NODES = ("session_key", "current_session_id", "entry_json", "status", "updated_at")
EVENTS = ("session_id", "seq", "event_json")
QUEUE = ("session_key", "input_id", "message_json", "accepted_at")
LONGEST_QUEUE = 1000


@dataclass(frozen=True, slots=True)
class Node:
    """A session's row."""

    key: str
    session_id: str
    entry: str
    status: str | None
    updated_at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """A prompt in the queue: its session's key, the id of its line to be, the message, and when it came (ms)."""

    key: str
    id: str
    message: str
    at: int


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


class Look:
    """One open connection; every method is one short SELECT."""

    def __init__(self, connection: sqlite3.Connection, columns: dict[str, set[str]]) -> None:
        self._connection = connection
        self._columns = columns

    def queue(self) -> list[Waiting]:
        """Prompts that were taken in and have no line yet, the oldest first."""
        there = self._columns["session_pending_inputs"]
        if not {*QUEUE, "state", "seq"} <= there:
            return []
        taken = " AND consumed_event_id IS NULL" if "consumed_event_id" in there else ""
        waits = f"state = 'queued'{taken} ORDER BY seq LIMIT ?"
        query = f"SELECT {', '.join(QUEUE)} FROM session_pending_inputs WHERE {waits}"  # noqa: S608 - our own names
        rows = self._connection.execute(query, (LONGEST_QUEUE,))
        return [Waiting(str(key), str(name), str(message), _whole(at)) for key, name, message, at in rows]

    def nodes(self) -> list[Node]:
        """All sessions."""
        rows = self._connection.execute(f"SELECT {', '.join(NODES)} FROM session_nodes")  # noqa: S608 - our own names
        return [
            Node(key, str(window or ""), str(entry), status if isinstance(status, str) else None, _whole(at))
            for key, window, entry, status, at in rows
            if isinstance(key, str)
        ]

    def windows(self) -> dict[str, Window]:
        """Where the present window of each session ends, by session id."""
        ends = self._connection.execute(
            "SELECT current_session_id, (SELECT max(seq) FROM transcript_events WHERE session_id = current_session_id) "
            "FROM session_nodes"
        )
        last = {window: seq for window, seq in ends if seq is not None}
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

    def pages(self, window: str, start: int) -> Iterator[list[Stored]]:
        """All events of a window from a place on, in order, in parts that fit the memory."""
        while page := self.events(window, start):
            yield page
            start = page[-1].seq + 1

    def events(self, window: str, start: int, most: int = EVENTS_AT_ONCE) -> list[Stored]:
        """Events of a window from a place on, in order: ``most`` of them, or fewer where they are big."""
        packed = "event_zstd" if "event_zstd" in self._columns["transcript_events"] else "NULL"
        query = (
            f"SELECT seq, event_json, {packed} FROM transcript_events "  # noqa: S608 - our own names
            "WHERE session_id = ? AND seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"
        )
        found: list[Stored] = []
        size = 0
        with contextlib.closing(self._connection.execute(query, (window, start, LAST_SEQ, most))) as rows:
            for seq, plain, packed in rows:
                found.append(Stored(int(seq), _unpacked(plain, packed)))
                size += len(found[-1].raw or b"")
                if size >= BYTES_AT_ONCE:
                    break
        return found


def _whole(number: object) -> int:
    """A number where one belongs; a table may hold anything."""
    return number if isinstance(number, int) else 0


def _unpacked(plain: object, packed: object) -> bytes | None:
    """Bodies of 1 KiB and more are stored as a zstd frame; reading only the text column loses them."""
    if isinstance(plain, str):
        raw = plain.encode("utf-8", "replace")
        return raw if len(raw) <= LARGEST_EVENT else None
    if not isinstance(packed, bytes):
        return None
    try:
        # A bounded read, whatever size the frame claims: a small frame can unpack to gigabytes.
        raw = zstandard.ZstdDecompressor().stream_reader(packed).read(LARGEST_EVENT + 1)
    except (zstandard.ZstdError, MemoryError):
        return None
    return raw if len(raw) <= LARGEST_EVENT else None
