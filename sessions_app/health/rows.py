"""What the database says, read once for all parts."""

from dataclasses import dataclass

from django.db.models import Count

from sessions_app.health.destinations import Waiting, live_posts, parked_reasons, waiting_posts
from sessions_app.health.watching import Unread, unread_sessions
from sessions_app.models import Destination, Post, Run, Watcher


@dataclass(frozen=True, kw_only=True, slots=True)
class Rows:
    """What a report is made of: a handful of queries, whatever the number of rows."""

    watchers: list[Watcher]
    destinations: list[Destination]
    waiting: dict[int, Waiting]
    live: dict[int, int]
    parked: list[tuple[str, int]]
    unread: Unread
    words: dict[str, int]
    sessions: int
    open_posts: int


def look(now: float) -> Rows:
    """All of it at ``now``. Raises what the database does."""
    live_runs = Run.objects.live().order_by()
    return Rows(
        watchers=list(Watcher.objects.all()),
        destinations=list(Destination.objects.all()),
        waiting=waiting_posts(),
        live=live_posts(),
        parked=parked_reasons(now),
        unread=unread_sessions(),
        words=dict(live_runs.values_list("word").annotate(Count("id"))),
        sessions=live_runs.aggregate(sessions=Count("session", distinct=True))["sessions"],
        open_posts=Post.objects.open().count(),
    )
