"""What the lines, the facts and the silence mean: the word of every run of a tree, and when to look again.

Evidence comes in this order: what the store says of the turn, how the last line ended, what registries and
announcements say of a sub-agent, open tool calls; silence last. Pure: the time is passed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sessions_app.events import Outcome
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.run_state import Child, RunState
from sessions_app.state.view import Word

SETTLE_S = 2.0  # after the last turn of a run whose sub-agents have all been answered
UNANSWERED_S = 60.0  # after the last end, when nobody answered (a failed child was announced 30 s late)
QUIET_THINKING_S = 120.0
QUIET_TOOL_S = 300.0
NEVER = float("inf")
WORDS = {
    Outcome.DONE: Word.DONE,
    Outcome.FAILED: Word.FAILED,
    Outcome.STOPPED: Word.STOPPED,
    Outcome.LOST: Word.LOST,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds of silence: until a stopped run without status or lock is done, and until an open one is lost."""

    idle_s: float = 60.0
    lost_s: float = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One run of a tree with the facts about it. ``facts`` only for the newest run of a session."""

    id: int
    parent_id: int | None
    state: RunState
    facts: Facts | None = None
    vanished: bool = False  # its row was there and is gone
    told: Child | None = None  # what its parent's lines say of it
    registered: ChildFact | None = None
    was: "Turn | None" = None  # how it had ended when it was judged last; None while it had not
    finished_by_hand: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The word of a run and why. ``look_at``: when silence alone may change it (infinite: never)."""

    word: Word
    reason: str = ""
    since: float = 0.0
    ended_at: float | None = None
    seen_at: float = 0.0  # newest evidence of the run and all below it
    because: str = ""
    look_at: float = NEVER


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A run on its own, before its sub-agents count. ``outcome`` None: a turn is going on."""

    outcome: Outcome | None
    at: float
    because: str
    reason: str = ""
    look_at: float = NEVER


def judge(members: Sequence[Member], now: float, limits: Limits) -> dict[int, Verdict]:
    """Words for a whole tree, children before parents. Members whose parent is not among them are roots."""
    children: dict[int | None, list[Member]] = {}
    ids = {member.id for member in members}
    for member in members:
        children.setdefault(member.parent_id if member.parent_id in ids else None, []).append(member)
    verdicts = dict[int, Verdict]()
    for member in reversed(_parents_first(members, children)):
        kids = [child for child in children.get(member.id, ()) if child.id in verdicts]
        verdicts[member.id] = _verdict(member, kids, [verdicts[kid.id] for kid in kids], now, limits)
    return verdicts


def _parents_first(members: Sequence[Member], children: Mapping[int | None, Sequence[Member]]) -> list[Member]:
    """Everybody, however deep the tree, and be it that some are each other's parents."""
    order: list[Member] = []
    placed: set[int] = set()
    for start in (*children.get(None, ()), *members):
        waiting = [start]
        while waiting:
            member = waiting.pop()
            if member.id not in placed:
                placed.add(member.id)
                order.append(member)
                waiting.extend(children.get(member.id, ()))
    return order


def _verdict(member: Member, kids: Sequence[Member], below: Sequence[Verdict], now: float, limits: Limits) -> Verdict:
    seen = max([_seen(member), *(verdict.seen_at for verdict in below)])
    turn = own_turn(member, now, limits)
    if turn.outcome is None:
        return _active(member, turn, seen, now, limits)
    if turn.outcome is Outcome.LOST or (not below):
        return _over(turn, turn.at, seen)
    if any(not verdict.word.over for verdict in below):
        return _waiting(turn, seen, now, limits)
    ended = max([turn.at, *(verdict.ended_at or 0.0 for verdict in below)])
    answered = all(_answered(member, kid, verdict) for kid, verdict in zip(kids, below, strict=True))
    settled = turn.at + SETTLE_S if answered else ended + UNANSWERED_S
    if now >= settled or member.finished_by_hand:
        return _over(turn, ended, seen)
    return replace(_waiting(turn, seen, now, limits), look_at=settled, because="sub-agents ended, not yet answered")


def _over(turn: Turn, ended: float, seen: float) -> Verdict:
    return Verdict(
        word=WORDS[turn.outcome or Outcome.DONE],
        reason=turn.reason,
        since=ended,
        ended_at=ended,
        seen_at=seen,
        because=turn.because,
    )


def _waiting(turn: Turn, seen: float, now: float, limits: Limits) -> Verdict:
    if now - seen > limits.lost_s:
        return _lost(seen, limits)
    return Verdict(
        word=Word.WAITING,
        since=turn.at,
        seen_at=seen,
        because="sub-agents are not over",
        look_at=seen + limits.lost_s + 0.001,
    )


def _lost(seen: float, limits: Limits) -> Verdict:
    reason = f"no sign for {round(limits.lost_s / 60)} min" if limits.lost_s >= 60 else "no sign any more"
    return Verdict(word=Word.LOST, reason=reason, since=seen, ended_at=seen, seen_at=seen, because="silence")


def _active(member: Member, turn: Turn, seen: float, now: float, limits: Limits) -> Verdict:
    if now - seen > limits.lost_s:
        return _lost(seen, limits)
    state = member.state
    word = Word.WORKING if state.open else Word.THINKING
    patience = QUIET_TOOL_S if state.open else QUIET_THINKING_S
    began = min(step.started_at for step in state.open) if state.open else turn.at
    quiet = now - seen > patience
    look_at = seen + (limits.lost_s if quiet else patience) + 0.001
    return Verdict(
        word=Word.QUIET if quiet else word,
        since=seen if quiet else began,
        seen_at=seen,
        because=turn.because,
        look_at=min(look_at, turn.look_at),
    )


