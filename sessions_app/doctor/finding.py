"""What was found, as values: one sentence each, how bad it is, and what to do next."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

SHAPE = 1  # of the JSON; it grows when a field goes or changes its meaning


class Level(StrEnum):
    """How it is, from best to worst."""

    OK = "ok"
    LOOK = "look"  # something to look at
    BROKEN = "broken"  # people get nothing, or will, until it is mended


WORST_FIRST = (Level.BROKEN, Level.LOOK, Level.OK)
EXIT = {Level.OK: 0, Level.LOOK: 1, Level.BROKEN: 2}


class Part(StrEnum):
    """What is examined, in the order in which it is shown: what stands above is needed by what stands below."""

    SETTINGS = "Settings"
    DATABASE = "Database"
    STORES = "Stores"
    WATCHERS = "Watcher"
    DELIVERY = "Delivery"
    MATTERMOST = "Mattermost"
    CLOCKS = "Clocks"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that was found. ``next_step`` is empty where all is well, or where the sentence says it."""

    part: Part
    level: Level
    sentence: str
    next_step: str = ""


def well(part: Part, sentence: str) -> Finding:
    """All is well."""
    return Finding(part=part, level=Level.OK, sentence=sentence)


def look(part: Part, sentence: str, next_step: str = "") -> Finding:
    """Somebody should look at it."""
    return Finding(part=part, level=Level.LOOK, sentence=sentence, next_step=next_step)


def broken(part: Part, sentence: str, next_step: str = "") -> Finding:
    """It does not work."""
    return Finding(part=part, level=Level.BROKEN, sentence=sentence, next_step=next_step)


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnosis:
    """Everything that was found, in the order of the parts."""

    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """That of the worst finding."""
        found = {one.level for one in self.findings}
        return next((level for level in WORST_FIRST if level in found), Level.OK)

    @property
    def exit_status(self) -> int:
        """0 all well, 1 something to look at, 2 something broken."""
        return EXIT[self.level]

    @property
    def counts(self) -> dict[Level, int]:
        """How many findings there are of each level."""
        numbers = Counter(one.level for one in self.findings)
        return {level: numbers[level] for level in Level}

    def of(self, part: Part) -> Iterable[Finding]:
        """The findings of one part."""
        return (one for one in self.findings if one.part is part)

    def as_json(self) -> dict[str, Any]:
        """For programs; fields are added, never renamed.

        ``{"shape": 1, "status": "ok" | "look" | "broken", "exit_status": 0 | 1 | 2,
        "counts": {"ok": n, "look": n, "broken": n},
        "findings": [{"part", "level": "ok" | "look" | "broken", "sentence", "next_step"}]}``, all texts.
        """
        return {
            "shape": SHAPE,
            "status": self.level.value,
            "exit_status": self.exit_status,
            "counts": {level.value: number for level, number in self.counts.items()},
            "findings": [
                {"part": one.part.value, "level": one.level.value, "sentence": one.sentence, "next_step": one.next_step}
                for one in self.findings
            ],
        }
