"""State + event → state. `fold` routes each event of a session to the run it belongs to; the rest changes one run.

Rules (docs/architecture.md, Runs): a prompt or a task starts a run; an announcement continues the run whose child it
names; every other line continues the run that has the turn, else the session's newest.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from sessions_app.events import (
    Aborted,
    AgentSaid,
    AnyEvent,
    Opened,
    Origin,
    Outcome,
    Restarted,
    Stop,
    ToolEnded,
    UserSaid,
)
from sessions_app.state.run_state import FINISHED_KEPT, OPEN_KEPT, Child, RunState, Step

# The transcript is read again from its first line: nothing counts before its first start line.
REREADING = -1
ENDS = {
    Stop.STOP: Outcome.DONE,
    Stop.LENGTH: Outcome.DONE,
    Stop.ERROR: Outcome.FAILED,
    Stop.ABORTED: Outcome.STOPPED,
}


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
        if isinstance(event, UserSaid) and event.origin in {Origin.PROMPT, Origin.TASK}:
            _hand_over(runs, current, event.at)
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
    waiting = next((run for run in sorted(runs.values(), key=lambda one: one.no) if run.provisional), None)
    old = known or waiting
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
    newest = max(runs, default=0)
    if isinstance(event, UserSaid) and event.origin is Origin.ANNOUNCEMENT:
        return _awaiting(runs, event, child_keys) or newest
    if isinstance(event, ToolEnded):
        for number in sorted(runs, reverse=True):
            if any(step.call_id == event.call_id for step in runs[number].open):
                return number
    if isinstance(event, AgentSaid) and "announce:" in event.turn_id:
        return _named(runs, event.turn_id) or newest
    has_turn = runs.get(current)
    if has_turn is not None and (has_turn.turn_open or has_turn.outcome is Outcome.FAILED):
        return current
    return newest


def _named(runs: Mapping[int, RunState], turn_id: str) -> int:
    """The run whose sub-agent a turn's own id names (2026.9: ``announce:v1:<key>:<turn>``)."""
    for number in sorted(runs, reverse=True):
        if any(_is_named(child, turn_id) for child in runs[number].children):
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


def apply_event(run: RunState, event: AnyEvent, child_keys: Mapping[str, str]) -> RunState:
    """One run after one event that belongs to it."""
    if not isinstance(event, Opened):
        run = replace(run, last_at=max(run.last_at, event.at))
    match event:
        case UserSaid():
            return _interrupted(_woken(_answered(run, event, child_keys), event.at), event)
        case AgentSaid():
            ends_yield = run.yielded and event.stop is Stop.ABORTED
            return _said(run if run.turn_open or ends_yield else _woken(run, event.at), event)
        case ToolEnded():
            return _ended(run if run.turn_open else _woken(run, event.at), event)
        case Aborted():
            return replace(run, aborted=True)
        case Restarted() if run.turn_open:
            return replace(
                run, turn_open=False, turn_ended_at=event.at, outcome=Outcome.STOPPED, reason="session reset"
            )
    return run


def _woken(run: RunState, at: float) -> RunState:
    """A new turn of the same run. The outcome of the last one stands until this one has its own."""
    return replace(
        run, turn_open=True, turn_started_at=at, aborted=False, handed_over=False, yielded=False, silent=False
    )


def _interrupted(run: RunState, event: UserSaid) -> RunState:
    """A new turn begins with a line: calls of the last one that are still open were cut off and bring no result."""
    cut = tuple(replace(step, ended_at=event.at) for step in run.open)
    return replace(
        run,
        open=(),
        finished=(*run.finished, *cut)[-FINISHED_KEPT:],
        background=() if event.command_ended else run.background,
    )


def _answered(run: RunState, event: UserSaid, child_keys: Mapping[str, str]) -> RunState:
    key = event.child_key or child_keys.get(event.child_session_id, "")
    if event.child_outcome is None:
        return _heard_of(run, key, event.at)
    for index, child in sorted(enumerate(run.children), key=lambda one: one[1].answered_at > 0):
        if child.key == key or (not key and child.label == event.child_label and not child.answered_at):
            told = replace(child, answered_at=event.at, outcome=event.child_outcome, error=event.child_error)
            return replace(run, children=(*run.children[:index], told, *run.children[index + 1 :]))
    return run


def _heard_of(run: RunState, key: str, at: float) -> RunState:
    """A sub-agent's end was announced, and not how it ended: its own lines or the store say that, if anything does."""
    children = tuple(
        replace(child, answered_at=at) if child.key == key and not child.answered_at else child
        for child in run.children
    )
    return replace(run, children=children) if key else run


def _announced(run: RunState, turn_id: str) -> str:
    """The key of the sub-agent whose end woke this turn (2026.9: ``announce:v1:<key>:<turn>``)."""
    named = (child.key for child in run.children if _is_named(child, turn_id))
    return next(named, "") if "announce:" in turn_id else ""


def _is_named(child: Child, turn_id: str) -> bool:
    return f":{child.key}:" in turn_id or bool(child.turn_id and child.turn_id in turn_id)


def _said(run: RunState, event: AgentSaid) -> RunState:
    run = _heard_of(run, _announced(run, event.turn_id), event.at)
    if run.yielded and event.stop is Stop.ABORTED:
        return run  # that is how a yield ends the turn; the line is deleted a moment later
    known = {step.call_id for step in run.open}
    calls = {call.id: call for call in event.calls if call.id not in known}.values()
    opened = tuple(Step(call_id=call.id, tool=call.tool, target=call.target, started_at=event.at) for call in calls)
    run = replace(
        run,
        say=event.text or run.say,
        model=event.model or run.model,
        tokens=run.tokens + event.usage.tokens,
        cost=run.cost + event.usage.cost,
        tools=run.tools + len(opened),
        open=(run.open + opened)[:OPEN_KEPT],
    )
    if event.stop is Stop.TOOLS:
        return replace(run, turn_open=True)
    outcome = Outcome.STOPPED if run.aborted else ENDS[event.stop]
    return replace(
        run,
        turn_open=False,
        turn_ended_at=event.at,
        outcome=outcome,
        reason=event.error if outcome is Outcome.FAILED else "",
        cut_off=event.stop is Stop.LENGTH,
        silent=event.silent,
    )


def _ended(run: RunState, event: ToolEnded) -> RunState:
    """Close a step. A result without its call (a line was lost or the tool is unknown) still counts as one."""
    asked = next((step for step in run.open if step.call_id == event.call_id), None)
    known = any(step.call_id == event.call_id for step in run.finished)
    if asked is None and known:
        return run
    step = asked or Step(call_id=event.call_id, tool=event.tool, started_at=event.at)
    child_key = event.spawned.key if event.spawned else ""
    done = replace(step, ended_at=event.at, ok=event.ok, error=event.error, child_key=child_key, running=event.running)
    if event.yielded:
        run = replace(run, turn_open=False, turn_ended_at=event.at, outcome=Outcome.DONE, yielded=True)
    children = run.children
    if event.spawned and all(child.key != child_key or child.answered_at for child in children):
        born = Child(key=child_key, turn_id=event.spawned.turn_id, label=step.target, spawned_at=event.at)
        children = (*children, born)
    background = tuple(name for name in run.background if name != event.finished)
    return replace(
        run,
        open=tuple(one for one in run.open if one.call_id != event.call_id),
        finished=(*run.finished, done)[-FINISHED_KEPT:],
        tools=run.tools + (asked is None),
        failed_tools=run.failed_tools + (not event.ok),
        children=children,
        background=(*background, event.running) if event.running and event.running not in background else background,
    )
