"""Forked transcripts: a thread's begins with a copy of its channel's history, which must not be told again.

The copied lines keep their ids, so the parent's ids tell them. Times do not: a real prompt can be a millisecond older
than the header of its transcript.
"""

from dataclasses import dataclass
from pathlib import Path

from sessions_app.events import AnyEvent, Opened
from sessions_app.sources.base import Mark
from sessions_app.sources.openclaw_lines import BadLineError, line_id, parse, tidy
from sessions_app.sources.tailer import read_lines

AT_ONCE = 1024 * 1024
UNSURE_S = 5.0


@dataclass(frozen=True, slots=True)
class Copied:
    """What is known of the lines that a fork copied."""

    ids: frozenset[str] = frozenset()
    found: bool = False
    before: float = 0.0

    def holds(self, event: AnyEvent) -> bool:
        """Whether an event is one of them."""
        return event.id in self.ids if self.found else event.at < self.before


def copied_from(parent: Path | None, before: float) -> Copied:
    """The lines of a parent transcript; where it is gone, those well before the time of the fork's header."""
    ids: set[str] = set()
    mark, more = Mark(), parent is not None
    try:
        while parent is not None and more:
            lines = read_lines(parent, mark, AT_ONCE)
            ids.update(line_id(tidy(raw)) for raw in lines.lines)
            mark, more = lines.mark, lines.more
    except OSError:
        parent = None
    return Copied(before=before - UNSURE_S) if parent is None else Copied(ids=frozenset(ids), found=True)


def header_time(path: Path) -> float:
    """When a transcript was begun, for reading on in the middle of the copied lines; 0.0 if it does not say."""
    for raw in read_lines(path, Mark(), 1).lines[:1]:
        try:
            header = parse(tidy(raw))
        except BadLineError:
            break
        if isinstance(header, Opened):
            return header.at
    return 0.0
