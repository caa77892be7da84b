"""One line of an OpenClaw transcript → one event. The same JSON in every release and in both stores.

Typed decoding reads only the fields that matter: a 50 MB line of nothing costs 90 ms and no memory. Lines that
msgspec refuses but JavaScript writes (a lone surrogate where a string was cut inside an emoji) are read again by
the standard library and scrubbed. Texts are redacted here, so nothing to the right ever sees a secret.
"""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from sessions_app.events import (
    Aborted,
    AgentSaid,
    AnyEvent,
    Call,
    Compacted,
    Noted,
    Opened,
    Restarted,
    Spawned,
    Stop,
    ToolEnded,
    Usage,
)
from sessions_app.sources.openclaw_tools import target_of
from sessions_app.sources.openclaw_users import user_said
from sessions_app.sources.text import clean

SAY_CHARS = 600
ERROR_CHARS = 400
SILENT = "NO_REPLY"
STOPS = {
    "toolUse": Stop.TOOLS,
    "stop": Stop.STOP,
    "length": Stop.LENGTH,
    "error": Stop.ERROR,
    "aborted": Stop.ABORTED,
}
Count = Annotated[float, Meta(ge=0)]


class BadLineError(ValueError):
    """The line is not one that OpenClaw writes; the message says in what way."""


class Part(Struct):
    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    arguments: Any = None


class Cost(Struct):
    total: float = 0.0


class LineUsage(Struct):
    input: Count = 0
    output: Count = 0
    cache_read: Count = field(default=0, name="cacheRead")
    cache_write: Count = field(default=0, name="cacheWrite")
    cost: Cost | None = None


class Message(Struct, rename="camel"):
    role: str = ""
    content: str | list[Part] | None = None
    stop_reason: str | None = None
    error_message: str | None = None
    usage: LineUsage | None = None
    model: str | None = None
    tool_call_id: str = ""
    tool_name: str = ""
    details: msgspec.Raw = msgspec.Raw(b"null")
    is_error: bool = False
    display: bool | None = None
    provenance: Any = None
    openclaw: Any = field(default=None, name="__openclaw")
    openclaw_abort: Any = None


class Line(Struct, rename="camel"):
    type: str = ""
    id: str | None = None
    timestamp: str | None = None
    parent_session: str | None = None
    custom_type: str | None = None
    message: Message | None = None


class Details(Struct, rename="camel"):
    status: str | None = None
    exit_code: int | None = None
    error: Any = None
    child_session_key: str | None = None
    run_id: str | None = None
    session_id: str | None = None


class Identified(Struct):
    id: str | None = None


LINE = msgspec.json.Decoder(Line, strict=False)
ONLY_ID = msgspec.json.Decoder(Identified, strict=False)


def line_id(raw: bytes) -> str:
    """The id of a line, without reading the rest of it; "" where there is none."""
    try:
        return ONLY_ID.decode(raw).id or ""
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return ""


def parse(raw: bytes) -> AnyEvent:
    """Read one line without its newline.

    Raises:
        BadLineError: the bytes are no JSON object, or one of another shape.
    """
    line = _decode(raw)
    at = _seconds(line.timestamp)
    common: dict[str, Any] = {"id": line.id or "", "at": at}
    if line.type == "message" and line.message is not None:
        return _message(line.message, common)
    if line.type == "session":
        return Opened(**common, session_id=line.id or "", parent=_parent(line.parent_session or ""))
    if line.type == "compaction":
        return Compacted(**common)
    if line.type == "reset":
        return Restarted(**common)
    if line.type == "custom" and line.custom_type == "openclaw:prompt-error" and b'"aborted"' in raw:
        return Aborted(**common)
    return Noted(**common, kind=line.custom_type or line.type)


def _parent(named: str) -> str:
    """``sqlite:<agent>:<session id>`` or the base name of a file, without the path that OpenClaw saw."""
    if named.startswith("sqlite:"):
        return ":".join(named.split(":")[:3])
    return named.replace("\\", "/").rsplit("/", 1)[-1]


def _decode(raw: bytes) -> Line:
    try:
        return LINE.decode(raw)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        pass
    try:
        loose = json.loads(raw.decode("utf-8", "replace"))
        return msgspec.convert(_scrub(loose), Line, strict=False)
    except (ValueError, RecursionError, TypeError) as error:
        raise BadLineError(str(error)[:200]) from error


