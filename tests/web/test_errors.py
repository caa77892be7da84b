"""Pages that say what is wrong: in our look, with a sentence, and without anything that may be broken."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import RequestFactory
from django.views.defaults import server_error

from tests import factories as make


@pytest.mark.django_db
def test_an_unknown_address(client):
    answer = client.get("/no/such/page")
    assert answer.status_code == 404
    html = answer.content.decode()
    assert "The address is wrong, or what was here is gone." in html
    assert "Resolver404" not in html
    assert "livestatus/parts.css" in html


@pytest.mark.django_db
def test_what_was_typed_as_an_address_stays_text(client):
    client.force_login(make.user())
    html = client.get("/<script>alert(1)</script>/?next=<script>").content.decode()
    assert "<script>" not in html


@pytest.mark.django_db
def test_a_page_that_is_not_allowed_says_who_looks(client):
    client.force_login(make.user("ada"))
    html = client.get("/search/").content.decode()
    assert "You are signed in as <bdi>ada</bdi>" in html
    assert "/login/?next=/search/" in html


def test_a_failure_of_ours_needs_no_database():
    # Without the mark any query would be an error.
    answer = server_error(RequestFactory().get("/"))
    assert answer.status_code == 500
    html = answer.content.decode()
    assert "Something went wrong on our side." in html
    assert "manage.py doctor" in html


def test_a_form_without_its_token(client, db):
    strict = type(client)(enforce_csrf_checks=True)
    answer = strict.post("/login/", {"username": "x", "password": "y"})
    assert answer.status_code == 403
    assert "That form was too old." in answer.content.decode()


def test_a_refusal_without_words_has_some(rf):
    from django.views.defaults import permission_denied

    answer = permission_denied(rf.get("/"), PermissionDenied())
    assert "Your account lacks the right to see it." in answer.content.decode()
