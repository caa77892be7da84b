"""Connections that keep a deadline and tell how far an exchange came.

urllib3's own time-outs begin anew with every byte; here every read of an answer, headers and body, goes through
``_TimedReader`` and ends at the deadline of the exchange.
"""

import io
import socket
import time
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import Any, cast

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@dataclass
class Exchange:
    """What the connection found out about the exchange that is under way in this thread."""

    until: float  # time.monotonic()
    connected: bool = False
    reused: bool = False
    answered: bool = False


current_exchange: ContextVar[Exchange] = ContextVar("current_exchange")


class _TimedReader(io.RawIOBase):
    """Reads a socket, never past the deadline of the exchange: a socket's own time-out starts anew with each byte."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._raw, self._sock, self._until = raw, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(min(left, self._sock.gettimeout() or left))
        return cast("int | None", cast(Any, self._raw).readinto(buffer))

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(HTTPResponse):
    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None, url: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method, url)
        self.fp = io.BufferedReader(_TimedReader(self.fp.detach(), sock, current_exchange.get().until))


class _Noting(HTTPConnection):
    """Notes on the current exchange how far it came, and is no longer ``is_connected`` after a long idle time."""

    response_class = _TimedResponse
    idle_s = 30.0
    _answers = 0
    _last_used = 0.0

    def connect(self) -> None:
        self._answers = 0
        super().connect()
        current_exchange.get().connected = True

    def request(self, *args: Any, **kwargs: Any) -> None:
        exchange = current_exchange.get()
        exchange.reused = self.sock is not None and self._answers > 0  # without a socket it connects anew
        exchange.connected = exchange.connected or exchange.reused
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        answer = super().getresponse()
        current_exchange.get().answered = True
        self._answers += 1
        self._last_used = time.monotonic()
        return answer

    @property
    def is_connected(self) -> bool:
        fresh = not self._answers or time.monotonic() - self._last_used < self.idle_s
        return fresh and super().is_connected


class _NotingTls(_Noting, HTTPSConnection):
    """The same over TLS."""


class TimedAdapter(HTTPAdapter):
    """Hands out noting connections, directly and through a proxy."""

    def __init__(self, connections: int, idle_s: float) -> None:
        plain = type("_Plain", (_Noting,), {"idle_s": idle_s})
        tls = type("_Tls", (_NotingTls,), {"idle_s": idle_s})
        self._classes = {
            "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("_TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": tls}),
        }
        super().__init__(pool_connections=4, pool_maxsize=connections, max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._classes

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        manager.pool_classes_by_scheme = self._classes
        return manager
