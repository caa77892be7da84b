"""The ways a watcher runs: until it is told to stop, once, or only for show. Puts the rooms together."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from django.db import transaction

from sessions_app import wiring
from sessions_app.control.process import AlreadyWatchedError, on_stop
from sessions_app.deliver.dispatcher import Dispatcher
from sessions_app.deliver.farewell import say_farewell
from sessions_app.deliver.pool import Outbox, Pool
from sessions_app.ingest.watcher import WatchLoop
from sessions_app.models import Circuit, Destination, Post, Run, Watcher
from sessions_app.models.times import moment
from sessions_app.render.card import draw
from sessions_app.tasks import publish_by_broker, publish_here

log = logging.getLogger(__name__)
ALIVE_S = 10.0  # a heartbeat younger than this is that of a watcher that runs
HOPELESS_AFTER = 3  # failed tries of one post, when nothing else is left to send


def _dispatcher(hands: Pool | Outbox, *, patient: bool) -> Dispatcher:
    return Dispatcher(
        enqueue=hands.enqueue,
        room=hands.room,
        clock=time.time,
        throttle_s=wiring.env().throttle_ms / 1000 if patient else 0.0,
        patient=patient,
    )


def watch() -> None:
    """Watch and deliver until SIGTERM or Ctrl-C, then say so in the posts of live runs."""
    env = wiring.env()
    settings = wiring.watcher_settings()
    _refuse_second(settings.name, settings.host)
    hands = Outbox(publish_by_broker) if env.redis_url else Pool(publish_here, env.mm_max_connections)
    dispatcher = _dispatcher(hands, patient=True)
    loop = WatchLoop(wiring.sources(), settings, time.time, dispatcher.hand_on)
    log.info("Watching %s; posts %s.", settings.name, "go to " + str(env.mm_base_url) if env.posting else "are off")
    with contextlib.ExitStack() as stack:
        if env.health_port:
            stack.enter_context(_health(env.health_port, env.host))
        with on_stop(_stopper(loop)):
            loop.run()
        with on_stop(lambda: None):
            hands.close()
            _end(settings.name)


def _stopper(loop: WatchLoop) -> Callable[[], None]:
    def stop() -> None:
        loop.stop.set()
        loop.dirty.bell.set()

    return stop


@contextlib.contextmanager
def _health(port: int, host: str) -> Iterator[None]:
    from sessions_app.health.server import HealthServer

    server = HealthServer(port, host)
    server.start()
    try:
        yield
    finally:
        server.close()


def _end(name: str) -> None:
    if wiring.env().posting:
        said, left = say_farewell(wiring.publisher(), time.time, threading.Event().wait)
        log.info("Stopped; %s posts say so, %s are put right at the next start.", said, left)
    Watcher.objects.filter(name=name).update(stopped_at=moment(time.time()))


def _refuse_second(name: str, host: str) -> None:
    """A watcher of the same stores on another host, with the same database, would be heard by its heartbeat."""
    stores = {str(path) for path in wiring.env().openclaw_state_dir}
    for other in Watcher.objects.filter(stopped_at=None, beat_at__gt=moment(time.time() - ALIVE_S)).exclude(name=name):
        shared = stores & set(other.stores.splitlines())
        if shared and other.host != host:
            raise AlreadyWatchedError(
                f"The watcher on {other.host} (pid {other.pid}) watches {', '.join(sorted(shared))} into the same "
                "database. Two hosts need stores with different paths."
            )


def once() -> list[str]:
    """Read all there is and deliver what is due. Returns a sentence for each post that is not as it should be."""
    loop = WatchLoop(wiring.sources(), wiring.watcher_settings(), time.time)
    loop.read_all()
    if not wiring.env().posting:
        log.info("Mattermost is not configured: nothing is posted.")
        return []
    pool = Pool(publish_here, wiring.env().mm_max_connections)
    dispatcher = _dispatcher(pool, patient=False)
    pause = threading.Event()
    with on_stop(pause.set):
        while _unsent() and not pause.is_set() and (dispatcher.hand_on() or not _hopeless(pool)):
            pause.wait(0.02)
    pool.close()
    return [
        f"Post of run {post.run_id} ({post.run}): {post.parked or post.last_error or WAITING}" for post in _unsent()
    ]


WAITING = "not delivered yet."


def _unsent() -> list[Post]:
    posts = Post.objects.select_related("run", "destination").filter(closed=False, parked="")
    return [post for post in posts if not post.post_id or post.run_over or post.wanted_revision > post.sent_revision]


def _hopeless(pool: Pool) -> bool:
    """Whether nothing is under way, and waiting longer would only wait for somebody to mend something."""
    if pool.room() < wiring.env().mm_max_connections:
        return False
    left = _unsent()
    resting = {
        post.destination_id for post in left if post.destination.paused or post.destination.circuit != Circuit.CLOSED
    }
    return all(
        post.destination_id in resting or post.attempts >= HOPELESS_AFTER or "MAX_ACTIVE" in post.last_error
        for post in left
    )


def dry_run() -> Iterator[str]:
    """The posts there would be, each under a line that says where. Nothing is kept."""
    manner = wiring.manner()
    with transaction.atomic():
        settings = wiring.watcher_settings()
        if settings.policy.destination_id is None:
            nowhere = Destination.objects.create(base_url="http://not-configured.invalid")
            settings = replace(settings, policy=replace(settings.policy, destination_id=nowhere.id))
        WatchLoop(wiring.sources(), settings, time.time).read_all()
        posts = list(Post.objects.select_related("run").order_by("run_started_at"))
        views = Run.objects.views([post.run_id for post in posts])
        for post in posts:
            if post.run_id in views:
                text = draw(
                    views[post.run_id], now=time.time(), max_chars=manner.max_chars, max_depth=manner.max_depth,
                    labels=manner.labels,
                )  # fmt: skip
                yield f"--- to {_where(post)}\n{text}\n"
        if not posts:
            yield from _why_none()
        transaction.set_rollback(True)


def _where(post: Post) -> str:
    place = post.channel_id or (
        f"the direct channel of {post.user_id}" if post.user_id else "the asking post's channel"
    )
    thread = post.prompt_id or post.thread_id
    return f"{place}, thread {thread}" if thread else place


def _why_none() -> Iterator[str]:
    yield "There would be no post."
    for reason in sorted(set(Run.objects.roots().exclude(no_post="").values_list("no_post", flat=True))):
        count = Run.objects.roots().filter(no_post=reason).count()
        yield f"  {count} runs: {reason}"
    if not Run.objects.exists():
        yield "  No run was found in: " + ", ".join(source.name for source in wiring.sources())
