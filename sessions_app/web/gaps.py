"""HTML with gaps where ages stand: drawn once, and filled at each look, so that the time alone costs no drawing.

A gap is written into the text as a mark that holds since when something goes on. Nobody can put one there from
outside: its beginning is random and new in each process, and it never leaves it.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sessions_app.web.rows import Pen, aged

MARK = f"gap{secrets.token_hex(16)}"
GAP = re.compile(f"{MARK}(-?[0-9.]+);")


@dataclass(frozen=True, slots=True)
class GapPen(Pen):
    """Writes a gap wherever an age belongs."""

    def age(self, since: float) -> str:
        """The mark of a gap."""
        return f"{MARK}{since:.3f};"


@dataclass(frozen=True, slots=True)
class Gapped:
    """A text with gaps: the first piece, then since when and the piece after it, by turns."""

    first: str
    rest: tuple[tuple[float, str], ...]

    @classmethod
    def of(cls, text: str) -> "Gapped":
        """A text that a `GapPen` had a part in."""
        first, *pieces = GAP.split(text)
        return cls(first, tuple((float(pieces[at]), pieces[at + 1]) for at in range(0, len(pieces), 2)))

    def fill(self, now: float) -> str:
        """The text at ``now``."""
        return self.first + "".join(f"{aged(now, since)}{text}" for since, text in self.rest)


def fill(texts: Iterable[Gapped], now: float) -> str:
    """All of them, one after the other."""
    return "".join(text.fill(now) for text in texts)
