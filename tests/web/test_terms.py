"""What was typed → words; and the marks around them in a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.web.terms import QUERY_CHARS, TERMS, pieces, read


@pytest.mark.parametrize(
    ("typed", "words", "without"),
    [
        ("", (), ()),
        ("   ", (), ()),
        ("retry queue", ("retry", "queue"), ()),
        ('"exit 1" retry', ("exit 1", "retry"), ()),
        ("retry -docs", ("retry",), ("docs",)),
        ('-"exit 1"', (), ("exit 1",)),
        ("retry retry", ("retry",), ()),
        ('"open', ("open",), ()),
        ('- -- "" \'', ("-", "'"), ("-",)),
        ("a\0b", ("ab",), ()),
        ("\u202eevil", ("evil",), ()),
        ("100% a_b", ("100%", "a_b"), ()),
        ("🙂 x", ("🙂", "x"), ()),
    ],
)
def test_words_of_a_query(typed, words, without):
    found = read(typed)
    assert (found.words, found.without, found.cut) == (words, without, False)


def test_secrets_are_taken_out_of_what_is_shown_again():
    found = read("password=hunter2hunter2 ghp_abcdefghijklmnopqrstuvwxyz0123456789")
    assert "hunter2" not in found.text
    assert "ghp_" not in found.text


@pytest.mark.parametrize("typed", ["x" * 10_000, "ab " * 4000, " ".join(str(each) for each in range(50))])
def test_long_ones_are_cut_and_that_is_said(typed):
    found = read(typed)
    assert found.cut
    assert len(found.text) <= QUERY_CHARS
    assert len(found.words) <= TERMS


def test_marks_stand_around_what_was_sought():
    assert pieces("Fix the Queue", ("queue",)) == (("Fix the ", False), ("Queue", True))
    assert pieces("nothing", ("queue",)) == (("nothing", False),)
    assert pieces("src/app/queue.py", ("app queue",)) == (("src/", False), ("app/queue", True), (".py", False))
    assert pieces("a.b", (".",)) == (("a", False), (".", True), ("b", False)), "no pattern of regular expressions"


def test_the_text_around_the_first_hit_is_shown():
    text = "word " * 300 + "here it is " + "word " * 300
    shown = pieces(text, ("here",))
    assert ("here", True) in shown
    assert shown[0][0].startswith("…")
    assert sum(len(piece) for piece, _ in shown) <= 202


@given(st.text(max_size=400), st.lists(st.text(min_size=1, max_size=10), max_size=4))
def test_whatever_is_typed_and_stored(text, words):
    read(text)
    found = pieces(text, tuple(words))
    assert all(piece for piece, _ in found)
    assert sum(len(piece) for piece, _ in found) <= 203
