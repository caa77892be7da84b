"""What can be done from the page of health."""

import pytest

from sessions_app.models import Circuit, Destination
from tests import factories as make

pytestmark = pytest.mark.django_db

BROWSER = {"Accept": "text/html"}


def page(client, user):
    client.force_login(user)
    return client.get("/health/", headers=BROWSER).content.decode()


def test_who_may_act_can_pause_and_resume_a_server_there(client):
    to = make.destination()
    operator = make.user("operator", role="operator")
    assert f'action="/act/destination/{to.pk}/pause/"' in page(client, operator)
    client.post(f"/act/destination/{to.pk}/pause/", {"next": "/health/"})
    assert Destination.objects.get().paused
    text = page(client, operator)
    assert f'action="/act/destination/{to.pk}/resume/"' in text
    assert 'name="next" value="/health/"' in text


def test_a_circuit_that_is_open_can_be_reset_there(client):
    to = make.destination(circuit=Circuit.OPEN, failures=5, open_until=9e9)
    assert f"/act/destination/{to.pk}/reset-circuit/" in page(client, make.user("operator", role="operator"))


def test_who_only_looks_finds_no_buttons(client):
    make.destination(paused=True)
    assert "/act/" not in page(client, make.user("viewer", role="viewer"))
