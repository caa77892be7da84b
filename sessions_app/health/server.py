"""`/healthz`, `/health/` and `/metrics` from the watcher itself, for hosts without the web process."""

import json
import logging
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from django.db import close_old_connections, connection

from sessions_app.health.access import REFUSED, shows_token
from sessions_app.health.checks import database_answers, full_report
from sessions_app.health.metrics import CONTENT_TYPE, exposition
from sessions_app.health.report import Report

log = logging.getLogger(__name__)
PATIENCE_S = 5.0  # for a client that does not finish its request


class HealthServer:
    """Answers in threads of its own until it is closed. Raises OSError if the port cannot be had.

    More than `/healthz` is for those who send the token; without one nobody may know more.
    """

    def __init__(
        self,
        port: int,
        host: str = "127.0.0.1",
        *,
        token: str | None = None,
        look: Callable[[float], Report] = full_report,
        alive: Callable[[], bool] = database_answers,
    ) -> None:
        of_this = {"token": token, "look": staticmethod(look), "alive": staticmethod(alive)}
        handler = type("Handler", (_Handler,), of_this)
        self._server = ThreadingHTTPServer((host, port), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="health", daemon=True)

    @property
    def address(self) -> str:
        """Where it answers; with port 0 the one that was free."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def close(self) -> None:
        """Stop answering; returns at once if it never began."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    token: str | None
    look: Callable[[float], Report]
    alive: Callable[[], bool]
    timeout = PATIENCE_S
    server_version = "LiveStatus"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer one request. The thread is the request's own, so its database connection ends with it."""
        try:
            self._answer(self.path.partition("?")[0])
        finally:
            connection.close()

    do_HEAD = do_GET

    def _answer(self, path: str) -> None:
        close_old_connections()
        if path in {"/healthz", "/healthz/"}:
            alive = type(self).alive()
            self._send(200 if alive else 503, b"ok" if alive else b"broken")
        elif path not in {"/health", "/health/", "/metrics"}:
            self._send(404, b"Here are /healthz, /health/ and /metrics.")
        elif not shows_token(self.headers, self.token):
            self._send(401, REFUSED.encode())
        elif path == "/metrics":
            self._send(200, exposition(time.time()), CONTENT_TYPE)
        else:
            found = type(self).look(time.time())
            self._send(found.http_status, json.dumps(found.as_json(), indent=2).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Bearer realm="Live Status"')
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has there
        log.debug(format, *args)
