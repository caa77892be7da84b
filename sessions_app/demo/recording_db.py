"""A recording of SQLite stores, written into live (WAL) databases again as it happened.

`db_timeline.jsonl` has every change of a row and every new, rewritten or deleted event of every agent; bodies are cut
there, so they are taken from the final database, or from the archive of a deleted session. Where it was recorded, it
also has every change of what waits in a queue, with whole rows.
"""

# ruff: noqa: S608 (columns are named once, in EVENT)

import itertools
import json
import re
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import zstandard

from sessions_app.demo.recording_tables import LAST_LOOK_S, PAST_MS, Open, Tables, Write

FILE = Path("agent/openclaw-agent.sqlite")
EVENT = "session_id, seq, event_json, event_zstd, event_utf8_bytes, created_at"
OWN = {"_status_col": "status", "_updated_at_col": "updated_at", "_sid_col": "current_session_id"}


class DbTimeline:
    """The moments of one recording, against the databases below ``store``."""

    def __init__(
        self,
        folder: Path,
        store: Path,
        kept: Open | None = None,
        keys: Collection[str] = (),
    ) -> None:
        """``kept``: databases that are written on. ``keys``: the sessions that happen; none named: all."""
        lines = (folder / "db_timeline.jsonl").read_text().splitlines()
        everything = [json.loads(line) for line in lines]
        owners = _owners(everything)
        self.changes = [
            change for change in everything
            if _is_of(change, keys, owners) and (kept is None or change["t_ms"] >= PAST_MS)
        ]  # fmt: skip
        stamps = [c["created_at"] + c["lag_ms"] - c["t_ms"] for c in everything if c.get("event") and c["lag_ms"] >= 0]
        self.t0 = sorted(stamps)[len(stamps) // 2] / 1000
        self.parts: dict[str, _Agent] = {}
        for agent in sorted(path.name for path in folder.glob("agents/*")):
            changes = [c for c in self.changes if c.get("agent") == agent]
            where = Path("agents") / agent
            if (folder / where / FILE).exists():
                self.parts[agent] = _Agent(folder / where / FILE, store / where / FILE, changes, kept)

    def prepare(self) -> None:
        """The databases as they were before the first change, in WAL mode, with connections that stay open."""
        for part in self.parts.values():
            part.prepare()

    def moments(self) -> Iterator[tuple[float, Write]]:
        """What the recorder saw in one look was one commit, as far as anybody can tell."""
        for at, changes in itertools.groupby(self.changes, key=lambda change: change["t_ms"] // 20):
            writes: dict[str, list[Write]] = {}
            for change in changes:
                if (write := self.parts[change["agent"]].write(change)) is not None:
                    writes.setdefault(change["agent"], []).append(write)
            if writes:
                yield self.t0 + at * 20 / 1000, self._commit(writes)

    def last_look(self) -> tuple[float, Write]:
        """What the store was when it was copied: all that is left to be written."""
        last = max(c["t_ms"] for c in self.changes)
        return self.t0 + last / 1000 + LAST_LOOK_S, self._finish

    def _commit(self, writes: dict[str, list[Write]]) -> Write:
        def commit() -> None:
            for name, each in writes.items():
                live = self.parts[name].live
                live.execute("BEGIN IMMEDIATE")
                for write in each:
                    write()
                live.execute("COMMIT")

        return commit

    def _finish(self) -> None:
        for part in self.parts.values():
            part.finish()


class _Agent(Tables):
    """The database of one agent: sessions and their transcripts, too."""

    def __init__(self, final: Path, path: Path, changes: list[dict[str, Any]], kept: Open | None) -> None:
        super().__init__(final, path, kept)
        self.changes = changes
        with closing(sqlite3.connect(final)) as source:
            self.bodies = {
                (window, seq): (plain, packed, size, at)
                for window, seq, plain, packed, size, at in source.execute(f"SELECT {EVENT} FROM transcript_events")
            }
            self.entries = {key: json.loads(entry) for key, entry in source.execute(
                "SELECT session_key, entry_json FROM session_nodes"
            )}  # fmt: skip
        self.bodies = {**_archived(final.parent.parent / "sessions"), **self.bodies}
        self.nodes: dict[str, dict[str, Any]] = {}
        self.followed = {name for c in changes for name in c.get("changed", {}) if c.get("node")}
        self.owner = _owners(changes)

    def _made(self) -> sqlite3.Connection:
        """As it was before the first change: what was there from the start stays."""
        live = super()._made()
        written = {tuple(c["event"]) for c in self.changes if c.get("event")}
        live.executemany("DELETE FROM transcript_events WHERE session_id = ? AND seq = ?", list(written))
        early = {c["node"] for c in self.changes if c.get("node") and c["t_ms"] < PAST_MS}
        late = [(c["node"],) for c in self.changes if c.get("node") and c["node"] not in early]
        live.executemany("DELETE FROM session_nodes WHERE session_key = ?", late)
        return live

    def write(self, change: dict[str, Any]) -> Write | None:
        if change.get("node"):
            return lambda: self._node(change["node"], change["changed"])
        if change.get("node_gone"):
            return lambda: self._gone(change["node_gone"])
        if change.get("event"):
            return lambda: self._event(change["event"][0], change["event"][1], change)
        if change.get("event_deleted"):
            return lambda: self._deleted(*change["event_deleted"])
        return super().write(change)

    def _node(self, key: str, changed: dict[str, Any]) -> None:
        begun = {k: v for k, v in self.entries.get(key, {}).items() if k not in self.followed}
        row = {**begun, **self.nodes.get(key, {}), **changed}
        self.nodes[key] = {k: v for k, v in row.items() if v is not None}
        entry = {k: v for k, v in self.nodes[key].items() if k not in OWN}
        columns = [row.get("_sid_col") or row.get("sessionId") or "", json.dumps(entry), row.get("_status_col")]
        self.live.execute(
            "INSERT INTO session_nodes (session_key, current_session_id, entry_json, status, updated_at) "
            "VALUES (?, ?, ?, ?, ?) ON CONFLICT (session_key) DO UPDATE SET "
            "current_session_id = excluded.current_session_id, entry_json = excluded.entry_json, "
            "status = excluded.status, updated_at = excluded.updated_at",
            (key, *columns, row.get("_updated_at_col") or row.get("updatedAt") or 0),
        )

    def _gone(self, key: str) -> None:
        self.nodes.pop(key, None)
        self.live.execute("DELETE FROM session_nodes WHERE session_key = ?", (key,))

    def _event(self, window: str, seq: int, change: dict[str, Any]) -> None:
        body = self.bodies.get((window, seq))
        plain = change.get("json")
        if body is None or (plain and not (body[0] or "").startswith(plain[:80]) and body[1] is None):
            text = _mended(plain or "")
            body = (text, None, len(text), change["created_at"])
        self.live.execute(
            f"INSERT OR REPLACE INTO transcript_events ({EVENT}) VALUES (?, ?, ?, ?, ?, ?)",
            (window, seq, *body),
        )

    def _deleted(self, window: str, seq: int) -> None:
        self.live.execute("DELETE FROM transcript_events WHERE session_id = ? AND seq = ?", (window, seq))
        left = self.live.execute("SELECT count(*) FROM transcript_events WHERE session_id = ?", (window,)).fetchone()[0]
        if left:
            self.live.execute(
                "UPDATE transcript_rewrite_watermarks SET generation = generation || 'x' WHERE session_id = ?",
                (window,),
            )
        elif window in self.owner:
            self._gone(self.owner[window])

    def finish(self) -> None:
        super().finish()
        with closing(sqlite3.connect(self.final)) as source:
            for key, entry, status in source.execute("SELECT session_key, entry_json, status FROM session_nodes"):
                self.live.execute(
                    "UPDATE session_nodes SET entry_json = ?, status = ? WHERE session_key = ?", (entry, status, key)
                )


def _owners(changes: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Keys of sessions by the id of the window."""
    return {c["window"]: c["changed"]["session_key"] for c in changes
            if c.get("window") and "session_key" in c.get("changed", {})}  # fmt: skip


def _is_of(change: dict[str, Any], keys: Collection[str], owners: Mapping[str, str]) -> bool:
    """Whether a change is one of these sessions'. A row that vanishes from a queue is nobody's."""
    window = (change.get("event") or change.get("event_deleted") or [change.get("window")])[0]
    row = change.get("row") or {}
    key = change.get("node") or change.get("node_gone") or owners.get(window) or row.get("session_key")
    return not keys or key is None or key in keys


def _archived(sessions: Path) -> dict[tuple[str, int], tuple[str | None, bytes | None, int, int]]:
    """The events of sessions that were deleted, in the shape of ``EVENT`` after its first two columns."""
    found: dict[tuple[str, int], tuple[str | None, bytes | None, int, int]] = {}
    for path in sessions.glob("*.jsonl.deleted.*.zst"):
        text = zstandard.ZstdDecompressor().decompressobj().decompress(path.read_bytes()).decode()
        for seq, line in enumerate(text.splitlines()):
            at = datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()
            found[path.name.split(".")[0], seq] = (line, None, len(line), int(at * 1000))
    return found


def _mended(cut: str) -> str:
    """An event whose recorded JSON was cut: what can be told of it is its id, its time, and how it stopped."""
    try:
        json.loads(cut)
    except ValueError:
        id_, at = re.search(r'"id":"([^"]+)"', cut), re.search(r'"timestamp":"([^"]+)"', cut)
        stop = re.search(r'"stopReason":"([^"]+)"', cut)
        message: dict[str, Any] = {"role": "assistant", "content": [], "stopReason": stop[1] if stop else "stop"}
        return json.dumps({"type": "message", "id": id_ and id_[1], "timestamp": at and at[1], "message": message})
    return cut