def _seen(member: Member) -> float:
    """Newest evidence of the run itself: its lines, or its row's last change while it is the newest run."""
    facts = member.facts
    at = max(member.state.last_at, member.state.started_at)
    if facts is not None and facts.running:
        at = max(at, facts.started_at, facts.updated_at)
    if member.registered is not None and not member.state.start_id:
        at = max(at, member.registered.ended_at)
    if member.told is not None:
        at = max(at, member.told.spawned_at)
    return at


def _answered(parent: Member, kid: Member, verdict: Verdict) -> bool:
    if kid.registered is not None:
        return kid.registered.answered_at > 0
    return parent.state.turn_started_at >= (verdict.ended_at or 0.0)


def own_turn(member: Member, now: float, limits: Limits) -> Turn:
    """Whether a run's own turn goes on, and if not, how it ended. The heart of what a post says."""
    state, facts = member.state, member.facts
    last = max(state.last_at, state.started_at)
    if member.finished_by_hand:
        return Turn(outcome=Outcome.DONE, at=member.finished_by_hand, because="finished by hand", reason="by hand")
    if facts is not None and facts.holder_dead and (state.turn_open or state.provisional):
        why = "the agent's process is gone"
        return Turn(outcome=Outcome.LOST, at=last, because="its lock names a dead process", reason=why)
    if facts is None and member.was is not None and (state.turn_open or state.handed_over) and last <= member.was.at:
        return member.was  # the store said so while this was the newest run; now its row tells of another
    if state.turn_open:
        return _open_turn(member, last, now, limits)
    return _closed_turn(member, now, limits)


def _closed_turn(member: Member, now: float, limits: Limits) -> Turn:
    """The last line ended the turn, unless the store says that a turn goes on: a retry, or a later one."""
    state, facts = member.state, member.facts
    outcome = state.outcome or Outcome.DONE
    ended = Turn(outcome=outcome, at=state.turn_ended_at, because=f"last line: {outcome}", reason=state.reason)
    overruled = _by_registry(member, state.turn_ended_at)
    if overruled is not None and overruled.outcome is Outcome.FAILED:
        return overruled
    if facts is None:
        return ended
    if facts.running:
        later = facts.started_at > state.turn_ended_at
        if state.yielded and not later:
            return ended
        if later and member.was is not None:
            return ended  # a new prompt or a wake-up: its first line will say which
        began = facts.started_at if later else state.turn_ended_at
        return Turn(outcome=None, at=began, because="the store says running")
    if facts.running is None and outcome in {Outcome.DONE, Outcome.FAILED}:
        done_at = state.turn_ended_at + limits.idle_s
        if now < done_at:
            return Turn(outcome=None, at=state.turn_ended_at, because="no status and no lock yet", look_at=done_at)
    if facts.outcome in {Outcome.FAILED, Outcome.STOPPED} and facts.ended_at >= state.turn_started_at:
        reason = state.reason or facts.reason
        return replace(ended, outcome=facts.outcome, reason=reason, because=f"the store says {facts.outcome}")
    return ended


def _open_turn(member: Member, last: float, now: float, limits: Limits) -> Turn:
    """No line ended the turn: only the store, a registry, an announcement or silence can."""
    state, facts = member.state, member.facts
    told = member.told
    if facts is not None and facts.running:
        return Turn(outcome=None, at=max(last, facts.started_at), because="the store says running")
    by_registry = _by_registry(member, last)
    if by_registry is not None:
        return by_registry
    if told is not None and told.outcome is not None and told.answered_at >= last:
        return Turn(outcome=told.outcome, at=told.answered_at, because="announced to its parent", reason=told.error)
    if facts is not None and facts.outcome is not None and _ended_now(facts, state, last):
        at = facts.ended_at or facts.updated_at
        reason = state.reason or facts.reason
        return Turn(outcome=facts.outcome, at=at, because=f"the store says {facts.outcome}", reason=reason)
    if state.aborted:
        return Turn(outcome=Outcome.STOPPED, at=last, because="aborted")
    if state.provisional and told is None and facts is not None and facts.running is False:
        at, why = max(last, facts.updated_at), "ended before it said anything"
        if now >= at + limits.idle_s:
            return Turn(outcome=Outcome.STOPPED, at=at, because="no longer running, and no line", reason=why)
        return Turn(outcome=None, at=last, because="no longer running, no line yet", look_at=at + limits.idle_s)
    if member.vanished and told is None:
        return Turn(outcome=Outcome.STOPPED, at=last, because="its row is gone", reason="session deleted")
    return Turn(outcome=None, at=last, because="a tool call is open" if state.open else "the last line leaves it open")


def _ended_now(facts: Facts, state: RunState, last: float) -> bool:
    """Whether the row's end is that of this turn: a row keeps the old one for a while after a new prompt."""
    at = facts.ended_at or facts.updated_at
    return at >= max(last - SETTLE_S, state.turn_started_at)


def _by_registry(member: Member, last: float) -> Turn | None:
    """A registry knows the end of a sub-agent's first turn: it counts unless lines came after it."""
    entry = member.registered
    if entry is None or not entry.ended_at or entry.outcome is None or entry.ended_at < last - SETTLE_S:
        return None
    because = f"the registry says {entry.outcome}"
    return Turn(outcome=entry.outcome, at=entry.ended_at, because=because, reason=entry.reason)
