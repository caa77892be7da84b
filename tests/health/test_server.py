"""The watcher's own health pages, asked over a real connection."""

import http.client
import json

import pytest

from sessions_app.health.report import Report, Status, WatcherBeat
from sessions_app.health.server import HealthServer

TOKEN = "a-token-of-health"
BEAT = WatcherBeat(name="here", beat_age_s=0.5, lag_s=0.1)


@pytest.fixture
def ask():
    """Start a server that says what it is told, and ask it."""
    servers = []

    def ask(
        path: str, *, method: str = "GET", status: Status = Status.OK, alive: bool = True, token: str | None = TOKEN,
        **headers: str,
    ):  # fmt: skip
        found = Report(status=status, watchers=(BEAT,), problems=("Something.",))
        server = HealthServer(0, token=token, look=lambda now: found, alive=lambda: alive)
        servers.append(server)
        server.start()
        link = http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=5)
        link.request(method, path, headers=headers)
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        return answer.status, text

    yield ask
    for server in servers:
        server.close()


def test_healthz(ask):
    assert ask("/healthz") == (200, "ok")
    assert ask("/healthz", alive=False) == (503, "broken")
    assert ask("/healthz", method="HEAD") == (200, "")


def test_health_is_the_same_report(ask):
    status, text = ask("/health/?x=1", **{"X-Health-Token": TOKEN})
    assert status == 200
    assert json.loads(text)["problems"] == ["Something."]
    assert ask("/health/", status=Status.BROKEN, Authorization=f"Bearer {TOKEN}")[0] == 503


@pytest.mark.parametrize("path", ["/health/", "/health", "/metrics"])
def test_nothing_but_healthz_opens_without_the_token(ask, path):
    for status, text in (
        ask(path),
        ask(path, Authorization="Bearer wrong"),
        ask(path, token=None, Authorization="Bearer "),
        ask(path, token=None, Authorization="Bearer None"),
    ):
        assert status == 401
        assert "HEALTH_TOKEN" in text
        assert "here" not in text


@pytest.mark.django_db(transaction=True)
def test_metrics(ask):
    status, text = ask("/metrics", Authorization=f"Bearer {TOKEN}")
    assert status == 200
    assert "livestatus_database_up 1.0" in text


def test_anything_else(ask):
    assert ask("/admin/")[0] == 404
    assert ask("/healthz", method="POST")[0] == 501


def test_a_port_that_is_taken_is_an_error_at_once():
    first = HealthServer(0)
    with pytest.raises(OSError, match="in use"):
        HealthServer(int(first.address.rpartition(":")[2]))
    first.close()


def test_it_closes_whether_it_began_or_not():
    HealthServer(0).close()
    server = HealthServer(0)
    server.start()
    server.close()
    with pytest.raises(OSError, match="refused"):
        http.client.HTTPConnection(server.address.removeprefix("http://"), timeout=5).connect()
