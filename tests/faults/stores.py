"""Stores that are being written while everything else goes wrong: each is a recording that happens now."""

import random
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sessions_app.demo.recording import LAST_LOOK_S
from sessions_app.demo.shift import Shift
from sessions_app.demo.writer import Writer
from tests.faults.recorded import RUNS, moved, scenario, span, usable
from tests.flow.recording import Recording

NOT_AGAIN_S = 0.2  # after the last change, when the recorder copied the store


@dataclass(frozen=True, kw_only=True)
class Copy:
    """One recording that happens: it begins ``after_s`` and takes ``lasts_s`` (or less, if it took less)."""

    number: int
    recording: str
    after_s: float
    lasts_s: float

    @property
    def folder(self) -> str:
        return f"store-{self.number}"


def copies(random_: random.Random, runs: int, *, within_s: float, lasts_s: float) -> list[Copy]:
    """Recordings with at least that many runs, in an order and at times that the seed decides."""
    names = usable()
    found: list[Copy] = []
    worth = 0
    while worth < runs:
        for name in random_.sample(names, len(names)):
            if worth < runs:
                worth += RUNS[scenario(name)]
                lasts = random_.uniform(0.4, 1.0) * lasts_s
                after = random_.uniform(0.0, max(0.0, within_s - lasts))
                found.append(Copy(number=len(found), recording=name, after_s=after, lasts_s=lasts))
    return found


class Stores:
    """Writes copies into folders below ``root``, from a thread of its own, and keeps them open as OpenClaw does."""

    def __init__(self, root: Path, planned: Iterable[Copy]) -> None:
        self.root = root
        self.paths = [root / copy.folder for copy in planned]
        self._writer = Writer()

    def begin(self, copy: Copy) -> None:
        """Let a recording happen from now on."""
        self._writer.at(time.time(), lambda: self._begin(copy))

    @property
    def idle(self) -> bool:
        """Whether everything that has begun has happened. Raises what writing raised."""
        return self._writer.idle

    def wait_until_idle(self, patience_s: float) -> None:
        """Until everything that has begun has happened."""
        done = self._writer.wait_until_idle(patience_s)
        assert done, f"{self._writer.left} changes are not written after {patience_s:.0f} s"

    def close(self) -> None:
        self._writer.close()

    def _begin(self, copy: Copy) -> None:
        with tempfile.TemporaryDirectory() as scratch:
            first, last = span(copy.recording, Path(scratch))
        pace = min(1.0, copy.lasts_s / max(last - first, 0.1))
        shift = Shift(old=first, new=time.time(), pace=pace)
        recording = moved(copy.recording, shift, self.root / "recorded" / copy.folder)
        made = self.root / "made" / copy.folder
        moments = recording.as_it_happened(made)
        self._show(made, self.root / copy.folder)
        ended = moments[-1].at - LAST_LOOK_S
        for moment in moments:
            self._writer.at(moment.at if moment.at <= ended else ended + NOT_AGAIN_S, moment.write)

    def _show(self, made: Path, store: Path) -> None:
        """Let a store be seen only when it is as it was at the beginning: its databases are made from the final ones.

        What is written later is written by the path under which it was made.
        """
        made.mkdir(parents=True, exist_ok=True)
        made.rename(store)
        made.symlink_to(store)


def people(planned: Iterable[Copy]) -> tuple[set[str], list[tuple[str, str, str, str]]]:
    """Channels, and what people wrote in them: id, channel, root, message."""
    channels: set[str] = set()
    asked: dict[str, tuple[str, str, str, str]] = {}
    for name in sorted({copy.recording for copy in planned}):
        recording = Recording(name)
        channels |= recording.channels()
        asked |= {one.id: (one.id, one.channel, one.root, one.message) for one in recording.asked()}
    return channels, list(asked.values())
