"""Trees of runs: a parent is never over before its sub-agents."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.events import Outcome, Stop
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.liveness import UNANSWERED_S, judge
from sessions_app.state.run_state import RunState
from sessions_app.state.turns import SETTLE_S, Limits, Member
from sessions_app.state.view import Word
from tests.state.talks import only, prompt, said, told, wake

LIMITS = Limits(idle_s=60, lost_s=3600)
QUIET_STORE = Facts(key="k", agent="main", session_id="w", running=False)
ENTRY = ChildFact(key="k", turn_id="", parent_key="p", ended_at=1050, outcome=Outcome.DONE)


def member(number, parent, *events, **fields):
    return Member(id=number, parent_id=parent, state=only(told(*events)), **{"facts": QUIET_STORE, **fields})


def words(members, now):
    return {number: verdict.word for number, verdict in judge(members, now, LIMITS).items()}


PARENT = (prompt(1000), said(1010))
CHILD = (prompt(1005), said(1050))


def family(now, *, parent=PARENT, children=(CHILD,), **fields):
    """The verdict on a parent of these children."""
    members = [member(1, None, *parent)]
    members += [member(2 + no, 1, *events, **fields) for no, events in enumerate(children)]
    return judge(members, now, LIMITS)[1]


ENDS = [
    # the parent's turn is over and a child's is not
    ("a child runs", {"children": [(prompt(1005),)]}, 1020, Word.WAITING),
    ("one of two runs", {"children": [CHILD, (prompt(1005),)]}, 1055, Word.WAITING),
    ("the parent's own turn goes on", {"parent": (prompt(1000), said(1010, Stop.TOOLS, "a"))}, 1055, Word.WORKING),
    # all are over, and nobody has answered yet
    ("not answered", {}, 1050 + UNANSWERED_S - 0.1, Word.WAITING),
    ("not answered for a minute", {}, 1050 + UNANSWERED_S, Word.DONE),
    # a later turn of the parent is the answer
    ("answered, not settled", {"parent": (*PARENT, wake(1051), said(1060))}, 1060 + SETTLE_S - 0.1, Word.WAITING),
    ("answered and settled", {"parent": (*PARENT, wake(1051), said(1060))}, 1060 + SETTLE_S, Word.DONE),
    ("a turn begun before the end is none", {"parent": (*PARENT, wake(1049), said(1060))}, 1065, Word.WAITING),
    # where there is a registry, it tells whether a child was answered
    ("registry: answered", {"registered": replace(ENTRY, answered_at=1052)}, 1053, Word.DONE),
    ("registry: not answered", {"registered": ENTRY}, 1053, Word.WAITING),
    ("registry: its end is still to be told", {"registered": replace(ENTRY, owed=True)}, 1050 + 3599, Word.WAITING),
    ("registry: for an hour", {"registered": replace(ENTRY, owed=True)}, 1050 + 3601, Word.DONE),
    ("registry: not answered though the parent had a turn",
     {"registered": ENTRY, "parent": (*PARENT, wake(1051), said(1060))}, 1065, Word.WAITING),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "now", "word"), [case[1:] for case in ENDS], ids=[case[0] for case in ENDS])
def test_a_parent_ends_after_its_children_were_answered(fields, now, word):
    assert family(now, **fields).word is word


def test_the_end_of_a_parent_is_the_last_end_below_it():
    assert family(1200).ended_at == 1050
    assert family(1200, parent=(*PARENT, wake(1051), said(1060))).ended_at == 1060


def test_a_waiting_parent_is_looked_at_when_it_may_have_settled():
    assert family(1060).look_at == 1050 + UNANSWERED_S
    assert family(1061, parent=(*PARENT, wake(1051), said(1060))).look_at == 1060 + SETTLE_S


def test_a_root_finished_by_hand_with_its_children_waits_for_no_answer():
    parent, child = member(1, None, *PARENT, finished_by_hand=1055.0), member(2, 1, *CHILD)
    assert words([parent, child], 1055)[1] is Word.DONE


def test_a_failed_child_does_not_fail_its_parent():
    failed = (prompt(1005), said(1050, Stop.ERROR))
    members = [member(1, None, *PARENT), member(2, 1, *failed)]
    assert words(members, 1200) == {1: Word.DONE, 2: Word.FAILED}


def test_a_failed_parent_waits_for_its_children_too():
    members = [member(1, None, prompt(1000), said(1010, Stop.ERROR)), member(2, 1, prompt(1005))]
    assert words(members, 1020)[1] is Word.WAITING


def test_the_activity_of_a_child_is_activity_of_all_above_it():
    late = (prompt(1005), said(4000, Stop.TOOLS, "a"))
    members = [member(1, None, *PARENT), member(2, 1, prompt(1002), said(1012)), member(3, 2, *late)]
    verdicts = judge(members, 4100, LIMITS)
    assert {number: verdict.seen_at for number, verdict in verdicts.items()} == {1: 4000, 2: 4000, 3: 4000}
    assert words(members, 4100) == {1: Word.WAITING, 2: Word.WAITING, 3: Word.WORKING}


def test_a_tool_of_the_parent_is_not_quiet_while_a_child_is_active():
    busy = [
        member(1, None, prompt(1000), said(1010, Stop.TOOLS, "a")),
        member(2, 1, prompt(1005), said(1900, Stop.TOOLS, "b")),
    ]
    assert words(busy, 2000)[1] is Word.WORKING
    assert words(busy[:1], 2000)[1] is Word.QUIET


def test_a_child_without_any_sign_is_lost_and_its_parent_waits_no_longer():
    members = [member(1, None, *PARENT), member(2, 1, prompt(1005), facts=None)]
    assert words(members, 1005 + 3600) == {1: Word.WAITING, 2: Word.QUIET}
    assert words(members, 1005 + 3601) == {1: Word.DONE, 2: Word.LOST}


def test_a_parent_whose_process_is_dead_does_not_wait():
    dead = replace(QUIET_STORE, holder_dead=True)
    members = [member(1, None, prompt(1000), facts=dead), member(2, 1, prompt(1005), facts=None)]
    assert words(members, 1020)[1] is Word.LOST


def test_runs_whose_parent_is_not_among_them_are_roots():
    assert words([member(2, 99, *CHILD)], 1100) == {2: Word.DONE}


def test_runs_that_are_each_others_parents_all_get_a_word():
    members = [member(1, 2, *PARENT), member(2, 1, *CHILD), member(3, 3, *CHILD), member(4, 1, *CHILD)]
    assert set(words(members, 2000)) == {1, 2, 3, 4}
    assert all(word.over for word in words(members, 2000).values())


def test_a_chain_of_a_thousand_is_judged_from_below():
    chain = [member(no, no - 1 if no > 1 else None, *PARENT) for no in range(1, 1001)]
    chain.append(member(1001, 1000, prompt(1005)))
    assert set(words(chain, 1020).values()) == {Word.WAITING, Word.THINKING}
    chain[-1] = member(1001, 1000, *CHILD)
    assert set(words(chain, 1200).values()) == {Word.DONE}


def test_the_order_of_the_members_does_not_matter():
    members = [member(1, None, *PARENT), member(2, 1, *PARENT), member(3, 2, prompt(1005)), member(4, 1, *CHILD)]
    assert words(members, 1020) == words(members[::-1], 1020)


TIME = st.floats(0, 10_000)
STATES = st.builds(
    RunState,
    no=st.just(1),
    start_id=st.sampled_from(["", "p"]),
    started_at=TIME,
    last_at=TIME,
    turn_open=st.booleans(),
    turn_started_at=TIME,
    turn_ended_at=TIME,
    outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
    aborted=st.booleans(),
    yielded=st.booleans(),
    handed_over=st.booleans(),
)
FACTS = st.builds(
    Facts,
    key=st.just("k"),
    agent=st.just("a"),
    session_id=st.just("w"),
    running=st.sampled_from([None, True, False]),
    has_status=st.booleans(),
    holder_dead=st.booleans(),
    outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
    started_at=TIME,
    ended_at=TIME,
    updated_at=TIME,
)
MEMBERS = st.lists(
    st.tuples(st.integers(0, 6), STATES, st.one_of(st.none(), FACTS), st.booleans()), min_size=1, max_size=7
).map(
    lambda rows: [
        Member(id=number, parent_id=parent, state=state, facts=seen, vanished=vanished)
        for number, (parent, state, seen, vanished) in enumerate(rows)
    ]
)


@given(MEMBERS, TIME)
def test_any_tree_gets_a_word_for_everybody_and_every_open_one_a_time_to_look_again(members, now):
    verdicts = judge(members, now, LIMITS)
    assert set(verdicts) == {one.id for one in members}
    for verdict in verdicts.values():
        assert verdict.word.over == (verdict.ended_at is not None)
        assert verdict.word.over or verdict.look_at < float("inf")


@given(MEMBERS)
def test_any_tree_is_over_in_the_end(members):
    assert all(verdict.word.over for verdict in judge(members, 10_000 + 3601 + 3601, LIMITS).values())


@given(MEMBERS, TIME)
def test_no_parent_is_over_before_its_children_unless_it_is_lost(members, now):
    verdicts = judge(members, now, LIMITS)
    for one in members:
        parent = verdicts.get(one.parent_id) if one.parent_id is not None and one.parent_id < one.id else None
        if parent is not None and parent.word.over and parent.word is not Word.LOST:
            assert verdicts[one.id].word.over
