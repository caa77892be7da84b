"""A recording at another time is a recording like the original."""

import pytest

from sessions_app.demo.shift import Shift
from tests.faults.recorded import RUNS, moved, scenario, span, usable
from tests.flow.recording import Recording

NEW = 1_900_000_000.0


def test_every_scenario_that_can_be_watched_in_any_way_is_there():
    assert {scenario(name) for name in usable()} == RUNS.keys()
    assert len(usable()) >= 27


@pytest.mark.parametrize("name", ["2026.2.26/mm", "2026.7.1/nested", "2026.9.6/nested"])
def test_it_begins_when_it_is_told_to_and_is_quicker(name, tmp_path):
    first, last = span(name, tmp_path / "before")
    shift = Shift(old=first, new=NEW, pace=0.2)
    recording = moved(name, shift, tmp_path / "moved")
    moments = recording.as_it_happened(tmp_path / "store")
    assert moments[0].at == pytest.approx(NEW, abs=0.1)
    assert moments[-1].at - 20.0 - NEW == pytest.approx((last - first) * 0.2, abs=0.1)
    for moment in moments:
        moment.write()
    written = {path.relative_to(tmp_path / "store") for path in (tmp_path / "store").rglob("*.jsonl")}
    originals = Recording(name)
    assert written or name.startswith("2026.9")
    for path in written:
        new, old = (tmp_path / "store" / path).read_bytes(), (originals.folder / path).read_bytes()
        assert len(new) == len(old)
        assert new.count(b'"2030-03-17T') == old.count(b'"2026-11-22T') > 0
