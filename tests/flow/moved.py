"""A store of OpenClaw's in the other layout: files as SQLite, and SQLite as files, with the same rows and lines.

`sync` brings the copy up to what the first store holds now, as the release with that layout would have written it:
appends are appends, a history that was rewritten is rewritten, and the big events of a database are packed.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import zstandard

from tests.flow.recording import DATA

FILE = "openclaw-agent.sqlite"
SCHEMA = DATA / "2026.9.6" / "plain" / "agents" / "main" / "agent" / FILE
PACKED_FROM = 300  # bytes; OpenClaw packs from 1 KiB on, and the recordings have few of that size
PLACE = Path("agents/main/agent") / FILE
NODE = """INSERT INTO session_nodes (session_key, current_session_id, entry_json, status, updated_at, label, spawned_by)
    VALUES (:key, :window, :entry, :status, :at, :label, :spawned_by) ON CONFLICT (session_key) DO UPDATE SET
    current_session_id = :window, entry_json = :entry, status = :status, updated_at = :at"""
EVENT = "INSERT INTO transcript_events (session_id, seq, event_json, event_zstd, created_at) VALUES (?, ?, ?, ?, 0)"


def empty_database(path: Path) -> sqlite3.Connection:
    """A live (WAL) database with the schema of 2026.9 and no row. Its checks are off: they need a newer SQLite."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(SCHEMA.read_bytes())
    live = sqlite3.connect(path, isolation_level=None)
    live.execute("PRAGMA ignore_check_constraints = 1")
    live.execute("PRAGMA foreign_keys = 0")
    for (name,) in live.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        live.execute(f"DROP TRIGGER {name}")
    live.execute("PRAGMA journal_mode = WAL")
    for table in ("transcript_events", "session_nodes", "session_windows", "transcript_rewrite_watermarks"):
        live.execute(f"DELETE FROM {table}")
    return live


class Window:
    """What a database has of one window."""

    def __init__(self, live: sqlite3.Connection, window: str) -> None:
        self.live, self.window = live, window
        self.lines: list[bytes] = []

    def bring_to(self, lines: list[bytes]) -> None:
        if lines == self.lines:
            return
        rewritten = lines[: len(self.lines)] != self.lines
        if rewritten or not self.lines:
            self.live.execute("DELETE FROM transcript_events WHERE session_id = ?", (self.window,))
            self.live.execute(
                "INSERT OR REPLACE INTO transcript_rewrite_watermarks VALUES (?, ?, 0)", (self.window, uuid.uuid4().hex)
            )
            self.lines = []
        for seq in range(len(self.lines), len(lines)):
            self.live.execute(EVENT, (self.window, seq, *_body(lines[seq], seq)))
        self.lines = lines


def _body(line: bytes, seq: int) -> tuple[str | None, bytes | None]:
    """Half of the big ones are packed: what compresses badly stays text."""
    if len(line) < PACKED_FROM or seq % 2:
        return line.decode(), None
    return None, zstandard.compress(line)


class AsDatabase:
    """A store of files as SQLite. Registries of spawns and locks have no place there."""

    def __init__(self, files: Path, store: Path) -> None:
        self.files = files / "agents" / "main" / "sessions"
        self.live = empty_database(store / PLACE)
        self.windows: dict[str, Window] = {}

    def sync(self) -> None:
        rows = _rows(self.files / "sessions.json")
        self.live.execute("BEGIN IMMEDIATE")
        for key in set(self._keys()) - rows.keys():
            self.live.execute("DELETE FROM session_nodes WHERE session_key = ?", (key,))
        for key, row in rows.items():
            entry = {name: value for name, value in row.items() if name != "sessionFile"}
            self.live.execute(
                NODE,
                {
                    "key": key, "window": row["sessionId"], "entry": json.dumps(entry), "status": row.get("status"),
                    "at": row.get("updatedAt", 0), "label": row.get("label"), "spawned_by": row.get("spawnedBy"),
                },
            )  # fmt: skip
            if lines := _whole_lines(self.files / Path(row.get("sessionFile") or f"{row['sessionId']}.jsonl").name):
                self._window(row["sessionId"]).bring_to(lines)
        self.live.execute("COMMIT")

    def _keys(self) -> Iterator[str]:
        yield from (key for (key,) in self.live.execute("SELECT session_key FROM session_nodes").fetchall())

    def _window(self, name: str) -> Window:
        return self.windows.setdefault(name, Window(self.live, name))

    def close(self) -> None:
        self.live.close()


class AsFiles:
    """A SQLite store as files of 2026.7, which has the same fields in its rows, ``status`` among them."""

    def __init__(self, database: Path, store: Path) -> None:
        self.path = database / PLACE
        self.folder = store / "agents" / "main" / "sessions"
        self.folder.mkdir(parents=True)

    def sync(self) -> None:
        database = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            nodes = "SELECT session_key, current_session_id, entry_json, status, updated_at FROM session_nodes"
            rows = {key: _row(*row) for key, *row in database.execute(nodes)}
            events = "SELECT session_id, event_json, event_zstd FROM transcript_events ORDER BY session_id, seq"
            windows: dict[str, list[bytes]] = {}
            for window, plain, packed in database.execute(events):
                windows.setdefault(window, []).append(_line(plain, packed))
        finally:
            database.close()
        for window, lines in windows.items():
            self._bring_to(self.folder / f"{window}.jsonl", b"".join(line + b"\n" for line in lines))
        new = self.folder / "sessions.json.tmp"
        new.write_text(json.dumps(rows))
        new.replace(self.folder / "sessions.json")
        for gone in {path.stem for path in self.folder.glob("*.jsonl")} - windows.keys():
            (self.folder / f"{gone}.jsonl").rename(self.folder / f"{gone}.jsonl.deleted.1")

    def _bring_to(self, path: Path, whole: bytes) -> None:
        begun = path.read_bytes() if path.exists() else b""
        if whole.startswith(begun):
            with path.open("ab") as file:
                file.write(whole[len(begun) :])
        else:
            path.write_bytes(whole)


def _row(window: str, entry: str, status: str | None, at: int) -> dict[str, Any]:
    row = json.loads(entry)
    row.pop("status", None)
    return row | {"sessionId": window, "updatedAt": at} | ({"status": status} if status else {})


def _line(plain: str | None, packed: bytes | None) -> bytes:
    """One event as a line. Files name the transcript that another was forked from by its file."""
    raw = plain.encode() if plain is not None else zstandard.ZstdDecompressor().stream_reader(packed or b"").read()
    if not raw.startswith(b'{"type":"session"'):
        return raw
    header = json.loads(raw)
    if str(header.get("parentSession", "")).startswith("sqlite:"):
        header["parentSession"] = f"{header['parentSession'].split(':')[2]}.jsonl"
    return json.dumps(header).encode()


def _rows(path: Path) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = json.loads(path.read_bytes()) if path.exists() else {}
    return {key: {name: value for name, value in row.items() if value is not None} for key, row in rows.items()}


def _whole_lines(path: Path) -> list[bytes]:
    whole = path.read_bytes() if path.exists() else b""
    return whole[: whole.rfind(b"\n") + 1].splitlines()
