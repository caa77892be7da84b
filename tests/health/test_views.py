"""`/healthz`, `/health/` and `/metrics` over HTTP: who may ask, and who may know."""

import dataclasses
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.test import Client

from tests import factories as make

pytestmark = pytest.mark.django_db
TOKEN = "a-token-of-health"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
CLOSED = ["/health/", "/health/?format=json", "/metrics"]


@pytest.fixture(autouse=True)
def _token(settings):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, health_token=TOKEN)


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make.user())
    return client


def gone():
    return mock.patch.object(connection, "cursor", side_effect=OperationalError("gone to sleep"))


def test_healthz_is_one_word_for_whoever_asks(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        answer = client.get("/healthz", REMOTE_ADDR="203.0.113.9")
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"]
    with gone():
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (503, b"broken")


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"X-Health-Token": "wrong"}, {"X-Forwarded-For": "127.0.0.1"}, BROWSER],
)
def test_nothing_else_opens_without_a_login_or_the_token(client, path, headers, django_assert_num_queries):
    """Not even to this machine, and no question is asked of the database for it."""
    make.watcher(problems="/home/ada is not there.")
    with django_assert_num_queries(0):
        answer = client.get(path, headers=headers, REMOTE_ADDR="127.0.0.1")
    assert answer.status_code == 401
    assert "Bearer" in answer["WWW-Authenticate"]
    assert "no-store" in answer["Cache-Control"]
    text = answer.content.decode()
    assert "HEALTH_TOKEN" in text
    assert "/healthz" in text
    assert "ada" not in text
    assert "livestatus_" not in text


@pytest.mark.parametrize("path", CLOSED)
def test_without_the_setting_no_token_opens(client, settings, path):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, health_token=None)
    for token in (TOKEN, "None", ""):
        assert client.get(path, headers={"X-Health-Token": token}).status_code == 401


def test_somebody_who_was_shut_out_is_nobody(client):
    user = make.user()
    client.force_login(user)
    user.is_active = False
    user.save()
    assert client.get("/health/").status_code == 401


@pytest.mark.parametrize("headers", [BEARER, {"X-Health-Token": TOKEN}])
def test_who_sends_the_token_may_know(client, headers):
    make.watcher(problems="/home/ada is not there.")
    answer = client.get("/health/", headers=headers)
    assert answer.status_code == 200
    assert answer.json()["problems"] == ["/home/ada is not there."]
    answer = client.get("/metrics", headers=headers)
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert "livestatus_watchers_alive 1.0" in answer.content.decode()


def test_what_is_broken_is_503_and_named(client):
    answer = client.get("/health/", headers=BEARER)
    assert answer.status_code == 503
    assert answer.json()["problems"][0].startswith("No watcher has run here yet")
    assert client.get("/metrics", headers=BEARER).status_code == 200, "else the figures that say it would be lost"


def test_a_dead_database_is_told_to_the_token(client):
    with gone():
        answer = client.get("/health/", headers=BEARER)
        metrics = client.get("/metrics", headers=BEARER)
    assert answer.status_code == 503
    assert "gone to sleep" in answer.json()["problems"][0]
    assert metrics.status_code == 200
    assert "livestatus_database_up 0.0" in metrics.content.decode()
    assert "livestatus_disk_free_bytes" in metrics.content.decode()


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("headers", [{}, BROWSER])
def test_without_the_database_a_login_is_not_known_and_that_is_said(ada, path, headers):
    with gone():
        answer = ada.get(path, headers=headers)
    assert answer.status_code == 503
    assert "nobody can be recognised by a login" in answer.content.decode()
    assert "gone to sleep" not in answer.content.decode()


# --- the page


def test_a_browser_gets_a_page_and_programs_get_json(ada):
    make.watcher()
    page = ada.get("/health/", headers=BROWSER)
    assert page["Content-Type"].startswith("text/html")
    assert "no-store" in page["Cache-Control"]
    for headers, query in (({}, ""), ({"Accept": "*/*"}, ""), ({"Accept": "application/json"}, ""), (BROWSER, "json")):
        answer = ada.get("/health/", {"format": query} if query else {}, headers=headers)
        assert answer.json()["status"] == "ok", headers


def test_a_token_is_no_person_and_has_no_page_around_it(client):
    make.watcher()
    assert client.get("/health/", headers=BEARER | BROWSER).json()["status"] == "ok"


def test_the_page_has_each_part_with_its_word_its_sentence_and_the_next_step(ada):
    make.destination(paused=True)
    answer = ada.get("/health/", headers=BROWSER)
    assert answer.status_code == 503
    page = " ".join(answer.content.decode().split())
    assert '<h1><span class="word failed">Broken</span></h1>' in page
    assert "No watcher has run here yet, so nothing is being watched." in page
    assert "Start it with <code>manage.py runwatcher</code>;" in page
    assert page.count('<li class="well-part">') == 7
    assert '<span class="word quiet">degraded</span>' in page
    assert "is paused by hand (no posts behind)" in page
    assert '<a href="/health/?format=json">JSON</a>' in page


def test_the_header_of_the_page_says_what_the_page_says(ada, monkeypatch):
    from sessions_app.health.broker import Broker

    make.watcher()
    monkeypatch.setattr("sessions_app.health.broker.ASKED.broker", lambda: Broker("r:1", answers=False))
    assert "All well" not in ada.get("/health/", headers=BROWSER).content.decode()


def test_a_browser_without_a_login_is_shown_the_way(client):
    answer = client.get("/health/", headers=BROWSER)
    assert answer.status_code == 401
    assert '<a href="/login/?next=/health/">Sign in</a>' in answer.content.decode()


def test_text_from_outside_stays_text(ada):
    make.watcher(problems=make.HOSTILE[:900], stores=make.HOSTILE[:300])
    make.session(key=make.HOSTILE[:500], problem=make.HOSTILE, store="<b>store</b>\u202e")
    make.destination(base_url="https://<i>evil</i>", last_error=make.HOSTILE, circuit="open")
    page = ada.get("/health/", headers=BROWSER).content.decode()
    assert "<script>alert" not in page
    assert "<b>store" not in page
    assert "<i>evil" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "\u202e" not in page
    assert "style=" not in page


@pytest.mark.parametrize("path", ["/healthz", "/health/", "/metrics"])
def test_only_looking_is_possible(ada, path):
    assert ada.post(path).status_code == 405
