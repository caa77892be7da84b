"""The digest changes with what a reader sees, and with nothing else."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from sessions_app.render.card import draw
from sessions_app.state.view import Word
from sessions_app.state.view_digest import digest
from tests.render.views import NOW, chain, example, run, runs, step, texts

VIEW = run(say="x", running=(step(),), finished=(step(ok=True),), children=(run(label="a"), run(label="b")))


@pytest.mark.parametrize(
    "changed",
    [
        {"since": 1.0},
        {"started_at": 1.0},  # of a live run: an age
        {"id": 99},
        {"running": (step(started_at=1.0),)},
    ],
)
def test_ages_and_ids_do_not_count(changed):
    assert digest(replace(VIEW, **changed)) == digest(VIEW)


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "other"},
        {"label": "other"},
        {"agent": "other"},
        {"word": Word.QUIET},
        {"reason": "other"},
        {"say": "other"},
        {"running": ()},
        {"running": (step(target="other"),)},
        {"finished": (step(ok=False),)},
        {"finished": (step(ok=True, error="other"),)},
        {"finished": (step(ok=True),) * 2},
        {"tools": 5},
        {"failed_tools": 5},
        {"tokens": 5},
        {"cost": 0.5},
        {"background": 1},
        {"cut_off": True},
        {"children": VIEW.children[:1]},
        {"children": VIEW.children[::-1]},
        {"children": (replace(VIEW.children[0], children=VIEW.children[1:]),)},  # the same runs, nested otherwise
    ],
)
def test_everything_a_reader_sees_counts(changed):
    assert digest(replace(VIEW, **changed)) != digest(VIEW)


def test_how_long_it_took_counts_once_it_is_over():
    over = run(Word.DONE)
    assert digest(replace(over, ended_at=NOW + 5)) != digest(over)


def test_fields_do_not_run_into_each_other():
    assert digest(run(title="ab", label="c")) != digest(run(title="a", label="bc"))


def test_it_is_the_same_in_every_process():
    assert digest(run(title="Fix", cost=0.1)) == digest(run(title="Fix", cost=0.1))
    assert digest(example()) == "70dcd959f945ca076200252fa0ed0b5e1c07e950d754ae292ed18a1ceff6b07a"


def test_a_long_chain_and_a_lone_surrogate_are_no_trouble():
    assert digest(chain(3000)) != digest(chain(3001))
    assert len(digest(run(title="\ud83d"))) == 64


@settings(max_examples=50, deadline=None)
@given(runs, texts)
def test_runs_with_the_same_digest_look_the_same(view, text):
    for changed in (replace(view, say=text), replace(view, reason=text), replace(view, title=text, label="")):
        if digest(changed) == digest(view):
            assert draw(changed, now=NOW) == draw(view, now=NOW)
