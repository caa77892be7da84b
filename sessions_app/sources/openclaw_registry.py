"""OpenClaw 2026.2's registry of spawns, ``subagents/runs.json``. Rewritten in place: a torn read keeps the last one."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import msgspec

from sessions_app.events import Outcome
from sessions_app.sources.base import ChildFact
from sessions_app.sources.openclaw_keys import key_of
from sessions_app.sources.openclaw_rows import Signature, decoded, seconds, signature
from sessions_app.sources.text import clean, plain

MAX_REGISTRY = 16 * 1024 * 1024
OUTCOMES = {"ok": Outcome.DONE, "error": Outcome.FAILED, "timeout": Outcome.FAILED}


class Ended(msgspec.Struct):
    status: str | None = None
    error: str | None = None


class Entry(msgspec.Struct, rename="camel"):
    run_id: str = ""
    child_session_key: str = ""
    requester_session_key: str = ""
    label: str | None = None
    created_at: float | None = None
    started_at: float | None = None
    ended_at: float | None = None
    outcome: Ended | None = None
    cleanup_completed_at: float | None = None


class RunsFile(msgspec.Struct):
    runs: dict[str, msgspec.Raw] = {}


class Registry:
    """Remembers the last registry that could be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: Signature | None = None
        self._children: Mapping[str, tuple[ChildFact, ...]] = {}

    def look(self) -> tuple[Mapping[str, tuple[ChildFact, ...]], str]:
        """Spawns by the child's key, and a sentence when the file is there but cannot be read."""
        try:
            now = signature(self.path)
        except FileNotFoundError:
            return self._children, ""
        except OSError as error:
            return self._children, f"{self.path} cannot be read ({error.strerror})."
        if now == self._seen:
            return self._children, ""
        if now.size > MAX_REGISTRY:
            return self._children, f"{self.path} is larger than 16 MB and is not read."
        try:
            with open(os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
                raw = file.read(MAX_REGISTRY)
        except OSError as error:
            return self._children, f"{self.path} cannot be read ({error.strerror})."
        entries = _entries(raw)
        if entries is None:
            return self._children, ""  # torn while it was being written: the next look finds it whole
        children: dict[str, list[ChildFact]] = defaultdict(list)
        for entry in sorted(entries, key=lambda one: seconds(one.created_at)):
            children[key_of(entry.child_session_key)].append(_fact(entry))
        self._seen, self._children = now, {key: tuple(facts) for key, facts in children.items()}
        return self._children, ""


def _entries(raw: bytes) -> list[Entry] | None:
    """The spawns, without those of another shape; None when this is no whole registry."""
    runs = decoded(raw, RunsFile)
    if runs is None:
        return None
    found = (decoded(bytes(one), Entry) for one in runs.runs.values())
    return [entry for entry in found if entry is not None and entry.child_session_key]


def _fact(entry: Entry) -> ChildFact:
    ended = entry.outcome or Ended()
    outcome, reason = outcome_of(ended.status, ended.error)
    return ChildFact(
        key=key_of(entry.child_session_key),
        turn_id=plain(entry.run_id, 200),
        parent_key=key_of(entry.requester_session_key),
        label=clean(entry.label or "", 300),
        started_at=seconds(entry.started_at),
        ended_at=seconds(entry.ended_at),
        outcome=outcome,
        reason=reason,
        answered_at=seconds(entry.cleanup_completed_at),
    )


def outcome_of(status: str | None, error: str | None) -> tuple[Outcome | None, str]:
    """How a spawn ended, and why; None while it has not, or where the word is not known."""
    reason = clean(error or "", 400) or ("time limit reached" if status == "timeout" else "")
    return OUTCOMES.get(status or ""), reason
