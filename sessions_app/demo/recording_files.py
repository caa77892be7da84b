"""A recording of a store of files, written again as it happened: rows, transcripts, locks and 2026.2's registry."""

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from sessions_app.demo.recording_tables import LAST_LOOK_S, Write


class FilesTimeline:
    """Puts `timeline.csv` and `store_timeline.jsonl` together with the final files."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder, self.store = folder, store
        with (folder / "timeline.csv").open() as file:
            self.rows = list(csv.DictReader(file))
        offsets = [
            int(row["mtime_ms"]) - int(row["t_ms"]) for row in self.rows if row["mtime_ms"] and int(row["t_ms"]) > 300
        ]
        self.t0 = max(offsets) / 1000  # the recorder sees a change a little after it was made, never before
        self.final = self._final_rows()

    def moments(self) -> Iterator[tuple[float, Write]]:
        yield from self._entries()
        yield from self._files()
        yield from self._registry()
        # The store was copied a little after the recorder ended.
        last = max(int(row["t_ms"]) for row in self.rows) / 1000
        yield self.t0 + last + LAST_LOOK_S, self._rewrite_all

    def _final_rows(self) -> dict[str, dict[str, Any]]:
        rows: dict[str, dict[str, Any]] = {}
        for path in self.folder.glob("agents/*/sessions/sessions.json"):
            for key, row in json.loads(path.read_text()).items():
                rows[key] = {k: v for k, v in row.items() if k not in {"skillsSnapshot", "systemPromptReport"}}
        return rows

    def _entries(self) -> Iterator[tuple[float, Write]]:
        """Rows as they changed. Fields that the recorder did not follow have their final value from the start."""
        lines = (self.folder / "store_timeline.jsonl").read_text().splitlines()
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
            yield self.t0 + change["t_ms"] / 1000, self._rewrite(change["store"], dict(rows))

    def _rewrite_all(self) -> None:
        for path in self.folder.glob("agents/*/sessions/sessions.json"):
            self._rewrite(str(path.relative_to(self.folder)), json.loads(path.read_text()))()

    def _rewrite(self, name: str, rows: dict[str, Any]) -> Write:
        def write() -> None:
            path = self.store / name
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_suffix(".json.tmp")
            new.write_text(json.dumps(rows))
            new.replace(path)

        return write

    def _files(self) -> Iterator[tuple[float, Write]]:
        for row in self.rows:
            name = Path(row["path"])
            if name.suffix == ".lock" or (".jsonl" in name.name and ".trajectory" not in name.name):
                yield self.t0 + int(row["t_ms"]) / 1000, self._set(name, row["event"], row["size"], row)

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
                with path.open("ab") as file:
                    file.write(wanted[len(begun) :])
            else:
                path.write_bytes(wanted)

        return write

    def _final_bytes(self, name: Path) -> bytes:
        path = self.folder / name
        if path.exists():
            return path.read_bytes()
        archived = sorted(path.parent.glob(f"{path.name}.reset.*")) + sorted(path.parent.glob(f"{path.name}.deleted.*"))
        return archived[0].read_bytes() if archived else b""

    def _registry(self) -> Iterator[tuple[float, Write]]:
        """2026.2's registry, each field from the time that it names itself."""
        path = self.folder / "subagents" / "runs.json"
        if not path.exists():
            return
        runs = json.loads(path.read_text())["runs"]
        times = {t / 1000 for run in runs.values() for t in _times(run)}
        for at in sorted(times):
            yield max(at, self.t0), self._runs_at(runs, at)

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
