"""Every recording ends in the runs that somebody found by reading its raw files, with no wrong word on the way.

The expectations are in tests/flow/truth, which says how they were found and checked. Nothing writes them: where one of
these tests fails, read the raw files again and change by hand whoever is wrong.
"""

from collections.abc import Iterator

import pytest

from sessions_app.models import Run
from tests.flow.house import END, House
from tests.flow.recording import Moment, Recording
from tests.flow.truth.expected import FOLDER, Expectation, Timeline
from tests.flow.truth.shown import named, shown, state

pytestmark = pytest.mark.django_db
RECORDINGS = Recording.all() + Recording.all_databases()
TIMED = [recording for recording in RECORDINGS if (FOLDER / f"{recording.name}.timeline.txt").exists()]
LOOK_EVERY_S = 0.5


def test_there_are_recordings_and_time_lines():
    assert len(RECORDINGS) >= 30
    assert len(TIMED) >= 6


@pytest.mark.parametrize("recording", RECORDINGS, ids=repr)
def test_the_runs_as_read_long_after(recording, mm, store):
    expected = Expectation.of(recording)
    recording.copy_to(store)
    house = House(store=store, mm=mm, now=END, recording=recording)
    house.finish()
    assert shown(house, expected.zero) == expected.read_later()


@pytest.mark.parametrize("recording", [one for one in RECORDINGS if one not in TIMED], ids=repr)
def test_the_runs_as_watched(recording, mm, store):
    expected = Expectation.of(recording)
    house = House(store=store, mm=mm, recording=recording)
    house.live_through(recording.as_it_happened(store))
    assert shown(house, expected.zero) == expected.watched()


@pytest.mark.parametrize("recording", TIMED, ids=repr)
def test_no_word_is_wrong_at_any_moment_and_the_runs_as_watched(recording, mm, store):
    expected, timeline = Expectation.of(recording), Timeline.of(recording)
    house = House(store=store, mm=mm, recording=recording)
    wrong: list[str] = []
    seen: dict[str, list[str]] = {}
    for moment in looks(recording.as_it_happened(store), timeline):
        moment.write()
        house.now = max(house.now, moment.at)
        house.step()
        now = {named(run): state(run) for run in Run.objects.select_related("session")}
        wrong += timeline.wrong(now, moment.at)
        for name, got in now.items():
            if seen.setdefault(name, [got])[-1] != got:
                seen[name].append(got)
    assert not wrong, "\n".join(wrong)
    assert seen == {name: [stretch.state for stretch in stretches] for name, stretches in timeline.runs.items()}
    house.finish()
    assert house.troubles() == []
    assert shown(house, expected.zero) == expected.watched()


def looks(moments: list[Moment], timeline: Timeline) -> Iterator[Moment]:
    """The moments, a look every half a second between them, and one before and one after each change."""
    last = moments[0].at
    for moment in moments:
        while last + LOOK_EVERY_S < moment.at:
            last += LOOK_EVERY_S
            yield Moment(last, lambda: None)
        yield moment
        last = moment.at
    for change in timeline.changes():
        for at in (timeline.zero + change - 1.0, timeline.zero + change + LOOK_EVERY_S):
            if at > last:
                last = at
                yield Moment(at, lambda: None)
