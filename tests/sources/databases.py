"""Databases of agents as OpenClaw 2026.9 keeps them, as far as they are read; STRICT off, so anything fits anywhere."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import zstandard

SCHEMA = {
    "session_nodes": "session_key PRIMARY KEY, current_session_id, entry_json, status, updated_at",
    "session_windows": "session_id PRIMARY KEY, session_key, transcript_updated_at",
    "transcript_events": "session_id, seq, event_json, event_zstd, PRIMARY KEY (session_id, seq)",
    "transcript_rewrite_watermarks": "session_id PRIMARY KEY, generation",
}
KEY = "agent:main:main"


class Database:
    """The database of one agent, open and live (WAL) until it is closed. Windows are called ``w1`` unless said."""

    def __init__(self, store: Path, agent: str = "main", version: int = 23, **schema: str) -> None:
        self.path = store / "agents" / agent / "agent" / "openclaw-agent.sqlite"
        self.path.parent.mkdir(parents=True)
        self.live = sqlite3.connect(self.path, isolation_level=None)
        self.live.execute("PRAGMA journal_mode = WAL")
        self.live.execute("PRAGMA synchronous = OFF")
        self.live.execute(f"PRAGMA user_version = {version}")
        for table, columns in {**SCHEMA, **schema}.items():
            if columns:
                self.live.execute(f"CREATE TABLE {table} ({columns})")

    @property
    def transcript(self) -> str:
        """The name of window ``w1``."""
        return self.window("w1")

    def window(self, name: str) -> str:
        """The name of a window as a transcript."""
        return f"agents/{self.path.parent.parent.name}/agent/{self.path.name}#{name}"

    def row(self, key: Any = KEY, window: Any = "w1", status: Any = None, at: Any = 0, entry: Any = None) -> None:
        """Put a session's row; the entry is given as a dictionary, or as it stands in the column."""
        text = json.dumps(entry or {}) if isinstance(entry, dict | None) else entry
        self.live.execute(
            "REPLACE INTO session_nodes (session_key, current_session_id, entry_json, status, updated_at)"
            " VALUES (?, ?, ?, ?, ?)",
            (key, window, text, status, at),
        )

    def events(self, *bodies: Any, window: str = "w1", start: int | None = None, packed: bool = False) -> None:
        """Append events, or write them from a number on over what is there."""
        if start is None:
            query = "SELECT coalesce(max(seq) + 1, 0) FROM transcript_events WHERE session_id = ?"
            start = self.live.execute(query, (window,)).fetchone()[0]
        for seq, body in enumerate(bodies, start or 0):
            text = body.decode() if isinstance(body, bytes) and not packed else body
            frame = zstandard.compress(body) if packed else None
            self.put(window, seq, None if packed else text, frame)

    def put(self, window: Any, seq: Any, text: Any, frame: Any = None) -> None:
        """One event, as it stands in the columns."""
        values = (window, seq, text, frame)
        self.live.execute(
            "REPLACE INTO transcript_events (session_id, seq, event_json, event_zstd) VALUES (?, ?, ?, ?)", values
        )

    def forget(self, seq: int, window: str = "w1") -> None:
        """Delete the events from a number on."""
        self.live.execute("DELETE FROM transcript_events WHERE session_id = ? AND seq >= ?", (window, seq))

    def generation(self, name: str, window: str = "w1") -> None:
        """What OpenClaw changes when it rewrites history."""
        self.live.execute("REPLACE INTO transcript_rewrite_watermarks VALUES (?, ?)", (window, name))

    def close(self) -> None:
        """Close it as the last one does: the WAL goes."""
        self.live.close()

    def files(self) -> set[str]:
        """What is in its folder."""
        return {path.name for path in self.path.parent.iterdir()}
