"""Texts with gaps for ages."""

import pytest

from sessions_app.render.labels import Labels
from sessions_app.web.gaps import MARK, Gapped, GapPen, fill

NOW = 1_800_000_000.0
PEN = GapPen(0.0, Labels.builtin())


def test_gaps_are_filled_with_the_ages_of_the_moment():
    text = Gapped.of(f"<b>{PEN.age(NOW - 7.25)}</b> and {PEN.age(NOW - 95)} ago")
    assert text.fill(NOW) == "<b>7s</b> and 1m 30s ago"
    assert text.fill(NOW + 10) == "<b>17s</b> and 1m 40s ago"


@pytest.mark.parametrize("text", ["", "plain", "gap1.5;", "1;2"])
def test_a_text_without_gaps_stays_as_it_is(text):
    assert Gapped.of(text).fill(NOW) == text


def test_unknown_and_future_beginnings_are_filled_too():
    assert Gapped.of(f"{PEN.age(0.0)} {PEN.age(-5.0)} {PEN.age(NOW + 99)}").fill(NOW).endswith(" 0s")


def test_no_mark_is_left_in_what_is_sent():
    assert MARK not in fill([Gapped.of(PEN.age(NOW)), Gapped.of(PEN.age(NOW))], NOW)
