"""Does the database answer, is it up to date, and is there room for what comes?"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import django.db
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from sessions_app.doctor.disks import file_system, is_remote
from sessions_app.doctor.finding import Finding, Part, broken, look, well
from sessions_app.doctor.settings import name_of, us
from sessions_app.health.checks import NO_DATABASE
from sessions_app.models import Post, Run, Session
from sessions_app.render.text import count

PART = Part.DATABASE
MIB = 1024 * 1024
SCARCE, FULL = 500 * MIB, 20 * MIB  # bytes free
MIGRATE = "Run `manage.py migrate`; `make run` does it by itself."


def why_away() -> str:
    """Why the database is not even asked: an SQLite file that is not there would be made by asking. "" if it is."""
    path = _file()
    return "" if path is None or path.exists() else f"there is no database yet in {path}"


def database() -> Iterator[Finding]:
    """Reachable, which kind and version, up to date, and with room."""
    if why_away():
        yield broken(PART, f"There is no database yet: {_file()}.", MIGRATE)
        return
    path = _file()
    if path is not None and not os.access(path, os.R_OK | os.W_OK):
        owner = name_of(path.stat().st_uid)
        yield broken(PART, f"{path} belongs to {owner} and we ({us()}) may not write it.", f"Run this as {owner}.")
        return
    try:
        yield well(PART, _which())
        yield from _up_to_date()
        if path is not None:
            yield from _file_findings(path)
    except django.db.Error as error:
        yield broken(PART, NO_DATABASE.format(why=" ".join(str(error).split())[:200] or type(error).__name__))


def _file() -> Path | None:
    """The SQLite file; None for PostgreSQL, and for a database that is in memory only."""
    name = str(connection.settings_dict["NAME"])
    return None if connection.vendor != "sqlite" or name.startswith((":memory:", "file:")) else Path(name)


def _which() -> str:
    query = "SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version"
    with connection.cursor() as cursor:
        cursor.execute(query)
        version = str(cursor.fetchone()[0]).split()[0]
    if connection.vendor == "sqlite":
        return f"SQLite {version} in {_file() or 'memory'}."
    place = connection.settings_dict
    return f"PostgreSQL {version}, {place['NAME']} on {place['HOST'] or 'this machine'}."


def _up_to_date() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        yield broken(PART, f"{count(missing, 'migration').capitalize()} not applied yet.", MIGRATE)
        return
    ours = {name for name in executor.loader.applied_migrations if name[0] == "sessions_app"}
    if strange := ours - executor.loader.disk_migrations.keys():
        names = ", ".join(sorted(name for _, name in strange))
        yield look(PART, f"It was made by a newer Live Status ({names}).", "Update this one, or use its database.")
    rows = ", ".join(count(model.objects.count(), model._meta.model_name or "row") for model in (Session, Run, Post))
    yield well(PART, f"Up to date; {rows}.")


def _file_findings(path: Path) -> Iterator[Finding]:
    if (mode := _journal()) != "wal":
        step = "See that the folder can be written and is on a local disk."
        yield look(PART, f"Its journal is {mode}, not WAL: the processes will stand in each other's way.", step)
    if is_remote(kind := file_system(path)):
        step = "Set DATA_DIR to a folder on a local disk, or DATABASE_URL to a PostgreSQL."
        yield broken(PART, f"{path} is on a network file system ({kind}), where SQLite loses data.", step)
    free = shutil.disk_usage(path.parent).free
    if free < SCARCE:
        finding = broken if free < FULL else look
        yield finding(PART, f"Only {free // MIB} MiB are free on the disk of {path.parent}.", "Make room there.")


def _journal() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA journal_mode")
        return str(cursor.fetchone()[0])
