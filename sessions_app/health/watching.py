"""Is anybody watching, and can it see everything? Each answer that is no is a sentence with the next step."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sessions_app.health.report import Problem
from sessions_app.models import Session, Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import age, cut, fold

SILENT_AFTER_S = 15.0  # without a beat for so long a watcher is taken for dead
FORGOTTEN_AFTER_S = 24 * 3600.0  # a killed watcher that never came back is no news after that
SESSIONS_SHOWN = 20
NEVER = Problem(
    sentence="No watcher has run here yet, so nothing is being watched.",
    next_step="Start it with `manage.py runwatcher`; `make run` starts it with everything else.",
    breaks=True,
)
STOPPED = "The watcher stopped {when}, so nothing is being watched."
START_AGAIN = "Start it again with `manage.py runwatcher`."
SILENT = "The watcher on {host} (pid {pid}) has given no sign for {age}: it was killed, or it hangs."
SEE_STATUS = "See what `manage.py runwatcher --status` says, and start it again."
UNWATCHED = "Meanwhile nobody watches {stores}."
MORE = "{more} more have a problem; the list of sessions in the admin can show only those."


def is_alive(watcher: Watcher, now: float) -> bool:
    """Whether it beats and has not said that it ends."""
    return watcher.stopped_at is None and now - seconds(watcher.beat_at) <= SILENT_AFTER_S


def is_expected(watcher: Watcher, now: float) -> bool:
    """Whether one should hear of it: it has not ended cleanly, and was not given up long ago."""
    return watcher.stopped_at is None and now - seconds(watcher.beat_at) <= FORGOTTEN_AFTER_S


def watcher_problems(watchers: Sequence[Watcher], now: float) -> Iterator[Problem]:
    """Nobody watches, or somebody is missing."""
    alive = [one for one in watchers if is_alive(one, now)]
    if not alive:
        yield _why_none(watchers, now)
        return
    watched = {store for one in alive for store in one.stores.splitlines()}
    for one in watchers:
        unwatched = set(one.stores.splitlines()) - watched
        if is_expected(one, now) and one not in alive and unwatched:
            meanwhile = UNWATCHED.format(stores=", ".join(sorted(unwatched)))
            yield Problem(sentence=_silent(one, now), next_step=f"{SEE_STATUS} {meanwhile}")


def _why_none(watchers: Iterable[Watcher], now: float) -> Problem:
    last = max(watchers, key=lambda one: seconds(one.stopped_at or one.beat_at), default=None)
    if last is None:
        return NEVER
    if last.stopped_at is None:
        return Problem(sentence=_silent(last, now), next_step=SEE_STATUS, breaks=True)
    when = f"{age(now - seconds(last.stopped_at))} ago"
    return Problem(sentence=STOPPED.format(when=when), next_step=START_AGAIN, breaks=True)


def _silent(watcher: Watcher, now: float) -> str:
    return SILENT.format(host=watcher.host, pid=watcher.pid, age=age(now - seconds(watcher.beat_at)))


def sight_problems(watchers: Iterable[Watcher], now: float) -> Iterator[Problem]:
    """What the living say they cannot see, each sentence once."""
    alive = [one for one in watchers if is_alive(one, now)]
    for sentence in dict.fromkeys(sentence for one in alive for sentence in one.problem_list):
        yield Problem(sentence=sentence)


@dataclass(frozen=True, kw_only=True, slots=True)
class Unread:
    """Sessions in a store whose transcript cannot be read, in full or in part: how many, and the newest ones."""

    total: int
    newest: tuple[tuple[str, str], ...]  # key, why


def unread_sessions() -> Unread:
    """Those that are there now. One query, and one more if there are many."""
    troubled = Session.objects.filter(in_store=True).exclude(problem="").order_by("-seen_at", "-id")
    rows = tuple(troubled.values_list("key", "problem")[: SESSIONS_SHOWN + 1])
    total = len(rows) if len(rows) <= SESSIONS_SHOWN else troubled.count()
    return Unread(total=total, newest=rows[:SESSIONS_SHOWN])


def session_problems(unread: Unread) -> Iterator[Problem]:
    """A sentence for each of the newest ones, and how many more there are."""
    for key, problem in unread.newest:
        yield Problem(sentence=f"{cut(fold(key), 120)}: {cut(fold(problem), 400)}")
    if unread.total > len(unread.newest):
        yield Problem(sentence=MORE.format(more=unread.total - len(unread.newest)))
