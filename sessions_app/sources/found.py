"""The sources of an installation: one for each folder. The one place that decides which kind of store a folder is.

A new kind of store is added to `KINDS`; nothing else to the right of this room learns of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sessions_app.sources.base import Source
from sessions_app.sources.openclaw import OpenClaw


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of store. ``is_at`` is a cheap look whether a folder is one: it never raises, and opens no big file."""

    is_at: Callable[[Path], bool]
    source: Callable[[Path], Source]


# The first that knows its own counts.
KINDS: tuple[Kind, ...] = (Kind(is_at=OpenClaw.is_at, source=OpenClaw),)


def open_sources(folders: Iterable[Path]) -> tuple[Source, ...]:
    """A source for each folder, in order, each folder once. None of them needs to exist yet."""
    return tuple(source_at(folder) for folder in dict.fromkeys(folders))


def source_at(folder: Path) -> Source:
    """The source of one folder. One that is not there yet, or that no kind knows, is waited for as OpenClaw's."""
    kind = next((kind for kind in KINDS if kind.is_at(folder)), None)
    return kind.source(folder) if kind else OpenClaw(folder)
