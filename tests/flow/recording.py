"""A recording of a real OpenClaw store, and two ways to write it to disk again: line by line, or as it happened.

Made by running OpenClaw with a scripted model: see tests/data/README.md. Times are seconds since 1970.
"""

import csv
import json
import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.flow.recording_db import DbTimeline
from tests.flow.recording_tables import SharedTimeline, Write

DATA = Path(__file__).parent.parent / "data" / "openclaw"


@dataclass(frozen=True)
class Moment:
    """Something that is written at a time."""

    at: float
    write: Write


@dataclass(frozen=True)
class Asked:
    """A post that a person wrote in Mattermost."""

    id: str
    channel: str
    root: str
    message: str


class Recording:
    """One scenario of one release; ``name`` is like ``2026.2.26/nested``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.folder = DATA / name

    def __repr__(self) -> str:
        return self.name

    @classmethod
    def all(cls) -> "list[Recording]":
        """Every recording of the store of files."""
        return [cls(str(path.parent.relative_to(DATA))) for path in sorted(DATA.glob("*/*/store_timeline.jsonl"))]

    @classmethod
    def all_databases(cls) -> "list[Recording]":
        """Every recording of the SQLite store."""
        return [cls(str(path.parent.relative_to(DATA))) for path in sorted(DATA.glob("*/*/db_timeline.jsonl"))]

    def asked(self) -> list[Asked]:
        """What people wrote, as far as it was recorded."""
        path = self.folder / "mattermost_rest.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [Asked(o["inject"], o["channel"], o.get("root_id") or "", o["message"]) for o in lines if "inject" in o]

    def channels(self) -> set[str]:
        """Ids of the channels that somebody wrote in or that a session is named for."""
        stores = self.folder.glob("agents/*/sessions/sessions.json")
        keys = [key for path in stores for key in json.loads(path.read_text())]
        for path in self.folder.glob("agents/*/agent/*.sqlite"):
            with sqlite3.connect(path) as database:
                keys += [key for (key,) in database.execute("SELECT session_key FROM session_nodes")]
        named = {found[1] for key in keys if (found := re.search(r":(?:channel|group):([a-z0-9]{26})", key))}
        return named | {asked.channel for asked in self.asked()}

    def transcripts(self) -> list[Path]:
        """Transcripts of the final store, below the recording's folder."""
        found = sorted(self.folder.glob("agents/*/sessions/*.jsonl*"))
        return [path for path in found if not path.name.endswith((".trajectory.jsonl", ".lock"))]

    def copy_to(self, store: Path) -> None:
        """The final store, whole."""
        for part in ("agents", "subagents", "state"):
            if (self.folder / part).is_dir():
                shutil.copytree(self.folder / part, store / part, dirs_exist_ok=True)

    def without_transcripts(self, store: Path) -> None:
        """The final store with every transcript empty."""
        self.copy_to(store)
        for path in self.transcripts():
            (store / path.relative_to(self.folder)).write_bytes(b"")

    def pieces(self, store: Path, sizes: random.Random | None) -> Iterator[Moment]:
        """Appends in the order of time: whole lines, or pieces of random size where ``sizes`` is given."""
        lines: list[tuple[float, int, Path, bytes]] = []
        for path in self.transcripts():
            latest = 0.0
            for index, line in enumerate(path.read_bytes().splitlines(keepends=True)):
                latest = max(latest, _stamp(line))
                lines.append((latest, index, store / path.relative_to(self.folder), line))
        lines.sort(key=lambda one: (one[0], one[2].name, one[1]))
        for at, _, path, line in lines:
            for piece in [line] if sizes is None else _cut(line, sizes):
                yield Moment(at, _append(path, piece))

    def as_it_happened(self, store: Path) -> "list[Moment]":
        """Every change of rows, locks, registry and transcripts in the recorded order and timing."""
        if (self.folder / "db_timeline.jsonl").exists():
            databases = DbTimeline(self.folder, store)
            databases.prepare()
            t0, moments = databases.t0, [Moment(at, write) for at, write in databases.moments()]
        else:
            files = _Timeline(self, store)
            t0, moments = files.t0, list(files.moments())
        moments += [Moment(at, write) for at, write in SharedTimeline(self.folder, store, t0).moments()]
        return sorted(moments, key=lambda moment: moment.at)


def _stamp(line: bytes) -> float:
    return datetime.fromisoformat(json.loads(line)["timestamp"]).timestamp()


def _cut(line: bytes, sizes: random.Random) -> Iterator[bytes]:
    start = 0
    while start < len(line):
        size = sizes.choice((1, 7, 64, 300, 2000))
        yield line[start : start + size]
        start += size


def _append(path: Path, piece: bytes) -> Write:
    def write() -> None:
        with path.open("ab") as file:
            file.write(piece)

    return write


