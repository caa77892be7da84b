"""A recording of a real OpenClaw store, and how it is written to disk again as it happened.

Made by running OpenClaw with a scripted model: see recordings/README.md. Times are seconds since 1970.
"""

import json
import re
import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sessions_app.demo.recording_db import DbTimeline
from sessions_app.demo.recording_files import FilesTimeline
from sessions_app.demo.recording_tables import LAST_LOOK_S as LAST_LOOK_S
from sessions_app.demo.recording_tables import Open, SharedTimeline, Write


@dataclass(frozen=True)
class Moment:
    """Something that is written at a time."""

    at: float
    write: Write


@dataclass(frozen=True)
class Asked:
    """A post that a person wrote in Mattermost; ``at`` is 0 where that was not recorded."""

    id: str
    channel: str
    root: str
    message: str
    at: float = 0.0


class Recording:
    """One scenario of one release, in ``folder``; ``name`` is like ``2026.2.26/nested``."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = name
        self.folder = folder

    def __repr__(self) -> str:
        return self.name

    def asked(self) -> list[Asked]:
        """What people wrote, as far as it was recorded."""
        path = self.folder / "mattermost_rest.jsonl"
        lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        return [
            Asked(one["inject"], one["channel"], one.get("root_id") or "", one["message"], one.get("t") or 0.0)
            for one in lines
            if "inject" in one
        ]

    def channels(self) -> set[str]:
        """Ids of the channels that somebody wrote in or that a session is named for."""
        stores = self.folder.glob("agents/*/sessions/sessions.json")
        keys = [key for path in stores for key in json.loads(path.read_text())]
        for path in self.folder.glob("agents/*/agent/*.sqlite"):
            with closing(sqlite3.connect(path)) as database:
                keys += [key for (key,) in database.execute("SELECT session_key FROM session_nodes")]
        named = {found[1] for key in keys if (found := re.search(r":(?:channel|group):([a-z0-9]{26})", key))}
        return named | {asked.channel for asked in self.asked()}

    def as_it_happened(self, store: Path, kept: Open | None = None, keys: Collection[str] = ()) -> list[Moment]:
        """Every change of rows, locks, registry and transcripts in the recorded order and timing.

        Of a SQLite store: databases that are ``kept`` are written on, and only the sessions with these ``keys`` happen.
        A kept store has no last look: that would take away what is not of this recording.
        """
        if (self.folder / "db_timeline.jsonl").exists():
            databases = DbTimeline(self.folder, store, kept, keys)
            databases.prepare()
            t0, pairs, last = databases.t0, [*databases.moments()], [databases.last_look()]
        else:
            files = FilesTimeline(self.folder, store)
            t0, pairs, last = files.t0, [*files.moments()], []
        shared = SharedTimeline(self.folder, store, t0, kept)
        pairs += shared.moments()
        if kept is None:
            pairs += [*last, *shared.last_looks()]
        return sorted((Moment(at, write) for at, write in pairs), key=lambda moment: moment.at)
