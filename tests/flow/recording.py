"""The recordings of real OpenClaw stores, and two ways to write one to disk again: line by line, or as it happened.

Made by running OpenClaw with a scripted model: see tests/data/README.md. Times are seconds since 1970.
"""

import json
import random
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sessions_app.demo import recording
from sessions_app.demo.recording import Asked, Moment
from sessions_app.demo.recording_tables import Write

__all__ = ["DATA", "Asked", "Moment", "Recording"]
DATA = Path(__file__).parent.parent / "data" / "openclaw"


class Recording(recording.Recording):
    """One scenario of one release; ``name`` is like ``2026.2.26/nested``."""

    def __init__(self, name: str) -> None:
        super().__init__(name, DATA / name)

    @classmethod
    def all(cls) -> "list[Recording]":
        """Every recording of the store of files."""
        return [cls(str(path.parent.relative_to(DATA))) for path in sorted(DATA.glob("*/*/store_timeline.jsonl"))]

    @classmethod
    def all_databases(cls) -> "list[Recording]":
        """Every recording of the SQLite store."""
        return [cls(str(path.parent.relative_to(DATA))) for path in sorted(DATA.glob("*/*/db_timeline.jsonl"))]

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
