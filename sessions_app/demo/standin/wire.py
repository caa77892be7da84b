"""The HTTP side: a threaded server with keep-alive that hands requests on and sends what it is given back."""

import json
import os
import socket
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from sessions_app.demo.standin.faults import Answer, Request

Respond = Callable[[Request], Answer | None]


class Server(ThreadingHTTPServer):
    """Knows its open connections, so that they can be closed all at once."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, respond: Respond, keep_alive_s: float, closed: Callable[[], None]) -> None:
        self.respond = respond
        self.open_connections: set[socket.socket] = set()
        self.connections_made = 0
        self._closed = closed
        super().__init__(("127.0.0.1", port), type("_Handler", (Handler,), {"timeout": keep_alive_s}))

    def process_request(self, request: Any, client_address: Any) -> None:
        self.connections_made += 1
        self.open_connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        super().shutdown_request(request)
        self.open_connections.discard(request)
        self._closed()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are part of the game."""

    def close_connections(self) -> None:
        """Close every connection, idle or not."""
        for connection in list(self.open_connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    server: Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the name is given)
        """Silent."""

    def _serve(self) -> None:
        answer = self.server.respond(self._receive())
        if answer is None:
            self._reset()
        elif isinstance(answer.body, bytes):
            self._send(answer, answer.body)
        else:
            self._stream(answer, answer.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def _receive(self) -> Request:
        split = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(raw.decode(errors="replace"))
        except (ValueError, RecursionError):
            body = None
        return Request(
            at=time.monotonic(),
            wall=time.time(),
            method=self.command,
            path=split.path,
            query=dict(parse_qsl(split.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            raw=raw,
            body=_without_surrogates(body),
            address=str(self.client_address[0]),
        )

    def _send(self, answer: Answer, body: bytes) -> None:
        self.send_response_only(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer, pieces: Any) -> None:
        self.close_connection = True
        try:
            if not answer.verbatim:
                self.send_response_only(answer.status)
                for name, value in (*answer.headers, ("Connection", "close")):
                    self.send_header(name, value)
                self.end_headers()
            for piece in pieces:
                self.wfile.write(piece)
        except OSError:
            return

    def _reset(self) -> None:
        """Close with RST: nothing of an answer, not even its end."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())


def _without_surrogates(value: Any) -> Any:
    """Half of an emoji in JSON becomes U+FFFD, as the real server stores it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value
