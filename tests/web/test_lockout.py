"""Guessing passwords: five wrong ones for one name from one address, and both have to wait."""

import dataclasses
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client, RequestFactory, override_settings

from livestatus_site.client_address import client_address
from tests import factories as make

pytestmark = pytest.mark.django_db
BEHIND_PROXY = dataclasses.replace(settings.LIVE_STATUS, https=True)


def sign_in(password: str, *, name: str = "ada", address: str = "192.0.2.1"):
    return Client(REMOTE_ADDR=address).post("/login/", {"username": name, "password": password})


def guess(times: int, **more):
    return [sign_in("wrong", **more) for _ in range(times)][-1]


def test_the_fifth_wrong_password_locks_out_whatever_comes_then(time_machine):
    time_machine.move_to(1_800_000_000.0, tick=False)
    make.user("ada")
    assert guess(4).status_code == 200
    assert guess(1).status_code == 429
    locked = sign_in("a good password")
    assert (locked.status_code, locked["Retry-After"]) == (429, "900")
    assert b"Wait 15 minutes" in locked.content
    assert b" style=" not in locked.content
    time_machine.shift(timedelta(minutes=14))
    assert sign_in("a good password").status_code == 429
    time_machine.shift(timedelta(minutes=2))
    assert sign_in("a good password").status_code == 302


def test_others_are_not_locked_out_with_them():
    make.user("ada")
    make.user("bob")
    assert guess(5).status_code == 429
    assert sign_in("a good password", address="192.0.2.2").status_code == 302, "who sits elsewhere"
    assert sign_in("a good password", name="bob").status_code == 302, "who has another name"


def test_a_right_password_forgives_the_wrong_ones():
    make.user("ada")
    guess(4)
    assert sign_in("a good password").status_code == 302
    assert guess(4).status_code == 200


def test_the_wait_ends_although_somebody_goes_on_guessing(time_machine):
    time_machine.move_to(1_800_000_000.0, tick=False)
    make.user("ada")
    guess(5)
    for _ in range(4):
        time_machine.shift(timedelta(minutes=4))
        last = sign_in("a good password")
    assert last.status_code == 302


# --- whose guesses they are


def asked_by(**meta: str) -> str | None:
    return client_address(RequestFactory().get("/", **meta))  # type: ignore[arg-type]


def test_without_a_proxy_nobody_is_believed():
    assert asked_by(REMOTE_ADDR="192.0.2.1", HTTP_X_FORWARDED_FOR="203.0.113.9") == "192.0.2.1"


@override_settings(LIVE_STATUS=BEHIND_PROXY)
def test_behind_the_proxy_the_last_address_counts_which_it_added_itself():
    assert asked_by(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="203.0.113.9, 192.0.2.7") == "192.0.2.7"
    assert asked_by(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="2001:db8::1") == "2001:db8::1"


@override_settings(LIVE_STATUS=BEHIND_PROXY)
@pytest.mark.parametrize("said", ["", "unknown", "<script>", "192.0.2.7, "])
def test_what_is_no_address_counts_for_nothing(said):
    assert asked_by(REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR=said) == "127.0.0.1"
    assert asked_by(REMOTE_ADDR="", HTTP_X_FORWARDED_FOR=said) is None
