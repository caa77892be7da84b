"""An installation of OpenClaw: which of the two stores each agent uses, decided anew at every look.

Newest releases keep sessions in SQLite and may leave the old files in place, dead. So where an agent's database has a
table ``session_nodes`` it is read and ``sessions.json`` is not. An installation may move from one to the other while we
watch: keys, session ids and event ids stay, so sessions and runs do too. What the agents share is read beside both.
"""

import os
from dataclasses import replace
from pathlib import Path

from sessions_app.sources.base import About, Chunk, Mark, Survey, Touch
from sessions_app.sources.openclaw_about import about, nothing_to_see
from sessions_app.sources.openclaw_config import NAME
from sessions_app.sources.openclaw_cron import runs_of_jobs
from sessions_app.sources.openclaw_jsonl import OpenClawJsonl
from sessions_app.sources.openclaw_sqlite import FILE, WITHIN, OpenClawSqlite, has_session_nodes
from sessions_app.sources.openclaw_state import SharedState
from sessions_app.sources.text import plain


class OpenClaw:
    """Both stores of one state folder behind one face. Safe for one thread at a time."""

    kind = "openclaw"

    def __init__(self, root: Path) -> None:
        self.files = OpenClawJsonl(root)
        self.root = self.files.root
        self.name = self.files.name
        self.database = OpenClawSqlite(self.root)
        self.shared = SharedState(self.root)

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Whether this is a state folder: OpenClaw has made its agents or its settings there."""
        return any(os.path.lexists(os.path.join(folder, name)) for name in ("agents", NAME))

    def survey(self) -> Survey:
        """Look at the agents of both kinds."""
        agents = self._agents()
        moved = tuple(agent for agent in agents if has_session_nodes(self.root / "agents" / agent / "agent" / FILE))
        files = self.files.survey(without=frozenset(moved))
        rows = self.database.survey(moved)
        sessions = runs_of_jobs({**files.sessions, **rows.sessions})
        problems = files.problems + rows.problems
        unseen = () if sessions or problems else nothing_to_see(self.root)
        shared, trouble = self.shared.look()
        for key in shared.asks.keys() & sessions.keys():
            sessions[key] = replace(sessions[key], asks=shared.asks[key])
        complete = files.complete and rows.complete and not unseen
        problems += (trouble,) if trouble else unseen
        children = {**files.children, **shared.children}
        return replace(files, sessions=sessions, children=children, problems=problems, complete=complete)

    def _agents(self) -> tuple[str, ...]:
        try:
            with os.scandir(self.root / "agents") as entries:
                return tuple(sorted(plain(entry.name, 200) for entry in entries if os.path.isdir(entry.path)))
        except OSError:
            return ()

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read on from a mark, in the store that the name says."""
        store = self.database if WITHIN in transcript else self.files
        return store.read(transcript, mark, budget)

    def signature(self, transcript: str) -> object:
        """Something that differs after the transcript has changed."""
        return self.database.signature(transcript) if WITHIN in transcript else self.files.signature(transcript)

    def folders(self) -> tuple[Path, ...]:
        """Folders whose changes are worth hearing of."""
        shared = self.shared.path.parent
        return (*self.files.folders(), *((shared,) if os.path.isdir(shared) else ()))

    def touched(self, path: str) -> Touch:
        """A write to a WAL may concern any of its windows: look at all.

        The main file only changes at a checkpoint, which brings no news. The last one is made while OpenClaw closes
        the database, and a look just then would keep it from removing its WAL.
        """
        if os.path.basename(path).startswith(FILE):
            news = path.endswith("-wal")
            return Touch(survey=news, any_transcript=news)
        if os.path.basename(path).startswith(self.shared.path.name):
            return Touch(survey=path.endswith("-wal"))
        return self.files.touched(path)

    def about(self) -> About:
        """Examine the state folder itself."""
        return about(self.root)
