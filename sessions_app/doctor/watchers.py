"""Does somebody watch, as whom, and can it read everything? The sentences are those of the health page."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import django.db

from sessions_app.doctor.database import why_away
from sessions_app.doctor.finding import Finding, Part, broken, look, well
from sessions_app.doctor.settings import name_of, us
from sessions_app.health.report import Problem
from sessions_app.health.watching import is_alive, session_problems, sight_problems, unread_sessions, watcher_problems
from sessions_app.models import Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import age, duration

PART = Part.WATCHERS
PROC = Path("/proc")
UNKNOWN = "Whether anybody watches cannot be told: {why}."


def watchers() -> Iterator[Finding]:
    """The heartbeat of each watcher, and what they cannot see."""
    if why := why_away():
        yield broken(PART, UNKNOWN.format(why=why))
        return
    now = time.time()
    try:
        rows = list(Watcher.objects.all())
        problems = [
            *watcher_problems(rows, now),
            *sight_problems(rows, now),
            *session_problems(unread_sessions()),
        ]
    except django.db.Error:
        yield broken(PART, UNKNOWN.format(why="the database does not answer as it should"))
        return
    for one in rows:
        if is_alive(one, now):
            yield from _alive(one, now)
    yield from (of_health(PART, problem) for problem in problems)


def of_health(part: Part, problem: Problem) -> Finding:
    """A problem of the health page as a finding, in one line."""
    return (broken if problem.breaks else look)(part, problem.text)


def _alive(watcher: Watcher, now: float) -> Iterator[Finding]:
    stores = ", ".join(watcher.stores.splitlines())
    beat = age(now - seconds(watcher.beat_at))
    # How long that took says nothing of now: it stands until the next line comes.
    lag = f"; the newest line was read {duration(watcher.lag_s)} after it was written" if watcher.lag_s else ""
    yield well(PART, f"Process {watcher.pid} on {watcher.host} watches {stores}; it gave a sign {beat} ago{lag}.")
    other = _other_user(watcher)
    if other:
        sentence = f"The watcher runs as {other}, and this is {us()}: it may see less than we do, or more."
        yield look(PART, sentence, f"Run the doctor as {other} to see what the watcher sees.")


def _other_user(watcher: Watcher) -> str:
    """Whom the process belongs to, if that is not us; "" where it runs elsewhere."""
    try:
        uid = (PROC / str(watcher.pid)).stat().st_uid if watcher.host == socket.gethostname() else os.geteuid()
    except OSError:
        return ""
    return "" if uid == os.geteuid() else name_of(uid)
