"""The ways a watcher runs: until it is told to stop, once, or only for show. Puts the rooms together."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from django.db import transaction

from sessions_app import wiring
from sessions_app.control.process import AlreadyWatchedError, CannotStartError, on_stop
from sessions_app.deliver.dispatcher import not_handed_on
from sessions_app.deliver.farewell import say_farewell
from sessions_app.deliver.mattermost import Mattermost
from sessions_app.deliver.mishaps import DELETED
from sessions_app.deliver.pace import WAITS
from sessions_app.deliver.pool import Outbox, Pool
from sessions_app.deliver.publisher import LEASE_S, Publisher
from sessions_app.ingest.watcher import WatchLoop
from sessions_app.models import Circuit, Destination, Post, Run, Watcher
from sessions_app.models.times import moment
from sessions_app.render.card import draw
from sessions_app.tasks import publish_by_broker, publish_here

log = logging.getLogger(__name__)
ALIVE_S = 10.0  # a heartbeat younger than this is that of a watcher that runs
HOPELESS_AFTER = 3  # failed tries of one post, when nothing else is left to send
LONG_S = 20.0  # whoever waits longer than that waits for somebody to mend something
# The last words, within 4 s: time for tasks that are under way, for beginning to write notes, and for the last of them.
LET_END_S, SAY_S, LAST_CALL_S = 0.5, 2.4, 1.0


def watch() -> None:
    """Watch and deliver until SIGTERM or Ctrl-C, then say so in the posts of live runs."""
    env = wiring.env()
    settings = wiring.watcher_settings()
    _refuse_second(settings.name, settings.host)
    hands = Outbox(publish_by_broker, not_handed_on) if env.redis_url else Pool(publish_here, env.mm_max_connections)
    loop = WatchLoop(wiring.sources(), settings, time.time, wiring.dispatcher(hands.enqueue, hands.room).hand_on)
    log.info("Watching %s; posts %s.", settings.name, "go to " + str(env.mm_base_url) if env.posting else "are off")
    with contextlib.ExitStack() as stack:
        if env.health_port:
            stack.enter_context(_health(env.health_port, env.host, env.health_token))
        stack.enter_context(on_stop(_stopper(loop)))
        try:
            loop.run()
        finally:
            hands.close(LET_END_S)
            _end(settings.name)


def _stopper(loop: WatchLoop) -> Callable[[], None]:
    def stop() -> None:
        loop.stop.set()
        loop.dirty.bell.set()

    return stop


@contextlib.contextmanager
def _health(port: int, host: str, token: str | None) -> Iterator[None]:
    from sessions_app.health.server import HealthServer

    try:
        server = HealthServer(port, host, token=token)
    except OSError as error:
        raise CannotStartError(
            f"HEALTH_PORT is {port}, which cannot be had on {host} ({error.strerror}); choose another one or unset it."
        ) from None
    server.start()
    try:
        yield
    finally:
        server.close()


def _end(name: str) -> None:
    if wiring.env().posting:
        said, left = say_farewell(_hasty_publisher(), time.time, threading.Event().wait, SAY_S)
        log.info("Stopped; %s posts say so, %s are put right at the next start.", said, left)
    Watcher.objects.filter(name=name).update(stopped_at=moment(time.time()))


def _hasty_publisher() -> Publisher:
    """For the last words: each call ends soon, and is not repeated."""
    env = wiring.env()
    client = Mattermost(str(env.mm_base_url), str(env.mm_bot_token), total_timeout_s=LAST_CALL_S, **wiring.way_out())

    def client_for(destination: Destination) -> Mattermost:
        if destination.base_url != env.mm_base_url:
            raise LookupError(f"There is no token for {destination}.")
        return client

    return Publisher(client_for, replace(wiring.manner(), max_retries=0), time.time, threading.Event().wait)


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
    _ask_anew()
    pool = Pool(publish_here, 1)  # one at a time: people read posts in the order in which they were made
    dispatcher = wiring.dispatcher(pool.enqueue, pool.room, patient=False)
    pause = threading.Event()
    with on_stop(pause.set):
        while not pause.is_set() and (dispatcher.hand_on() or pool.busy or _is_hopeful(time.time())):
            pause.wait(0.02)
        pool.close(LEASE_S)
    return [f"{_name(post)}: {post.parked or post.last_error or NOT_YET}" for post in _unsent()]


NOT_YET = "not delivered yet."


def _name(post: Post) -> str:
    return f"Post of run {post.run_id} ({post.run})" if post.run else f"Post {post}, whose run is gone"


def _ask_anew() -> None:
    """Whoever starts this may have mended what went wrong: nothing waits for its next turn."""
    Post.objects.filter(closed=False).update(not_before=0.0, attempts=0)
    Destination.objects.update(open_until=0.0)


def _unsent() -> Iterator[Post]:
    """Posts that do not say what they should. One that somebody deleted is as that person wants it."""
    posts = Post.objects.select_related("run", "destination").filter(closed=False).order_by("run_started_at", "id")
    for post in posts.exclude(parked__startswith=DELETED):
        if not post.post_id or post.run_over or post.run_id is None or post.wanted_revision > post.sent_revision:
            yield post


def _is_hopeful(now: float) -> bool:
    """Whether something may still be sent without somebody mending something first."""
    return any(not _is_hopeless(post, now) for post in _unsent())


def _is_hopeless(post: Post, now: float) -> bool:
    destination = post.destination
    return bool(
        post.parked
        or post.last_error == WAITS
        or post.attempts >= HOPELESS_AFTER
        or post.not_before > now + LONG_S
        or destination.paused
        or (destination.circuit != Circuit.CLOSED and destination.open_until > now)
        or destination.quiet_until > now + LONG_S
    )


def dry_run() -> list[str]:
    """The posts there would be, each under a line that says where. Nothing is kept, and nobody is kept waiting."""
    with transaction.atomic():
        shown = list(_shown())
        transaction.set_rollback(True)
    return shown


def _shown() -> Iterator[str]:
    manner = wiring.manner()
    settings = wiring.watcher_settings()
    if settings.policy.destination_id is None:
        nowhere = Destination.objects.create(base_url="http://not-configured.invalid")
        settings = replace(settings, policy=replace(settings.policy, destination_id=nowhere.id))
    WatchLoop(wiring.sources(), settings, time.time).read_all()
    posts = list(Post.objects.filter(closed=False, parked="").order_by("run_started_at", "id"))
    views = Run.objects.views([post.run_id for post in posts if post.run_id])
    for post in posts:
        if (view := views.get(post.run_id or 0)) is None:
            continue
        text = draw(
            view, now=time.time(), max_chars=manner.max_chars, max_depth=manner.max_depth,
            labels=manner.labels,
        )  # fmt: skip
        yield f"--- to {_where(post)}\n{text}\n"
    if not posts:
        yield from _why_none()


def _where(post: Post) -> str:
    place = post.channel_id or (
        f"the direct channel of {post.user_id}" if post.user_id else "the asking post's channel"
    )
    thread = post.prompt_id or post.thread_id
    return f"{place}, thread {thread}" if thread else place


def _why_none() -> Iterator[str]:
    yield "There would be no new post."
    for reason in sorted(set(Run.objects.roots().exclude(no_post="").values_list("no_post", flat=True))):
        count = Run.objects.roots().filter(no_post=reason).count()
        yield f"  {count} runs: {reason}"
    if not Run.objects.exists():
        yield "  No run was found in: " + ", ".join(source.name for source in wiring.sources())
