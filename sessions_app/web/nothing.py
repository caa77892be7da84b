"""Why no run is shown, and what to do next. Where no session was ever seen, in the doctor's words."""

import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sessions_app import wiring
from sessions_app.doctor.stores import store as examine
from sessions_app.health.report import Report, Status
from sessions_app.health.watching import is_alive
from sessions_app.models import Session, Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import age, count, fold
from sessions_app.sources.base import Source
from sessions_app.web.memo import Shared

STORES_SHOWN = 3
ASK = "Ask an agent for something: it appears here within a second."
ELSEWHERE = (
    "{store} cannot be seen from here; the watcher on {host} looks at it. "
    "Why it sees no session there says, on {host}, the command `manage.py doctor`."
)
UNREAD = "They appear here once the watcher has read them."


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """A headline and sentences. Every second part of a sentence is code."""

    headline: str
    sentences: tuple[tuple[str, ...], ...] = ()


# An examination reads a whole store, so it is not made at every look, and a slow one keeps nobody waiting.
_seen: Shared[tuple[str, ...]] = Shared(fresh_s=10.0, stale_s=600.0)


def nothing(found: Report, now: float) -> Nothing:
    """The first reason that explains it; the problems of the system stand above it anyway."""
    if found.status is Status.BROKEN and found.active_runs is None:
        return _say("Nothing can be shown.")
    newest = Session.objects.exclude(seen_at=None).order_by("-seen_at").only("seen_at").first()
    if newest is None and (forgotten := Session.everything.filter(hidden=True).count()):
        known = count(forgotten, "session").capitalize()
        return _say("No run is going on.", f"{known} forgotten; each is shown again with its next run.", ASK)
    if newest is None:
        return _say("No agent has been seen yet.", *_seen.get(_why_none))
    passed = now - seconds(newest.seen_at)
    ago = age(passed // 60 * 60) if passed >= 60 else "less than 1m"
    known = count(Session.objects.count(), "session").capitalize()
    return _say("No run is going on.", f"{known} known, the last sign of life was {ago} ago.", ASK)


def _say(headline: str, *sentences: str) -> Nothing:
    return Nothing(headline=headline, sentences=tuple(tuple(sentence.split("`")) for sentence in sentences))


def _why_none() -> tuple[str, ...]:
    """For each store what the doctor says of it: the sentence, then the next step."""
    sources, now = wiring.sources(), time.time()
    watchers = [one for one in Watcher.objects.all() if is_alive(one, now)]
    sentences = [text for source in sources[:STORES_SHOWN] for text in _of_store(source, watchers, now)]
    if len(sources) > STORES_SHOWN:
        sentences.append(f"So far {len(sources) - STORES_SHOWN} more: `manage.py doctor` says it of all.")
    return tuple(dict.fromkeys(fold(text) for text in sentences if text))


def _of_store(source: Source, watchers: list[Watcher], now: float) -> Iterator[str]:
    here = socket.gethostname()
    others = [one.host for one in watchers if source.name in one.stores.splitlines() and one.host != here]
    if others and not Path(source.name).is_dir():
        yield ELSEWHERE.format(store=source.name, host=others[0])
        return
    finding = next(iter(examine(source, now)))
    yield finding.sentence
    yield finding.next_step or UNREAD
