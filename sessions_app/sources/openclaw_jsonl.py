"""The OpenClaw store of files (until 2026.7): ``sessions.json``, transcripts, locks, and a registry of spawns.

Layout: ``<state>/agents/<agent>/sessions/``. Which release wrote it shows in the rows: since 2026.3 they have a
``status``; before, a ``.jsonl.lock`` beside the transcript is the only sign that a turn is going on.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sessions_app.events import AnyEvent, Opened
from sessions_app.sources.base import Chunk, Facts, Mark, Survey, Touch
from sessions_app.sources.openclaw_forks import Copied, copied_from, header_time
from sessions_app.sources.openclaw_lines import BadLineError, parse, tidy
from sessions_app.sources.openclaw_locks import Lock, locks_in
from sessions_app.sources.openclaw_registry import Registry
from sessions_app.sources.openclaw_rows import Row, Rows, Signature, facts_of, signature
from sessions_app.sources.tailer import CannotReadError, Lines, read_lines
from sessions_app.sources.text import plain

KIND = "openclaw-jsonl"
AS_WHOM = "run the watcher as the user of OpenClaw."
LONGEST_NAME = 480  # characters of a transcript's path below the store


@dataclass
class Agent:
    """What is remembered of one agent's folder between two looks."""

    rows: Rows
    facts: dict[str, tuple[Row, Facts, bool]] = field(default_factory=dict)  # what was made of each row
    locks_seen: bool = False  # absence of a lock means something only where locks are made
    has_status: bool = False  # its release has a status: a row without one is fresh or reset, and no turn goes on


