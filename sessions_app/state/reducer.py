"""State + event → state. `fold` routes each event of a session to the run it belongs to; the rest changes one run.

Rules (docs/architecture.md, Runs): a prompt or a task starts a run; an announcement continues the run whose child it
names; every other line continues the run that has the turn, else the session's newest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sessions_app.events import (
    AgentSaid,
    AnyEvent,
    Opened,
    Origin,
    Outcome,
    Stop,
    ToolEnded,
    UserSaid,
)
from sessions_app.state.run_state import RunState, Step
from sessions_app.state.transitions import apply_event, is_named

# The transcript is read again from its first line: nothing counts before its first start line.
REREADING = -1
STARTS = {Origin.PROMPT, Origin.HEARTBEAT, Origin.TASK}


@dataclass(frozen=True, kw_only=True, slots=True)
class Conversation:
    """The runs of one session that a line may still belong to, by number; ``current`` has the turn (0: none yet)."""

    window: str = ""
    current: int = 0
    runs: Mapping[int, RunState] = field(default_factory=dict)
    steps: tuple[tuple[int, Step], ...] = ()  # changed by the last fold: (run number, step)

    @property
    def newest(self) -> RunState | None:
        """The run with the highest number."""
        return self.runs[max(self.runs)] if self.runs else None


def fold(talk: Conversation, events: Iterable[AnyEvent], child_keys: Mapping[str, str]) -> Conversation:
    """Apply events in order. ``child_keys`` tells a sub-agent's session key by its session id."""
    aside = {run.start_id: run for run in talk.runs.values() if talk.current == REREADING and run.start_id}
    runs = {no: run for no, run in talk.runs.items() if run.start_id not in aside}
    current, steps = talk.current, {}
    for event in events:
        if isinstance(event, UserSaid) and event.origin in STARTS:
            _hand_over(runs, current, event.at)
            _settle_asks(runs, event.text)
            current = _start(runs, aside, event, talk.window)
            continue
        number = _route(runs, current, event, child_keys)
        if not number:
            continue
        before = runs[number]
        after = apply_event(before, event, child_keys)
        runs[number] = after
        if isinstance(event, ToolEnded) and number != current:
            _hand_over(runs, number, event.at)
        elif not isinstance(event, Opened):
            current = number
        for step in _changed(before, after):
            steps[number, step.call_id] = step
    changed = tuple((number, step) for (number, _), step in steps.items())
    left = {run.no: run for run in aside.values()}
    return replace(talk, runs=dict(sorted({**left, **runs}.items())), current=current, steps=changed)


def _changed(before: RunState, after: RunState) -> Iterable[Step]:
    known = {*before.open, *before.finished}
    return (step for step in (*after.open, *after.finished) if step not in known)


def _start(runs: dict[int, RunState], aside: dict[str, RunState], event: UserSaid, window: str) -> int:
    """A new run, or the oldest provisional one, which has been waiting for this line.

    A start line that is known already begins its old run anew. While a transcript is being read again, runs whose
    start has not come yet are kept ``aside``: no line before it can be theirs.
    """
    name = event.id or f"@{event.at}"
    known = aside.pop(name, None) or next((run for run in runs.values() if run.start_id == name), None)
    old = known or _waiting(runs.values(), name)
    number = old.no if old else max([0, *runs, *(run.no for run in aside.values())]) + 1
    runs[number] = RunState(
        no=number,
        window=window,
        start_id=name,
        origin=event.origin,
        prompt=event.text,
        sender=event.sender,
        message_id=event.message_id,
        from_mattermost=event.from_mattermost,
        started_at=event.at,
        last_at=event.at,
        turn_started_at=event.at,
    )
    return number


def _settle_asks(runs: dict[int, RunState], text: str) -> None:
    """A person may answer what a run waits for by typing a command with its id, or the first characters of that."""
    command, _, rest = text.partition(" ")
    if command == "/approve" and rest:
        for no, run in runs.items():
            kept = tuple(ask for ask in run.asks if not ask.id.startswith(rest.split()[0]))
            runs[no] = replace(run, asks=kept) if kept != run.asks else run


def _waiting(runs: Iterable[RunState], name: str) -> RunState | None:
    """The provisional run that a prompt belongs to: the one that had its name in the queue, else the oldest in none."""
    provisional = sorted((run for run in runs if run.provisional), key=lambda one: one.no)
    named = next((run for run in provisional if run.queued_id == name), None)
    return named or next((run for run in provisional if not run.queued_id), None)


def _hand_over(runs: dict[int, RunState], number: int, at: float) -> None:
    """A session has one turn at a time: a new prompt takes it. Open tool calls may still bring their results."""
    run = runs.get(number)
    if run is not None and run.turn_open and not run.open and not run.provisional:
        outcome = Outcome.STOPPED if run.aborted else Outcome.DONE
        runs[number] = replace(run, turn_open=False, turn_ended_at=at, outcome=outcome, reason="", handed_over=True)


def _route(runs: Mapping[int, RunState], current: int, event: AnyEvent, child_keys: Mapping[str, str]) -> int:
    """The number of the run that an event belongs to; 0 for none."""
    if current == REREADING:
        return 0
    newest = max((no for no, run in runs.items() if not run.queued), default=0)
    if isinstance(event, UserSaid) and event.origin is Origin.ANNOUNCEMENT:
        return _awaiting(runs, event, child_keys) or newest
    if isinstance(event, ToolEnded):
        for number in sorted(runs, reverse=True):
            if any(step.call_id == event.call_id for step in runs[number].open):
                return number
    if isinstance(event, AgentSaid) and event.woken_by:
        return _named(runs, event.woken_by) or newest
    has_turn = runs.get(current)
    if has_turn is not None and (has_turn.turn_open or has_turn.outcome is Outcome.FAILED):
        return current
    if isinstance(event, AgentSaid) and event.stop is not Stop.ABORTED:
        return _left_waiting(runs, newest) or newest
    return newest


def _left_waiting(runs: Mapping[int, RunState], newest: int) -> int:
    """Whose answer it is that no line asks for: 2026.7 writes none when it announces the end of a sub-agent.

    0 where it may well be the newest run that goes on; else the newest run with a sub-agent that was not answered.
    """
    last = runs.get(newest)
    if last is None or last.turn_open or last.silent or last.children or last.outcome is not Outcome.DONE:
        return 0
    return max((no for no, run in runs.items() if any(not child.answered_at for child in run.children)), default=0)


def _named(runs: Mapping[int, RunState], woken_by: str) -> int:
    """The newest run that has a sub-agent which this names."""
    for number in sorted(runs, reverse=True):
        if any(is_named(child, woken_by) for child in runs[number].children):
            return number
    return 0


def _awaiting(runs: Mapping[int, RunState], event: UserSaid, child_keys: Mapping[str, str]) -> int:
    """The run whose child an announcement names: by its session, else the newest that waits for such a label."""
    key = event.child_key or child_keys.get(event.child_session_id, "")
    for number in sorted(runs, reverse=True):
        if key and any(child.key == key for child in runs[number].children):
            return number
    for number in sorted(runs, reverse=True):
        if any(child.label == event.child_label and not child.answered_at for child in runs[number].children):
            return number
    return 0
