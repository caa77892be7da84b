"""One run after one event that belongs to it. Which run that is, `reducer` decides."""

from collections.abc import Mapping
from dataclasses import replace

from sessions_app.events import Aborted, AgentSaid, AnyEvent, Opened, Outcome, Restarted, Stop, ToolEnded, UserSaid
from sessions_app.state.run_state import FINISHED_KEPT, OPEN_KEPT, Child, RunState, Step

ENDS = {
    Stop.STOP: Outcome.DONE,
    Stop.LENGTH: Outcome.DONE,
    Stop.ERROR: Outcome.FAILED,
    Stop.ABORTED: Outcome.STOPPED,
}


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
            return _ended(run if run.turn_open or _is_stopped(run) else _woken(run, event.at), event)
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
        run, turn_open=True, turn_started_at=at, aborted=False, handed_over=False, yielded=False, silent=False, asks=()
    )


def _is_stopped(run: RunState) -> bool:
    """Whether its last turn was cut off: what a command leaves behind when it is killed comes later, and is no turn."""
    return run.outcome is Outcome.STOPPED and not run.handed_over


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


def _announced(run: RunState, woken_by: str) -> str:
    """The key of the sub-agent whose end woke this turn; "" where none did."""
    return next((child.key for child in run.children if is_named(child, woken_by)), "")


def is_named(child: Child, woken_by: str) -> bool:
    """Whether what woke a turn names this sub-agent: its session's key between colons, or its turn."""
    return f":{child.key}:" in f":{woken_by}:" or bool(child.turn_id and child.turn_id in woken_by)


def _said(run: RunState, event: AgentSaid) -> RunState:
    run = _heard_of(run, _announced(run, event.woken_by), event.at)
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
    done = replace(
        step,
        ended_at=event.at,
        ok=None if event.asks else event.ok,
        error=event.error,
        child_key=child_key,
        running=event.running,
    )
    if event.yielded:
        run = replace(run, turn_open=False, turn_ended_at=event.at, outcome=Outcome.DONE, yielded=True)
    children = run.children
    if event.spawned and all(child.key != child_key or child.answered_at for child in children):
        born = Child(key=child_key, turn_id=event.spawned.turn_id, label=step.target, spawned_at=event.at)
        children = (*children, born)
    what = f"approve `{step.target}`" if step.target else "approve what it asks for"
    asks = (replace(event.asks, what=what, at=event.at),) if event.asks else ()
    background = tuple(name for name in run.background if name != event.finished)
    return replace(
        run,
        open=tuple(one for one in run.open if one.call_id != event.call_id),
        finished=(*run.finished, done)[-FINISHED_KEPT:],
        tools=run.tools + (asked is None),
        failed_tools=run.failed_tools + (not event.ok),
        children=children,
        asks=run.asks + asks,
        background=(*background, event.running) if event.running and event.running not in background else background,
    )
