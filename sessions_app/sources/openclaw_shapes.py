"""The shapes of a transcript line, as far as they are read: only the fields that matter, all others are skipped.

What may hold anything stays raw until it is asked for: an odd value costs only itself, and millions of empty ones
cost no memory.
"""

import math
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct, field

NOTHING = Raw(b"null")
EMPTY = {b"null", b"false", b"0", b'""', b"{}", b"[]"}
MOST = 1e12  # tokens or dollars of one call; a larger figure is nonsense and would not fit a column

Value = TypeVar("Value")


class Part(Struct):
    type: str = ""
    text: str | None = None
    id: str | None = None
    name: str | None = None
    arguments: Raw = NOTHING


class LineUsage(Struct):
    input: Raw = NOTHING
    output: Raw = NOTHING
    cache_read: Raw = field(default=NOTHING, name="cacheRead")
    cache_write: Raw = field(default=NOTHING, name="cacheWrite")
    cost: Raw = NOTHING


class Cost(Struct):
    total: Raw = NOTHING


class Abort(Struct):
    aborted: Raw = NOTHING


class Message(Struct, rename="camel"):
    role: str = ""
    content: str | list[Raw] | None = None
    stop_reason: str | None = None
    error_message: str | None = None
    usage: Raw = NOTHING
    model: str | None = None
    tool_call_id: str | None = None
    tool_name: str | None = None
    details: Raw = NOTHING
    is_error: bool | None = None
    display: Raw = NOTHING
    provenance: Raw = NOTHING
    idempotency_key: Raw = NOTHING
    openclaw: Raw = field(default=NOTHING, name="__openclaw")
    openclaw_abort: Raw = NOTHING


class Line(Struct, rename="camel"):
    type: str = ""
    id: str | None = None
    timestamp: str | None = None
    parent_session: str | None = None
    custom_type: str | None = None
    message: Message | None = None


class Details(Struct, rename="camel"):
    status: str | None = None
    exit_code: Raw = NOTHING
    error: Raw = NOTHING
    child_session_key: str | None = None
    run_id: str | None = None
    session_id: str | None = None
    approval_id: str | None = None
    expires_at_ms: Raw = NOTHING


class Identified(Struct):
    id: str | None = None


class Provenance(Struct, rename="camel"):
    """What 2026.9 says of a line that no person wrote."""

    kind: str | None = None
    source_session_key: str | None = None
    source_tool: str | None = None


class Transport(Struct, rename="camel"):
    channel: str | None = None
    message_id: str | None = None


class Extra(Struct, rename="camel"):
    """``__openclaw``: what 2026.9 puts beside a message."""

    run_id: str | None = None
    sender_name: str | None = None
    sender_is_owner: Raw = Raw()
    transport: Transport | None = None


def as_type(kind: type[Value], raw: Raw) -> Value | None:
    """A value of this type, or None where something else stands there."""
    try:
        return msgspec.json.decode(raw, type=kind | None, strict=False)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


def says(raw: Raw) -> bool:
    """Whether anything stands there, as JavaScript sees it."""
    return bytes(raw).strip() not in EMPTY


def count(raw: Raw) -> float:
    """A figure that can be added up: 0 for what is none, negative, or beyond all reason."""
    number = as_type(float, raw) or 0.0
    return number if math.isfinite(number) and 0 <= number <= MOST else 0.0
