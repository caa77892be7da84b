"""A tree of runs as lanes: what of its rows becomes which bar, in how many queries."""

import re
import time

import pytest

from sessions_app.models import Run, Step
from sessions_app.models.times import moment
from sessions_app.render.labels import Labels
from sessions_app.state.codec import to_json
from sessions_app.state.run_state import RunState
from sessions_app.state.view import Word
from sessions_app.web import lanes, spans
from sessions_app.web.lanes import timeline
from tests import factories as make

pytestmark = pytest.mark.django_db
LABELS = Labels.builtin()


def line_of(run: Run, now: float | None = None):
    return timeline(Run.objects.views([run.id])[run.id], now or time.time(), LABELS)


def kinds(lane) -> list[str]:
    return [bar.kind for bar in lane.bars]


def steps(run: Run, *lengths: tuple[float, float | None, bool | None]) -> None:
    """Steps that began and ended so many seconds ago."""
    now = time.time()
    for begun, ended, ok in lengths:
        over = moment(now - ended) if ended is not None else None
        make.step(run, started_at=moment(now - begun), ended_at=over, ok=ok, error="" if ok is not False else "exit 1")


def test_steps_stand_in_the_thinking_of_their_run():
    run = make.run(Word.WORKING, ago=100)
    steps(run, (80, 60, True), (40, 20, False), (5, None, None))
    (lane,) = line_of(run).shown.lanes
    assert kinds(lane) == ["thinking", "working", "thinking", "failed", "thinking", "working"]
    assert [bar.words.split(" · ")[:2] for bar in lane.bars[1:4:2]] == [
        ["run npm test", "20s"],
        ["run npm test", "failed: exit 1"],
    ]
    assert lane.bars[3].x == "60%" or lane.bars[3].x.startswith(("59", "60")), "where it happened"


def test_waiting_and_what_needs_you_come_from_judgements():
    now = time.time()
    run = make.run(Word.NEEDS_YOU, ago=100)
    for ago, word in ((100, "thinking"), (60, "waiting"), (20, "needs you")):
        make.judgement(run, since=now - ago, at=now - ago, word=word)
    assert kinds(line_of(run).shown.lanes[0]) == ["thinking", "waiting", "needs"]


def test_without_judgements_the_present_word_is_drawn():
    run = make.run(Word.QUIET, ago=100, since=moment(time.time() - 50))
    assert kinds(line_of(run).shown.lanes[0]) == ["thinking", "quiet"]


def test_nothing_is_drawn_after_the_end_and_a_bad_end_is_marked():
    now = time.time()
    root = make.run(Word.WAITING, ago=100)
    child = make.run(Word.FAILED, parent=root, ago=100, ended_at=moment(now - 50))
    steps(child, (80, None, None))
    found = line_of(root, now).shown
    last = found.lanes[1].bars[-1]
    assert float(last.x[:-1]) + float(last.width[:-1]) == pytest.approx(50, abs=1.5)
    assert float(found.lanes[1].ending[:-1]) == pytest.approx(50, abs=1.5)
    assert found.now == "100%"


def test_a_run_that_is_over_has_no_now_and_its_grid_ends_with_it():
    run = make.run(Word.DONE, ago=7200, ended_at=moment(time.time() - 3599))
    found = line_of(run).shown
    assert (found.now, found.lanes[0].ending) == ("", "")
    assert [each.words for each in found.grid] == ["0", "15m", "30m", "45m", "1h"]


@pytest.mark.parametrize(
    ("begun", "ended"), [(None, None), (None, 50.0), (-500.0, -600.0), (50.0, 70.0), (9e9, 1e9), (40, -1e10)]
)
def test_clocks_gone_mad_draw_nothing_outside(begun, ended):
    run = make.run(Word.WORKING, ago=100)
    now = time.time()
    make.step(
        run,
        started_at=moment(now - begun) if begun is not None else None,
        ended_at=moment(now - ended) if ended is not None else None,
    )
    for bar in line_of(run).shown.lanes[0].bars:
        x, width = float(bar.x[:-1]), float(bar.width[:-1])
        assert 0 <= x <= 100
        assert width > 0
        assert x + width <= 100.01


def test_a_run_without_any_time_is_drawn():
    run = make.run(Word.QUEUED, started_at=None, since=None)
    assert line_of(run).shown.lanes[0].name == "main"


def test_lanes_are_in_the_order_of_the_tree_and_many_are_folded():
    root = make.run(Word.WAITING)
    first = make.run(parent=root, label="first")
    make.run(parent=first, label="below")
    for number in range(220):
        make.run(parent=root, label=f"n{number}")
    found = line_of(root)
    assert [(lane.name, lane.depth) for lane in found.shown.lanes[:3]] == [("main", 0), ("first", 1), ("below", 2)]
    assert len(found.shown.lanes) == lanes.LANES_OPEN
    assert found.folded is not None
    assert len(found.folded.lanes) == lanes.LANES_DRAWN - lanes.LANES_OPEN
    assert found.folded.lanes[0].top == lanes.HEAD, "they have a drawing of their own"
    assert found.hidden == 223 - lanes.LANES_DRAWN


def test_steps_of_a_long_run_are_counted_by_the_database(monkeypatch, django_assert_max_num_queries):
    monkeypatch.setattr(spans, "STEPS_READ", 10)
    run = make.run(Word.DONE, ago=2000, ended_at=moment(time.time() - 1), tools=1000)
    run.state = to_json(RunState(no=1, start_id="1", tools=1000))
    run.save()
    now = time.time()
    Step.objects.bulk_create(
        Step(
            run=run, call_id=str(each), tool="exec", started_at=moment(now - 2000 + each),
            ended_at=moment(now - 1999.2 + each), ok=each != 500,
        )
        for each in range(1000)
    )  # fmt: skip
    with django_assert_max_num_queries(4):
        found = line_of(run)
    bars = found.shown.lanes[0].bars
    told = [bar for bar in bars if re.match(r"\d+ steps", bar.words)]
    assert sum(int(bar.words.split()[0]) for bar in told) == pytest.approx(1000, abs=20)
    assert [bar for bar in bars if bar.some or bar.kind == "failed"], "the failed one is seen"
    assert len(bars) <= 240
    assert found.joined


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    root = make.run(Word.WAITING)
    for _ in range(2):
        child = make.run(Word.WORKING, parent=root)
        steps(child, (9, None, None))
        make.judgement(child)
    with django_assert_num_queries(3):
        line_of(root)
    for _ in range(30):
        child = make.run(Word.WORKING, parent=root)
        steps(child, (9, None, None), (30, 20, False))
        make.judgement(child)
    with django_assert_num_queries(3):
        line_of(root)
