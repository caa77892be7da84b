"""Publishing by a Celery worker through a real Redis: killed, gone, hung, and back again."""

import signal
import socket
import sys
from contextlib import contextmanager

import pytest
from redis import Redis

from sessions_app.deliver.wanted import STOPPED
from tests.flow.process import PATIENCE_S, begin
from tests.standin import edits

CELERY = (sys.executable, "-m", "celery", "-A", "livestatus_site")
QUEUE = "livestatus:celery"
WORKER = (*CELERY, "worker", "-P", "threads", "--without-gossip", "--without-mingle")


@pytest.fixture
def port(site):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    site.env |= {"REDIS_URL": f"redis://127.0.0.1:{number}/0"}
    return number


@contextmanager
def redis(site, port):
    command = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(site.data), "--save", "")
    with site.process(*command) as server:
        server.says("Ready to accept connections")
        yield server


@contextmanager
def working(site):
    with site.process(*WORKER) as worker:
        worker.says(" ready.")
        yield worker


def shows(site, *texts):
    """Wait until the only post shows these."""
    found = site.mm.wait_for(
        lambda: [post for post in site.mm.bot_posts() if all(text in post.message for text in texts)], PATIENCE_S
    )
    assert found, [post.message for post in site.mm.bot_posts()]
    assert len(site.mm.bot_posts()) == 1
    return found[0]


def wait_for_task(port):
    """Until the broker holds a task, which stays there."""
    with Redis(port=port, socket_timeout=PATIENCE_S * 2) as client:
        assert client.blmove(QUEUE, QUEUE, PATIENCE_S, "LEFT", "LEFT"), "there is no task"


def a_minute_later(site):
    """Leases of the dead and tasks thought to be on their way have ended."""
    site.sql("UPDATE sessions_app_post SET lease_until = 0, enqueued_until = 0, not_before = 0")


def test_a_killed_worker_is_replaced_by_the_next_one(site, port):
    store, key = site.store(), site.key()
    with redis(site, port), site.watching() as watcher:
        begin(store, key, "s1", "Fix the build")
        with working(site) as first:
            post = shows(site, "thinking")
            # In the middle of an edit, which hangs until it is dead.
            with site.mm.faults.frozen:
                asked = len(site.mm.requests)
                store.call("s1", "c1", "npm test")
                assert site.mm.wait_for(lambda: any(edits(one) for one in site.mm.requests[asked:]), PATIENCE_S)
                first.end(signal.SIGKILL)
                store.result("s1", "c1")
                store.end(key, "s1", "All green.")
        a_minute_later(site)
        with working(site) as second:
            assert shows(site, "done", "All green.").id == post.id
            assert second.end() == 0
        assert watcher.end() == 0


def test_what_a_hung_worker_has_taken_is_published_by_another_one(site, port):
    """A worker that hangs keeps what it has prefetched, swallows what Redis pushes to it, and holds its leases."""
    store, keys = site.store(), {name: site.key() for name in ("s1", "s2", "s3")}
    with redis(site, port), site.watching() as watcher, working(site) as hung:
        for name, key in keys.items():
            begin(store, key, name, f"Fix {name}")
        assert site.mm.wait_for(lambda: len(site.mm.bot_posts()) == 3, PATIENCE_S)
        hung.process.send_signal(signal.SIGSTOP)
        for name in keys:
            store.call(name, "c1", "npm test")
        site.until("SELECT COUNT(*) FROM sessions_app_post WHERE wanted_word = 'working'", 3)
        with working(site) as other:
            a_minute_later(site)
            assert site.mm.wait_for(lambda: all("working" in one.message for one in site.mm.bot_posts()), PATIENCE_S)
            assert other.end() == 0
        assert len(site.mm.bot_posts()) == 3
        assert watcher.end() == 0


def test_while_redis_is_away_reading_goes_on_and_then_posts_catch_up(site, port):
    store, key = site.store(), site.key()
    with site.watching() as watcher:
        with redis(site, port), working(site) as worker:
            begin(store, key, "s1", "Fix the build")
            post = shows(site, "thinking")
            assert worker.end() == 0
        store.call("s1", "c1", "npm test")
        watcher.says("The broker takes no tasks")
        (store.folder / "sessions.json").write_text('{"agent:main:ma')
        watcher.says("sessions.json")  # it has read on
        with redis(site, port), working(site):
            store.end(key, "s1", "All green.")
            assert shows(site, "done", "All green.").id == post.id
            watcher.says("The broker takes tasks again.")
        assert "Traceback" not in watcher.said


def test_a_redis_that_hangs_keeps_the_watcher_neither_from_reading_nor_from_its_last_words(site, port):
    store, key = site.store(), site.key()
    with redis(site, port) as server, working(site), site.watching() as watcher:
        begin(store, key, "s1", "Fix the build")
        shows(site, "thinking")
        server.process.send_signal(signal.SIGSTOP)
        store.call("s1", "c1", "npm test")
        watcher.says("The broker takes no tasks")
        assert watcher.end() == 0
        shows(site, STOPPED, "working")


def test_a_task_from_before_the_stop_does_not_take_the_last_words_away(site, port):
    store, key = site.store(), site.key()
    with redis(site, port):
        with working(site) as worker, site.watching() as watcher:
            begin(store, key, "s1", "Fix the build")
            shows(site, "thinking")
            assert worker.end() == 0
            store.call("s1", "c1", "npm test")
            wait_for_task(port)
            assert watcher.end() == 0
        shows(site, STOPPED, "working")
        asked = len(site.mm.requests)
        with working(site) as worker:
            worker.says("received")
            assert worker.end() == 0
        assert len(site.mm.requests) == asked
        shows(site, STOPPED)


def test_after_a_flush_and_without_a_watcher_the_sweep_of_the_beat_brings_posts_up_to_date(site, port):
    store, key = site.store(), site.key()
    with redis(site, port):
        with working(site) as worker, site.watching() as watcher:
            begin(store, key, "s1", "Fix the build")
            post = shows(site, "thinking")
            assert worker.end() == 0
            store.call("s1", "c1", "npm test")
            wait_for_task(port)
            watcher.end(signal.SIGKILL)
        with Redis(port=port) as client:
            client.flushall()
        a_minute_later(site)
        with working(site), site.process(*CELERY, "beat", "--pidfile=") as beat:
            assert shows(site, "working").id == post.id
            assert beat.end() == 0