def _scrub(value: Any) -> Any:
    """Make what the standard library let through storable; ``details`` is read as raw JSON later."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_scrub(item) for item in value]
    if isinstance(value, dict):
        tidy = {str(_scrub(key)): _scrub(item) for key, item in value.items()}
        if "toolCallId" in tidy and "details" in tidy:
            tidy["details"] = msgspec.Raw(json.dumps(tidy["details"]).encode())
        return tidy
    return value


def _seconds(timestamp: str | None) -> float:
    if not timestamp:
        return 0.0
    try:
        when = datetime.fromisoformat(timestamp)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def _message(message: Message, common: dict[str, Any]) -> AnyEvent:
    match message.role:
        case "user":
            return user_said(
                _text(message), common, display=message.display, provenance=message.provenance, extra=message.openclaw
            )
        case "assistant":
            return _agent_said(message, common)
        case "toolResult":
            return _tool_ended(message, common)
    return Noted(**common, kind=message.role)


def _text(message: Message) -> str:
    if isinstance(message.content, str):
        return message.content
    return "\n".join(part.text for part in message.content or () if part.type == "text" and part.text)


def _agent_said(message: Message, common: dict[str, Any]) -> AgentSaid:
    text = _text(message).strip()
    calls = tuple(
        Call(id=part.id, tool=clean(part.name, 120), target=target_of(part.name, part.arguments))
        for part in (message.content if isinstance(message.content, list) else ())
        if part.type == "toolCall" and part.id
    )
    extra = message.openclaw if isinstance(message.openclaw, dict) else {}
    return AgentSaid(
        **common,
        stop=_stop(message, calls),
        text="" if text == SILENT else clean(text, SAY_CHARS),
        silent=text == SILENT,
        calls=calls,
        error=clean(message.error_message or "", ERROR_CHARS),
        usage=_usage(message.usage),
        model=clean(message.model or "", 120),
        turn_id=str(extra.get("runId") or "")[:200],
    )


def _stop(message: Message, calls: tuple[Call, ...]) -> Stop:
    """An abort looks like success in 2026.9 (``gateway-injected``, stop): its own field tells."""
    if isinstance(message.openclaw_abort, dict) and message.openclaw_abort.get("aborted"):
        return Stop.ABORTED
    known = STOPS.get(message.stop_reason or "")
    return known or (Stop.TOOLS if calls else Stop.STOP)


def _usage(usage: LineUsage | None) -> Usage:
    if usage is None:
        return Usage()
    return Usage(
        input=int(usage.input),
        output=int(usage.output),
        cache_read=int(usage.cache_read),
        cache_write=int(usage.cache_write),
        cost=max(0.0, usage.cost.total) if usage.cost else 0.0,
    )


def _tool_ended(message: Message, common: dict[str, Any]) -> ToolEnded:
    details = _details(message.details)
    spawned = None
    if details.child_session_key and details.status == "accepted":
        spawned = Spawned(key=details.child_session_key.lower()[:500], turn_id=(details.run_id or "")[:200])
    ok, error = _verdict(message, details)
    background = details.session_id or ""
    return ToolEnded(
        **common,
        call_id=message.tool_call_id,
        tool=clean(message.tool_name, 120),
        ok=ok,
        error=error,
        spawned=spawned,
        running=background[:120] if details.status == "running" and message.tool_name == "exec" else "",
        finished=background[:120] if details.status in {"completed", "failed", "killed"} else "",
        yielded=message.tool_name == "sessions_yield" and details.status == "yielded",
    )


def _details(raw: msgspec.Raw) -> Details:
    try:
        return msgspec.json.decode(raw, type=Details | None, strict=False) or Details()
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return Details()


def _verdict(message: Message, details: Details) -> tuple[bool, str]:
    """``isError`` is false for a command that exits 3 and for a file that is not there: look at the details."""
    if details.exit_code:
        return False, f"exit {details.exit_code}"
    if message.is_error or details.status == "error":
        said = details.error if isinstance(details.error, str) else _text(message)
        return False, clean(said.strip().splitlines()[0] if said.strip() else "failed", ERROR_CHARS)
    return True, ""
