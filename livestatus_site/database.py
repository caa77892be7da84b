"""The database: SQLite as it has to be set for several writers, or PostgreSQL."""

from typing import Any

import dj_database_url

from livestatus_site.env import Env

SQLITE_OPTIONS = {
    # With the default, DEFERRED, a read that turns into a write fails at once and no timeout helps.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=67108864; "
        "PRAGMA foreign_keys=ON;"
    ),
}
POSTGRES_OPTIONS = {"connect_timeout": 5}


def database(env: Env) -> dict[str, Any]:
    """Django's description of the database that DATABASE_URL names, else of the SQLite file in DATA_DIR."""
    url = env.database_url
    config: dict[str, Any] = (
        dict(dj_database_url.parse(url))
        if url
        else {"ENGINE": "django.db.backends.sqlite3", "NAME": str(env.data_dir / "livestatus.sqlite3")}
    )
    own = SQLITE_OPTIONS if config["ENGINE"].endswith("sqlite3") else POSTGRES_OPTIONS
    config["OPTIONS"] = {**own, **config.get("OPTIONS", {})}
    # Opening one for each request costs more than most requests; the last that closes even empties SQLite's journal.
    config["CONN_MAX_AGE"] = 60
    if own is POSTGRES_OPTIONS:
        config["CONN_HEALTH_CHECKS"] = True
    return config
