"""The time line as geometry: what is drawn of what happened, and that nothing a clock says breaks it."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.render.timeline import THINNEST, Bar, Kind, Span, Window, lane, ticks, window

OVER = Window(1000.0, 2000.0)


def seen(bars: tuple[Bar, ...]) -> list[tuple[str, float, float]]:
    return [(bar.kind.name, round(bar.x, 3), round(bar.x + bar.width, 3)) for bar in bars]


@pytest.mark.parametrize(
    ("spans", "bars"),
    [
        ([], []),
        # thinking, with a step in it
        (
            [Span(Kind.THINKING, 1000, 1500, number=0), Span(Kind.WORKING, 1100, 1200, 1)],
            [("THINKING", 0, 0.1), ("WORKING", 0.1, 0.2), ("THINKING", 0.2, 0.5)],
        ),
        # it goes on
        ([Span(Kind.WORKING, 1900, None, 1)], [("WORKING", 0.9, 1)]),
        # of two at once the one that failed is drawn
        (
            [Span(Kind.WORKING, 1000, 1500, 1), Span(Kind.FAILED, 1200, 1300, 2)],
            [("WORKING", 0, 0.2), ("FAILED", 0.2, 0.3), ("WORKING", 0.3, 0.5)],
        ),
        # a step that waits for a person
        (
            [Span(Kind.WORKING, 1000, None, 1), Span(Kind.NEEDS, 1500, None, number=0)],
            [("WORKING", 0, 0.5), ("NEEDS", 0.5, 1)],
        ),
        # two stretches of thinking are one
        (
            [Span(Kind.THINKING, 1000, 1300, number=0), Span(Kind.THINKING, 1300, 1500, number=0)],
            [("THINKING", 0, 0.5)],
        ),
        # two steps are two, also side by side
        (
            [Span(Kind.WORKING, 1000, 1300, 1), Span(Kind.WORKING, 1300, 1500, 2)],
            [("WORKING", 0, 0.3), ("WORKING", 0.3, 0.5)],
        ),
        # ended before it began: it took no time
        ([Span(Kind.WORKING, 1500, 1400, 1)], [("WORKING", 0.5, round(0.5 + THINNEST, 3))]),
        # clocks that disagree: outside stands at the edge
        (
            [Span(Kind.WORKING, 0, 1100, 1), Span(Kind.WORKING, 1900, 9999, 2)],
            [("WORKING", 0, 0.1), ("WORKING", 0.9, 1)],
        ),
        ([Span(Kind.FAILED, 5000, 6000, 1)], [("FAILED", round(1 - THINNEST, 3), 1)]),
        # thinking that took no time is nothing
        ([Span(Kind.THINKING, 1500, 1500, number=0)], []),
        ([Span(Kind.WORKING, math.nan, 1500, 1), Span(Kind.WORKING, math.inf, math.nan, 1)], []),
    ],
)
def test_what_is_drawn(spans, bars):
    assert seen(lane(spans, OVER)) == bars


def test_steps_too_short_to_be_told_apart_are_drawn_as_one_that_counts_them():
    spans = [Span(Kind.WORKING, 1000 + each / 10, 1000.05 + each / 10, each) for each in range(20)]
    (first, *rest) = lane(spans, OVER)
    assert first.number + sum(bar.number for bar in rest) == 20
    assert first.ref == -1, "it is no single step any more"


def test_one_failure_among_many_steps_is_seen_and_does_not_colour_them_all():
    spans = [
        Span(Kind.FAILED if each == 500 else Kind.WORKING, 1000 + each, 1000.9 + each, each) for each in range(1000)
    ]
    bars = lane(spans, OVER)
    red = [bar for bar in bars if bar.kind is Kind.FAILED]
    assert len(red) == 1
    assert red[0].width < 0.02
    assert red[0].x == pytest.approx(0.5, abs=0.02)


def test_a_short_failure_does_not_colour_the_long_wait_before_it():
    bars = lane([Span(Kind.WAITING, 1000, 2000, number=0), Span(Kind.FAILED, 1999.99, 2000, 1)], OVER)
    assert [bar.kind for bar in bars] == [Kind.WAITING, Kind.FAILED]
    assert bars[1].width == pytest.approx(THINNEST)


def test_there_are_never_more_bars_than_asked_for():
    spans = [Span(Kind.WORKING, 1000 + each, 1000.5 + each, each) for each in range(1000)]
    assert 10 < len(lane(spans, OVER, most=50)) <= 50
    assert len(lane(spans, OVER, most=1)) == 1


def test_many_thousand_steps_are_quick():
    spans = [Span(Kind.WORKING, 1000 + each / 5, 1000.1 + each / 5, each) for each in range(5_000)]
    began = time.perf_counter()
    lane([Span(Kind.THINKING, 1000, None, number=0), *spans], OVER)
    assert time.perf_counter() - began < 3, "generous: it is about a tenth of that"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (1, ["0", "1s"]),
        (5, ["0", "1s", "2s", "3s", "4s", "5s"]),
        (45, ["0", "10s", "20s", "30s", "40s"]),
        (370, ["0", "2m", "4m", "6m"]),
        (2 * 3600, ["0", "30m", "1h", "1h 30m", "2h"]),
        (86400, ["0", "6h", "12h", "18h", "1d"]),
        (5 * 86400, ["0", "1d", "2d", "3d", "4d", "5d"]),
        (400 * 86400, ["0", "112d", "224d", "336d"]),
    ],
)
def test_the_grid_has_round_times(length, words):
    assert [tick.words for tick in ticks(Window(1000.0, 1000.0 + length))] == words


@pytest.mark.parametrize("times", [[], [0.0], [math.nan], [math.inf], [9e11], [-5.0]])
def test_without_a_beginning_there_is_still_a_window(times):
    assert window(times, until=2000.0) == Window(1999.0, 2000.0)
    assert window(times, until=math.nan).length == 1.0


stamps = st.one_of(
    st.floats(900, 2100), st.sampled_from([0.0, -1.0, math.nan, math.inf, -math.inf, 1000.0, 1500.0, 2000.0, 9e11])
)
spans = st.builds(
    Span, st.sampled_from(list(Kind)), stamps, st.one_of(st.none(), stamps), st.integers(-1, 50), st.integers(0, 3)
)


@given(st.lists(spans, max_size=60), st.integers(1, 60))
def test_bars_follow_each_other_inside_of_the_drawing(spans, most):
    bars = lane(spans, OVER, most=most)
    assert len(bars) <= most
    edge = 0.0
    for bar in bars:
        assert math.isfinite(bar.x)
        assert math.isfinite(bar.width)
        assert bar.width > 0
        assert bar.x >= edge - 1e-9
        edge = bar.x + bar.width
    assert edge <= 1 + 1e-9
    assert [bar.start for bar in bars] == sorted(bar.start for bar in bars), "the order of time is kept"


@given(st.lists(spans, max_size=40))
def test_the_most_telling_is_never_hidden(spans):
    failed = [
        span
        for span in spans
        if span.kind is Kind.FAILED and span.number and not math.isnan(span.start)
        and (span.end is None or not math.isnan(span.end))
    ]  # fmt: skip
    if failed:
        assert Kind.FAILED in {bar.kind for bar in lane(spans, OVER)}


@given(st.floats(1, 1e10), st.integers(1, 12))
def test_ticks_stand_in_the_drawing_in_order(length, most):
    found = ticks(Window(1000.0, 1000.0 + length), most=most)
    assert 1 <= len(found) <= most + 1
    places = [tick.x for tick in found]
    assert places == sorted(places)
    assert all(0 <= place <= 1 for place in places)
    assert found[0].words == "0"
