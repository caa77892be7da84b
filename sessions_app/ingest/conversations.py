"""What was read → the runs of its session: load, fold, and what is to be saved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django.db.models import F, Q

from sessions_app.events import AnyEvent, Outcome, UserSaid
from sessions_app.ingest.forgotten import is_forgotten, not_forgotten
from sessions_app.models import Run, Session
from sessions_app.models.times import moment
from sessions_app.sources.base import ChildFact, Chunk, Facts
from sessions_app.state.codec import facts_from
from sessions_app.state.reducer import REREADING, Conversation, fold
from sessions_app.state.run_state import RunState, Step

SKEW_S = 86_400.0  # how far ahead of ours the clock of whoever writes may be
TIMES = ("at", "started_at", "ended_at", "updated_at", "answered_at")
Timed = TypeVar("Timed", AnyEvent, Facts, ChildFact)
RESET = "session reset"
RECENT = 20  # older runs that are over get no more lines


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What was read of one transcript: which session's, in which window, and the events with their mark.

    ``by_hand``: somebody asked for it to be read again, so ``chunk`` begins anew whatever its mark was.
    """

    key: str
    window: str
    transcript: str
    chunk: Chunk
    by_hand: bool = False


@dataclass(kw_only=True, slots=True)
class Talk:
    """A session with the runs that a line may still belong to, while one batch is applied."""

    session: Session
    runs: dict[int, Run] = field(default_factory=dict)
    states: dict[int, RunState] = field(default_factory=dict)
    steps: list[tuple[int, Step]] = field(default_factory=list)
    changed: set[int] = field(default_factory=set)

    @property
    def facts(self) -> Facts | None:
        """What the store says of the session now."""
        return facts_from(self.session.facts)

    def set_state(self, state: RunState) -> None:
        """Keep a run's new state, to be saved."""
        if self.states.get(state.no) != state:
            self.states[state.no] = state
            self.changed.add(state.no)
            self.session.last_run = max(self.session.last_run, state.no)
            if not state.queued:
                self.session.row_run = max(self.session.row_run, state.no)


def load(sessions: Sequence[Session], *, all_runs_of: Iterable[int] = ()) -> dict[int, Talk]:
    """Talks by session id, in one query. ``all_runs_of``: sessions that are being read again from the start."""
    talks = {session.id: Talk(session=session) for session in sessions}
    recent = Q(over=False) | Q(no__gt=F("session__last_run") - RECENT) | Q(session_id__in=list(all_runs_of))
    for run in Run.objects.filter(recent, session_id__in=list(talks)).order_by("no"):
        talk = talks[run.session_id]
        talk.runs[run.no] = run
        talk.states[run.no] = run.value
    return talks


def not_after(value: Timed, now: float) -> Timed:
    """The same value with no time that our clock will not reach for long."""
    latest = now + SKEW_S
    late: dict[str, Any] = {name: now for name in TIMES if getattr(value, name, 0.0) > latest}
    return replace(value, **late) if late else value


def child_keys(store: str, chunks: Iterable[Chunk]) -> dict[str, str]:
    """Session keys of the sub-agents that announcements in these chunks name by session id."""
    named = {
        event.child_session_id
        for chunk in chunks
        for event in chunk.events
        if isinstance(event, UserSaid) and event.child_session_id
    }
    if not named:
        return {}
    found = Session.everything.filter(store=store, window__in=named)
    return {session.window: session.key for session in found}


def read_into(talk: Talk, reading: Reading, keys: Mapping[str, str], *, again: bool) -> None:
    """Fold one reading into its talk. ``again``: the window is read anew from its first line."""
    session = talk.session
    events = not_forgotten(session, reading.chunk.events)
    current = REREADING if again else session.current_run
    before = Conversation(window=reading.window, current=current, runs=dict(talk.states))
    after = fold(before, events, keys)
    for state in after.runs.values():
        talk.set_state(state)
    talk.steps.extend(after.steps)
    if reading.by_hand:
        _restore(talk, reading.window, before.runs)
    session.problem = reading.chunk.problem
    newest = moment(max((event.at for event in events), default=0.0))
    if newest and (session.seen_at is None or newest > session.seen_at):
        session.seen_at = newest
    if after.current != REREADING:
        session.current_run = after.current


def _restore(talk: Talk, window: str, before: Mapping[int, RunState]) -> None:
    """Whatever stands in the rows of this window is written anew, also where the lines say the same as before."""
    talk.changed.update(no for no, state in talk.states.items() if state.window == window)
    if window != talk.session.window:
        resets = (state.turn_ended_at for state in before.values() if (state.window, state.reason) == (window, RESET))
        close_window(talk, window, max(resets, default=0.0))


def open_provisional(talk: Talk, facts: Facts, *, has_lines: bool) -> None:
    """A turn goes on and no line tells of it yet: open a run that waits for its first line.

    Not where a prompt that was in the queue before is still there: that is what runs, and it gets a run by its name.
    """
    if not facts.running or has_lines:
        return
    if any(state.window in {"", facts.session_id} for state in talk.states.values()):
        return
    no = talk.session.last_run + 1
    began = facts.started_at or facts.updated_at
    if any(one.at <= began for one in facts.queued):
        return
    if not is_forgotten(talk.session, began):
        talk.set_state(RunState(no=no, started_at=began, last_at=began, turn_started_at=began))


def open_queued(talk: Talk, facts: Facts) -> None:
    """Prompts that wait in the queue: a run each, which waits for its first line."""
    known = {name for state in talk.states.values() for name in (state.queued_id, state.start_id)}
    for one in facts.queued:
        at = one.at or facts.updated_at
        if one.id and one.id not in known and not is_forgotten(talk.session, at):
            talk.set_state(
                RunState(
                    no=talk.session.last_run + 1, queued_id=one.id, prompt=one.text, started_at=at, last_at=at,
                    turn_started_at=at, message_id=one.message_id, from_mattermost=one.from_mattermost,
                )
            )  # fmt: skip


def close_window(talk: Talk, old: str, at: float) -> None:
    """The conversation was reset: what was going on in the old window is over. A run without a line moves on."""
    for state in list(talk.states.values()):
        if state.window == old and state.turn_open and not state.provisional:
            ended = replace(state, turn_open=False, turn_ended_at=max(at, state.last_at), open=())
            talk.set_state(replace(ended, outcome=Outcome.STOPPED, reason=RESET))


def run_row(talk: Talk, state: RunState, encoded: str) -> Run:
    """The row of a run, new or known, with what its lines say."""
    run = talk.runs.get(state.no) or Run(session=talk.session, no=state.no)
    talk.runs[state.no] = run
    run.state = encoded
    run.window = state.window
    run.start_id = state.start_id[:200]
    run.title = state.title[:300]
    run.prompt = state.prompt
    run.label = talk.session.label
    run.started_at = moment(state.started_at)
    run.tools, run.tokens, run.cost = state.tools, state.tokens, state.cost
    return run
