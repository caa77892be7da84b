"""When a post may be edited, and which goes first. Pure: the time is passed in; all times in seconds since 1970."""

import math
from dataclasses import dataclass
from enum import IntEnum

CREATE_AFTER_S = 1.5  # a run that is over sooner is posted once, as it ended
WORD_GAP_S = 1.0
AGE_EVERY_S = 30.0
NEVER = float("inf")
RAMP_PER_S = 1.0  # the budget right after an outage
RAMP_DOUBLES_S = 3.0
WAITS = "Waits for a place: MAX_ACTIVE_SESSIONS posts are open."
# Other changes: seconds between two edits, by the age of the run.
CADENCE = ((60.0, 3.0), (600.0, 10.0), (NEVER, 30.0))


class Rank(IntEnum):
    """What goes first when not everything can: endings and new posts, then whoever has waited longest."""

    FIRST = 0
    REST = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """What is on a post, and what should be."""

    exists: bool
    behind: bool
    word_changed: bool
    over: bool
    closed: bool
    pressing: bool  # what it should say cannot wait: it needs a person
    verify_at: float
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
        return Due(at=now if post.over else post.run_started_at + CREATE_AFTER_S, rank=Rank.FIRST)
    if post.over and post.behind:
        return Due(at=soonest, rank=Rank.FIRST)
    if post.urgent:
        return Due(at=soonest, rank=Rank.FIRST)
    if post.over:
        return None if post.closed else Due(at=max(soonest, post.verify_at), rank=Rank.FIRST)
    if post.behind and post.word_changed:
        return Due(at=max(soonest, post.sent_at + WORD_GAP_S), rank=Rank.FIRST if post.pressing else Rank.REST)
    gap = AGE_EVERY_S
    if post.behind:
        gap = next(gap for until, gap in CADENCE if now - post.run_started_at < until)
    return Due(at=max(soonest, post.sent_at + gap), rank=Rank.REST)


def budget(per_s: float, now: float, ramp_from: float) -> float:
    """Requests per second that may go out now: after an outage few at first, doubling until all are allowed."""
    doublings = max(0.0, now - ramp_from) / RAMP_DOUBLES_S
    return min(per_s, RAMP_PER_S * math.exp2(min(doublings, 60.0)))
