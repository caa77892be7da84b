"""Bytes → whole lines, from a mark on. Notices truncation, replacement and lines that are too long.

Identity is never an inode number (ext4 hands it out again at once): it is a growing hash of the head, and a hash of
the bytes just before the mark, which also catches a file that was truncated and has grown past the mark again.
Files are opened for each read and closed again, never through a symbolic link, and only regular ones.
"""

import hashlib
import os
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from sessions_app.sources.base import Mark

CHUNK = 256 * 1024
MAX_LINE = 8 * 1024 * 1024
HEAD = 1024
TAIL = 64


class CannotReadError(OSError):
    """The file is there but cannot be read now; the message is a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """Whole lines without their newlines, and the mark behind them."""

    lines: tuple[bytes, ...]
    mark: Mark
    more: bool
    restarted: bool = False
    too_long: int = 0  # lines left out for their length


def read_lines(path: Path, mark: Mark, budget: int, max_line: int = MAX_LINE) -> Lines:
    """Read whole lines from ``mark`` on, about ``budget`` bytes (negative: all there is).

    Raises:
        FileNotFoundError: there is no such file.
        CannotReadError: it is a directory, a link, a device, or not ours to read.
    """
    handle = _open(path)
    try:
        size = os.fstat(handle).st_size
        restarted = not _same(handle, size, mark)
        if restarted:
            mark = Mark(generation=mark.generation + 1)
            budget = -1
        start = mark.position
        lines, mark, too_long = _take(handle, size, mark, budget, max_line)
        more = start < mark.position < size
        return Lines(lines=lines, mark=_signed(handle, mark), more=more, restarted=restarted, too_long=too_long)
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        if os.path.islink(path):
            raise CannotReadError(f"{path.name} is a symbolic link; only files of the store itself are read") from error
        raise CannotReadError(f"{path.name} cannot be read ({error.strerror or error})") from error
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise CannotReadError(f"{path.name} is {what}, so there is no transcript to read")
    return handle


def _hash(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=12).hexdigest()


def _same(handle: int, size: int, mark: Mark) -> bool:
    """Whether these are still the bytes that were read up to the mark."""
    if size < mark.position:
        return False
    if mark.head and _hash(os.pread(handle, mark.head_size, 0)) != mark.head:
        return False
    if not mark.tail:
        return True
    start = max(0, mark.position - TAIL)
    return _hash(os.pread(handle, mark.position - start, start)) == mark.tail


def _signed(handle: int, mark: Mark) -> Mark:
    """The mark with the hashes that recognise the bytes before it."""
    if mark.position == 0:
        return mark
    head_size = min(HEAD, mark.position)
    start = max(0, mark.position - TAIL)
    tail = _hash(os.pread(handle, mark.position - start, start))
    if head_size == mark.head_size:
        return replace(mark, tail=tail)
    return replace(mark, tail=tail, head=_hash(os.pread(handle, head_size, 0)), head_size=head_size)


def _take(handle: int, size: int, mark: Mark, budget: int, max_line: int) -> tuple[tuple[bytes, ...], Mark, int]:
    """Read on until the budget or the file ends; only whole lines move the mark."""
    lines: list[bytes] = []
    position, skipping, too_long, rest = mark.position, mark.skipping, 0, b""
    reached = position
    while reached < size and (budget < 0 or reached - mark.position < budget or not (lines or too_long or skipping)):
        data = os.pread(handle, min(CHUNK, size - reached), reached)
        if not data:
            break
        reached += len(data)
        whole, newline, tail = data.rpartition(b"\n")
        if not newline:
            rest = b"" if skipping else rest + data
            if len(rest) > max_line:
                rest, skipping = b"", True
            if skipping:
                position = reached
            continue
        got = (rest + whole).split(b"\n")
        if skipping:
            got, skipping, too_long = got[1:], False, too_long + 1
        kept = [line for line in got if len(line) <= max_line]
        lines.extend(kept)
        too_long += len(got) - len(kept)
        rest = tail
        position = reached - len(tail)
    return tuple(lines), replace(mark, position=position, skipping=skipping), too_long
