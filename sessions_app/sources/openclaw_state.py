"""What all agents of an installation share: ``state/openclaw.sqlite``, with the registry of spawns and the approvals.

Releases since 2026.6 have the file; which tables and columns are in it differs, so each is read where it is there.
"""

import contextlib
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Raw, Struct

from sessions_app.events import Ask, Outcome
from sessions_app.sources.base import ChildFact
from sessions_app.sources.openclaw_db import UnreadableError, columns_of, open_read_only
from sessions_app.sources.openclaw_keys import key_of
from sessions_app.sources.openclaw_registry import outcome_of
from sessions_app.sources.openclaw_rows import seconds
from sessions_app.sources.openclaw_shapes import NOTHING, as_type
from sessions_app.sources.openclaw_tools import program
from sessions_app.sources.text import clean, plain

FOLDER, FILE = "state", "openclaw.sqlite"
MOST = 5000  # newest rows that are read
SPAWNS = ("payload_json", "run_id", "child_session_key", "requester_session_key", "created_at")
# Columns of 2026.7; later releases have all of it in the payload.
SPAWN_EXTRAS = (
    "label", "started_at", "ended_at", "outcome_json", "cleanup_completed_at", "expects_completion_message",
)  # fmt: skip
APPROVALS = (
    "approval_id", "kind", "status", "presentation_json", "source_session_key", "created_at_ms", "expires_at_ms",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Shared:
    """One look: spawns by the child's key, and what waits for a person by the key of the session that asks."""

    children: Mapping[str, tuple[ChildFact, ...]] = field(default_factory=dict)
    asks: Mapping[str, tuple[Ask, ...]] = field(default_factory=dict)


class Ended(Struct):
    status: str | None = None
    error: str | None = None


class Execution(Struct, rename="camel"):
    started_at: float | None = None
    ended_at: float | None = None
    outcome: Ended | None = None


class Payload(Struct, rename="camel"):
    task_run_id: str | None = None
    label: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    outcome: Raw = NOTHING
    execution: Raw = NOTHING
    cleanup_completed_at: float | None = None
    expects_completion_message: bool | None = None
    suppress_announce_reason: str | None = None


class Presentation(Struct, rename="camel"):
    command_text: str | None = None
    title: str | None = None


class SharedState:
    """Remembers the last look that succeeded; it looks again only after the file or its WAL was written."""

    def __init__(self, root: Path) -> None:
        self.path = root / FOLDER / FILE
        self._seen: tuple[object, ...] = ()
        self._shared = Shared()

    def look(self) -> tuple[Shared, str]:
        """What is shared, and a sentence when it is there and cannot be read now."""
        if not os.path.isfile(self.path):
            return self._shared, ""
        now = (_stamp(self.path), _stamp(self.path.with_name(FILE + "-wal")))
        if now == self._seen:
            return self._shared, ""
        try:
            with contextlib.closing(open_read_only(self.path)) as connection:
                self._shared = Shared(children=_children(connection), asks=_asks(connection))
        except UnreadableError as error:
            return self._shared, str(error)
        except sqlite3.Error as error:
            return self._shared, f"{self.path} cannot be read ({error})."
        self._seen = now
        return self._shared, ""


def _stamp(path: Path) -> tuple[int, int]:
    """A WAL is reused once it is large: its size may stay, its time does not."""
    try:
        found = os.stat(path)
    except OSError:
        return (0, 0)
    return (found.st_size, found.st_mtime_ns)


def _rows(
    connection: sqlite3.Connection, table: str, needed: Iterable[str], extras: Iterable[str], newest: str, where: str
) -> Iterator[dict[str, Any]]:
    """Newest first; nothing where the table is not there or of another shape."""
    there = columns_of(connection, table)
    if not set(needed) <= there:
        return
    names = [*needed, *(name for name in extras if name in there)]
    query = f"SELECT {', '.join(names)} FROM {table} WHERE {where} ORDER BY {newest} DESC LIMIT {MOST}"  # noqa: S608
    for row in connection.execute(query):
        yield dict(zip(names, row, strict=True))


def _children(connection: sqlite3.Connection) -> dict[str, tuple[ChildFact, ...]]:
    found: dict[str, list[ChildFact]] = defaultdict(list)
    for row in _rows(connection, "subagent_runs", SPAWNS, SPAWN_EXTRAS, "created_at", "1"):
        fact = _child(row)
        found[fact.key].append(fact)
    return {key: tuple(reversed(facts)) for key, facts in found.items() if key}


def _child(row: Mapping[str, Any]) -> ChildFact:
    """2026.9 gives a sub-agent that is woken again a new row; ``taskRunId`` is the one that its spawn named."""
    payload = _as(Payload, row["payload_json"]) or Payload()
    execution = as_type(Execution, payload.execution) or Execution()
    ended = execution.outcome or as_type(Ended, payload.outcome) or _as(Ended, row.get("outcome_json")) or Ended()
    outcome, reason = outcome_of(ended.status, ended.error)
    if outcome is Outcome.FAILED and payload.suppress_announce_reason == "killed":
        outcome, reason = Outcome.STOPPED, ""  # stopped by a person, which the registry calls an error
    ended_at = execution.ended_at or payload.ended_at or row.get("ended_at")
    answered_at = _time(payload.cleanup_completed_at or row.get("cleanup_completed_at"))
    expected = payload.expects_completion_message or bool(row.get("expects_completion_message"))
    return ChildFact(
        key=key_of(str(row["child_session_key"])),
        turn_id=plain(payload.task_run_id or str(row["run_id"]), 200),
        parent_key=key_of(str(row["requester_session_key"])),
        label=clean(payload.label or str(row.get("label") or ""), 300),
        started_at=_time(execution.started_at or payload.started_at or row.get("started_at") or row["created_at"]),
        ended_at=_time(ended_at) if outcome else 0.0,
        outcome=outcome,
        reason=reason,
        answered_at=answered_at,
        owed=bool(expected and outcome and not answered_at),
    )


def _asks(connection: sqlite3.Connection) -> dict[str, tuple[Ask, ...]]:
    found: dict[str, list[Ask]] = defaultdict(list)
    for row in _rows(connection, "operator_approvals", APPROVALS, (), "created_at_ms", "status = 'pending'"):
        key = key_of(str(row["source_session_key"] or ""))
        if key:
            ask = Ask(
                id=plain(str(row["approval_id"]), 200),
                what=_wanted(row),
                at=_time(row["created_at_ms"]),
                until=_time(row["expires_at_ms"]),
            )
            found[key].append(ask)
    return {key: tuple(reversed(asks)) for key, asks in found.items()}


def _wanted(row: Mapping[str, Any]) -> str:
    """Never the whole command: it may hold what nobody else should read."""
    shown = _as(Presentation, row["presentation_json"]) or Presentation()
    name = program(shown.command_text) if shown.command_text else clean(shown.title or "", 80)
    return f"approve `{name.replace('`', '')}`" if name else "approve what it asks for"


def _as(kind: type[Any], text: object) -> Any:
    return as_type(kind, Raw(text.encode())) if isinstance(text, str) and text else None


def _time(milliseconds: object) -> float:
    return seconds(milliseconds) if isinstance(milliseconds, int | float) else 0.0
