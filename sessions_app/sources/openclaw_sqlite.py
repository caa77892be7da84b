"""The OpenClaw store of 2026.8 and later: one SQLite file per agent, rows and transcripts in it.

A transcript is named ``agents/<agent>/agent/openclaw-agent.sqlite#<session id>``; a mark's position is the number of
the next event. Numbers are not append-only: history is rewritten (a yield deletes an event and uses its number again).
So a mark also keeps the id of the last event and the generation of rewrites; where those differ the window is read
anew.
"""

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path

from sessions_app.events import AnyEvent, Opened, Origin, UserSaid
from sessions_app.sources.base import Chunk, Facts, Mark, Queued, Survey
from sessions_app.sources.openclaw_db import AgentDatabase, UnreadableError
from sessions_app.sources.openclaw_forks import UNSURE_S, Copied
from sessions_app.sources.openclaw_keys import key_of
from sessions_app.sources.openclaw_lines import BadLineError, line_id, parse, said_in
from sessions_app.sources.openclaw_look import Look, Node, Stored, Window
from sessions_app.sources.openclaw_rows import Row, decoded, facts_of, seconds
from sessions_app.sources.text import plain

FILE = "openclaw-agent.sqlite"
WITHIN = f"/agent/{FILE}#"  # between the agent and the session id in the name of a transcript
MARKED = 200  # characters of an id or a generation that a mark keeps
LONGEST_NAME = 480
MOST_EVENTS = 5000  # of one reading, however small they are
PARENT = re.compile(r"(?:sqlite:[^:]*:)?(?:.*_)?(?P<id>[0-9A-Za-z-]+?)(?:\.jsonl.*|:.*)?\Z")


def _queue(look: Look) -> dict[str, tuple[Queued, ...]]:
    """Prompts from outside that wait for their turn, by session; OpenClaw queues words of its own too."""
    found: dict[str, list[Queued]] = defaultdict(list)
    for one in look.queue():
        said = said_in(one.message)
        if isinstance(said, UserSaid) and said.origin is Origin.PROMPT:
            queued = Queued(
                id=plain(one.id, MARKED), text=said.text, at=seconds(one.at), message_id=said.message_id,
                from_mattermost=said.from_mattermost,
            )  # fmt: skip
            found[key_of(one.key)].append(queued)
    return {key: tuple(queued) for key, queued in found.items()}


def has_session_nodes(path: Path) -> bool:
    """Whether sessions live in this database. Then ``sessions.json`` beside it is dead, whatever it says.

    A file without that table is there on 2026.6 and 2026.7 too, for other things.
    """
    if not os.path.isfile(path):
        return False
    try:
        return AgentDatabase(path).has_sessions()
    except UnreadableError:
        return True


