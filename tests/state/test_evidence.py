"""Any word can be explained: whatever the rule, something is named that decided, with its time."""

import pytest

from sessions_app.events import Outcome, Stop
from sessions_app.sources.base import ChildFact
from sessions_app.state.evidence import evidence_of
from sessions_app.state.liveness import judge
from sessions_app.state.run_state import Child
from sessions_app.state.turns import Basis, Member, Turn
from tests.state.talks import ended, only, prompt, said, told
from tests.state.test_liveness import ANSWERED, CALLED, KILLED, LIMITS, PROVISIONAL, RULES, facts, row, state


def explained(members, now, of=1):
    verdicts = judge(members, now, LIMITS)
    return evidence_of(of, {member.id: member for member in members}, verdicts, now, LIMITS)


def one(run, now=1011, seen=None, **fields):
    return explained([Member(id=1, parent_id=None, state=run, facts=seen, **fields)], now)


def decided(pieces):
    return [(piece.basis, piece.says, piece.at) for piece in pieces if piece.decided]


@pytest.mark.parametrize(("events", "now", "seen"), [rule[1:4] for rule in RULES], ids=[rule[0] for rule in RULES])
def test_every_rule_has_a_piece_that_decided(events, now, seen):
    run = events if not isinstance(events, tuple) else state(*events)
    assert decided(one(run, now, seen))


CASES = [
    (one(state(*ANSWERED), 1020, facts(running=False)), (Basis.LINE, "ends done", 1010)),
    (
        one(state(prompt(1000), said(1010, Stop.ERROR, error="400")), 1011, facts(running=False)),
        (Basis.LINE, "ends failed: 400", 1010),
    ),
    (one(state(*CALLED), 1011), (Basis.LINE, "has a call of exec without a result", 1010)),
    (one(state(*CALLED), 1012, row("running", started_at=1000)), (Basis.STORE, "says running", 1000)),
    (one(state(*CALLED), 1020, row("killed", ended_at=1015)), (Basis.STORE, "says stopped", 1015)),
    (
        one(state(*CALLED), 1011, facts(holder_dead=True, updated_at=1009)),
        (Basis.LOCK, "names a process that is gone from this host", 1009),
    ),
    (one(state(*CALLED), 1011, None, vanished=True), (Basis.STORE, "was there and is gone", 0)),
    (one(state(*CALLED), 1011, None, finished_by_hand=1010.5), (Basis.HAND, "finished it by hand", 1010.5)),
    (
        one(state(*CALLED), 1400),
        (Basis.SILENCE, "nothing newer for 390 s (quiet after 300 s, lost after 3600 s)", 1010),
    ),
    (
        one(state(*CALLED), 9000),
        (Basis.SILENCE, "nothing newer for 7990 s (quiet after 300 s, lost after 3600 s)", 1010),
    ),
    (
        one(PROVISIONAL, 1011, None, registered=ChildFact(
            key="k", turn_id="t", parent_key="p", ended_at=1005, outcome=Outcome.FAILED, reason="x")),
        (Basis.REGISTRY, "says failed: x", 1005),
    ),
    (
        one(PROVISIONAL, 1011, None, told=Child(key="k", spawned_at=1000, answered_at=1008, outcome=Outcome.DONE)),
        (Basis.PARENT, "announces that it is done", 1008),
    ),
    (
        one(PROVISIONAL, 1011, None, told=Child(key="k", spawned_at=1000, answered_at=1008)),
        (Basis.PARENT, "announces that it is over, not how", 1008),
    ),
    (one(state(*CALLED), 1100, None, was=KILLED), (Basis.STORE, f"was judged earlier ({KILLED.because})", KILLED.at)),
]  # fmt: skip


@pytest.mark.parametrize(("pieces", "piece"), CASES, ids=[case[1][1] for case in CASES])
def test_the_piece_that_decided_is_named_with_its_time(pieces, piece):
    assert piece in decided(pieces)


def test_what_did_not_decide_is_listed_too():
    pieces = one(state(*CALLED), 1020, row("killed", ended_at=1015))
    assert (Basis.LINE, "leaves its turn open", 1010) in [(p.basis, p.says, p.at) for p in pieces if not p.decided]


def test_a_parent_is_explained_by_those_below_it():
    parent = only(told(prompt(1000), said(1001, Stop.TOOLS, "s"), ended(1002, "s", spawned="kid"), said(1003)))
    members = [
        Member(id=1, parent_id=None, state=parent, facts=row("done", ended_at=1003)),
        Member(id=2, parent_id=1, state=state(*ANSWERED)),
        Member(id=3, parent_id=1, state=state(*CALLED)),
    ]
    assert decided(explained(members, 1011)) == [(Basis.BELOW, "1 of 2 are over", 1010)]


def test_a_hundred_open_calls_are_counted():
    names = [str(number) for number in range(100)]
    says = [piece.says for piece in one(state(prompt(1000), said(1010, Stop.TOOLS, *names)))]
    assert says.count("has a call of exec without a result") == 5
    assert "has 95 more calls without a result" in says


def test_a_turn_of_before_counts_only_while_no_row_tells_of_the_run():
    earlier = Turn(outcome=Outcome.DONE, at=1, because="x", basis=Basis.LINE)
    says = [piece.says for piece in one(state(*CALLED), 1011, row("running"), was=earlier)]
    assert not any("earlier" in one for one in says)
