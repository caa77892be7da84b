"""Events and runs by hand. Times are small numbers: seconds since nothing in particular."""

from typing import Any

from sessions_app.events import (
    Aborted,
    AgentSaid,
    AnyEvent,
    Call,
    Origin,
    Outcome,
    Restarted,
    Spawned,
    Stop,
    ToolEnded,
    UserSaid,
)
from sessions_app.state.reducer import Conversation, fold
from sessions_app.state.run_state import RunState


def prompt(at: float, name: str = "", **fields: Any) -> UserSaid:
    """A line from outside."""
    return UserSaid(id=name or f"p{at}", at=at, origin=Origin.PROMPT, text=f"prompt {at}", **fields)


def task(at: float) -> UserSaid:
    """The spawning agent's words to its new sub-agent."""
    return UserSaid(id=f"t{at}", at=at, origin=Origin.TASK, text="task")


def wake(at: float, **fields: Any) -> UserSaid:
    """OpenClaw waking the agent."""
    return UserSaid(id=f"w{at}", at=at, origin=Origin.WAKE, **fields)


def announcement(at: float, session: str = "", label: str = "", **fields: Any) -> UserSaid:
    """The result of a sub-agent."""
    fields = {"child_outcome": Outcome.DONE, **fields}
    return UserSaid(
        id=f"a{at}", at=at, origin=Origin.ANNOUNCEMENT, child_session_id=session, child_label=label, **fields
    )


def said(at: float, stop: Stop = Stop.STOP, *calls: str, **fields: Any) -> AgentSaid:
    """A message of the agent; calls by their ids."""
    made = tuple(Call(id=name, tool="exec", target=f"do {name}") for name in calls)
    return AgentSaid(id=f"s{at}", at=at, stop=Stop.TOOLS if calls else stop, calls=made, **fields)


def ended(at: float, call: str, *, ok: bool = True, spawned: str = "", **fields: Any) -> ToolEnded:
    """The result of a tool; ``spawned``: the key of a sub-agent."""
    child = Spawned(key=spawned, turn_id=f"turn-{spawned}") if spawned else None
    return ToolEnded(id=f"e{at}", at=at, call_id=call, tool="exec", ok=ok, spawned=child, **fields)


def aborted(at: float) -> Aborted:
    """The turn was cut off."""
    return Aborted(id=f"x{at}", at=at)


def restarted(at: float) -> Restarted:
    """The conversation was cleared."""
    return Restarted(id=f"r{at}", at=at)


def told(*events: AnyEvent, before: Conversation | None = None, keys: dict[str, str] | None = None) -> Conversation:
    """The conversation after these events."""
    return fold(before or Conversation(window="w"), events, keys or {})


def only(talk: Conversation) -> RunState:
    """The one run of a conversation."""
    (run,) = talk.runs.values()
    return run
