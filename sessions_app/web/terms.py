"""What somebody typed into the search → words and phrases; and where they stand in a text. Pure.

`read` never raises, whatever was typed; `pieces` is what a template puts between marks, piece by piece, so that nothing
has to be declared safe.
"""

import re
from dataclasses import dataclass

from sessions_app.redact import redact
from sessions_app.render.text import cut, fold

QUERY_CHARS = 300
TERM_CHARS = 80
TERMS = 8
SNIPPET_CHARS = 200
LOOKED_AT = 4000
TERM = re.compile(r'(-?)(?:"([^"]*)"|([^\s"]+))')
BETWEEN = r"[\W_]+"
Pieces = tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Terms:
    """``text``: what was typed, as it may be shown again. ``cut``: not all of it was used."""

    text: str
    words: tuple[str, ...]
    without: tuple[str, ...]
    cut: bool


def read(typed: str) -> Terms:
    """The words of a query. Secrets in it are taken out first: they would stand in the page and in its address."""
    whole = fold(redact(typed[: 4 * QUERY_CHARS]))
    text = whole[:QUERY_CHARS].strip()
    words: dict[str, None] = {}
    without: dict[str, None] = {}
    found = TERM.findall(text)
    for minus, phrase, bare in found[:TERMS]:
        term = (phrase or bare).strip()[:TERM_CHARS]
        if term:
            (without if minus else words).setdefault(term)
    left_out = len(found) > TERMS or len(whole) > QUERY_CHARS or len(typed) > 4 * QUERY_CHARS
    return Terms(text, tuple(words), tuple(without), left_out)


def pieces(text: str, words: tuple[str, ...], limit: int = SNIPPET_CHARS) -> Pieces:
    """A short stretch of the text around the first of these words, in pieces: (piece, whether it is one of them)."""
    line = fold(text[:LOOKED_AT])
    pattern = _pattern(words)
    first = pattern.search(line) if pattern else None
    if first is None or pattern is None:
        return ((cut(line, limit), False),) if line else ()
    start = max(0, first.start() - limit // 3) if len(line) > limit else 0
    start = line.rfind(" ", 0, start) + 1 if start else 0
    stretch = ("…" if start else "") + cut(line[start:], limit)
    found: list[tuple[str, bool]] = []
    at = 0
    for match in pattern.finditer(stretch):
        found += [(stretch[at : match.start()], False), (match.group(), True)]
        at = match.end()
    found.append((stretch[at:], False))
    return tuple(piece for piece in found if piece[0])


def stands_in(text: str, words: tuple[str, ...]) -> bool:
    """Whether one of these words is in the text."""
    pattern = _pattern(words)
    return bool(pattern and pattern.search(fold(text[:LOOKED_AT])))


def _pattern(words: tuple[str, ...]) -> re.Pattern[str] | None:
    """As it stands, or in parts with whatever between them: that is how full text finds a path."""
    forms = []
    for word in sorted(words, key=len, reverse=True):
        parts = [re.escape(part) for part in re.split(BETWEEN, word) if part]
        forms.append(re.escape(word))
        if len(parts) > 1:
            forms.append(BETWEEN.join(parts))
    return re.compile("|".join(forms), re.IGNORECASE) if forms else None
