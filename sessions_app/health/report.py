"""What is said about the health of the service, as values."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    """How the service, or a part of it, is."""

    OK = "ok"
    DEGRADED = "degraded"  # it works; somebody should look
    BROKEN = "broken"  # what people rely on does not work


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What is wrong, and what to do if the sentence does not say it. ``breaks``: people get nothing while it lasts."""

    sentence: str
    next_step: str = ""
    breaks: bool = False

    @property
    def text(self) -> str:
        """Both in one line."""
        return f"{self.sentence} {self.next_step}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One part of the service: how it is in figures, unless its problems say it all, and what is wrong with it."""

    name: str
    sentence: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def status(self) -> Status:
        """That of its worst problem."""
        return status_of(self.problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class WatcherBeat:
    """A watcher that has not said that it ended."""

    name: str
    beat_age_s: float
    lag_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationFigures:
    """One server: whether it is talked to, what waits for it, and what was done since its row was made."""

    base_url: str
    circuit: str
    paused: bool
    quiet_s: float  # how long it asked everybody to wait, from now
    live_posts: int
    posts_behind: int
    oldest_waiting_s: float
    pace_s: float  # how often each live post can move, by the budget of requests
    pace_reduced: bool
    updates_sent: int
    updates_failed: int
    creates: int
    edits: int
    unchanged: int
    coalesced: int
    limited: int
    retries: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything in one look. A number is None when the database did not answer."""

    status: Status
    uptime_s: int | None = None
    active_sessions: int | None = None
    active_runs: int | None = None
    runs_by_word: tuple[tuple[str, int], ...] = ()  # live ones, sub-agents too
    posts_open: int | None = None
    posts_parked: int | None = None  # nothing more is tried for them; those that are news
    updates_sent: int | None = None
    updates_failed: int | None = None
    queue_depth: int | None = None
    creates: int | None = None
    edits: int | None = None
    unchanged: int | None = None  # revisions that looked the same and were not sent
    coalesced: int | None = None  # revisions that a newer one took along
    limited: int | None = None  # answers that asked to wait (429)
    retries: int | None = None
    oldest_waiting_s: float | None = None  # age of the oldest change that is not sent yet
    unread_sessions: int | None = None  # those whose transcript cannot be read, in full or in part
    bad_lines: int | None = None  # lines that could not be read; only in a full report
    circuits: tuple[tuple[str, str], ...] = ()  # each server, and whether it is talked to
    destinations: tuple[DestinationFigures, ...] = ()
    last_error: str | None = None
    watchers: tuple[WatcherBeat, ...] = ()
    mattermost: str = "not configured"
    problems: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def http_status(self) -> int:
        """503 tells a load balancer or a monitor without reading."""
        return 503 if self.status is Status.BROKEN else 200

    def as_json(self) -> dict[str, Any]:
        """For `/health/`; fields are added, never renamed."""
        parts = [asdict(part) | {"status": part.status.value} for part in self.parts]
        return asdict(self) | {"parts": parts, "runs_by_word": dict(self.runs_by_word)}


def status_of(problems: Iterable[Problem]) -> Status:
    """The worst of them."""
    breaks = [problem.breaks for problem in problems]
    if any(breaks):
        return Status.BROKEN
    return Status.DEGRADED if breaks else Status.OK
