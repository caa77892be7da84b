"""Between the watcher and the workers: does the broker answer, and is there anybody who publishes? Asked, not read
from rows, so it takes up to a few seconds; what was found is good for some more.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import redis
from django.conf import settings as site

from sessions_app import wiring
from sessions_app.health.report import Part, Problem
from sessions_app.render.text import count
from sessions_app.tasks import QUEUE, workers_answering

PATIENCE_S = 1.0
GOOD_FOR_S = 10.0
START = "Start one: `celery -A livestatus_site worker -P threads --without-gossip --without-mingle`; `make run` does."
MEND = "Start it, correct REDIS_URL, or unset it: then the watcher publishes by itself."
NO_BROKER = "The broker at {place} does not answer, so nothing is published; reading goes on."
NO_WORKER = "No worker answers, so nothing is published; {tasks}."


@dataclass(frozen=True, slots=True)
class Broker:
    """What was found. ``workers`` is None when they could not be asked."""

    place: str
    answers: bool
    tasks: int = 0
    workers: int | None = None


def place(url: str) -> str:
    """Where a broker is, without its password."""
    split = urlsplit(url)
    return f"{split.hostname}:{split.port or 6379}" if split.hostname else split.path


def for_redis(url: str) -> str:
    """Celery and the client have two words for a socket."""
    return url.replace("redis+socket:", "unix:", 1).replace("virtual_host=", "db=", 1)


def queue() -> str:
    """The list that tasks wait in."""
    return str(site.CELERY_BROKER_TRANSPORT_OPTIONS.get("global_keyprefix", "")) + QUEUE


def ask(url: str, workers: Callable[[float], list[str]] = workers_answering) -> Broker:
    """Ask the broker, and the workers through it."""
    client = redis.Redis.from_url(for_redis(url), socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        tasks = int(client.llen(queue()))
    except (redis.RedisError, OSError, ValueError):
        return Broker(place(url), answers=False)
    finally:
        client.close()
    try:
        return Broker(place(url), answers=True, tasks=tasks, workers=len(workers(PATIENCE_S)))
    except Exception:  # whatever the broker's library raises
        return Broker(place(url), answers=True, tasks=tasks)


class Asked:
    """The last answer, asked for again when it is old. One thread asks; the others have what was found before."""

    def __init__(self, ask: Callable[[str], Broker] = ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask, self._clock = ask, clock
        self._lock = threading.Lock()
        self._found: tuple[str, float, Broker] | None = None

    def broker(self) -> Broker | None:
        """None where there is none to ask: REDIS_URL is not set."""
        url = wiring.env().redis_url
        if url is None:
            return None
        before = self._found
        known = before if before and before[0] == url else None
        if known and self._clock() - known[1] <= GOOD_FOR_S:
            return known[2]
        if not self._lock.acquire(blocking=known is None):
            return known[2] if known else None
        try:
            latest = self._found
            if latest is not None and latest is not before:  # somebody asked while we waited for our turn
                return latest[2]
            found = self._ask(url)
            self._found = (url, self._clock(), found)
            return found
        finally:
            self._lock.release()


ASKED = Asked()


def broker_parts(found: Broker | None) -> tuple[Part, ...]:
    """The broker and the workers; nothing where none are wanted."""
    if found is None:
        return ()
    if not found.answers:
        sentence = NO_BROKER.format(place=found.place)
        problem = Problem(sentence=sentence, next_step=MEND, breaks=True)
        return (Part(name="Broker", problems=(problem,)),)
    tasks = f"{count(found.tasks, 'task')} waiting"
    broker = Part(name="Broker", sentence=f"Redis at {found.place} answers; {tasks}.")
    if found.workers:
        return broker, Part(name="Workers", sentence=f"{count(found.workers, 'worker')} ready to publish.")
    sentence = NO_WORKER.format(tasks=tasks)
    problem = Problem(sentence=sentence, next_step=START, breaks=True)
    return broker, Part(name="Workers", problems=(problem,))