@dataclass
class Seen:
    """What is remembered of one agent's database between two looks."""

    windows: dict[str, Window] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)  # of the entries that could be read last


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
        problems, complete = list[str](), True
        for agent in agents:
            seen = self._agents.setdefault(agent, Seen())
            try:
                with self._look(agent) as look:
                    bad = self._see(seen, look, agent)
            except UnreadableError as error:
                problems.append(str(error))
                complete = False
            else:
                problems += [f"{self._path(agent)}: {bad} rows could not be read."] if bad else []
            sessions.update(seen.facts)
        return Survey(sessions=sessions, problems=tuple(problems), complete=complete)

    def _path(self, agent: str) -> Path:
        return self.root / "agents" / agent / "agent" / FILE

    def _look(self, agent: str) -> AbstractContextManager[Look]:
        path = self._path(agent)
        if not os.path.realpath(path).startswith(f"{os.path.realpath(self.root)}/"):
            raise UnreadableError(f"{path} leads out of the store, so it is not read.")
        return AgentDatabase(path).look()

    def _see(self, seen: Seen, look: Look, agent: str) -> int:
        """Take in what the rows say. One that cannot be read stays as it was; returns how many there are."""
        queue, nodes = _queue(look), {key_of(node.key): node for node in look.nodes()}
        read = {key: decoded(node.entry.encode("utf-8", "replace"), Row) for key, node in nodes.items()}
        seen.rows = {key: row or seen.rows.get(key) or Row() for key, row in read.items()}
        seen.facts = {
            key: replace(_facts(key, node, seen.rows[key], agent), queued=queue.get(key, ()))
            for key, node in nodes.items()
        }
        seen.windows = look.windows()
        return sum(row is None for row in read.values())

    def signature(self, transcript: str) -> Window | None:
        """Where the window ended at the last survey."""
        agent, window = _parts(transcript)
        seen = self._agents.get(agent)
        return seen.windows.get(window) if seen else None

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read on from a mark; a rewritten window from its first event."""
        agent, window = _parts(transcript)
        try:
            with self._look(agent) as look:
                return self._read(look, window, mark, budget)
        except UnreadableError as error:
            return Chunk(mark=mark, problem=str(error))

    def _read(self, look: Look, window: str, mark: Mark, budget: int) -> Chunk:
        generation = look.generation(window)[:MARKED]
        rewritten = not _same(look, window, mark, generation)
        if rewritten:
            mark = Mark(generation=mark.generation + 1)
            budget = -1
        mark, events, size, more = replace(mark, head=generation), list[AnyEvent](), 0, False
        fork = Fork(look, window)
        for page in look.pages(window, mark.position):
            new, mark = _parsed(fork, page, mark)
            events += new
            size += sum(len(one.raw or b"") for one in page)
            more = 0 <= budget <= size or (budget >= 0 and len(events) >= MOST_EVENTS)
            if more:
                break
        problem = f"{mark.bad_lines} events could not be read and were left out" if mark.bad_lines else ""
        return Chunk(events=tuple(events), mark=mark, more=more, restarted=rewritten, problem=problem)


def _facts(key: str, node: Node, row: Row, agent: str) -> Facts:
    name, problem = f"agents/{agent}{WITHIN}{node.session_id}" if node.session_id else "", ""
    if len(name) > LONGEST_NAME or "\x00" in name:
        name, problem = "", "The id of its session is none that OpenClaw gives, so it is not read"
    row.session_id, row.status = node.session_id, node.status
    row.updated_at = row.updated_at or node.updated_at
    facts = facts_of(key, row, agent=agent, transcript=name)
    # A fresh or reset row has no status yet: that is no turn, and no reason to wait for silence.
    return replace(facts, running=node.status == "running", has_status=True, names_post=True, problem=problem)


class Fork:
    """What a window copied from the one that it was forked from; nothing is looked up before it is asked for."""

    def __init__(self, look: Look, window: str) -> None:
        self._look, self._window = look, window
        self._known: dict[str, Copied] = {}

    def copied_from(self, parent: str) -> Copied:
        """The events of the parent; where it is gone, those well before the time of the fork's header."""
        if parent not in self._known:
            pages = self._look.pages(parent, 0) if parent else ()
            ids = frozenset(line_id(one.raw) for page in pages for one in page if one.raw is not None)
            self._known[parent] = Copied(ids=ids, found=bool(ids), before=self._began() - UNSURE_S)
        return self._known[parent]

    def _began(self) -> float:
        header = next((_event(one) for one in self._look.events(self._window, 0, 1)), None)
        return header.at if isinstance(header, Opened) else 0.0


def _same(look: Look, window: str, mark: Mark, generation: str) -> bool:
    """Whether what was read is still there: the last event under its number, and no rewrite that could hide another."""
    if mark.position == 0:
        return True
    last = look.events(window, mark.position - 1, 1)
    there = bool(last) and last[0].seq == mark.position - 1
    return there and line_id(last[0].raw or b"")[:MARKED] == mark.tail and generation == mark.head


def _parsed(fork: Fork, stored: Sequence[Stored], mark: Mark) -> tuple[list[AnyEvent], Mark]:
    """Events and the mark behind them, without those that a forked window copied from its parent."""
    events: list[AnyEvent] = []
    copying, bad = mark.copying, mark.bad_lines
    for one in stored:
        event = _event(one)
        if event is None:
            bad += 1
        elif isinstance(event, Opened):
            copying = _parent_window(event.parent)
            events.append(event)
        elif copying and fork.copied_from(copying).holds(event):
            continue
        else:
            copying = ""
            events.append(event)
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


def _parts(transcript: str) -> tuple[str, str]:
    path, _, window = transcript.partition(WITHIN)
    return path.removeprefix("agents/"), window


def _parent_window(name: str) -> str:
    """The session id in a header's ``parentSession``: ``sqlite:<agent>:<id>:<path>``, or the name of a file."""
    if name.startswith("sqlite:"):
        return name.split(":")[2] if name.count(":") >= 2 else ""
    found = PARENT.match(name)
    return found["id"] if found else ""
