"""The last words of a post that has no run any more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.render.card import draw
from sessions_app.render.leaving import SIGN, leave
from sessions_app.state.view import Word
from tests.render.views import run

WHY = "this run was removed from Live Status"


@pytest.mark.parametrize("word", list(Word))
def test_what_it_was_about_stays_and_its_word_does_not(word):
    text = leave(draw(run(word=word, title="Fix it · now", agent="main"), now=100.0), WHY)
    assert text == f"{SIGN} **Fix it · now** · main · no longer followed: {WHY}"


def test_a_text_that_left_once_leaves_again_as_it_is():
    once = leave(draw(run(title="Fix it", agent="main"), now=100.0), WHY)
    assert leave(once, WHY) == once


@pytest.mark.parametrize(
    "text",
    ["", "somebody else wrote this", "✅ done without a title", "⚙️ **" + "x" * 5000 + "** · main", "@all ⚙️ **a** · b"],
)
def test_of_a_text_that_is_not_ours_nothing_stays(text):
    assert leave(text, WHY) == f"{SIGN} no longer followed: {WHY}"


@given(title=st.text(max_size=100), agent=st.text(max_size=30), why=st.text(max_size=300))
def test_it_is_one_line_that_mentions_nobody(title, agent, why):
    text = leave(draw(run(title=title, agent=agent), now=100.0), why)
    assert "\n" not in text
    assert "@all" not in text
    assert text.startswith(f"{SIGN} ")
    assert "no longer followed" in text
    assert len(text) < 1000
