"""A watch loop over a store made by hand, moved through time."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sessions_app.ingest.posts import PostPolicy, destination_for
from sessions_app.ingest.watcher import Settings, WatchLoop
from sessions_app.models import Run, Session
from sessions_app.models.times import seconds
from sessions_app.sources.found import open_sources
from sessions_app.state.turns import Limits
from tests.sources.lines import CHANNEL, Store

START = 1_795_341_700.0
KEY = f"agent:main:mattermost:channel:{CHANNEL}"


def clock(at: float) -> str:
    """A time as OpenClaw writes it."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _line(kind: str, at: float, name: str, **fields: Any) -> bytes:
    return json.dumps({"type": kind, "id": name, "timestamp": clock(at), **fields}).encode()


def header(at: float = START, name: str = "head", **fields: Any) -> bytes:
    """The first line of a transcript."""
    return _line("session", at, name, **fields)


def asked(at: float, words: str = "please do it", name: str = "", **fields: Any) -> bytes:
    """A line of a person."""
    return _line("message", at, name or f"u{at}", message={"role": "user", "content": words, **fields})


def answered(at: float, words: str = "done", stop: str = "stop", *calls: dict[str, Any], **fields: Any) -> bytes:
    """A line of the agent."""
    content = [{"type": "text", "text": words}, *calls]
    usage = {"input": 10, "output": 5}
    message = {"role": "assistant", "content": content, "stopReason": stop, "usage": usage, **fields}
    return _line("message", at, f"a{at}", message=message)


def called(at: float, name: str, tool: str = "exec", **arguments: Any) -> bytes:
    """A line of the agent that calls a tool."""
    call = {"type": "toolCall", "id": name, "name": tool, "arguments": arguments or {"command": "ls"}}
    return answered(at, "", "toolUse", call)


def result(at: float, name: str, tool: str = "exec", **details: Any) -> bytes:
    """The result of a tool."""
    message = {"role": "toolResult", "toolCallId": name, "toolName": tool, "content": "", "details": details}
    return _line("message", at, f"r{at}{name}", message=message)


def spawned(at: float, name: str, key: str, turn: str = "") -> bytes:
    """The result of a spawn."""
    return result(at, name, "sessions_spawn", status="accepted", childSessionKey=key, runId=turn)


def row(session_id: str, **fields: Any) -> dict[str, Any]:
    """A row of ``sessions.json`` of a release that has a status."""
    known = {"sessionId": session_id, "updatedAt": fields.pop("at", START) * 1000, **fields}
    for name in ("startedAt", "endedAt"):
        if name in known:
            known[name] *= 1000
    return known


@dataclass
class Watching:
    """``now`` is the clock. `step` makes one round, with a sweep instead of ears."""

    root: Path
    now: float = START
    max_age_s: float = -1
    default_channel: str = ""
    loop: WatchLoop = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.root)
        self.start()

    def start(self) -> None:
        """A fresh watcher: it knows what is in the database and nothing else. It reads only when told to."""
        destination = destination_for("https://chat.example.com")
        assert destination is not None
        policy = PostPolicy(
            destination_id=destination.id, default_channel=self.default_channel, max_age_s=self.max_age_s
        )
        settings = Settings(name="w", host="h", pid=1, limits=Limits(), policy=policy)
        self.loop = WatchLoop(open_sources([self.root]), settings, lambda: self.now)
        self.loop.listen = lambda: False  # type: ignore[method-assign]

    @property
    def reader(self) -> Any:
        """The reader of the one store."""
        return self.loop.readers[0]

    def read_all(self) -> None:
        """The first scan."""
        self.loop.read_all()

    def step(self, now: float | None = None) -> None:
        """One round, at this time."""
        self.now = now if now is not None else self.now
        self.loop._next_sweep = self.loop._next_look = 0.0
        self.loop.round()

    def rows(self, rows: dict[str, Any], agent: str = "main") -> None:
        """Replace ``sessions.json``; the keys are whole."""
        path = self.store.sessions(agent) / "sessions.json"
        new = path.with_suffix(".tmp")
        new.write_text(json.dumps(rows))
        new.replace(path)


def words() -> dict[str, str]:
    """The words of all runs, by session and number."""
    return {f"{run.session.key} {run.no}": run.word for run in Run.objects.select_related("session")}


def everything() -> list[tuple[Any, ...]]:
    """All that is kept of sessions, runs, steps and checkpoints, without the ids of rows."""
    rows: list[tuple[Any, ...]] = []
    for session in Session.objects.all():
        rows.append((session.key, session.window, session.current_run, session.last_run, session.problem))
        rows += [
            (session.key, "point", point.transcript, point.position, point.bad_lines, point.copying)
            for point in session.checkpoints.all()
        ]
    for run in Run.objects.select_related("session", "parent__session", "root__session"):
        above = (run.parent.session.key, run.parent.no) if run.parent else ("", 0)
        top = (run.root.session.key, run.root.no) if run.root else ("", 0)
        rows.append((run.session.key, "run", run.no, run.state, run.word, run.reason, *above, *top))
        rows += [
            (run.session.key, "step", run.no, step.call_id, step.ok, seconds(step.ended_at)) for step in run.steps.all()
        ]
    return sorted(rows, key=repr)
