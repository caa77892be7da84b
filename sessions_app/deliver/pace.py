"""When a post may be edited, and which goes first. Pure: the time is passed in; all times in seconds since 1970."""

from dataclasses import dataclass
from enum import IntEnum

CREATE_AFTER_S = 1.5  # a run that is over sooner is posted once, as it ended
WORD_GAP_S = 1.0
AGE_EVERY_S = 30.0
NEVER = float("inf")
WAITS = "Waits for a place: MAX_ACTIVE_SESSIONS posts are open."
# Other changes: seconds between two edits, by the age of the run.
CADENCE = ((60.0, 3.0), (600.0, 10.0), (NEVER, 30.0))


class Rank(IntEnum):
    """What goes first when not everything can."""

    ENDING = 0
    WORD = 1
    CHANGE = 2
    AGE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is on a post, and what should be."""

    exists: bool
    behind: bool
    word_changed: bool
    over: bool
    closed: bool
    urgent: bool  # by hand, or because the post says that nobody watches
    run_started_at: float
    sent_at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """When, and with which rank."""

    at: float
    rank: Rank


def due(post: Standing, now: float, throttle_s: float) -> Due | None:
    """When a post should be sent; None if there is nothing to send."""
    soonest = post.sent_at + max(throttle_s, 0.0)
    if not post.exists:
        at = now if post.over else post.run_started_at + CREATE_AFTER_S
        return Due(at=at, rank=Rank.ENDING if post.over else Rank.WORD)
    if post.over and (post.behind or not post.closed):
        return Due(at=soonest, rank=Rank.ENDING)
    if post.urgent:
        return Due(at=soonest, rank=Rank.WORD)
    if post.behind and post.word_changed:
        return Due(at=max(soonest, post.sent_at + WORD_GAP_S), rank=Rank.WORD)
    if post.behind:
        age = now - post.run_started_at
        gap = next(gap for until, gap in CADENCE if age < until)
        return Due(at=max(soonest, post.sent_at + gap), rank=Rank.CHANGE)
    if not post.over:
        return Due(at=max(soonest, post.sent_at + AGE_EVERY_S), rank=Rank.AGE)
    return None
