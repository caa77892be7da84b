"""Celery's way in: thin, ids only. A task is a hint; losing every one of them loses nothing."""

import time

from livestatus_site.celery import app
from sessions_app import wiring
from sessions_app.ingest.apply import look_again

QUEUE = str(app.conf.task_default_queue)


@app.task(name="livestatus.publish_post")
def publish_post(post_id: int) -> None:
    """Bring a post to its newest revision."""
    wiring.publisher().publish(post_id)


@app.task(name="livestatus.sweep")
def sweep() -> None:
    """What has to come about though no message of it survived, and though its watcher is gone.

    Posts that are behind or whose lease ran out are handed on; runs that silence has decided get their word.
    """
    look_again(time.time(), wiring.limits())
    wiring.dispatcher(publish_by_broker, lambda: wiring.env().mm_max_connections).hand_on()


def publish_here(post_id: int) -> None:
    """The task in this process: the same code with and without a broker."""
    publish_post.apply(args=(post_id,), throw=True)


def publish_by_broker(post_id: int) -> None:
    """The task by way of the broker; raises whatever the broker does."""
    publish_post.apply_async((post_id,), expires=60, retry=False, ignore_result=True)


def workers_answering(timeout_s: float) -> list[str]:
    """Names of the workers that answer within that time; raises whatever the broker does."""
    return sorted(app.control.inspect(timeout=timeout_s).ping() or ())
