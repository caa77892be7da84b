"""One bounded HTTP exchange with Mattermost: limits on time, size and reuse; no redirects, no cookies.

Promises: an exchange ends by its deadline even if headers or body drip in byte by byte (only the system's name
resolution is outside our reach); no answer grows beyond its limit; no connection that was idle for longer than
``Limits.idle_s`` is used again (the server closes at 60 s).
"""

import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from threading import BoundedSemaphore
from typing import Literal
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, NameResolutionError

from sessions_app.deliver.mattermost_errors import AnswerTooLarge, Unreachable
from sessions_app.deliver.mattermost_sockets import Exchange, TimedAdapter, current_exchange

CHUNK = 65_536  # bytes
ANSWER_LIMIT = 1_000_000  # bytes


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Seconds; ``connect`` counts per address of the host, ``read`` between two bytes, ``total`` for a whole call."""

    connect_s: float = 3.0
    read_s: float = 10.0
    total_s: float = 20.0
    idle_s: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request: ``doing`` reads like "create a post in channel x", ``limit`` is the most bytes of an answer.

    ``repeatable``: sending it twice does the same as sending it once.
    """

    method: Literal["GET", "POST", "PUT"]
    path: str
    doing: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    limit: int = ANSWER_LIMIT
    repeatable: bool = True


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One whole answer: header names in any case, body as bytes, ``latency_s`` from request to last byte."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    latency_s: float


@dataclass(frozen=True)
class _Bearer(AuthBase):
    """Sets the token itself, so that no ``.netrc`` can put something else in its place."""

    token: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Http:
    """Exchanges with one server; safe for threads, never more than ``max_connections`` at once."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        limits: Limits,
        max_connections: int,
        use_proxy_env: bool,
        ca_file: str | None,
        user_agent: str,
    ) -> None:
        if not token.isascii() or not token.isprintable() or " " in token:
            raise ValueError("The Mattermost token holds a space or a character that no token has: copy it again.")
        self.base_url = base_url.rstrip("/").removesuffix("/api/v4")
        parts = urlsplit(self.base_url)
        self.server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        self.limits = limits
        self._token = token.encode()
        self._slots = BoundedSemaphore(max_connections)
        self._session = requests.Session()
        self._session.trust_env = use_proxy_env
        self._session.verify = ca_file or True
        self._session.auth = _Bearer(token)
        self._session.headers["User-Agent"] = user_agent
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._adapter = TimedAdapter(max_connections, limits.idle_s)
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)

    def deadline(self) -> float:
        """When a call that begins now has to be over, on the monotonic clock."""
        return time.monotonic() + self.limits.total_s

    def close(self) -> None:
        self._session.close()

    def exchange(self, ask: Ask, until: float) -> Answer:
        """Send and read one answer by ``until``.

        A reused connection that breaks before the first byte of an answer was most likely closed while idle: a
        repeatable request is then sent once more, over a new connection.
        """
        with self._slot(until):
            for repeat in (ask.repeatable, False):
                state = Exchange(until)
                mark = current_exchange.set(state)
                try:
                    return self._once(ask, until)
                except (requests.RequestException, HTTPError, OSError) as error:
                    stale = state.reused and not state.answered and not isinstance(error, requests.Timeout)
                    if repeat and stale:
                        self._adapter.close()  # the idle ones, which are as old
                        continue
                    raise Unreachable(
                        f"Mattermost at {self.server} {_reason(error, state)}: check that it is running and that "
                        "MM_BASE_URL is right. It is tried again by itself.",
                        maybe_applied=state.connected,
                    ) from error
                finally:
                    current_exchange.reset(mark)
        raise AssertionError("the second pass returns or raises")

    @contextmanager
    def _slot(self, until: float) -> Iterator[None]:
        if not self._slots.acquire(timeout=max(0.0, until - time.monotonic())):
            raise Unreachable(
                f"All connections to {self.server} were busy for {self.limits.total_s:g} s: "
                "raise MM_MAX_CONNECTIONS if this happens often. It is tried again by itself."
            )
        try:
            yield
        finally:
            self._slots.release()

    def _once(self, ask: Ask, until: float) -> Answer:
        began = time.monotonic()
        left = max(0.001, until - began)
        with self._session.request(
            ask.method,
            f"{self.base_url}/api/v4{ask.path}",
            params=ask.params,
            data=ask.body,
            headers={"Content-Type": "application/json"} if ask.body is not None else {},
            timeout=(min(self.limits.connect_s, left), min(self.limits.read_s, left)),
            allow_redirects=False,
            stream=True,
        ) as response:
            content = self._read(response, ask.limit)
            return Answer(
                status=response.status_code,
                headers=response.headers,
                body=content,
                latency_s=time.monotonic() - began,
            )

    def _read(self, response: requests.Response, limit: int) -> bytes:
        content = bytearray()
        for chunk in response.iter_content(CHUNK):
            content += chunk
            if len(content) > limit:
                raise AnswerTooLarge(
                    f"{self.server} gave an answer of more than {limit:,} bytes, which Mattermost never does here: "
                    "check MM_BASE_URL and the proxy in front of it.",
                    maybe_applied=response.ok,
                    status=response.status_code,
                )
        return bytes(content).replace(self._token, b"[token]")  # a proxy may echo the request


def _reason(error: BaseException, state: Exchange) -> str:
    """Words for an exception; its own text is left out, for it may hold a proxy's password."""
    seen: list[BaseException] = []
    queue: list[BaseException] = [error]
    while queue and len(seen) < 20:
        one = queue.pop(0)
        seen.append(one)
        queue += [a for a in (*one.args, getattr(one, "reason", None), one.__cause__, one.__context__)
                  if isinstance(a, BaseException) and a not in seen]  # fmt: skip
    if any(isinstance(one, NameResolutionError | socket.gaierror) for one in seen):
        return "cannot be found (its name does not resolve)"
    if isinstance(error, requests.exceptions.ProxyError):
        return "cannot be reached through the proxy of the environment"
    if isinstance(error, requests.exceptions.SSLError):
        return "cannot be trusted (its TLS certificate or handshake was refused; see MM_CA_FILE)"
    if any(isinstance(one, ConnectionRefusedError) for one in seen):
        return "refuses connections"
    if any(isinstance(one, TimeoutError | requests.Timeout) for one in seen):
        return "did not answer in time" if state.connected else "did not accept a connection in time"
    return "broke the connection" if state.connected else f"cannot be reached ({type(error).__name__})"
