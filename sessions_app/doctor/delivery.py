"""Who publishes: the watcher by itself, or workers through a broker; and is anybody of them there?"""

from collections.abc import Iterator, Mapping
from typing import Any

import redis

from sessions_app import wiring
from sessions_app.doctor.finding import Finding, Part, broken, look, well
from sessions_app.health.broker import for_redis, place, queue
from sessions_app.render.text import count
from sessions_app.tasks import workers_answering

PART = Part.DELIVERY
PATIENCE_S = 2.0
MANY = 1000  # tasks that wait; the watcher hands on no more than workers can begin at once
START = "Start one: celery -A livestatus_site worker -P threads --without-gossip --without-mingle; `make run` does."
MEANWHILE = "Reading goes on, and posts catch up when it is back."


def delivery() -> Iterator[Finding]:
    """Broker, workers, and the tasks that wait between them."""
    url = wiring.env().redis_url
    if url is None:
        yield well(PART, "The watcher publishes by itself; no broker and no worker is needed (REDIS_URL is not set).")
        return
    client = redis.Redis.from_url(for_redis(url), socket_timeout=PATIENCE_S, socket_connect_timeout=PATIENCE_S)
    try:
        told: Mapping[str, Any] = client.info()
        waiting = int(client.llen(queue()))
    except (redis.RedisError, OSError, ValueError) as error:
        yield _no_broker(url, error)
        return
    finally:
        client.close()
    yield from _broker(url, told)
    yield from _workers(waiting)


def _no_broker(url: str, error: Exception) -> Finding:
    if isinstance(error, redis.TimeoutError):
        why, step = "did not answer in time", "See whether it hangs, and that no firewall is in between."
    elif isinstance(error, redis.AuthenticationError) or "AUTH" in str(error).upper():
        why, step = "refuses our password", "Correct the password in REDIS_URL."
    else:
        why = "cannot be reached"
        step = "Start it, correct REDIS_URL, or unset it: then the watcher publishes by itself."
    return broken(PART, f"Redis at {place(url)} {why}, so nothing is published. {MEANWHILE}", step)


def _broker(url: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    yield well(PART, f"Redis {told.get('redis_version', '')} at {place(url)} takes tasks.")
    policy = str(told.get("maxmemory_policy", "noeviction"))
    if policy != "noeviction" and told.get("maxmemory"):
        yield look(
            PART,
            f"Redis may throw tasks away when its memory is full (maxmemory-policy {policy}). The sweep asks again, so "
            "posts come late and none is lost.",
            "Set maxmemory-policy noeviction, or give Live Status a Redis of its own.",
        )


def _workers(waiting: int) -> Iterator[Finding]:
    tasks = f"{count(waiting, 'task')} waiting"
    try:
        names = workers_answering(PATIENCE_S)
    except Exception as error:  # whatever the broker's library raises
        sentence = f"The workers cannot be asked ({type(error).__name__}); {tasks}."
        yield broken(PART, sentence, "Look at the log of the worker.")
        return
    if not names:
        yield broken(PART, f"No worker answers within {PATIENCE_S:g} s, so nothing is published; {tasks}.", START)
    elif waiting > MANY:
        step = "See the log of the workers, or start another one."
        yield look(PART, f"{count(len(names), 'worker')} ({', '.join(names)}), but {tasks}.", step)
    else:
        verb = "answers" if len(names) == 1 else "answer"
        yield well(PART, f"{count(len(names), 'worker')} {verb} ({', '.join(names)}); {tasks}.")