class _Timeline:
    """Puts `timeline.csv` and `store_timeline.jsonl` together with the final files."""

    def __init__(self, recording: Recording, store: Path) -> None:
        self.recording, self.store = recording, store
        with (recording.folder / "timeline.csv").open() as file:
            self.rows = list(csv.DictReader(file))
        offsets = [
            int(row["mtime_ms"]) - int(row["t_ms"]) for row in self.rows if row["mtime_ms"] and int(row["t_ms"]) > 300
        ]
        self.t0 = max(offsets) / 1000  # the recorder sees a change a little after it was made, never before
        self.final = self._final_rows()

    def moments(self) -> Iterator[Moment]:
        yield from self._entries()
        yield from self._files()
        yield from self._registry()
        # The store was copied a little after the recorder ended.
        last = max(int(row["t_ms"]) for row in self.rows) / 1000
        yield Moment(self.t0 + last + 20.0, lambda: self._rewrite_all())

    def _final_rows(self) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for path in self.recording.folder.glob("agents/*/sessions/sessions.json"):
            for key, row in json.loads(path.read_text()).items():
                rows[key] = {k: v for k, v in row.items() if k not in {"skillsSnapshot", "systemPromptReport"}}
        return rows

    def _entries(self) -> Iterator[Moment]:
        """Rows as they changed. Fields that the recorder did not follow have their final value from the start."""
        lines = (self.recording.folder / "store_timeline.jsonl").read_text().splitlines()
        changes = [json.loads(line) for line in lines]
        followed = {name for change in changes for name in change.get("changed", {})}
        rows: dict[str, dict[str, Any]] = {}
        for change in changes:
            key = change["key"]
            if change.get("removed"):
                rows.pop(key, None)
            else:
                begun = {k: v for k, v in self.final.get(key, {}).items() if k not in followed}
                row = {**begun, **rows.get(key, {}), **change["changed"]}
                rows[key] = {k: v for k, v in row.items() if v is not None}
            yield Moment(self.t0 + change["t_ms"] / 1000, self._rewrite(change["store"], dict(rows)))

    def _rewrite_all(self) -> None:
        for path in self.recording.folder.glob("agents/*/sessions/sessions.json"):
            self._rewrite(str(path.relative_to(self.recording.folder)), json.loads(path.read_text()))()

    def _rewrite(self, name: str, rows: dict[str, Any]) -> Write:
        def write() -> None:
            path = self.store / name
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".json.tmp")
            new.write_text(json.dumps(rows))
            new.replace(path)

        return write

    def _files(self) -> Iterator[Moment]:
        for row in self.rows:
            name = Path(row["path"])
            if name.suffix == ".lock" or (".jsonl" in name.name and ".trajectory" not in name.name):
                yield Moment(self.t0 + int(row["t_ms"]) / 1000, self._set(name, row["event"], row["size"], row))

    def _set(self, name: Path, event: str, size: str, row: dict[str, str]) -> Write:
        path = self.store / name

        def write() -> None:
            if event == "gone":
                path.unlink(missing_ok=True)
                return
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.suffix == ".lock":
                when = datetime.fromtimestamp(int(row["mtime_ms"]) / 1000).astimezone()
                path.write_text(json.dumps({"pid": 12320, "createdAt": when.isoformat()}))
                return
            whole = self._final_bytes(name)
            begun = path.read_bytes() if path.exists() else b""
            wanted = whole[: int(size)]
            if wanted.startswith(begun) and begun:
                _append(path, wanted[len(begun) :])()
            else:
                path.write_bytes(wanted)

        return write

    def _final_bytes(self, name: Path) -> bytes:
        path = self.recording.folder / name
        if path.exists():
            return path.read_bytes()
        archived = sorted(path.parent.glob(f"{path.name}.reset.*")) + sorted(path.parent.glob(f"{path.name}.deleted.*"))
        return archived[0].read_bytes() if archived else b""

    def _registry(self) -> Iterator[Moment]:
        """2026.2's registry, each field from the time that it names itself."""
        path = self.recording.folder / "subagents" / "runs.json"
        if not path.exists():
            return
        runs = json.loads(path.read_text())["runs"]
        times = {t / 1000 for run in runs.values() for t in _times(run)}
        for at in sorted(times):
            yield Moment(max(at, self.t0), self._runs_at(runs, at))

    def _runs_at(self, runs: dict[str, dict[str, Any]], at: float) -> Write:
        def write() -> None:
            known = {}
            for key, run in runs.items():
                if run["createdAt"] / 1000 <= at:
                    known[key] = {
                        k: v for k, v in run.items() if not (k in _TIMED and run.get(_TIMED[k], 0) / 1000 > at)
                    }
            path = self.store / "subagents" / "runs.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"version": 2, "runs": known}))

        return write


# Which time a field of the registry appears at.
_TIMED = {
    "startedAt": "startedAt",
    "endedAt": "endedAt",
    "outcome": "endedAt",
    "endedReason": "endedAt",
    "cleanupCompletedAt": "cleanupCompletedAt",
}


def _times(run: dict[str, Any]) -> Iterator[float]:
    for name in ("createdAt", "startedAt", "endedAt", "cleanupCompletedAt"):
        if run.get(name):
            yield run[name]
