"""This project's pages over a real socket, on a database file of their own.

The pages are served by threads of this process, so that what a test writes by the ORM is what they show at once.
"""

import shutil
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test import Client
from playwright.sync_api import BrowserContext

from livestatus_site.database import database

SLOW_CLIENT_S = 2.0  # a browser opens connections that it may never use: none of them may keep a server from ending


@contextmanager
def database_at(path: Path) -> Iterator[None]:
    """All threads of this process use the SQLite file at ``path`` meanwhile, and what they used before after it."""
    known = connections.settings
    used, described = connections["default"], known["default"]
    own = {**described, **database(replace(settings.LIVE_STATUS, database_url=None)), "NAME": str(path)}
    known["default"] = {**own, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    connections["default"] = connections.create_connection("default")
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connections["default"].close()
        known["default"] = described
        connections["default"] = used
        ContentType.objects.clear_cache()


def migrate(path: Path) -> Path:
    """A database file as a new installation has it."""
    with database_at(path):
        call_command("migrate", verbosity=0)
    return path


def copy_of(migrated: Path, folder: Path) -> Path:
    """A file of its own for a test: copying takes a moment, migrating a second."""
    return Path(shutil.copy(migrated, folder / "livestatus.sqlite3"))


class _Handler(WSGIRequestHandler):
    timeout = SLOW_CLIENT_S

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _WSGIServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = False  # closing waits for them: none may use a database that is not there any more
    request_queue_size = 64

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """As it is, and without a connection to the database afterwards."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            connections.close_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no error."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Server:
    """The WSGI application on a free port."""

    def __init__(self) -> None:
        self._application = get_wsgi_application()
        self._port = 0
        self.begin()

    @property
    def url(self) -> str:
        """Where it is, without a slash at the end."""
        return f"http://127.0.0.1:{self._port}"

    def begin(self) -> None:
        """Serve, where it was served before if it was."""
        self._server = _WSGIServer(("127.0.0.1", self._port), _Handler)
        self._server.set_app(self._application)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def end(self) -> None:
        """Answer what has been asked, then nothing more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Nobody answers meanwhile."""
        self.end()
        try:
            yield
        finally:
            self.begin()


@contextmanager
def serving(path: Path) -> Iterator[Server]:
    """The pages of the database file at ``path``."""
    with database_at(path):
        server = Server()
        try:
            yield server
        finally:
            server.end()


def sign_in(context: BrowserContext, url: str, user: User) -> None:
    """Let the pages of ``context`` be those of ``user``."""
    client = Client()
    client.force_login(user)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": url}])
