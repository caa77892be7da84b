"""`/healthz` and `/health/`: who may ask, and who may know."""

import json
from unittest import mock

import pytest
from django.db import OperationalError, connection

from sessions_app.health.strangers import is_local
from tests import factories as make

pytestmark = pytest.mark.django_db
STRANGER = {"REMOTE_ADDR": "203.0.113.9"}


def test_healthz_is_one_word_for_whoever_asks(client, django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        answer = client.get("/healthz", **STRANGER)
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("signed_in", [False, True])
def test_a_dead_database_is_said_by_both(client, signed_in):
    if signed_in:
        client.force_login(make.user())
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("gone")):
        answer = client.get("/healthz")
        assert (answer.status_code, answer.content) == (503, b"broken")
        answer = client.get("/health/", **STRANGER)
    assert answer.status_code == 503
    assert answer.json()["status"] == "broken"
    assert b"gone" not in answer.content


def test_this_machine_may_know_everything(client):
    make.watcher()
    answer = client.get("/health/")
    assert answer.status_code == 200
    assert answer.json()["watchers"][0]["name"].startswith("here")
    assert answer.json()["problems"] == []


@pytest.mark.parametrize("meta", [STRANGER, {"HTTP_X_FORWARDED_FOR": "203.0.113.9"}])
def test_strangers_may_not(client, meta):
    make.watcher(problems="/home/ada is not there.")
    answer = client.get("/health/", **meta)
    assert answer.json()["status"] == "degraded"
    assert "ada" not in json.dumps(answer.json())


def test_who_has_signed_in_may(client):
    client.force_login(make.user())
    make.watcher(problems="/home/ada is not there.")
    assert client.get("/health/", **STRANGER).json()["problems"] == ["/home/ada is not there."]


def test_what_is_broken_is_503(client):
    assert client.get("/health/").status_code == 503


@pytest.mark.parametrize(
    ("address", "headers", "local"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {}, True),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, False),
        ("127.0.0.1", {"Forwarded": "for=203.0.113.9"}, False),
        ("203.0.113.9", {}, False),
        ("", {}, False),  # a socket file: whoever is behind it
    ],
)
def test_who_is_on_this_machine(address, headers, local):
    assert is_local(address, headers) is local
