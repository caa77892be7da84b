"""What is said about the health of the service: a value, and what of it strangers may read."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

NUMBERS = (
    "status", "uptime_s", "active_sessions", "active_runs", "posts_open", "updates_sent", "updates_failed",
    "queue_depth", "creates", "edits", "unchanged", "coalesced", "limited", "retries", "oldest_waiting_s",
)  # fmt: skip


class Status(StrEnum):
    """How the service is."""

    OK = "ok"
    DEGRADED = "degraded"  # it works; somebody should look
    BROKEN = "broken"  # what people rely on does not work


@dataclass(frozen=True, kw_only=True, slots=True)
class WatcherBeat:
    """A watcher that has not said that it ended."""

    name: str
    beat_age_s: float
    lag_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """One sentence, or two: what is wrong and what to do. ``breaks``: people get nothing while it lasts."""

    sentence: str
    breaks: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """Everything in one look. A number is None when the database did not answer."""

    status: Status
    uptime_s: int | None = None
    active_sessions: int | None = None
    active_runs: int | None = None
    posts_open: int | None = None
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
    circuits: tuple[tuple[str, str], ...] = ()  # each server, and whether it is talked to
    last_error: str | None = None
    watchers: tuple[WatcherBeat, ...] = ()
    mattermost: str = "not configured"
    problems: tuple[str, ...] = ()

    @property
    def http_status(self) -> int:
        """503 tells a load balancer or a monitor without reading."""
        return 503 if self.status is Status.BROKEN else 200

    def as_json(self, *, details: bool) -> dict[str, Any]:
        """For `/health/`. Without ``details`` only the status and the numbers: no sentence and no name."""
        everything = asdict(self)
        if details:
            return everything
        beats = [{"beat_age_s": one.beat_age_s, "lag_s": one.lag_s} for one in self.watchers]
        return {name: everything[name] for name in NUMBERS} | {"watchers": beats}
