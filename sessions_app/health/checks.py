"""One look at everything: the numbers, and what is wrong. Reads rows only, so every process gives the same answer."""

import django.db
from django.db.models import Count, Min

from sessions_app import wiring
from sessions_app.health.destinations import destination_problems, has_open_error, pace_problems, parked_problems
from sessions_app.health.report import Problem, Report, Status, WatcherBeat
from sessions_app.health.watching import is_alive, is_expected, session_problems, watcher_problems
from sessions_app.models import Destination, Post, Run, Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import cut, fold

SENTENCE_CHARS = 1000
COUNTED = ("creates", "edits", "unchanged", "coalesced", "limited", "retries")
NO_DATABASE = (
    "The database does not answer as it should ({why}). "
    "See that it runs and that DATABASE_URL is right, and run `manage.py migrate`."
)


def database_answers() -> bool:
    """Whether the database answers: the least that anything here needs. One row at most, no counting."""
    try:
        Watcher.objects.exists()
    except django.db.Error:
        return False
    return True


def report(now: float) -> Report:
    """How the service is at ``now`` (seconds since 1970). A handful of queries, whatever the number of rows."""
    try:
        return _report(now)
    except django.db.Error as error:
        why = " ".join(str(error).split())[:200] or type(error).__name__
        return Report(status=Status.BROKEN, mattermost=_mattermost(), problems=(NO_DATABASE.format(why=why),))


def _report(now: float) -> Report:
    watchers = list(Watcher.objects.all())
    destinations = list(Destination.objects.all())
    behind = dict(Post.objects.behind().order_by().values_list("destination").annotate(Count("id")))
    live = Post.objects.holding_a_place().filter(run_over=False).order_by()
    moving = dict(live.values_list("destination").annotate(Count("id")))
    waiting = Post.objects.behind().filter(behind_since__gt=0.0).aggregate(since=Min("behind_since"))["since"]
    runs = Run.objects.live().aggregate(runs=Count("id"), sessions=Count("session", distinct=True))
    problems = [
        *watcher_problems(watchers, now),
        *(Problem(sentence=sentence) for sentence in wiring.env().problems),
        *destination_problems(destinations, behind, wiring.env().mm_base_url, now),
        *pace_problems(destinations, moving, wiring.env().max_edits_per_s),
        *parked_problems(now),
        *session_problems(),
    ]
    alive = [one for one in watchers if is_alive(one, now)]
    return Report(
        status=_status(problems),
        uptime_s=int(max((now - seconds(one.started_at) for one in alive), default=0)),
        active_sessions=runs["sessions"],
        active_runs=runs["runs"],
        posts_open=Post.objects.open().count(),
        updates_sent=sum(one.updates_sent for one in destinations),
        updates_failed=sum(one.updates_failed for one in destinations),
        queue_depth=sum(behind.values()),
        **{name: sum(getattr(one, name) for one in destinations) for name in COUNTED},
        oldest_waiting_s=round(max(0.0, now - waiting), 1) if waiting else 0.0,
        circuits=tuple((one.base_url, str(one.circuit)) for one in destinations),
        last_error=_last_error(destinations),
        watchers=tuple(_beat(one, now) for one in watchers if is_expected(one, now)),
        mattermost=_mattermost(),
        problems=tuple(_plain(problem.sentence) for problem in problems),
    )


def _status(problems: list[Problem]) -> Status:
    if any(problem.breaks for problem in problems):
        return Status.BROKEN
    return Status.DEGRADED if problems else Status.OK


def _beat(watcher: Watcher, now: float) -> WatcherBeat:
    age = max(0.0, now - seconds(watcher.beat_at))
    return WatcherBeat(name=watcher.name, beat_age_s=round(age, 1), lag_s=round(watcher.lag_s, 3))


def _last_error(destinations: list[Destination]) -> str | None:
    unresolved = [one for one in destinations if has_open_error(one)]
    newest = max(unresolved, key=lambda one: seconds(one.last_error_at), default=None)
    return _plain(newest.last_error) if newest else None


def _plain(sentence: str) -> str:
    """Parts of it may come from a store or a server: one line, not endless, and nothing invisible in it."""
    return cut(fold(sentence), SENTENCE_CHARS)


def _mattermost() -> str:
    return "configured" if wiring.env().posting else "not configured"
