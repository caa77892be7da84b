"""Rows: ready words and figures, rounded so that they hold still."""

from dataclasses import replace
from typing import Any

import pytest

from sessions_app.render.labels import Labels
from sessions_app.state.view import RunView, StepView, Word
from sessions_app.web.rows import LEVELS_DRAWN, Pen
from tests.factories import HOSTILE

NOW = 1_800_000_000.0
TESTS = StepView(tool="exec", target="npm_test *", started_at=NOW - 7)
PEN = Pen(NOW, Labels.builtin())


def view(word: Word = Word.THINKING, **fields: Any) -> RunView:
    return replace(RunView(id=1, title="Fix CI", agent="main", word=word, started_at=NOW - 90), **fields)


@pytest.mark.parametrize(
    ("run", "what"),
    [
        (view(say="Reading."), "Reading."),
        (view(), "reading the request"),
        (view(tools=4), "after 4 tools"),
        (view(Word.WAITING), "for its sub-agents"),
        (view(Word.QUEUED), "not begun yet"),
        (view(Word.NEEDS_YOU, reason="approve git push"), "approve git push"),
        (
            view(Word.WORKING, running=(StepView(tool="exec", target="npm_test *", started_at=NOW - 7),)),
            "run npm_test *, 7s",
        ),
        (view(Word.QUIET, since=NOW - 240), "nothing for 4m"),
        (view(Word.FAILED, reason="model error 400", tools=2), "model error 400 · 2 tools"),
        (view(Word.DONE, cut_off=True, background=1), "cut off at the length limit · 1 background command running"),
    ],
)
def test_what_happens_now(run, what):
    assert PEN.root(run).what == what


def test_a_root_has_the_figures_of_its_tree():
    row = PEN.root(view(tokens=1000, cost=0.1, children=(view(tokens=9000, cost=0.2),)))
    assert (row.tokens, row.cost) == ("10k tok", "$0.30")


def test_ages_beyond_a_minute_step_together():
    since = [NOW - 61 - each / 10 for each in range(95)]
    ages = [[Pen(NOW + second, PEN.labels).age(one) for one in since] for second in range(10)]
    assert all(each == ages[0] for each in ages), "NOW is on a step, so nothing changes before the next"
    assert Pen(NOW + 3, PEN.labels).age(NOW - 5) == "8s"
    assert Pen(NOW + 5, PEN.labels).age(NOW - 55) == "1m", "never less than a minute after it"


def test_guides_draw_the_tree():
    leaf = view(label="leaf")
    tree = view(children=(view(label="a", children=(leaf,)), view(label="b", children=(leaf,))))
    assert [(row.title, row.guides) for row in PEN.children(tree)] == [
        ("a", ("tee",)),
        ("leaf", ("line", "end")),
        ("b", ("end",)),
        ("leaf", ("gap", "end")),
    ]


def test_a_deep_tree_stays_on_the_page():
    tree = view()
    for _ in range(40):
        tree = view(children=(tree,))
    rows = list(PEN.children(tree))
    assert len(rows) == 40
    assert max(len(row.guides) for row in rows) == LEVELS_DRAWN


def test_hostile_text_is_cut_and_kept_on_its_line():
    row = PEN.root(view(title=HOSTILE, say=HOSTILE))
    assert len(row.title) <= 160
    assert len(row.what) <= 280
    assert "\u202e" not in row.title


def test_words_for_posts_lose_what_only_posts_need():
    labels = Labels.builtin()
    for text in ("a_b *c* [d](e) `f` \\g", "@all ~x #y :smile:"):
        assert labels.bare("exec", text) == f"run {text}"
