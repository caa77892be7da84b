"""The real processes of an installation: watcher, workers and their Redis, to be killed, hung and started again."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

from livestatus_site.parse import BASE_DIR
from sessions_app.demo.service import Service, free_port
from tests.standin import MattermostStandIn

MANAGE = (sys.executable, "manage.py")
WORKER = (sys.executable, "-m", "celery", "-A", "livestatus_site", "worker", "-P", "threads", "--without-gossip",
          "--without-mingle")  # fmt: skip
DEFAULT_CHANNEL = "defaultdefaultdefaultdefau"


class Installation:
    """An installation in ``folder``: a database of its own, a watcher, and ``workers`` with a Redis unless 0."""

    def __init__(
        self, folder: Path, stores: Iterable[Path], mm: MattermostStandIn, workers: int, **variables: str
    ) -> None:
        self.folder = folder
        self.data = folder / "var"
        self.data.mkdir(parents=True)
        self.database = self.data / "livestatus.sqlite3"
        self.env = {
            **os.environ,
            "ENV_FILE": os.devnull,
            "DJANGO_SETTINGS_MODULE": "livestatus_site.settings",
            "PYTHONUNBUFFERED": "1",
            "DATA_DIR": str(self.data),
            "OPENCLAW_STATE_DIR": ":".join(str(path) for path in stores),
            "MM_BASE_URL": mm.url,
            "MM_BOT_TOKEN": mm.token,
            "MM_DEFAULT_CHANNEL": DEFAULT_CHANNEL,
            "POST_MAX_AGE_S": "-1",
            "MAX_ACTIVE_SESSIONS": "1000",
            **variables,
        }
        port = str(free_port())
        if workers:
            self.env["REDIS_URL"] = f"redis://127.0.0.1:{port}/0"
        redis = ("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", str(self.data), "--save", "")
        self.redis = self._service("redis", redis, b"Ready to accept")
        self.watcher = self._service("watcher", (*MANAGE, "runwatcher"), b"Watching ")
        self.workers = [
            self._service(f"worker-{number}", (*WORKER, "-n", f"worker-{number}@%h"), b" ready.")
            for number in range(1, workers + 1)
        ]

    def _service(self, name: str, command: tuple[str, ...], up: bytes) -> Service:
        return Service(name, command, self.env, self.folder / f"{name}.log", up)

    @property
    def services(self) -> list[Service]:
        """Everything that runs, in the order in which it is started."""
        return [*([self.redis] if self.workers else []), self.watcher, *self.workers]

    def manage(self, *arguments: str) -> None:
        """Run `manage.py` to its end."""
        with (self.folder / "manage.log").open("ab") as log:
            subprocess.run((*MANAGE, *arguments), cwd=BASE_DIR, env=self.env, stdout=log, stderr=log, check=True)

    def start(self) -> None:
        for service in self.services:
            service.start()

    def kill(self) -> None:
        for service in self.services:
            service.kill()

    def sql(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self.database, timeout=60)) as database, database:
            return database.execute(statement).fetchall()

    def said(self, text: str) -> list[str]:
        """Lines of any log with this text."""
        lines = (line for service in self.services if service.log.exists()
                 for line in service.log.read_text(errors="replace").splitlines())  # fmt: skip
        return [line for line in lines if text in line]
