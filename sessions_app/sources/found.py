"""The sources of an installation: one for each state folder."""

from collections.abc import Iterable
from pathlib import Path

from sessions_app.sources.base import Source
from sessions_app.sources.openclaw import OpenClaw


def open_sources(folders: Iterable[Path]) -> tuple[Source, ...]:
    """A source for each folder, in order, each folder once. None of them needs to exist yet."""
    return tuple(OpenClaw(folder) for folder in dict.fromkeys(folders))
