"""The OpenClaw store of 2026.8 and later, one SQLite file per agent: so far, only how to recognise it."""

import sqlite3
from pathlib import Path


def has_session_nodes(path: Path) -> bool:
    """Whether sessions live in this database. Then ``sessions.json`` beside it is dead, whatever it says.

    Read with ``immutable`` where no ``-wal`` is there: ``mode=ro`` would make one, and leave it (SQLite 3.40).
    """
    if not path.is_file():
        return False
    how = "mode=ro" if path.with_name(path.name + "-wal").exists() else "immutable=1"
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=1.0)
    except sqlite3.Error:
        return False
    try:
        found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'session_nodes'")
        return found.fetchone() is not None
    except sqlite3.Error:
        return False
    finally:
        connection.close()
