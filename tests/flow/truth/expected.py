"""The expectations, read from their files: how recordings end, and the words on the way there."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.flow.recording import Recording

FOLDER = Path(__file__).parent
ONLY_WATCHED = "seen only by who was watching:"
MOVED = re.compile(r"asked live: (.*); read later: (.*)")
ABSENT = "absent"
FOR_EVER = 1e9
# How far a look may be from a change and still see the other side of it: two periods of the recorder. A row, a lock and
# a line that were written together may have been seen in two of its looks, and the registry of 2026.2 is replayed by
# its own times, not by when it was seen.
SLACK_S = 0.1


@dataclass(frozen=True)
class Expectation:
    """``blocks`` are the trees in the order of their start; ``zero`` (seconds since 1970) is what times count from."""

    zero: float
    blocks: tuple[str, ...]

    @classmethod
    def of(cls, recording: Recording) -> "Expectation":
        """The one for a recording; fails with what to do where there is none."""
        path = FOLDER / f"{recording.name}.txt"
        assert path.exists(), (
            f"Nobody has said how {recording.name} ends. Read its raw files by eye, decide by the rules of "
            f"docs/architecture.md which runs it holds, and write them to {path.relative_to(FOLDER.parent)} as the "
            "other files there do. Do not copy what our service says of it."
        )
        zero, blocks = _read(path, recording)
        return cls(zero, tuple(blocks))

    def read_later(self) -> str:
        """What must be shown to whoever reads the store only afterwards."""
        kept = [block for block in self.blocks if not block.startswith(ONLY_WATCHED)]
        return MOVED.sub(r"\2", "\n\n".join(kept)) + "\n"

    def watched(self) -> str:
        """What must be shown to whoever watched while it happened."""
        return MOVED.sub(r"\1", "\n\n".join(block.removeprefix(ONLY_WATCHED + "\n") for block in self.blocks)) + "\n"


@dataclass(frozen=True)
class Stretch:
    """A run is ``state`` (its word and the tools that run) from somewhere between two times, in seconds after zero."""

    earliest: float
    latest: float
    state: str


@dataclass(frozen=True)
class Timeline:
    """The stretches of each run, in order."""

    zero: float
    runs: dict[str, list[Stretch]]

    @classmethod
    def of(cls, recording: Recording) -> "Timeline":
        """The one for a recording that has one."""
        zero, blocks = _read(FOLDER / f"{recording.name}.timeline.txt", recording)
        return cls(zero, {name: [_stretch(line) for line in lines] for name, *lines in map(str.splitlines, blocks)})

    def changes(self) -> list[float]:
        """When something changes, in seconds after zero."""
        return sorted({stretch.latest for stretches in self.runs.values() for stretch in stretches})

    def wrong(self, now: dict[str, str], at: float) -> list[str]:
        """What is wrong with these states of runs at a time (seconds since 1970), in sentences."""
        later = at - self.zero
        sentences = []
        for name in sorted(self.runs.keys() | now.keys()):
            allowed, got = self._allowed(name, later), now.get(name, ABSENT)
            if got not in allowed:
                sentences.append(f"{later:+.3f} {name} is {got}, and should be {' or '.join(sorted(allowed))}.")
        return sentences

    def _allowed(self, run: str, at: float) -> set[str]:
        stretches = [Stretch(-FOR_EVER, -FOR_EVER, ABSENT), *self.runs.get(run, [])]
        ends = [*(stretch.latest for stretch in stretches[1:]), FOR_EVER]
        return {
            stretch.state
            for stretch, end in zip(stretches, ends, strict=True)
            if stretch.earliest - SLACK_S <= at <= end + SLACK_S
        }


def _stretch(line: str) -> Stretch:
    when, state = line.split(maxsplit=1)
    earliest, _, latest = when.partition("..")
    return Stretch(float(earliest), float(latest or earliest), state.strip())


def _read(path: Path, recording: Recording) -> tuple[float, list[str]]:
    """Zero and the blocks of a file, without its comments: whole lines, or what stands far to the right."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    head, *blocks = "\n".join(re.sub(r"\s+# .*", "", line) for line in lines).split("\n\n")
    name, zero = (line.split(" ", 1)[1] for line in head.splitlines())
    assert name == recording.name
    return datetime.fromisoformat(zero).timestamp(), [block.strip("\n") for block in blocks if block.strip()]
