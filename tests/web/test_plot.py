"""The geometry of charts: by tables, and by what must hold for any numbers."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.web.plot import Size, dots, height_of, labelled, share, stacked, ticks

SIZE = Size(100, 50, left=10, right=10, top=5, bottom=5)  # 80 wide and 40 high inside
numbers = st.floats(min_value=0, max_value=1e12) | st.sampled_from([0.0, math.inf, math.nan, -1.0])


@pytest.mark.parametrize(
    ("most", "whole", "expected"),
    [
        (0, False, (0, 1)),
        (-3, False, (0, 1)),
        (math.nan, False, (0, 1)),
        (math.inf, False, (0, 1)),
        (1, True, (0, 1)),
        (2, True, (0, 1, 2)),
        (4, True, (0, 1, 2, 3, 4)),
        (7, True, (0, 2, 4, 6, 8)),
        (9, True, (0, 3, 6, 9)),  # 2.5 would be no whole number
        (100, True, (0, 25, 50, 75, 100)),
        (0.3, False, (0, 0.1, 0.2, 0.3)),
        (61, False, (0, 20, 40, 60, 80)),
        (1_000_000, False, (0, 250_000, 500_000, 750_000, 1_000_000)),
    ],
)
def test_ticks_are_round(most, whole, expected):
    assert ticks(most, whole=whole) == expected


@given(st.floats(min_value=1e-6, max_value=1e15), st.booleans())
def test_ticks_reach_the_most_and_are_few(most, whole):
    found = ticks(most, whole=whole)
    assert found[0] == 0
    assert found[-1] >= most * (1 - 1e-6)
    assert 2 <= len(found) <= 6
    assert list(found) == sorted(set(found))
    if whole:
        assert all(value == int(value) for value in found)


@pytest.mark.parametrize(
    ("value", "top", "height"), [(0, 10, 0), (5, 10, 20), (10, 10, 40), (99, 10, 40), (-1, 10, 0), (5, 0, 0)]
)
def test_a_value_is_as_high_as_its_share(value, top, height):
    assert height_of(value, top, SIZE) == height


def test_values_of_a_column_stand_on_each_other():
    rects = list(stacked([[1, 0, 3], [0, 4, 0]], 4, SIZE))
    assert [(one.column, one.series) for one in rects] == [(0, 0), (0, 2), (1, 1)]
    first, second, third = rects
    assert (first.x, first.y, first.width, first.height) == (15.0, 35.0, 30.0, 10.0)
    assert (second.y, second.height) == (5.0, 30.0)
    assert (third.x, third.y, third.height) == (55.0, 5.0, 40.0)


def test_a_small_value_is_seen():
    (small,) = stacked([[0.0001]], 1000, SIZE)
    assert small.height == 1.0


@given(st.lists(st.lists(numbers, min_size=1, max_size=5), max_size=30))
def test_bars_stay_in_the_picture(columns):
    top = ticks(max((sum(v for v in column if 0 < v < math.inf) for column in columns), default=0))[-1]
    for one in stacked(columns, top, SIZE):
        assert SIZE.left <= one.x
        assert one.x + one.width <= SIZE.width - SIZE.right + 0.02
        assert one.y + one.height <= SIZE.base + 0.02
        assert one.y >= SIZE.top - 1.02  # what is drawn though it is nearly nothing may stand out by that
        assert one.height >= 1.0


def test_a_line_has_a_gap_where_nothing_is_known():
    pieces = dots([1.0, None, 2.0, 4.0], 4, SIZE)
    assert [[(dot.x, dot.y, dot.column) for dot in piece] for piece in pieces] == [
        [(20.0, 35.0, 0)],
        [(60.0, 25.0, 2), (80.0, 5.0, 3)],
    ]
    assert dots([None, math.nan], 4, SIZE) == []


@given(st.lists(numbers | st.none(), max_size=40), st.floats(min_value=0.001, max_value=1e9))
def test_every_known_value_has_a_dot_inside(values, top):
    found = [dot for piece in dots(values, top, SIZE) for dot in piece]
    assert [dot.column for dot in found] == [n for n, v in enumerate(values) if v is not None and math.isfinite(v)]
    assert all(SIZE.left <= dot.x <= SIZE.width - SIZE.right for dot in found)
    assert all(SIZE.top <= dot.y <= SIZE.base for dot in found)


@pytest.mark.parametrize(
    ("columns", "most", "shown"),
    [(24, 8, [2, 5, 8, 11, 14, 17, 20, 23]), (7, 8, [0, 1, 2, 3, 4, 5, 6]), (7, 4, [0, 2, 4, 6]), (1, 4, [0])],
)
def test_labels_are_few_and_the_last_column_has_one(columns, most, shown):
    assert list(labelled(columns, most)) == shown


@pytest.mark.parametrize(
    ("value", "most", "length"), [(0, 10, 0), (5, 10, 50), (10, 10, 100), (20, 10, 100), (0.001, 10, 1), (5, 0, 0)]
)
def test_a_bar_is_as_long_as_its_share(value, most, length):
    assert share(value, most, 100) == length
