"""Whether the system is well, in one line for the top of every page."""

import time
from dataclasses import dataclass

from sessions_app.health.checks import report
from sessions_app.health.report import Report, Status
from sessions_app.models import Circuit
from sessions_app.render.text import age, count
from sessions_app.web.memo import Shared
from sessions_app.web.pace import pace

PROBLEMS_SHOWN = 5
SLOW_S = 2.0  # a watcher that is further behind is worth a word
HEADLINES = {Status.OK: "All well", Status.DEGRADED: "Needs a look", Status.BROKEN: "Broken"}
KINDS = {Status.OK: "done", Status.DEGRADED: "quiet", Status.BROKEN: "failed"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """The header: one word for all, then the parts. Every second part of a problem's sentence is code."""

    headline: str
    kind: str
    parts: tuple[str, ...] = ()
    problems: tuple[tuple[str, ...], ...] = ()
    more_problems: int = 0


_shared: Shared[tuple[Report, Health]] = Shared(fresh_s=1.0, stale_s=3.0)


def wellness() -> tuple[Report, Health]:
    """How the system is, and that as a header: at most one look a second, for all pages of a process."""
    return _shared.get(_look)


def _look() -> tuple[Report, Health]:
    now = time.time()
    found = report(now)
    # Without figures the database did not answer, so it is not asked for more.
    return found, header(found, pace(now) if found.active_runs is not None else "")


def header(found: Report, pace: str = "") -> Health:
    """The header of a report. ``pace``: how much goes out at present, in words."""
    return Health(
        headline=HEADLINES[found.status],
        kind=KINDS[found.status],
        parts=tuple(part for part in (_watching(found), _delivering(found), _circuit(found), pace) if part),
        problems=tuple(tuple(sentence.split("`")) for sentence in found.problems[:PROBLEMS_SHOWN]),
        more_problems=max(0, len(found.problems) - PROBLEMS_SHOWN),
    )


def _watching(found: Report) -> str:
    behind = max((one.lag_s for one in found.watchers), default=0.0)
    slow = f", {age(behind)} behind" if behind >= SLOW_S else ""
    return f"{count(len(found.watchers), 'watcher')}{slow}"


def _delivering(found: Report) -> str:
    if found.mattermost != "configured":
        return "Mattermost not configured"
    return f"{count(found.queue_depth, 'update')} waiting" if found.queue_depth else "posts up to date"


def _circuit(found: Report) -> str:
    """Only one that is not closed is worth a word. The worst counts."""
    states = {state for _, state in found.circuits}
    return next((f"circuit {state}" for state in (Circuit.OPEN, Circuit.HALF_OPEN) if state in states), "")
