"""One look at everything: the numbers, and what is wrong.

`report` reads rows and asks the disk, so every process gives the same answer and every page can have it; `full_report`
also asks the broker and counts what takes longer to count.
"""

from collections.abc import Iterable
from dataclasses import replace

import django.db
from django.db.models import Sum

from sessions_app import wiring
from sessions_app.health import broker
from sessions_app.health.destinations import COUNTED, Waiting, figures, has_open_error
from sessions_app.health.parts import STORES, disk_part, parts_of, settings_part, stores_told
from sessions_app.health.report import DestinationFigures, Part, Problem, Report, Status, WatcherBeat, status_of
from sessions_app.health.rows import Rows, look
from sessions_app.health.watching import is_alive, is_expected
from sessions_app.models import Checkpoint, Destination, Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import cut, fold

SENTENCE_CHARS = 1000
NO_DATABASE = "The database does not answer as it should ({why})."
MEND_DATABASE = "See that it runs and that DATABASE_URL is right, and run `manage.py migrate`."


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
        return _report(look(now), now)
    except django.db.Error as error:
        return _without_database(error)


def full_report(now: float) -> Report:
    """The same with the parts that are asked rather than read: for `/health/` and `/metrics`."""
    found = report(now)
    asked = broker.broker_parts(broker.ASKED.broker())
    if found.active_runs is None:
        return with_parts(found, (*found.parts, *asked))
    try:
        bad_lines = Checkpoint.objects.aggregate(lines=Sum("bad_lines"))["lines"] or 0
        told = stores_told(bad_lines, now)
    except django.db.Error as error:
        return _without_database(error)
    parts = [replace(part, sentence=told or part.sentence) if part.name == STORES else part for part in found.parts]
    return replace(with_parts(found, (*parts, *asked)), bad_lines=bad_lines)


def with_parts(found: Report, parts: Iterable[Part]) -> Report:
    """The report of these parts: its status and its sentences are theirs."""
    clean = tuple(_fit_to_show(part) for part in parts)
    problems = [problem for part in clean for problem in part.problems]
    return replace(found, status=status_of(problems), parts=clean, problems=tuple(one.text for one in problems))


def _report(rows: Rows, now: float) -> Report:
    alive = [one for one in rows.watchers if is_alive(one, now)]
    sent_to = tuple(_figures(one, rows, now) for one in rows.destinations)
    found = Report(
        status=Status.OK,
        uptime_s=int(max((now - seconds(one.started_at) for one in alive), default=0)),
        active_sessions=rows.sessions,
        active_runs=sum(rows.words.values()),
        runs_by_word=tuple(sorted(rows.words.items())),
        posts_open=rows.open_posts,
        posts_parked=sum(number for _, number in rows.parked),
        queue_depth=sum(one.posts for one in rows.waiting.values()),
        **{name: sum(getattr(one, name) for one in sent_to) for name in COUNTED},
        oldest_waiting_s=max((one.oldest_waiting_s for one in sent_to), default=0.0),
        unread_sessions=rows.unread.total,
        circuits=tuple((one.base_url, one.circuit) for one in sent_to),
        destinations=sent_to,
        last_error=_last_error(rows.destinations),
        watchers=tuple(_beat(one, now) for one in rows.watchers if is_expected(one, now)),
        mattermost=_mattermost(),
    )
    return with_parts(found, parts_of(rows, sent_to, now))


def _figures(one: Destination, rows: Rows, now: float) -> DestinationFigures:
    waiting, live = rows.waiting.get(one.id, Waiting()), rows.live.get(one.id, 0)
    return figures(one, waiting, live, wiring.env().max_edits_per_s, now)


def _without_database(error: django.db.Error) -> Report:
    why = " ".join(str(error).split())[:200] or type(error).__name__
    problem = Problem(sentence=NO_DATABASE.format(why=why), next_step=MEND_DATABASE, breaks=True)
    parts = (Part(name="Database", problems=(problem,)), disk_part(), *settings_part())
    return with_parts(Report(status=Status.BROKEN, mattermost=_mattermost()), parts)


def _beat(watcher: Watcher, now: float) -> WatcherBeat:
    beat = max(0.0, now - seconds(watcher.beat_at))
    return WatcherBeat(name=watcher.name, beat_age_s=round(beat, 1), lag_s=round(watcher.lag_s, 3))


def _last_error(destinations: list[Destination]) -> str | None:
    unresolved = [one for one in destinations if has_open_error(one)]
    newest = max(unresolved, key=lambda one: seconds(one.last_error_at), default=None)
    return _plain(newest.last_error) if newest else None


def _fit_to_show(part: Part) -> Part:
    problems = (replace(one, sentence=_plain(one.sentence), next_step=_plain(one.next_step)) for one in part.problems)
    return replace(part, name=_plain(part.name), sentence=_plain(part.sentence), problems=tuple(problems))


def _plain(sentence: str) -> str:
    """Parts of it may come from a store or a server: one line, not endless, and nothing invisible in it."""
    return cut(fold(sentence), SENTENCE_CHARS)


def _mattermost() -> str:
    return "configured" if wiring.env().posting else "not configured"
