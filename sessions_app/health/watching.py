"""Is anybody watching, and can it see everything? Each answer that is no is a sentence with the next step."""

from collections.abc import Iterable, Iterator, Sequence

from sessions_app.health.report import Problem
from sessions_app.models import Session, Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import age, cut, fold

SILENT_AFTER_S = 15.0  # without a beat for so long a watcher is taken for dead
FORGOTTEN_AFTER_S = 24 * 3600.0  # a killed watcher that never came back is no news after that
SESSIONS_SHOWN = 20
NEVER = (
    "No watcher has run here yet, so nothing is being watched. "
    "Start it with `manage.py runwatcher`; `make run` starts it with everything else."
)
STOPPED = "The watcher stopped {when}, so nothing is being watched. Start it again with `manage.py runwatcher`."
SILENT = (
    "The watcher on {host} (pid {pid}) has given no sign for {age}: it was killed, or it hangs. "
    "See what `manage.py runwatcher --status` says, and start it again."
)
UNWATCHED = "Meanwhile nobody watches {stores}."


def is_alive(watcher: Watcher, now: float) -> bool:
    """Whether it beats and has not said that it ends."""
    return watcher.stopped_at is None and now - seconds(watcher.beat_at) <= SILENT_AFTER_S


def is_expected(watcher: Watcher, now: float) -> bool:
    """Whether one should hear of it: it has not ended cleanly, and was not given up long ago."""
    return watcher.stopped_at is None and now - seconds(watcher.beat_at) <= FORGOTTEN_AFTER_S


def watcher_problems(watchers: Sequence[Watcher], now: float) -> Iterator[Problem]:
    """Nobody watches, somebody is missing, or somebody cannot see all there is."""
    alive = [one for one in watchers if is_alive(one, now)]
    if not alive:
        yield Problem(sentence=_why_none(watchers, now), breaks=True)
        return
    watched = {store for one in alive for store in one.stores.splitlines()}
    for one in watchers:
        unwatched = set(one.stores.splitlines()) - watched
        if is_expected(one, now) and one not in alive and unwatched:
            yield Problem(sentence=f"{_silent(one, now)} {UNWATCHED.format(stores=', '.join(sorted(unwatched)))}")
    yield from _seen_by(alive)


def _why_none(watchers: Iterable[Watcher], now: float) -> str:
    last = max(watchers, key=lambda one: seconds(one.stopped_at or one.beat_at), default=None)
    if last is None:
        return NEVER
    if last.stopped_at is None:
        return _silent(last, now)
    return STOPPED.format(when=f"{age(now - seconds(last.stopped_at))} ago")


def _silent(watcher: Watcher, now: float) -> str:
    return SILENT.format(host=watcher.host, pid=watcher.pid, age=age(now - seconds(watcher.beat_at)))


def _seen_by(alive: Iterable[Watcher]) -> Iterator[Problem]:
    """What the living say they cannot see, each sentence once."""
    for sentence in dict.fromkeys(sentence for one in alive for sentence in one.problem_list):
        yield Problem(sentence=sentence)


def session_problems() -> Iterator[Problem]:
    """Transcripts that cannot be read, of sessions that are there now; the newest ones, and how many more."""
    troubled = Session.objects.filter(in_store=True).exclude(problem="").order_by("-seen_at", "-id")
    rows = list(troubled.values_list("key", "problem")[: SESSIONS_SHOWN + 1])
    for key, problem in rows[:SESSIONS_SHOWN]:
        yield Problem(sentence=f"{cut(fold(key), 120)}: {cut(fold(problem), 400)}")
    if len(rows) > SESSIONS_SHOWN:
        more = troubled.count() - SESSIONS_SHOWN
        yield Problem(sentence=f"{more} more have a problem; the list of sessions in the admin can show only those.")
