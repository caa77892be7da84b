"""The evidence for a word: what was known of a run when it was judged, each piece with its time, and which decided.

For people who ask why a run is called what it is called. `turns` and `liveness` decide; nothing here does.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sessions_app.sources.base import ChildFact
from sessions_app.state.liveness import Verdict, is_answered, patience_of, pending
from sessions_app.state.run_state import Child, RunState
from sessions_app.state.turns import Basis, Limits, Member

STEPS_NAMED = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One piece: where it comes from, what it says, and when that came about (0.0: the store gives no time)."""

    basis: Basis
    says: str
    at: float = 0.0
    decided: bool = False


def evidence_of(
    run_id: int, members: Mapping[int, Member], verdicts: Mapping[int, Verdict], now: float, limits: Limits
) -> tuple[Evidence, ...]:
    """What speaks for the word of one run of a judged tree, in the order in which it counts."""
    member, verdict = members[run_id], verdicts[run_id]
    kids = [one for one in members.values() if one.parent_id == run_id and one.id in verdicts]
    found = (
        *_by_hand(member),
        *((Basis.ASKS, f"waits for a person: {ask.what}", ask.at) for ask in pending(member, now)),
        *_of_before(member),
        *_of_store(member),
        *_of_lines(member.state),
        *_of_registry(member.registered),
        *_of_parent(member.told),
        *_of_children(member, kids, verdicts),
        *_of_silence(member, verdict, now, limits),
    )
    return tuple(Evidence(basis=basis, says=says, at=at, decided=basis is verdict.basis) for basis, says, at in found)


Piece = tuple[Basis, str, float]


def _by_hand(member: Member) -> Iterator[Piece]:
    if member.finished_by_hand:
        yield Basis.HAND, "finished it by hand", member.finished_by_hand


def _of_before(member: Member) -> Iterator[Piece]:
    """A row tells of a session's newest run only; what it said of an older one was true while that was the newest."""
    if (row := member.row) is not None and row.has_status and row.outcome is not None:
        yield Basis.STORE, f"says {row.outcome} of a newer run of this session", row.ended_at
    if member.facts is None and member.was is not None:
        yield member.was.basis, f"was judged earlier ({member.was.because})", member.was.at


def _of_store(member: Member) -> Iterator[Piece]:
    facts, queued_id = member.facts, member.state.queued_id if member.state.queued else ""
    if member.vanished:
        yield Basis.STORE, "was there and is gone", 0.0
    if facts is None:
        return
    if facts.holder_dead:
        yield Basis.LOCK, "names a process that is gone from this host", facts.updated_at
    elif facts.running is not None and not facts.has_status:
        yield Basis.LOCK, "is held" if facts.running else "is not held", facts.started_at
    if queued_id and any(one.id == queued_id for one in facts.queued):
        yield Basis.STORE, "has its prompt in the queue", next(o.at for o in facts.queued if o.id == queued_id)
    elif queued_id:
        yield Basis.STORE, "no longer has its prompt in the queue", facts.updated_at
    elif facts.has_status and facts.running:
        yield Basis.STORE, "says running", facts.started_at or facts.updated_at
    elif facts.outcome is not None:
        why = f": {facts.reason}" if facts.reason else ""
        yield Basis.STORE, f"says {facts.outcome}{why}", facts.ended_at or facts.updated_at
    else:
        yield Basis.STORE, "has no status", facts.updated_at


def _of_lines(state: RunState) -> Iterator[Piece]:
    if state.provisional:
        yield Basis.LINE, "has no line of it yet", 0.0
        return
    if state.turn_open:
        yield Basis.LINE, "leaves its turn open", state.last_at
    else:
        why = f": {state.reason}" if state.reason else ""
        how = f"a newer prompt took the turn ({state.outcome})" if state.handed_over else f"ends {state.outcome}{why}"
        yield Basis.LINE, "gives the turn back until sub-agents are done" if state.yielded else how, state.turn_ended_at
    if state.aborted:
        yield Basis.LINE, "says that the turn was aborted", state.last_at
    for step in state.open[:STEPS_NAMED]:
        yield Basis.LINE, f"has a call of {step.tool} without a result", step.started_at
    if len(state.open) > STEPS_NAMED:
        yield Basis.LINE, f"has {len(state.open) - STEPS_NAMED} more calls without a result", 0.0
    if state.background:
        yield Basis.LINE, f"left {len(state.background)} in the background, which holds nothing open", 0.0


def _of_registry(entry: ChildFact | None) -> Iterator[Piece]:
    if entry is None:
        return
    if entry.outcome is not None:
        yield Basis.REGISTRY, f"says {entry.outcome}" + (f": {entry.reason}" if entry.reason else ""), entry.ended_at
    else:
        yield Basis.REGISTRY, "has it as not ended", entry.started_at
    if entry.answered_at:
        yield Basis.REGISTRY, "says that its end was answered", entry.answered_at


def _of_parent(told: Child | None) -> Iterator[Piece]:
    if told is None:
        return
    yield Basis.PARENT, "says that it was spawned", told.spawned_at
    if told.answered_at:
        how = told.outcome or "over, not how"
        yield Basis.PARENT, f"announces that it is {how}", told.answered_at


def _of_children(member: Member, kids: Sequence[Member], verdicts: Mapping[int, Verdict]) -> Iterator[Piece]:
    if not kids:
        return
    ended = [kid for kid in kids if verdicts[kid.id].word.over]
    newest = max((verdicts[kid.id].ended_at or 0.0 for kid in ended), default=0.0)
    yield Basis.BELOW, f"{len(ended)} of {len(kids)} are over", newest
    if len(ended) == len(kids):
        answered = sum(is_answered(member, kid, verdicts[kid.id]) for kid in kids)
        yield Basis.BELOW, f"{answered} of {len(kids)} have been answered", member.state.turn_started_at


def _of_silence(member: Member, verdict: Verdict, now: float, limits: Limits) -> Iterator[Piece]:
    if verdict.word.over and verdict.basis is not Basis.SILENCE:
        return
    silent = max(0.0, now - verdict.seen_at)
    yield (
        Basis.SILENCE,
        f"nothing newer for {silent:.0f} s (quiet after {patience_of(member):.0f} s, lost after {limits.lost_s:.0f} s)",
        verdict.seen_at,
    )
