"""Delivery against a real Redis, and a real worker."""

import signal

import pytest
from redis import Redis

from sessions_app.doctor import delivery as room
from sessions_app.doctor.delivery import delivery
from sessions_app.health.broker import for_redis, place
from tests.doctor.conftest import doctor, told, trouble
from tests.flow.test_celery_redis import port, redis, working  # noqa: F401


@pytest.fixture
def broker(site, port, change):  # noqa: F811
    """A Redis of our own that this process is configured for."""
    change(redis_url=site.env["REDIS_URL"])
    with redis(site, port) as server:
        yield server


@pytest.fixture
def workers(monkeypatch):
    """These workers answer."""

    def workers(*names):
        monkeypatch.setattr(room, "workers_answering", lambda _: list(names))

    return workers


def test_without_redis_the_watcher_publishes():
    (said,) = told(delivery())
    assert said.startswith("ok: The watcher publishes by itself")


def test_a_broker_and_workers(broker, port, workers):  # noqa: F811
    workers("celery@here")
    first, second = told(delivery())
    assert first.startswith("ok: Redis ")
    assert first.endswith(f" at 127.0.0.1:{port} takes tasks.")
    assert second == "ok: 1 worker answers (celery@here); no tasks waiting."


def test_nobody_answers(broker, port, workers, settings):  # noqa: F811
    workers()
    settings.CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": "livestatus:"}
    with Redis(port=port) as client:
        client.rpush("livestatus:celery", "one", "two")
    (said,) = trouble(delivery())
    assert said.startswith("broken: No worker answers within 2 s, so nothing is published; 2 tasks waiting.")
    assert "celery -A livestatus_site worker" in said


def test_a_broker_that_throws_away(broker, port, workers):  # noqa: F811
    workers("celery@here")
    with Redis(port=port) as client:
        client.config_set("maxmemory", "100mb")
        assert trouble(delivery()) == []
        client.config_set("maxmemory-policy", "allkeys-lru")
    (said,) = trouble(delivery())
    assert said.startswith("look: Redis may throw tasks away when its memory is full (maxmemory-policy allkeys-lru).")


def test_a_broker_that_is_not_there(change, port):  # noqa: F811
    change(redis_url=f"redis://:secret-word@127.0.0.1:{port}/0")
    (said,) = trouble(delivery())
    assert said.startswith(f"broken: Redis at 127.0.0.1:{port} cannot be reached, so nothing is published.")
    assert "secret-word" not in said


def test_a_broker_that_hangs(broker, monkeypatch):
    monkeypatch.setattr(room, "PATIENCE_S", 0.3)
    broker.process.send_signal(signal.SIGSTOP)
    (said,) = trouble(delivery())
    assert "did not answer in time" in said


def test_a_broker_that_wants_another_password(broker, port):  # noqa: F811
    with Redis(port=port) as client:
        client.config_set("requirepass", "another")
        (said,) = trouble(delivery())
    assert "refuses our password" in said


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("redis://:secret@host:6380/0", "host:6380"),
        ("rediss://user:secret@host/0", "host:6379"),
        ("redis+socket:///run/redis.sock?virtual_host=1", "/run/redis.sock"),
    ],
)
def test_where_a_broker_is(url, where):
    assert place(url) == where


def test_a_socket_is_understood_by_the_client():
    assert for_redis("redis+socket:///run/r.sock?virtual_host=1") == "unix:///run/r.sock?db=1"


def test_a_real_worker_answers(site, port):  # noqa: F811
    with redis(site, port), working(site):
        _, found = doctor(site)
    said = [one["sentence"] for one in found["findings"] if one["part"] == "Delivery"]
    assert said[1].startswith("1 worker answers (celery@"), said
