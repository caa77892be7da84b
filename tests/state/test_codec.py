from hypothesis import given
from hypothesis import strategies as st

from sessions_app.events import AnyEvent, Outcome, Stop
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.codec import children_from, facts_from, run_state_from, to_json
from sessions_app.state.run_state import RunState
from tests.state.talks import ended, only, prompt, said, told
from tests.state.test_reducer import EVENTS


@given(st.builds(RunState))
def test_any_run_is_stored_and_read_back(run):
    assert run_state_from(to_json(run), run.no) == run


@given(st.builds(Facts))
def test_any_facts_are_stored_and_read_back(facts):
    assert facts_from(to_json(facts)) == facts


@given(st.lists(st.builds(ChildFact)).map(tuple))
def test_any_registry_is_stored_and_read_back(children):
    assert children_from(to_json(children)) == children


def test_a_run_with_steps_and_children_is_stored_and_read_back():
    for run in told(*EVENTS).runs.values():
        assert run_state_from(to_json(run), run.no) == run


def test_nothing_stored_is_an_empty_value():
    assert run_state_from("", 7) == RunState(no=7)
    assert facts_from("") is None
    assert children_from("") == ()


def test_a_state_of_an_older_version_is_read_with_defaults_and_of_a_newer_one_without_its_additions():
    old = run_state_from('{"no": 3, "prompt": "x", "of_the_future": [1]}', 3)
    assert old == RunState(no=3, prompt="x")


def test_the_state_of_a_run_stays_small_however_long_it_is():
    events: list[AnyEvent] = [prompt(1)]
    for no in range(500):
        events += [said(no + 2, Stop.TOOLS, f"call {no}", text="x" * 600), ended(no + 2, f"call {no}", error="e" * 400)]
    run = only(told(*events))
    assert run.tools == 500
    assert len(to_json(run)) < 20_000


def test_outcomes_are_stored_as_their_words():
    assert '"outcome":"failed"' in to_json(RunState(no=1, outcome=Outcome.FAILED))