class OpenClawJsonl:
    """Reads ``<state>/agents/*/sessions``. Safe for one thread at a time."""

    kind = KIND

    def __init__(self, root: Path) -> None:
        self.root = Path(os.path.abspath(root))
        self._seen_as = (self.root, Path(os.path.realpath(root)))
        self.name = str(self.root)
        self._agents: dict[str, Agent] = {}
        self._registry = Registry(self.root / "subagents" / "runs.json")

    def folders(self) -> tuple[Path, ...]:
        """The folders to hear of: below ``agents`` where it exists, else the nearest one above."""
        below = (self.root / "agents", self.root / "subagents")
        if os.path.isdir(below[0]):
            return tuple(path for path in below if os.path.isdir(path))
        return (self.root,) if os.path.isdir(self.root) else ()

    def touched(self, path: str) -> Touch:
        """A transcript is read; anything else in the store that we know is a reason to look again."""
        name = os.path.basename(path)
        if name.endswith(".jsonl.lock"):
            self._saw_lock(path)
            return Touch(survey=True)
        if name.endswith(".jsonl") and not name.endswith(".trajectory.jsonl"):
            return Touch(transcript=os.path.relpath(path, self.root))
        known = name == "sessions.json" or (name == "runs.json" and path.endswith("subagents/runs.json"))
        return Touch(survey=known or ".jsonl." in name or os.path.dirname(path) == str(self.root / "agents"))

    def _saw_lock(self, path: str) -> None:
        agent = os.path.basename(os.path.dirname(os.path.dirname(path)))
        if agent in self._agents:
            self._agents[agent].locks_seen = True

    def survey(self, without: frozenset[str] = frozenset()) -> Survey:
        """Look at every agent's rows and locks, and at the registry. ``without``: agents that have moved to SQLite."""
        if absent := self._absent():
            return Survey(problems=(absent,), complete=False)
        sessions: dict[str, Facts] = {}
        problems: list[str] = []
        complete = True
        children, registry_problem = self._registry.look()
        for agent, folder, problem in self._agent_folders(without):
            if problem:
                problems.append(problem)
                complete = False
                continue
            seen, trouble, whole = self._look(agent, folder, bool(children))
            complete = complete and whole
            problems.extend(trouble)
            sessions.update(seen)
        if registry_problem:
            problems.append(registry_problem)
        return Survey(sessions=sessions, children=children, problems=tuple(problems), complete=complete)

    def _absent(self) -> str:
        try:
            os.stat(self.root)
        except FileNotFoundError:
            return f"{self.root} is not there yet; waiting for OpenClaw to make it."
        except OSError as error:
            return f"{self.root} cannot be looked at ({error.strerror}); {AS_WHOM}"
        return "" if os.path.isdir(self.root) else f"{self.root} is not a folder, so there is no store in it."

    def _agent_folders(self, without: frozenset[str]) -> Iterator[tuple[str, Path, str]]:
        try:
            with os.scandir(self.root / "agents") as entries:
                agents = sorted(plain(entry.name, 200) for entry in entries if os.path.isdir(entry.path))
        except FileNotFoundError:
            return
        except OSError as error:
            yield "", self.root, f"{self.root}/agents cannot be listed ({error.strerror}); {AS_WHOM}"
            return
        for agent in agents:
            sessions = self.root / "agents" / agent / "sessions"
            if agent not in without:
                there, problem = self._usable(sessions)
                if there or problem:
                    yield agent, sessions, problem

    def _usable(self, folder: Path) -> tuple[bool, str]:
        """Whether it is a folder of this store, and a sentence if it is there and is not read."""
        try:
            there = stat.S_ISDIR(os.stat(folder).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False, ""
        except OSError as error:
            return False, f"{folder} cannot be looked at ({error.strerror}); {AS_WHOM}"
        if there and not self._encloses(folder):
            return False, f"{folder} leads out of the store, so it is not read."
        return there, ""

    def _encloses(self, path: Path) -> bool:
        return f"{os.path.realpath(path)}/".startswith(f"{os.path.realpath(self.root)}/")

    def _look(self, agent: str, folder: Path, registry: bool) -> tuple[dict[str, Facts], list[str], bool]:
        known = self._agents.setdefault(agent, Agent(rows=Rows(folder / "sessions.json")))
        rows, problem = known.rows.look()
        locks, lock_problem = locks_in(folder)
        known.locks_seen = known.locks_seen or bool(locks) or registry
        known.has_status = known.has_status or any(row.status is not None for row in rows.values())
        before, known.facts, facts = known.facts, {}, {}
        for key, row in rows.items():
            made = before.get(key)
            if made is None or made[0] != row:
                made = (row, *self._facts(key, row, agent, folder))
            known.facts[key] = made
            fact, here = made[1:]
            lock = locks.get(os.path.basename(fact.transcript))
            facts[key] = fact if row.status is not None else _by_lock(fact, lock, known, here)
        whole = known.rows.whole and not lock_problem
        return facts, [sentence for sentence in (problem, lock_problem) if sentence], whole

    def _facts(self, key: str, row: Row, agent: str, folder: Path) -> tuple[Facts, bool]:
        """What a row says, and whether OpenClaw sees the store where we see it."""
        below, here = row.below(self._seen_as)
        name = below if here else os.path.relpath(folder / plain(row.base_name(), LONGEST_NAME), self.root)
        problem = ""
        if len(name) > LONGEST_NAME or "\x00" in name:
            name, problem = "", f"The name of its transcript in {folder}/sessions.json is none that a file can have"
        return replace(facts_of(key, row, agent=agent, transcript=name), problem=problem), here

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read a transcript; one that OpenClaw has archived meanwhile is read to its end under its new name."""
        try:
            path = self._inside(transcript)
            lines = read_lines(path, mark, budget)
        except FileNotFoundError:
            return Chunk(mark=mark)
        except CannotReadError as error:
            return Chunk(mark=mark, problem=str(error))
        except OSError as error:
            return Chunk(mark=mark, problem=f"{transcript} cannot be read ({error.strerror})")
        return self._events(path, mark, lines)

    def signature(self, transcript: str) -> Signature | None:
        """Size and time of the file."""
        try:
            return signature(self.root / transcript)
        except (OSError, ValueError):
            return None

    def _inside(self, transcript: str) -> Path:
        """The file of a transcript.

        Raises:
            CannotReadError: the name leads out of the store.
        """
        path = self.root / transcript
        if "\x00" in transcript or ".." in Path(transcript).parts or Path(transcript).is_absolute():
            raise CannotReadError(f"{transcript!r} leads out of the store, so it is not read")
        if not self._encloses(path.parent):
            raise CannotReadError(f"{transcript!r} leads out of the store, so it is not read")
        return path if os.path.lexists(path) else _archived(path)

    def _events(self, path: Path, mark: Mark, lines: Lines) -> Chunk:
        events: list[AnyEvent] = []
        bad, copying = 0, "" if lines.restarted else mark.copying
        copied = Copied()
        if copying:
            copied = copied_from(self._parent(path.parent, copying), before=header_time(path))
        for raw in lines.lines:
            line = tidy(raw)
            if not line:
                continue
            try:
                event = parse(line)
            except BadLineError:
                bad += 1
                continue
            if isinstance(event, Opened) and event.parent:
                copying = event.parent
                copied = copied_from(self._parent(path.parent, copying), before=event.at)
            elif copying and copied.holds(event):
                continue
            elif not isinstance(event, Opened):
                copying = ""
            events.append(event)
        bad += lines.mark.bad_lines + lines.too_long
        problem = f"{path.name}: {bad} lines could not be read and were left out" if bad else ""
        done = replace(lines.mark, copying=copying, bad_lines=bad)
        return Chunk(events=tuple(events), mark=done, more=lines.more, restarted=lines.restarted, problem=problem)

    def _parent(self, folder: Path, named: str) -> Path | None:
        """The transcript that another one was forked from, found by base name."""
        try:
            return self._inside(os.path.relpath(folder / os.path.basename(named), self.root))
        except OSError:
            return None


def _archived(path: Path) -> Path:
    """The name that OpenClaw gave a transcript when its conversation was reset or deleted; else the path itself."""
    try:
        names = os.listdir(path.parent)
    except OSError:
        return path
    for ending in (".deleted.", ".reset."):
        if found := [name for name in names if name.startswith(path.name + ending)]:
            return path.with_name(max(found))
    return path


def _by_lock(facts: Facts, lock: Lock | None, agent: Agent, ours: bool) -> Facts:
    """No status, as in 2026.2: a lock says that a turn is going on, unless its process is gone from this host."""
    facts = replace(facts, has_status=agent.has_status, names_post=not agent.has_status)
    if lock is None:
        return replace(facts, running=False if agent.locks_seen or agent.has_status else None)
    dead = ours and lock.holder_dead()
    return replace(facts, running=not dead, holder_dead=dead, started_at=lock.created_at)
