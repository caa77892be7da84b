"""The rows of ``sessions.json``: who talks where, and what OpenClaw says of the latest turn.

The file is replaced as a whole several times a turn, and may be gone for a moment while it is: the last good one
counts. Same inode does not mean same file (inodes are reused): size and time of change tell.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from sessions_app.events import Outcome
from sessions_app.sources.base import Address, Facts
from sessions_app.sources.openclaw_keys import MATTERMOST_ID, address_of, address_to, agent_of, is_subagent, key_of
from sessions_app.sources.text import clean, mended, plain

MAX_ROWS = 64 * 1024 * 1024
LAST_MS = 253_402_300_799_000  # the end of the year 9999
Value = TypeVar("Value")
OVER = {
    "done": Outcome.DONE,
    "failed": Outcome.FAILED,
    "timeout": Outcome.FAILED,
    "killed": Outcome.STOPPED,
    "interrupted": Outcome.STOPPED,
}


class Signature(NamedTuple):
    """What changes when a file does."""

    size: int
    mtime_ns: int
    inode: int


def signature(path: Path) -> Signature:
    """Raises OSError where the file cannot be looked at."""
    seen = os.stat(path)
    return Signature(seen.st_size, seen.st_mtime_ns, seen.st_ino)


class Delivery(msgspec.Struct, rename="camel"):
    channel: str | None = None
    to: str | None = None
    thread_id: Any = None


class Origin(msgspec.Struct, rename="camel"):
    native_channel_id: str | None = None


class Route(msgspec.Struct, rename="camel"):
    """2026.9's ``delivery``, which replaces all other fields about where a session talks."""

    kind: str | None = None
    context: Delivery | None = None
    origin: Origin | None = None


class Row(msgspec.Struct, rename="camel"):
    """One entry; fields that OpenClaw may leave out are optional, all others are skipped unread."""

    session_id: str = ""
    session_file: str | None = None
    updated_at: float | None = None
    status: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    last_run_error: str | None = None
    spawned_by: str | None = None
    parent_session_key: str | None = None
    label: str | None = None
    model: str | None = None
    group_channel: str | None = None
    delivery: Route | None = None
    delivery_context: Delivery | None = None
    last_channel: str | None = None
    last_to: str | None = None
    last_thread_id: Any = None

    def base_name(self) -> str:
        """Base name of the transcript, for a store that OpenClaw saw under another path."""
        name = _last_part(self.session_file or "")
        return name if _is_transcript(name) else f"{_last_part(self.session_id)}.jsonl"

    def below(self, roots: tuple[Path, ...]) -> tuple[str, bool]:
        """The transcript's path below the store, and whether OpenClaw sees the store where we see it.

        If it does, it runs on this host, and the pids in its locks mean something here.
        """
        path = self.session_file or ""
        for root in roots:
            if path.startswith(f"{root}/") and ".." not in path.split("/") and _is_transcript(path):
                return os.path.relpath(path, root), True
        return "", False


def _last_part(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def _is_transcript(name: str) -> bool:
    return name.endswith(".jsonl") and not name.endswith(".trajectory.jsonl")


def decoded(raw: bytes, kind: type[Value]) -> Value | None:
    """JSON as JavaScript writes it, or None where it is not whole or not of this shape."""
    try:
        return msgspec.json.decode(raw, type=kind, strict=False)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        pass
    try:
        return msgspec.json.decode(mended(raw), type=kind, strict=False)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        return None


class Rows:
    """Remembers the last ``sessions.json`` that could be read. ``whole``: what it has now is all there is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.whole = True
        self._seen: Signature | None = None
        self._rows: Mapping[str, Row] = {}
        self._problem = ""

    def look(self) -> tuple[Mapping[str, Row], str]:
        """Rows by key, and a sentence when they cannot be read now."""
        try:
            now = signature(self.path)
            if now == self._seen:
                return self._rows, self._problem
            if now.size > MAX_ROWS:
                return self._kept(f"{self.path} is larger than 64 MB and is not read; prune old sessions.")
            with open(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                raw = file.read(MAX_ROWS)
        except FileNotFoundError:
            self.whole = False
            return self._rows, ""
        except OSError as error:
            return self._kept(f"{self.path} cannot be read ({_why(self.path, error)}).")
        entries = decoded(raw, dict[str, msgspec.Raw])
        if entries is None:
            return self._kept(f"{self.path} is not whole JSON; the last good one counts until it is.")
        self._seen, self.whole = now, True
        self._take(entries)
        return self._rows, self._problem

    def _kept(self, problem: str) -> tuple[Mapping[str, Row], str]:
        self.whole = False
        return self._rows, problem

    def _take(self, entries: Mapping[str, msgspec.Raw]) -> None:
        """A row that cannot be read stays as it was."""
        rows, bad = {}, 0
        for name, raw in entries.items():
            key, row = key_of(name), decoded(bytes(raw), Row)
            bad += row is None
            row = row or self._rows.get(key)
            if row is not None:
                rows[key] = row
        self._rows = rows
        self._problem = f"{self.path}: {bad} rows could not be read and were left out." if bad else ""


def _why(path: Path, error: OSError) -> str:
    if os.path.islink(path):
        return "it is a symbolic link, and only files of the store itself are read"
    return f"{error.strerror}; run the watcher as OpenClaw's user"


def seconds(milliseconds: float | None) -> float:
    """A time of OpenClaw's in seconds since 1970; 0.0 where there is none, or nonsense."""
    known = milliseconds is not None and 0 < milliseconds < LAST_MS
    return milliseconds / 1000 if known and milliseconds else 0.0


def facts_of(key: str, row: Row, *, agent: str, transcript: str) -> Facts:
    """What one row says. ``running`` is None where it has no status: locks tell then, if anything does."""
    parent = row.parent_session_key or row.spawned_by or ""
    return Facts(
        key=key,
        agent=agent_of(key) or agent,
        session_id=plain(row.session_id, 200),
        transcript=transcript,
        parent_key=key_of(parent),
        spawned=is_subagent(key) or bool(parent),
        label=clean(row.label or "", 300),
        model=clean(row.model or "", 120),
        channel_name=clean((row.group_channel or "").lstrip("#"), 120),
        from_key=address_of(key),
        from_row=_delivery(row),
        running=None if row.status is None else row.status == "running",
        has_status=row.status is not None,
        names_post=row.status is None,  # 2026.3 to 2026.7 have a status, and never do
        outcome=OVER.get(row.status or ""),
        reason=clean(row.last_run_error or "", 400) or ("time limit reached" if row.status == "timeout" else ""),
        started_at=seconds(row.started_at),
        ended_at=seconds(row.ended_at),
        updated_at=seconds(row.updated_at),
    )


def _delivery(row: Row) -> Address:
    if row.delivery is not None:
        return _routed(row.delivery)
    context = row.delivery_context
    if context is not None and context.channel == "mattermost":
        return address_to(context.to, context.thread_id)
    if context is None and row.last_channel == "mattermost":
        return address_to(row.last_to, row.last_thread_id)
    return address_to(None, None)


def _routed(route: Route) -> Address:
    """A direct message's channel is named beside the person's id: then nobody has to be asked for it."""
    if route.context is None or route.context.channel != "mattermost":
        return Address()
    address = address_to(route.context.to, route.context.thread_id)
    native = (route.origin.native_channel_id if route.origin else None) or ""
    if address.user_id and MATTERMOST_ID.match(native):
        return Address(channel_id=native, user_id=address.user_id, thread_id=address.thread_id)
    return address
