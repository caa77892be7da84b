"""Values to JSON and back, for the columns that keep them. Unknown fields are skipped, missing ones have defaults."""

from typing import TypeVar

import msgspec

from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.evidence import Evidence
from sessions_app.state.run_state import RunState

Value = TypeVar("Value")


def to_json(value: object) -> str:
    """Any value of `state` or `sources` as JSON."""
    return msgspec.json.encode(value).decode()


def run_state_from(text: str, no: int) -> RunState:
    """A run's state; an empty one where nothing was stored."""
    return msgspec.json.decode(text, type=RunState) if text else RunState(no=no)


def facts_from(text: str) -> Facts | None:
    """What a store said of a session; None where nothing was stored, or by a version that says it differently."""
    try:
        return msgspec.json.decode(text, type=Facts) if text else None
    except msgspec.MsgspecError:
        return None


def children_from(text: str) -> tuple[ChildFact, ...]:
    """What a registry said of a session's spawns."""
    return msgspec.json.decode(text, type=tuple[ChildFact, ...]) if text else ()


def evidence_from(text: str) -> tuple[Evidence, ...]:
    """The evidence of a judgement."""
    return msgspec.json.decode(text, type=tuple[Evidence, ...]) if text else ()
