"""How bad all of it is, and its shape for programs."""

import pytest

from sessions_app.doctor.finding import Diagnosis, Part, broken, look, well

OK, LOOK, BROKEN = well(Part.STORES, "Good."), look(Part.CLOCKS, "Hm.", "Look."), broken(Part.DELIVERY, "Bad.", "Mend.")


@pytest.mark.parametrize(
    ("findings", "status", "level"),
    [
        ((), 0, "ok"),
        ((OK,), 0, "ok"),
        ((OK, LOOK, OK), 1, "look"),
        ((BROKEN, LOOK, OK), 2, "broken"),
        ((OK, BROKEN), 2, "broken"),
    ],
)
def test_the_worst_counts(findings, status, level):
    found = Diagnosis(findings=findings)
    assert (found.exit_status, found.level) == (status, level)


def test_the_shape_is_a_promise_to_programs():
    assert Diagnosis(findings=(OK, LOOK)).as_json() == {
        "shape": 1,
        "status": "look",
        "exit_status": 1,
        "counts": {"ok": 1, "look": 1, "broken": 0},
        "findings": [
            {"part": "Stores", "level": "ok", "sentence": "Good.", "next_step": ""},
            {"part": "Clocks", "level": "look", "sentence": "Hm.", "next_step": "Look."},
        ],
    }
