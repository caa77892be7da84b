"""Whether the system is well, in one line for the top of every page."""

from dataclasses import dataclass

from sessions_app.health.report import Report, Status
from sessions_app.render.text import age, count

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


def header(found: Report) -> Health:
    """The header of a report."""
    return Health(
        headline=HEADLINES[found.status],
        kind=KINDS[found.status],
        parts=tuple(part for part in (_watching(found), _delivering(found)) if part),
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
