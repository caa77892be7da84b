"""An OpenClaw store seen from outside: which releases wrote it, may we read it, and if no session can be seen, why.

Every cause is a sentence with the next step; the first that explains the silence counts. Only looks: no file is
written, made or locked, and a database is opened as the reader opens it.
"""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from sessions_app.sources.base import About, Cause
from sessions_app.sources.openclaw_config import Config, config_of
from sessions_app.sources.openclaw_db import UNKNOWN, AgentDatabase, Stamp, UnreadableError
from sessions_app.sources.openclaw_reach import barred, misplaced, out_of_reach
from sessions_app.sources.openclaw_rows import Row, Rows
from sessions_app.sources.openclaw_sqlite import FILE

FIRST_OF_SQLITE = 4  # schemas below it are of 2026.6 and 2026.7, which keep sessions in files
NUMBER = re.compile(r"\d{4}\.\d+(?:\.\d+)*")
ASK = "Ask an agent for something: its session appears here within a second."


@dataclass(kw_only=True, slots=True)
class Agent:
    """What one agent's folder holds. ``problems``: why not all of it can be read."""

    name: str
    rows: dict[str, Row] = field(default_factory=dict)  # of sessions.json
    stamp: Stamp | None = None
    problems: list[Cause] = field(default_factory=list)

    @property
    def moved(self) -> bool:
        """Whether its sessions live in SQLite, so that its sessions.json is dead."""
        return self.stamp is not None and self.stamp.has_sessions

    @property
    def unknown(self) -> bool:
        """Whether its database has a shape that we cannot read sessions from."""
        return self.stamp is not None and (
            bool(self.stamp.lacks) if self.moved else self.stamp.schema >= FIRST_OF_SQLITE
        )


def about(root: Path) -> About:
    """What can be told of this state folder. Never raises for what a disk may hold."""
    if cause := out_of_reach(root):
        return About(why_none=cause)
    config = config_of(root)
    if cause := misplaced(root, config):
        return About(found=True, version=_version([], config), why_none=cause)
    agents = [_agent(root, path) for path in _folders(root / "agents")]
    return About(
        found=True,
        kind=_kind(agents),
        version=_version([*(one.stamp for one in agents), _shared(root)], config) or _era(agents),
        schema=_schema(agents),
        problems=tuple(str(cause) for one in agents for cause in one.problems),
        notes=tuple(_notes(root, agents)),
        why_none=_why_none(root, agents, config),
    )


def nothing_to_see(root: Path) -> tuple[str, ...]:
    """For a survey that found no session: the sentence that says why, unless they are only yet to come."""
    cause = about(root).why_none
    return (str(cause),) if cause and not cause.waiting else ()


def _folders(parent: Path) -> list[Path]:
    try:
        with os.scandir(parent) as entries:
            return sorted(Path(entry.path) for entry in entries if os.path.isdir(entry.path))
    except OSError:
        return []


def _agent(root: Path, folder: Path) -> Agent:
    agent = Agent(name=folder.name)
    database = folder / "agent" / FILE
    for path in (folder, folder / "sessions", folder / "sessions" / "sessions.json", folder / "agent", database):
        if cause := barred(path):
            agent.problems.append(cause)
    try:
        agent.stamp = AgentDatabase(database).stamp() if os.path.isfile(database) else None
    except UnreadableError as error:
        agent.problems = agent.problems or [Cause(sentence=str(error), next_step="")]
    if agent.unknown and agent.stamp:
        lacks = ", ".join(agent.stamp.lacks)
        sentence = UNKNOWN.format(path=database, version=agent.stamp.schema, missing=lacks)
        agent.problems.append(Cause(sentence=sentence, next_step=""))
    elif not agent.problems:
        rows, problem = Rows(folder / "sessions" / "sessions.json").look()
        agent.rows = dict(rows)
        if problem and not agent.moved:
            agent.problems.append(Cause(sentence=problem, next_step=""))
    return agent


def _kind(agents: list[Agent]) -> str:
    kinds = {"SQLite" if one.moved else "files" for one in agents if one.moved or one.rows}
    return " and ".join(sorted(kinds))


def _schema(agents: list[Agent]) -> str:
    found = {f"schema {one.stamp.schema}" for one in agents if one.stamp and one.moved}
    rows = [row for one in agents if not one.moved for row in one.rows.values()]
    if rows:
        found.add("rows with status" if any(row.status for row in rows) else "rows without status, so locks tell")
    return ", ".join(sorted(found))


def _shared(root: Path) -> Stamp | None:
    """The database that all agents share, on 2026.7 and later."""
    try:
        path = root / "state" / "openclaw.sqlite"
        return AgentDatabase(path).stamp() if os.path.isfile(path) else None
    except UnreadableError:
        return None


def _version(stamps: list[Stamp | None], config: Config) -> str:
    """The newest release that left its number anywhere; "" if none did."""
    named = [stamp.version for stamp in stamps if stamp] + [config.version]
    found = [match[0] for text in named if (match := NUMBER.match(text))]
    return max(found, key=lambda text: [int(part) for part in text.split(".")], default="")


def _era(agents: list[Agent]) -> str:
    """What the shape of the store says of the release, where no number does."""
    if any(one.moved for one in agents):
        return "2026.8 or later"
    rows = [row for one in agents for row in one.rows.values()]
    if not rows:
        return ""
    return "2026.3 to 2026.7" if any(row.status for row in rows) else "before 2026.3"


def _notes(root: Path, agents: list[Agent]) -> Iterator[str]:
    for one in agents:
        if one.moved and one.rows:
            yield (
                f"Agent {one.name} has moved to SQLite; its old sessions.json is still there and is not read, "
                "because OpenClaw does not read it either."
            )
    rows = (row for agent in agents for row in agent.rows.values())
    seen_as = next((there for row in rows if (there := _elsewhere(root, row))), "")
    if seen_as:
        yield (
            f"OpenClaw sees this store as {seen_as} (a container, or a copy). Its transcripts are read here all the "
            "same; only that its process died cannot be told from here, so a killed run is lost after LOST_AFTER_S."
        )


def _elsewhere(root: Path, row: Row) -> str:
    """The state folder as OpenClaw names it in a row, where that is not ours."""
    there, found, _ = (row.session_file or "").rpartition("/agents/")
    here = row.below((root, Path(os.path.realpath(root))))[1]
    return there if found and there.startswith("/") and not here else ""


def _why_none(root: Path, agents: list[Agent], config: Config) -> Cause | None:
    if any(one.stamp.sessions if one.moved and one.stamp else one.rows for one in agents):
        return None
    problems = [cause for one in agents for cause in one.problems]
    if problems:
        more = f" So it is with {len(problems) - 1} more." if len(problems) > 1 else ""
        return replace(problems[0], sentence=f"{problems[0].sentence}{more}")
    if config.elsewhere:
        return config.elsewhere
    if dead := sum(len(one.rows) for one in agents if one.moved):
        sentence = (
            f"OpenClaw keeps its sessions in SQLite here, and there is none yet. The {dead} in sessions.json are from "
            "before the move, and OpenClaw does not read them any more."
        )
        return Cause(sentence=sentence, next_step=f"`openclaw doctor --fix` imports them. {ASK}", waiting=True)
    names = ", ".join(one.name for one in agents)
    thing = "the agent" if len(agents) == 1 else "the agents"
    return Cause(sentence=f"{root} has {thing} {names}, and no session yet.", next_step=ASK, waiting=True)
