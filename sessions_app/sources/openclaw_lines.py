"""One line of an OpenClaw transcript → one event. The same JSON in every release and in both stores.

Typed decoding reads only the fields that matter: a 50 MB line of nothing costs 90 ms and no memory. What may have
any shape (usage, details, arguments) stays raw until it is asked for, so that an odd one costs only itself and never
the line that ends a turn. Texts are redacted here, so nothing to the right ever sees a secret.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw

from sessions_app.events import (
    Aborted,
    AgentSaid,
    AnyEvent,
    Ask,
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
from sessions_app.sources.openclaw_keys import key_of
from sessions_app.sources.openclaw_rows import seconds
from sessions_app.sources.openclaw_shapes import (
    Abort,
    Cost,
    Details,
    Extra,
    Identified,
    Line,
    LineUsage,
    Message,
    Part,
    Provenance,
    as_type,
    count,
    says,
)
from sessions_app.sources.openclaw_tools import target_of
from sessions_app.sources.openclaw_users import user_said
from sessions_app.sources.text import LOOKED_AT, clean, mended, plain

SAY_CHARS = 600
ERROR_CHARS = 400
ID_CHARS = 200
SILENT = {"NO_REPLY", "HEARTBEAT_OK"}
MIRROR = "delivery-mirror"  # what another session sent to this one's channel, noted here: no turn
FALLBACK = b":settled-finalization-fallback"
DENIED = "Exec denied ("
STOPS = {
    "toolUse": Stop.TOOLS,
    "stop": Stop.STOP,
    "length": Stop.LENGTH,
    "error": Stop.ERROR,
    "aborted": Stop.ABORTED,
}
REFUSED = {"error", "forbidden"}


class BadLineError(ValueError):
    """The line is not one that OpenClaw writes; the message says in what way."""


LINE = msgspec.json.Decoder(Line, strict=False)
ONLY_ID = msgspec.json.Decoder(Identified, strict=False)


def tidy(raw: bytes) -> bytes:
    """A line without what may stand around it: NULs after a crash, a byte order mark."""
    return raw.strip(b"\x00 \r\t").removeprefix(b"\xef\xbb\xbf")


def line_id(raw: bytes) -> str:
    """The id of a line, without reading the rest of it; "" where there is none."""
    for form in (raw, mended(raw)):
        try:
            return plain(ONLY_ID.decode(form).id or "", ID_CHARS)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            continue
    return ""


def parse(raw: bytes) -> AnyEvent:
    """Read one line without its newline.

    Raises:
        BadLineError: the bytes are no JSON object, or one of another shape.
    """
    line = _decode(raw)
    at = _seconds(line.timestamp)
    common: dict[str, Any] = {"id": plain(line.id or "", ID_CHARS), "at": at}
    if line.type == "message" and line.message is not None:
        return _message(line.message, common)
    if line.type == "session":
        return Opened(**common, session_id=common["id"], parent=_parent(line.parent_session or ""))
    if line.type == "compaction":
        return Compacted(**common)
    if line.type == "reset":
        return Restarted(**common)
    if line.type == "custom" and line.custom_type == "openclaw:prompt-error" and b'"aborted"' in raw:
        return Aborted(**common)
    return Noted(**common, kind=plain(line.custom_type or line.type, ID_CHARS))


def _parent(named: str) -> str:
    """``sqlite:<agent>:<session id>`` or the base name of a file, without the path that OpenClaw saw."""
    if named.startswith("sqlite:"):
        return plain(":".join(named.split(":")[:3]), 300)
    return plain(named.replace("\\", "/").rsplit("/", 1)[-1], 300)


def _decode(raw: bytes) -> Line:
    try:
        return LINE.decode(raw)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        pass
    try:
        return LINE.decode(mended(raw))
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise BadLineError(str(error)[:200]) from error


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
            extra = as_type(Extra, message.openclaw) or Extra()
            known = says(message.provenance)
            provenance = (as_type(Provenance, message.provenance) or Provenance()) if known else None
            hidden = bytes(message.display) == b"false"
            return user_said(
                _text(_parts(message)),
                common,
                hidden=hidden,
                provenance=provenance,
                extra=extra,
                from_channel=not says(message.idempotency_key),
            )
        case "assistant":
            return Noted(**common, kind=MIRROR) if _is_from_elsewhere(message) else _agent_said(message, common)
        case "toolResult":
            return _tool_ended(message, common)
    return Noted(**common, kind=plain(message.role, ID_CHARS))


def _is_from_elsewhere(message: Message) -> bool:
    """What another session sent to this one's channel is noted here. OpenClaw's own last word on a turn is not."""
    return message.model == MIRROR and FALLBACK not in bytes(message.idempotency_key)


def said_in(message: str) -> AnyEvent | None:
    """What a message says that has no line yet; None where it cannot be read."""
    try:
        return parse(b'{"type":"message","timestamp":"1970-01-01T00:00:00Z","message":%s}' % message.encode())
    except BadLineError:
        return None


def _parts(message: Message) -> list[Part]:
    if isinstance(message.content, str):
        return [Part(type="text", text=message.content)]
    return [part for raw in message.content or () if (part := as_type(Part, raw))]


def _text(parts: Iterable[Part]) -> str:
    return "\n".join(part.text for part in parts if part.type == "text" and part.text)


def _agent_said(message: Message, common: dict[str, Any]) -> AgentSaid:
    parts = _parts(message)
    text = _text(parts).strip()
    calls = tuple(
        Call(id=plain(part.id, ID_CHARS), tool=clean(part.name or "", 120), target=target_of(part.arguments))
        for part in parts
        if part.type == "toolCall" and part.id
    )
    extra = as_type(Extra, message.openclaw) or Extra()
    silent = text.strip("*_`. ") in SILENT
    return AgentSaid(
        **common,
        stop=_stop(message, calls),
        text="" if silent else clean(text, SAY_CHARS),
        silent=silent,
        calls=calls,
        error=clean(message.error_message or "", ERROR_CHARS),
        usage=_usage(message.usage),
        model=clean(message.model or "", 120),
        turn_id=(turn := plain(extra.run_id or "", ID_CHARS)),
        woken_by=turn if "announce:" in turn else "",  # 2026.9: announce:v1:<key>:<turn>
    )


def _stop(message: Message, calls: tuple[Call, ...]) -> Stop:
    """An abort looks like success in 2026.9 (``gateway-injected``, stop): its own field tells."""
    abort = as_type(Abort, message.openclaw_abort)
    if abort is not None and says(abort.aborted):
        return Stop.ABORTED
    known = STOPS.get(message.stop_reason or "")
    return known or (Stop.TOOLS if calls else Stop.STOP)


def _usage(raw: Raw) -> Usage:
    usage = as_type(LineUsage, raw) or LineUsage()
    cost = as_type(Cost, usage.cost) or Cost()
    return Usage(
        input=int(count(usage.input)),
        output=int(count(usage.output)),
        cache_read=int(count(usage.cache_read)),
        cache_write=int(count(usage.cache_write)),
        cost=count(cost.total),
    )


def _tool_ended(message: Message, common: dict[str, Any]) -> ToolEnded:
    details = as_type(Details, message.details) or Details()
    tool = clean(message.tool_name or "", 120)
    spawned = None
    if details.child_session_key and details.status == "accepted":
        spawned = Spawned(key=key_of(details.child_session_key), turn_id=plain(details.run_id or "", ID_CHARS))
    ok, error = _verdict(message, details)
    background = plain(details.session_id or "", 120)
    return ToolEnded(
        **common,
        call_id=plain(message.tool_call_id or "", ID_CHARS),
        tool=tool,
        ok=ok,
        error=error,
        spawned=spawned,
        running=background if details.status == "running" and tool == "exec" else "",
        finished=background if details.status in {"completed", "failed", "killed"} else "",
        asks=_asks(details),
        yielded=tool == "sessions_yield" and details.status == "yielded",
    )


def _asks(details: Details) -> Ask | None:
    """2026.7 gives the turn back at once when a command needs an approval; later releases keep the call open."""
    if details.status != "approval-pending":
        return None
    until = as_type(float, details.expires_at_ms) or 0.0
    return Ask(id=plain(details.approval_id or "", ID_CHARS), until=seconds(until))


def _complaint(message: Message) -> str:
    """One line of a result that is an error. Behind what a command has printed OpenClaw says how it ended."""
    text = _text(_parts(message)).strip()
    if text.startswith(DENIED):
        return "denied"  # what stands behind it is the whole command
    if message.tool_name == "exec":
        return (text[-LOOKED_AT:].splitlines() or [""])[-1]
    return _first_line(text)


def _first_line(text: str) -> str:
    return (text[:LOOKED_AT].splitlines() or [""])[0]


def _verdict(message: Message, details: Details) -> tuple[bool, str]:
    """``isError`` is false for a command that exits 3 and for a file that is not there: look at the details."""
    code = as_type(int, details.exit_code)
    if code:
        return False, f"exit {code}"[:40]
    if message.is_error or details.status in REFUSED:
        said = (as_type(str, details.error) or "").strip()
        return False, clean(_first_line(said) or _complaint(message), ERROR_CHARS) or "failed"
    return True, ""
