"""A diagnosis as lines for people: grouped by part, a sign before each sentence, the next step below it."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.doctor.finding import WORST_FIRST, Diagnosis, Finding, Level, Part

SIGNS = {Level.OK: "✓", Level.LOOK: "!", Level.BROKEN: "✗"}
WORDS = {Level.OK: "well", Level.LOOK: "to look at", Level.BROKEN: "broken"}
PLAIN = {"✓": "ok", "✗": "BROKEN", "→": "->"}  # for terminals that have no other letters
INDENT = "  "
NARROWEST = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line; ``level`` colours the first ``signed`` characters of its text, or all of it where that is 0."""

    text: str
    level: Level | None = None
    signed: int = 0
    heading: bool = False


def lines(diagnosis: Diagnosis, width: int | None = None) -> Iterator[Line]:
    """All of it; ``width`` in columns folds sentences, None leaves each on one line."""
    for part in Part:
        findings = list(diagnosis.of(part))
        if findings:
            yield Line(text=part.value, heading=True)
        for finding in findings:
            yield from _finding(finding, width)
    yield Line(text="")
    yield Line(text=summary(diagnosis), level=diagnosis.level)


def summary(diagnosis: Diagnosis) -> str:
    """The last line: how many findings of each kind, worst first."""
    counts = diagnosis.counts
    told = ", ".join(f"{counts[level]} {WORDS[level]}" for level in WORST_FIRST if counts[level])
    return f"All well: {told}." if diagnosis.level is Level.OK else f"{told}."


def plain(text: str) -> str:
    """The same without letters that an old terminal lacks."""
    for sign, word in PLAIN.items():
        text = text.replace(sign, word)
    return text


def _finding(finding: Finding, width: int | None) -> Iterator[Line]:
    sign = f"{INDENT}{SIGNS[finding.level]} "
    first, *rest = _folded(finding.sentence, width, sign)
    yield Line(text=first, level=finding.level, signed=len(sign))
    yield from (Line(text=text) for text in rest)
    if finding.next_step:
        yield from (Line(text=text) for text in _folded(finding.next_step, width, f"{INDENT}{INDENT}→ "))


def _folded(text: str, width: int | None, before: str) -> list[str]:
    if width is None:
        return [before + text]
    indent = " " * len(before)
    return textwrap.wrap(
        text, max(NARROWEST, width), initial_indent=before, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    ) or [before]  # fmt: skip
