"""A run as a reader sees it: words, steps and sub-agents, without a clock.

`RunView` is what state hands to everything that shows a run: the card in Mattermost, the board, the admin.
Times are seconds since 1970 (UTC). Two views that are equal look equal, apart from ages.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Word(StrEnum):
    """The one word that says how a run is. Its sign is the renderer's business."""

    QUEUED = "queued"
    THINKING = "thinking"
    WORKING = "working"
    WAITING = "waiting"
    NEEDS_YOU = "needs you"
    QUIET = "quiet"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"

    @property
    def over(self) -> bool:
        """Whether a run with this word has ended."""
        return self in OVER


OVER = frozenset({Word.DONE, Word.FAILED, Word.STOPPED, Word.LOST})


@dataclass(frozen=True, kw_only=True, slots=True)
class StepView:
    """One tool call. ``ended_at`` is None while it runs; ``ok`` is None then, and where nobody can tell."""

    tool: str
    target: str = ""
    started_at: float = 0.0
    ended_at: float | None = None
    ok: bool | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunView:
    """One run with the runs below it, in the order in which they were spawned."""

    id: int
    title: str
    agent: str
    word: Word
    started_at: float
    label: str = ""  # the name a sub-agent was given
    reason: str = ""  # why it failed, was stopped or lost; what it needs
    since: float = 0.0  # when the present word began
    ended_at: float | None = None
    say: str = ""  # the agent's own last sentence
    running: tuple[StepView, ...] = ()
    finished: tuple[StepView, ...] = ()  # the last ones, oldest first
    tools: int = 0
    failed_tools: int = 0
    tokens: int = 0
    cost: float = 0.0
    background: int = 0  # commands that outlive the turn
    cut_off: bool = False  # the last answer reached its length limit
    children: tuple["RunView", ...] = ()

    def tree(self) -> Iterator["RunView"]:
        """This run and all below it, parents before children."""
        yield self
        for child in self.children:
            yield from child.tree()
