"""The OpenClaw store of files (until 2026.7): ``sessions.json``, transcripts, locks, and a registry of spawns.

Layout: ``<state>/agents/<agent>/sessions/``. Which release wrote it shows in the rows: since 2026.3 they have a
``status``; before, a ``.jsonl.lock`` beside the transcript is the only sign that a turn is going on.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from sessions_app.events import AnyEvent, Opened
from sessions_app.sources.base import Chunk, Facts, Mark, Survey, Touch
from sessions_app.sources.openclaw_lines import BadLineError, line_id, parse
from sessions_app.sources.openclaw_locks import Lock, locks_in
from sessions_app.sources.openclaw_registry import Registry
from sessions_app.sources.openclaw_rows import Rows, Signature, facts_of, signature
from sessions_app.sources.tailer import CannotReadError, Lines, read_lines

KIND = "openclaw-jsonl"


@dataclass
class Agent:
    """What is remembered of one agent's folder between two looks."""

    rows: Rows
    locks_seen: bool = False  # absence of a lock means something only where locks are made


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
        if (self.root / "agents").is_dir():
            return tuple(path for path in (self.root / "agents", self.root / "subagents") if path.is_dir())
        return (self.root,) if self.root.is_dir() else ()

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
        if not self.root.is_dir():
            return Survey(problems=(f"{self.root} is not there yet; waiting for OpenClaw to make it.",), complete=False)
        sessions: dict[str, Facts] = {}
        problems: list[str] = []
        complete = True
        children, registry_problem = self._registry.look()
        for agent, folder, problem in self._agent_folders(without):
            if problem:
                problems.append(problem)
                complete = complete and bool(agent)
                continue
            seen, trouble = self._look(agent, folder, bool(children))
            complete = complete and not trouble
            problems.extend(trouble)
            sessions.update(seen)
        if registry_problem:
            problems.append(registry_problem)
        return Survey(sessions=sessions, children=children, problems=tuple(problems), complete=complete)

    def _agent_folders(self, without: frozenset[str]) -> Iterator[tuple[str, Path, str]]:
        try:
            agents = sorted(entry.name for entry in os.scandir(self.root / "agents") if entry.is_dir())
        except FileNotFoundError:
            return
        except OSError as error:
            why = f"{self.root}/agents cannot be listed ({error.strerror}); run the watcher as the user of OpenClaw."
            yield "", self.root, why
            return
        for agent in agents:
            sessions = self.root / "agents" / agent / "sessions"
            if agent not in without and sessions.is_dir():
                yield agent, sessions, ""

    def _look(self, agent: str, folder: Path, registry: bool) -> tuple[dict[str, Facts], list[str]]:
        known = self._agents.setdefault(agent, Agent(rows=Rows(folder / "sessions.json")))
        rows, problem = known.rows.look()
        locks, lock_problem = locks_in(folder)
        known.locks_seen = known.locks_seen or bool(locks) or registry
        facts = {}
        for key, row in rows.items():
            below, here = row.below(self._seen_as)
            name = below if here else os.path.relpath(folder / row.base_name(), self.root)
            lock = locks.get(os.path.basename(name))
            fact = facts_of(key, row, agent=agent, transcript=name)
            facts[key] = fact if row.status is not None else _by_lock(fact, lock, known.locks_seen, here)
        return facts, [sentence for sentence in (problem, lock_problem) if sentence]

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read a transcript; one that OpenClaw has archived meanwhile is read to its end under its new name."""
        try:
            path = self._inside(transcript)
            lines = read_lines(path, mark, budget)
        except FileNotFoundError:
            return Chunk(mark=mark)
        except CannotReadError as error:
            return Chunk(mark=mark, problem=str(error))
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
        if not os.path.realpath(path.parent).startswith(os.path.realpath(self.root)):
            raise CannotReadError(f"{transcript!r} leads out of the store, so it is not read")
        if path.exists() or path.is_symlink():
            return path
        archived = sorted(path.parent.glob(f"{path.name}.reset.*")) + sorted(path.parent.glob(f"{path.name}.deleted.*"))
        return archived[-1] if archived else path

    def _events(self, path: Path, mark: Mark, lines: Lines) -> Chunk:
        events: list[AnyEvent] = []
        bad, copying = 0, "" if lines.restarted else mark.copying
        copied = self._ids_of(path.parent, copying)
        for raw in lines.lines:
            text = raw.strip(b"\x00 \r\t").removeprefix(b"\xef\xbb\xbf")
            if not text:
                continue
            try:
                event = parse(text)
            except BadLineError:
                bad += 1
                continue
            if isinstance(event, Opened) and event.parent:
                copying = event.parent
                copied = self._ids_of(path.parent, copying, before=event.at)
            elif (copying and event.id in copied.ids) or (copying and event.at < copied.before and not copied.found):
                continue
            elif not isinstance(event, Opened):
                copying = ""
            events.append(event)
        bad += lines.mark.bad_lines + lines.too_long
        problem = f"{path.name}: {bad} lines could not be read and were left out" if bad else ""
        done = replace(lines.mark, copying=copying, bad_lines=bad)
        return Chunk(events=tuple(events), mark=done, more=lines.more, restarted=lines.restarted, problem=problem)

    def _ids_of(self, folder: Path, parent: str, before: float = 0.0) -> "Copied":
        """Ids of the lines that a forked transcript begins with: those of its parent, found by base name."""
        if not parent:
            return Copied()
        try:
            path = self._inside(os.path.relpath(folder / os.path.basename(parent), self.root))
            lines = read_lines(path, Mark(), -1).lines
        except OSError:
            # Without the parent only time can tell; five seconds, as a real prompt can be older than the header.
            return Copied(before=before - 5.0)
        return Copied(ids=frozenset(line_id(raw) for raw in lines), found=True)


@dataclass(frozen=True, slots=True)
class Copied:
    """What is known of the lines that a fork copied."""

    ids: frozenset[str] = frozenset()
    found: bool = False
    before: float = 0.0


def _by_lock(facts: Facts, lock: Lock | None, locks_are_made: bool, ours: bool) -> Facts:
    """2026.2 has no status: a lock says that a turn is going on, unless its process is gone from this host."""
    if lock is None:
        return replace(facts, running=False if locks_are_made else None)
    dead = ours and lock.holder_dead()
    return replace(facts, running=not dead, holder_dead=dead, started_at=lock.created_at)
