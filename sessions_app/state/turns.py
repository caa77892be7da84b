"""Whether a run's own turn goes on, and if not, how it ended: what the lines and facts of one run say.

Evidence comes in this order: a person, the process behind a lock, what the store says of the turn, how the last line
ended, what registries and announcements say of a sub-agent, open tool calls. Pure: the time is passed in.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from sessions_app.events import Outcome
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.run_state import Child, RunState

SETTLE_S = 2.0  # between an end and what belongs to it: rows, registries and lines are written one after the other
NEVER = float("inf")
NOTHING_TO_SAY = "nothing to say"


class Basis(StrEnum):
    """The kinds of evidence, in the words in which people are shown them."""

    HAND = "a person"
    LOCK = "the lock"
    STORE = "the store's row"
    LINE = "the transcript"
    REGISTRY = "the registry of sub-agents"
    PARENT = "the parent's transcript"
    BELOW = "its sub-agents"
    ASKS = "what it asks for"
    SILENCE = "the silence"


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Seconds of silence: until a stopped run without status or lock is done, and until an open one is lost."""

    idle_s: float = 60.0
    lost_s: float = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A run on its own, before its sub-agents count. ``outcome`` None: a turn is going on.

    ``because`` is the sentence that explains it, ``basis`` the kind of evidence that it rests on.
    """

    outcome: Outcome | None
    at: float
    because: str
    basis: Basis
    reason: str = ""
    look_at: float = NEVER
    queued: bool = False  # asked for, and not begun


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
    row: Facts | None = None  # the session's row, when it tells of a newer run
    was: Turn | None = None  # how it had ended when it was judged last; None while it had not
    finished_by_hand: float = 0.0

    @property
    def last_at(self) -> float:
        """When its newest line was written."""
        return max(self.state.last_at, self.state.started_at)


def own_turn(member: Member, now: float, limits: Limits) -> Turn:
    """Whether a run's own turn goes on, and if not, how it ended. The heart of what a post says."""
    state, facts, last = member.state, member.facts, member.last_at
    if member.finished_by_hand:
        return Turn(
            outcome=Outcome.DONE, at=member.finished_by_hand, because="finished by hand", basis=Basis.HAND,
            reason="by hand",
        )  # fmt: skip
    if facts is not None and facts.holder_dead and (state.turn_open or state.provisional):
        return Turn(
            outcome=Outcome.LOST, at=last, because="its lock names a dead process", basis=Basis.LOCK,
            reason="the agent's process is gone",
        )  # fmt: skip
    silent = facts is None or (facts.has_status and not facts.running and facts.outcome is None)
    if silent and member.was is not None and _still_holds(member.was, state, last):
        return member.was  # the store said so while it told of this run; now its row tells of another, or nothing
    if state.turn_open:
        return _open_turn(member, last, now, limits)
    return _closed_turn(member, now, limits)


def _still_holds(was: Turn, state: RunState, last: float) -> bool:
    """Whether an end that was judged before still counts, although the store no longer tells of it.

    An end after the moment at which a newer prompt took the turn was that of the newer one: whoever reads a row before
    the lines takes the one for the other.
    """
    if state.handed_over:
        return last <= was.at <= state.turn_ended_at
    return state.turn_open and last <= was.at


def _closed_turn(member: Member, now: float, limits: Limits) -> Turn:
    """The last line ended the turn, unless the store says that a turn goes on: a retry, or a later one."""
    state, facts = member.state, member.facts
    outcome = state.outcome or Outcome.DONE
    because = f"last line: {outcome}"
    reason = NOTHING_TO_SAY if outcome is Outcome.DONE and state.said_nothing else state.reason
    ended = Turn(outcome=outcome, at=state.turn_ended_at, because=because, basis=Basis.LINE, reason=reason)
    overruled = _by_registry(member, state.turn_ended_at)
    if overruled is not None and overruled.outcome is Outcome.FAILED:
        return replace(ended, reason=reason or overruled.reason) if outcome is Outcome.FAILED else overruled
    if facts is None:
        return ended
    if facts.running:
        later = facts.started_at > state.turn_ended_at
        if state.yielded and not later:
            return ended
        if later and member.was is not None:
            return ended  # a new prompt or a wake-up: its first line will say which
        began = facts.started_at if later else state.turn_ended_at
        return Turn(outcome=None, at=began, because="the store says running", basis=Basis.STORE)
    if facts.running is None and outcome in {Outcome.DONE, Outcome.FAILED}:
        done_at = state.turn_ended_at + limits.idle_s
        if now < done_at:
            because = "no status and no lock yet"
            return Turn(outcome=None, at=state.turn_ended_at, because=because, basis=Basis.STORE, look_at=done_at)
    # 2026.9 calls a turn killed whose answer was the word for nothing to say.
    overruling = {Outcome.FAILED} if state.silent else {Outcome.FAILED, Outcome.STOPPED}
    # A row that tells of a turn that began after this one had ended says nothing about it.
    of_this = facts.ended_at >= state.turn_started_at and facts.started_at <= state.turn_ended_at + SETTLE_S
    if facts.outcome in overruling and of_this:
        reason, because = state.reason or facts.reason, f"the store says {facts.outcome}"
        return replace(ended, outcome=facts.outcome, reason=reason, because=because, basis=Basis.STORE)
    return ended


