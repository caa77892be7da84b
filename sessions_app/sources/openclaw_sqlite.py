"""The OpenClaw store of 2026.8 and later: one SQLite file per agent, rows and transcripts in it.

A transcript is named ``agents/<agent>/agent/openclaw-agent.sqlite#<session id>``; a mark's position is the number of
the next event. Numbers are not append-only: history is rewritten (a yield deletes an event and uses its number again).
So a mark also keeps the id of the last event and the generation of rewrites; where those differ the window is read
anew.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec

from sessions_app.events import AnyEvent, Opened
from sessions_app.sources.base import Chunk, Facts, Mark, Survey
from sessions_app.sources.openclaw_db import AgentDatabase, Look, Node, Stored, UnreadableError, Window
from sessions_app.sources.openclaw_keys import key_of
from sessions_app.sources.openclaw_lines import BadLineError, line_id, parse
from sessions_app.sources.openclaw_rows import Row, facts_of

FILE = "openclaw-agent.sqlite"
EVENTS_AT_ONCE = 500
MARKED = 200  # characters of an id or a generation that a mark keeps
ALL = 1_000_000
PARENT = re.compile(r"(?:sqlite:[^:]*:)?(?:.*_)?(?P<id>[0-9A-Za-z-]+?)(?:\.jsonl.*|:.*)?\Z")


def has_session_nodes(path: Path) -> bool:
    """Whether sessions live in this database. Then ``sessions.json`` beside it is dead, whatever it says.

    A file without that table is there on 2026.6 and 2026.7 too, for other things.
    """
    if not os.path.isfile(path):
        return False
    try:
        with AgentDatabase(path).look():
            return True
    except UnreadableError as error:
        return "session_nodes" not in str(error)


@dataclass
class Seen:
    """What is remembered of one agent's database between two looks."""

    database: AgentDatabase
    windows: dict[str, Window] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)


class OpenClawSqlite:
    """Reads ``<state>/agents/*/agent/openclaw-agent.sqlite``. Safe for one thread at a time."""

    kind = "openclaw-sqlite"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.name = str(root)
        self._agents: dict[str, Seen] = {}

    def survey(self, agents: tuple[str, ...]) -> Survey:
        """Look at the databases of these agents. One that cannot be read costs only itself."""
        sessions: dict[str, Facts] = {}
        problems = []
        for agent in agents:
            seen = self._agents.setdefault(agent, Seen(AgentDatabase(self._path(agent))))
            try:
                with seen.database.look() as look:
                    seen.facts = {node.key.lower(): self._facts(node, agent) for node in look.nodes()}
                    seen.windows = look.windows()
            except UnreadableError as error:
                problems.append(str(error))
            sessions.update(seen.facts)
        return Survey(sessions=sessions, problems=tuple(problems), complete=not problems)

    def _path(self, agent: str) -> Path:
        return self.root / "agents" / agent / "agent" / FILE

    def _facts(self, node: Node, agent: str) -> Facts:
        transcript = f"agents/{agent}/agent/{FILE}#{node.session_id}"
        key = key_of(node.key)
        try:
            row = msgspec.json.decode(node.entry, type=Row, strict=False)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            row = Row()
        row.session_id, row.status = node.session_id, node.status
        row.updated_at = row.updated_at or node.updated_at
        facts = facts_of(key, row, agent=agent, transcript=transcript)
        # A fresh or reset row has no status yet: that is no turn, and no reason to wait for silence.
        return replace(facts, running=node.status == "running", has_status=True)

    def signature(self, transcript: str) -> Window | None:
        """Where the window ended at the last survey."""
        agent, window = _parts(transcript)
        seen = self._agents.get(agent)
        return seen.windows.get(window) if seen else None

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read on from a mark; a rewritten window from its first event."""
        agent, window = _parts(transcript)
        try:
            with AgentDatabase(self._path(agent)).look() as look:
                return self._read(look, window, mark, budget)
        except UnreadableError as error:
            return Chunk(mark=mark, problem=str(error))

    def _read(self, look: Look, window: str, mark: Mark, budget: int) -> Chunk:
        generation = look.generation(window)[:MARKED]
        rewritten = not _same(look, window, mark, generation)
        if rewritten:
            mark = Mark(generation=mark.generation + 1)
        most = ALL if rewritten or budget < 0 else EVENTS_AT_ONCE
        stored = look.events(window, mark.position, most)
        events, mark = _parsed(look, stored, replace(mark, head=generation))
        problem = f"{mark.bad_lines} events could not be read and were left out" if mark.bad_lines else ""
        return Chunk(events=tuple(events), mark=mark, more=len(stored) >= most, restarted=rewritten, problem=problem)


def _same(look: Look, window: str, mark: Mark, generation: str) -> bool:
    """Whether what was read is still there: the last event under its number, and no rewrite that could hide another."""
    if mark.position == 0:
        return True
    last = look.events(window, mark.position - 1, 1)
    there = bool(last) and last[0].seq == mark.position - 1
    return there and line_id(last[0].raw or b"")[:MARKED] == mark.tail and generation == mark.head


def _parsed(look: Look, stored: Sequence[Stored], mark: Mark) -> tuple[list[AnyEvent], Mark]:
    """Events and the mark behind them, without those that a forked window copied from its parent."""
    events: list[AnyEvent] = []
    copying, bad = mark.copying, mark.bad_lines
    copied = _ids_of(look, copying)
    for one in stored:
        event = _event(one)
        if event is None:
            bad += 1
        elif isinstance(event, Opened):
            copying = _parent_window(event.parent)
            copied = _ids_of(look, copying)
            events.append(event)
        elif copying and event.id in copied:
            continue
        else:
            copying = ""
            events.append(event)
    if not stored:
        return events, mark
    end = stored[-1]
    return events, replace(
        mark, position=end.seq + 1, tail=line_id(end.raw or b"")[:MARKED], copying=copying, bad_lines=bad
    )


def _event(stored: Stored) -> AnyEvent | None:
    if stored.raw is None:
        return None
    try:
        return parse(stored.raw)
    except BadLineError:
        return None


def _ids_of(look: Look, parent: str) -> frozenset[str]:
    """Ids of the events of the window that a fork began with."""
    if not parent:
        return frozenset()
    return frozenset(line_id(stored.raw) for stored in look.events(parent, 0, ALL) if stored.raw is not None)


def _parts(transcript: str) -> tuple[str, str]:
    path, _, window = transcript.partition("#")
    parts = path.split("/")
    return (parts[1] if len(parts) > 1 else ""), window


def _parent_window(name: str) -> str:
    """The session id in a header's ``parentSession``: ``sqlite:<agent>:<id>:<path>``, or the name of a file."""
    if name.startswith("sqlite:"):
        return name.split(":")[2] if name.count(":") >= 2 else ""
    found = PARENT.match(name)
    return found["id"] if found else ""
