"""Room on the disk that keeps our own files: without it nothing more is read or said."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sessions_app.health.report import Part, Problem

NAME = "Disk"
LITTLE_BYTES = 1_000_000_000
NONE_BYTES = 50_000_000
MAKE_ROOM = "Make room there, or set DATA_DIR to a larger disk."
CORRECT = "Correct DATA_DIR, or the rights of that folder."


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a disk."""

    free: int
    total: int


def room(folder: Path) -> Room | None:
    """What the disk of a folder has; None if it cannot be asked."""
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return Room(free=usage.free, total=usage.total)


def disk(folder: Path, found: Room | None) -> Part:
    """The part of the disk."""
    if found is None:
        sentence = f"DATA_DIR ({folder}) cannot be looked at."
        return Part(name=NAME, problems=(Problem(sentence=sentence, next_step=CORRECT, breaks=True),))
    sentence = f"{_size(found.free)} of {_size(found.total)} free in {folder}."
    if found.free >= LITTLE_BYTES:
        return Part(name=NAME, sentence=sentence)
    problem = Problem(
        sentence=f"Only {_size(found.free)} are free in {folder}.",
        next_step=MAKE_ROOM,
        breaks=found.free < NONE_BYTES,
    )
    return Part(name=NAME, sentence=sentence, problems=(problem,))


def _size(number: int) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