def _open_turn(member: Member, last: float, now: float, limits: Limits) -> Turn:
    """No line ended the turn: only the store, a registry, an announcement or silence can."""
    state, facts, told = member.state, member.facts, member.told
    if state.queued:
        return _in_queue(member, last, now, limits)
    if facts is not None and facts.running:
        return Turn(outcome=None, at=max(last, facts.started_at), because="the store says running", basis=Basis.STORE)
    if (ended := _by_registry(member, last) or _announced(member, last)) is not None:
        return ended
    if facts is not None and facts.outcome is not None and _ended_now(facts, state, last):
        at, reason = facts.ended_at or facts.updated_at, state.reason or facts.reason
        because = f"the store says {facts.outcome}"
        return Turn(outcome=facts.outcome, at=at, because=because, basis=Basis.STORE, reason=reason)
    if (ended := _only_announced(member)) is not None:
        return ended
    if state.aborted:
        return Turn(outcome=Outcome.STOPPED, at=last, because="aborted", basis=Basis.LINE)
    if state.provisional and told is None and facts is not None and facts.running is False:
        return _nothing_said(max(last, facts.updated_at), last, now, limits)
    if member.vanished and told is None:
        because = "its row is gone"
        return Turn(outcome=Outcome.STOPPED, at=last, because=because, basis=Basis.STORE, reason="session deleted")
    return _superseded(member, last) or _goes_on(member, last)


def _goes_on(member: Member, last: float) -> Turn:
    state = member.state
    if state.provisional and member.told is not None and not _begun(member):
        return Turn(outcome=None, at=last, because="spawned, and not begun", basis=Basis.PARENT, queued=True)
    because = "a tool call is open" if state.open else "the last line leaves it open"
    return Turn(outcome=None, at=last, because=because, basis=Basis.LINE)


def _superseded(member: Member, last: float) -> Turn | None:
    """A session has one turn at a time: an older run cannot go on when the row says that a newer one has ended."""
    row = member.row
    if row is None or not row.has_status or row.outcome is None or row.ended_at < last:
        return None
    outcome = Outcome.FAILED if row.outcome is Outcome.FAILED else Outcome.STOPPED
    return Turn(
        outcome=outcome, at=row.ended_at, because="a newer run of its session has ended", basis=Basis.STORE,
        reason=row.reason or "a newer prompt took its turn",
    )  # fmt: skip


def _in_queue(member: Member, last: float, now: float, limits: Limits) -> Turn:
    """A prompt that was known from the queue only. Once it has left that, its first line comes at once or never."""
    facts = member.facts
    if facts is not None and any(one.id == member.state.queued_id for one in facts.queued):
        return Turn(outcome=None, at=last, because="it is in the queue", basis=Basis.STORE, queued=True)
    left = max(last, facts.updated_at) if facts is not None else last
    if member.vanished or now >= left + limits.idle_s:
        why = "it left the queue before it began"
        return Turn(outcome=Outcome.STOPPED, at=left, because="no longer in the queue", basis=Basis.STORE, reason=why)
    because, look_at = "no longer in the queue, no line yet", left + limits.idle_s
    return Turn(outcome=None, at=last, because=because, basis=Basis.STORE, look_at=look_at, queued=True)


def _begun(member: Member) -> bool:
    """Whether a sub-agent without a line is known to work. A status says so itself, else the registry does."""
    if member.vanished:
        return True
    has_status = member.facts is not None and member.facts.has_status
    return not has_status and member.registered is not None and member.registered.started_at > 0


def _announced(member: Member, last: float) -> Turn | None:
    """What its parent's transcript says of its end."""
    told = member.told
    if told is None or told.outcome is None or told.answered_at < last:
        return None
    return Turn(
        outcome=told.outcome, at=told.answered_at, because="announced to its parent", basis=Basis.PARENT,
        reason=told.error,
    )  # fmt: skip


def _only_announced(member: Member) -> Turn | None:
    """A sub-agent whose row is gone or never came, and of whose end all that is known is that it was announced."""
    told = member.told
    unknown = member.vanished or member.facts is None
    if told is None or not unknown or told.outcome is not None or told.answered_at < max(member.last_at, 1.0):
        return None
    return Turn(
        outcome=Outcome.LOST, at=told.answered_at, because="announced, without how it ended", basis=Basis.PARENT,
        reason="it ended, but how was not recorded",
    )  # fmt: skip


def _nothing_said(at: float, last: float, now: float, limits: Limits) -> Turn:
    """The store said that a turn goes on, and no longer does; lines may still come."""
    if now >= at + limits.idle_s:
        because, why = "no longer running, and no line", "ended before it said anything"
        return Turn(outcome=Outcome.STOPPED, at=at, because=because, basis=Basis.STORE, reason=why)
    because, look_at = "no longer running, no line yet", at + limits.idle_s
    return Turn(outcome=None, at=last, because=because, basis=Basis.STORE, look_at=look_at)


def _ended_now(facts: Facts, state: RunState, last: float) -> bool:
    """Whether the row's end is that of this turn: a row keeps the old one for a while after a new prompt.

    A turn that is cut off at its time limit has its end there, and the last lines come later.
    """
    at = facts.ended_at or facts.updated_at
    return at >= state.turn_started_at and (at >= last - SETTLE_S or facts.updated_at >= last)


def _by_registry(member: Member, last: float) -> Turn | None:
    """A registry knows the end of a sub-agent's first turn: it counts unless lines came after it."""
    entry = member.registered
    if entry is None or not entry.ended_at or entry.outcome is None or entry.ended_at < last - SETTLE_S:
        return None
    because = f"the registry says {entry.outcome}"
    return Turn(outcome=entry.outcome, at=entry.ended_at, because=because, basis=Basis.REGISTRY, reason=entry.reason)
