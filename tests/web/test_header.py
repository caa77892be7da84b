"""The header: whether the system is well, in one line."""

import pytest

from sessions_app.health.report import Report, Status
from sessions_app.models import Circuit, Delivery
from sessions_app.web.header import header
from sessions_app.web.pace import pace
from tests import factories as make

NOW = 1_800_000_003.0


@pytest.mark.parametrize(
    ("circuits", "part"),
    [
        ((), ""),
        ((("https://a.example.com", str(Circuit.CLOSED)),), ""),
        ((("https://a.example.com", str(Circuit.HALF_OPEN)),), "circuit half-open"),
        ((("a", str(Circuit.HALF_OPEN)), ("b", str(Circuit.OPEN))), "circuit open"),
    ],
)
def test_a_circuit_is_named_while_it_is_not_closed(circuits, part):
    parts = header(Report(status=Status.OK, mattermost="configured", queue_depth=0, circuits=circuits)).parts
    assert [one for one in parts if one.startswith("circuit")] == ([part] if part else [])


@pytest.mark.django_db
def test_the_pace_is_that_of_the_last_whole_ten_seconds():
    post = make.post(make.run())
    assert pace(NOW) == ""
    kinds = [Delivery.Kind.EDITED] * 30 + [Delivery.Kind.CREATED, Delivery.Kind.FAILED, Delivery.Kind.READ_BACK]
    Delivery.objects.bulk_create(Delivery(post=post, at=NOW - 4, kind=kind) for kind in kinds)
    Delivery.objects.create(post=post, at=NOW - 1, kind=Delivery.Kind.EDITED)
    assert pace(NOW) == pace(NOW + 6) == "3.2 of 5 edits/s"
    assert pace(NOW + 7) == "0.1 of 5 edits/s"
