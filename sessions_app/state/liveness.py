"""What the lines, the facts and the silence mean: the word of every run of a tree, and when to look again.

`turns` says of each run alone whether its turn goes on and how it ended; here its sub-agents and the silence count too.
Pure: the time is passed in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sessions_app.events import Ask, Outcome
from sessions_app.state.turns import NEVER, SETTLE_S, Basis, Limits, Member, Turn, own_turn
from sessions_app.state.view import Word

UNANSWERED_S = 60.0  # after the last end, when nobody answered (a failed child was announced 30 s late)
QUIET_THINKING_S = 120.0
QUIET_TOOL_S = 300.0
WORDS = {
    Outcome.DONE: Word.DONE,
    Outcome.FAILED: Word.FAILED,
    Outcome.STOPPED: Word.STOPPED,
    Outcome.LOST: Word.LOST,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The word of a run and why. ``look_at``: when silence alone may change it (infinite: never)."""

    word: Word
    reason: str = ""
    since: float = 0.0
    ended_at: float | None = None
    seen_at: float = 0.0  # newest evidence of the run and all below it
    because: str = ""
    basis: Basis = Basis.LINE
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
    if (asks := pending(member, now)) and turn.outcome in {None, Outcome.DONE}:
        return _needs_you(asks, seen)
    if turn.outcome is None:
        return _active(member, turn, seen, now, limits)
    if turn.outcome is Outcome.LOST or (not below):
        return _over(turn, turn.at, seen)
    if any(not verdict.word.over for verdict in below):
        return _waiting(turn, seen, now, limits)
    ended = max([turn.at, *(verdict.ended_at or 0.0 for verdict in below)])
    answered = all(is_answered(member, kid, verdict) for kid, verdict in zip(kids, below, strict=True))
    owed = any(kid.registered is not None and kid.registered.owed for kid in kids)
    settled = turn.at + SETTLE_S if answered else ended + (limits.lost_s if owed else UNANSWERED_S)
    if now >= settled or member.finished_by_hand:
        return _over(turn, ended, seen)
    return replace(_waiting(turn, seen, now, limits), look_at=settled, because="sub-agents ended, not yet answered")


def pending(member: Member, now: float) -> Sequence[Ask]:
    """What waits for a person, and has not been withdrawn, the oldest first."""
    asks = (*member.state.asks, *(member.facts.asks if member.facts is not None else ()))
    return sorted((ask for ask in asks if not ask.until or ask.until > now), key=lambda ask: (ask.at, ask.id))


def _needs_you(asks: Sequence[Ask], seen: float) -> Verdict:
    """A pending ask is no silence: it holds until it is answered or withdrawn."""
    more = f" and {len(asks) - 1} more" if len(asks) > 1 else ""
    return Verdict(
        word=Word.NEEDS_YOU,
        reason=asks[0].what + more,
        since=asks[0].at,
        seen_at=max(seen, *(ask.at for ask in asks)),
        because="something waits for a person",
        basis=Basis.ASKS,
        look_at=min((ask.until for ask in asks if ask.until), default=NEVER),
    )


def _over(turn: Turn, ended: float, seen: float) -> Verdict:
    return Verdict(
        word=WORDS[turn.outcome or Outcome.DONE],
        reason=turn.reason,
        since=ended,
        ended_at=ended,
        seen_at=seen,
        because=turn.because,
        basis=turn.basis,
    )


def _waiting(turn: Turn, seen: float, now: float, limits: Limits) -> Verdict:
    if now - seen > limits.lost_s:
        return _lost(seen, limits)
    return Verdict(
        word=Word.WAITING,
        since=turn.at,
        seen_at=seen,
        because="sub-agents are not over",
        basis=Basis.BELOW,
        look_at=seen + limits.lost_s + 0.001,
    )


def _lost(seen: float, limits: Limits) -> Verdict:
    reason = f"no sign for {round(limits.lost_s / 60)} min" if limits.lost_s >= 60 else "no sign any more"
    return Verdict(
        word=Word.LOST, reason=reason, since=seen, ended_at=seen, seen_at=seen, because="silence", basis=Basis.SILENCE
    )


def _active(member: Member, turn: Turn, seen: float, now: float, limits: Limits) -> Verdict:
    if now - seen > limits.lost_s:
        return _lost(seen, limits)
    state = member.state
    word = Word.QUEUED if turn.queued else Word.WORKING if state.open else Word.THINKING
    began = min(step.started_at for step in state.open) if state.open else turn.at
    quiet = now - seen > patience_of(member)
    look_at = seen + (limits.lost_s if quiet else min(patience_of(member), limits.lost_s)) + 0.001
    return Verdict(
        word=Word.QUIET if quiet else word,
        since=seen if quiet else began,
        seen_at=seen,
        because=turn.because,
        basis=Basis.SILENCE if quiet else turn.basis,
        look_at=min(look_at, turn.look_at),
    )


def patience_of(member: Member) -> float:
    """Seconds of silence that are usual for what it does."""
    return QUIET_TOOL_S if member.state.open else QUIET_THINKING_S


def _seen(member: Member) -> float:
    """Newest evidence of the run itself: its lines, or its row's last change while it is the newest run."""
    facts = member.facts
    at = member.last_at
    if facts is not None and facts.running:
        at = max(at, facts.started_at, facts.updated_at)
    if member.registered is not None and not member.state.start_id:
        at = max(at, member.registered.ended_at)
    if member.told is not None:
        at = max(at, member.told.spawned_at)
    return at


def is_answered(parent: Member, kid: Member, verdict: Verdict) -> bool:
    """Whether the parent has been told of the end of this sub-agent, and has had its say."""
    if kid.registered is not None:
        return kid.registered.answered_at > 0
    return parent.state.turn_started_at >= (verdict.ended_at or 0.0)
