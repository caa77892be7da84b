"""Whatever lines come in whatever order: nothing raises, and nothing depends on how they were cut."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.events import (
    Aborted,
    AgentSaid,
    Call,
    Compacted,
    Noted,
    Opened,
    Origin,
    Outcome,
    Restarted,
    Spawned,
    Stop,
    ToolEnded,
    Usage,
    UserSaid,
)
from sessions_app.state.reducer import REREADING, STARTS, Conversation, fold
from sessions_app.state.run_state import FINISHED_KEPT

AT = st.floats(0, 100)
FEW = st.sampled_from(["", "a", "b", "c"])
CALLS = st.lists(st.builds(Call, id=FEW, tool=FEW, target=FEW), max_size=3).map(tuple)
COUNT = st.integers(0, 1000)
USAGE = st.builds(Usage, input=COUNT, output=COUNT, cache_read=COUNT, cache_write=COUNT, cost=st.floats(0, 5))
EVENT = st.one_of(
    st.builds(Opened, id=FEW, at=AT, session_id=FEW, parent=FEW),
    st.builds(
        UserSaid,
        id=FEW,
        at=AT,
        origin=st.sampled_from(Origin),
        child_session_id=FEW,
        child_label=FEW,
        child_key=FEW,
        child_outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
        command_ended=st.booleans(),
    ),
    st.builds(AgentSaid, id=FEW, at=AT, stop=st.sampled_from(Stop), calls=CALLS, usage=USAGE, error=FEW, turn_id=FEW),
    st.builds(
        ToolEnded,
        id=FEW,
        at=AT,
        call_id=FEW,
        tool=FEW,
        ok=st.booleans(),
        spawned=st.one_of(st.none(), st.builds(Spawned, key=FEW, turn_id=FEW)),
        running=FEW,
        finished=FEW,
        yielded=st.booleans(),
    ),
    st.builds(Aborted, id=FEW, at=AT),
    st.builds(Compacted, id=FEW, at=AT),
    st.builds(Restarted, id=FEW, at=AT),
    st.builds(Noted, id=FEW, at=AT, kind=FEW),
)


@st.composite
def stories(draw):
    """Events in which every prompt has an id of its own."""
    events = draw(st.lists(EVENT, max_size=25))
    return [replace(event, id=f"u{no}") if isinstance(event, UserSaid) else event for no, event in enumerate(events)]


KEYS = {"a": "b", "b": "c"}
EMPTY = Conversation(window="w")


@given(stories())
def test_any_lines_make_runs_that_make_sense(events):
    talk = fold(EMPTY, events, KEYS)
    starts = [event for event in events if isinstance(event, UserSaid) and event.origin in STARTS]
    assert sorted(talk.runs) == list(range(1, len(starts) + 1))
    assert talk.current in {0, *talk.runs}
    for run in talk.runs.values():
        assert min(run.tools, run.failed_tools, run.tokens, run.cost) >= 0
        assert run.failed_tools <= run.tools
        assert len(run.finished) <= FINISHED_KEPT
        assert len({step.call_id for step in run.open}) == len(run.open)
        assert all(step.ended_at is None for step in run.open)
        assert run.last_at >= run.started_at
        assert run.turn_open or run.outcome is not None


@given(stories(), st.data())
def test_lines_may_come_in_any_pieces(events, data):
    whole = fold(EMPTY, events, KEYS)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=5)))
    talk, steps = EMPTY, {}
    for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True):
        talk = fold(talk, events[start:end], KEYS)
        steps.update({(number, step.call_id): step for number, step in talk.steps})
    assert (talk.runs, talk.current) == (whole.runs, whole.current)
    assert steps == {(number, step.call_id): step for number, step in whole.steps}


@given(stories())
def test_reading_again_from_the_start_gives_the_same_runs(events):
    once = fold(EMPTY, events, KEYS)
    again = fold(replace(once, current=REREADING), events, KEYS)
    assert again.runs == once.runs
    assert again.current == (once.current or REREADING)


@given(stories(), st.integers(0, 25))
def test_reading_the_same_beginning_again_keeps_the_runs_that_are_not_in_it(events, length):
    once = fold(EMPTY, events, KEYS)
    again = fold(replace(once, current=REREADING), events[:length], KEYS)
    assert sorted(again.runs) == sorted(once.runs)
