"""What can be made to go wrong, and switched on and off while the stand-in runs."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from threading import Condition
from typing import Any, Literal, Self


@dataclass(kw_only=True)
class Request:
    """One request as it came in; ``at`` monotonic and ``wall`` seconds, ``body`` parsed JSON (None when it is none).

    ``status`` is what was answered, None while it is under way or when no answer was sent.
    """

    at: float
    wall: float
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes
    body: Any
    address: str
    status: int | None = None

    @property
    def is_create(self) -> bool:
        return self.method == "POST" and self.path == "/api/v4/posts"

    @property
    def is_edit(self) -> bool:
        return self.method == "PUT" and self.path.endswith("/patch")

    @property
    def is_write(self) -> bool:
        return self.is_create or self.is_edit


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes over the wire: bytes with their length, or pieces, each sent as it comes, and then the end.

    ``verbatim``: the pieces are the whole answer, from the status line on.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Iterable[bytes] = b""
    verbatim: bool = False


Where = Callable[[Request], bool]


def everything(request: Request) -> bool:
    return True


def writes(request: Request) -> bool:
    return request.is_write


def creates(request: Request) -> bool:
    return request.is_create


def edits(request: Request) -> bool:
    return request.is_edit


class Switch:
    """Something that is on or off; ``with switch:`` has it on for the length of a block."""

    def __init__(self, changed: Condition) -> None:
        self._changed = changed
        self._on = False

    def __bool__(self) -> bool:
        return self._on

    def set(self, on: bool) -> None:
        with self._changed:
            self._on = on
            self._changed.notify_all()

    def __enter__(self) -> Self:
        self.set(True)
        return self

    def __exit__(self, *_: object) -> None:
        self.set(False)


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """The limiter of the real server: ``vary="user"`` has two of them, so that every header comes twice.

    ``retry_after`` other than "seconds" is what proxies are known to do: no header, an HTTP date, or HTML.
    """

    per_s: float = 10.0
    burst: int = 100
    vary: Literal["address", "user"] = "address"
    retry_after: Literal["seconds", "absent", "date", "html"] = "seconds"


class Limiter:
    """The generic cell rate algorithm as in the library the server uses: burst + 1 pass at once.

    ``X-Ratelimit-Reset`` is seconds until all is refilled, not a point in time; a refusal costs nothing.
    """

    def __init__(self, rule: RateLimit, clock: Callable[[], float]) -> None:
        self._rule = rule
        self._clock = clock
        self._full_at: dict[str, float] = {}

    def take(self, key: str) -> tuple[bool, tuple[tuple[str, str], ...]]:
        """Whether the request may pass, and the headers that say so."""
        now, interval = self._clock(), 1 / self._rule.per_s
        tolerance = interval * (self._rule.burst + 1)
        full_at = max(now, self._full_at.get(key, now))
        wait = full_at + interval - tolerance - now
        allowed = wait <= 1e-9
        if allowed:
            full_at = self._full_at[key] = full_at + interval
        reset = full_at - now
        headers = [
            ("X-Ratelimit-Limit", str(self._rule.burst + 1)),
            ("X-Ratelimit-Remaining", str(max(0, int((tolerance - reset) / interval + 1e-9)))),
            ("X-Ratelimit-Reset", str(math.ceil(reset - 1e-9))),
        ]
        if not allowed and self._rule.retry_after == "seconds":
            headers.append(("Retry-After", str(math.ceil(wait - 1e-9))))
        if not allowed and self._rule.retry_after == "date":
            headers.append(("Retry-After", formatdate(now + math.ceil(wait), usegmt=True)))
            headers.append(("Date", formatdate(now, usegmt=True)))
        return allowed, tuple(headers) * (2 if self._rule.vary == "user" else 1)

    def refusal(self, headers: tuple[tuple[str, str], ...]) -> Answer:
        if self._rule.retry_after == "html":
            page = b"<html><body><h1>429 Too Many Requests</h1></body></html>"
            return Answer(status=429, headers=(("Content-Type", "text/html"),), body=page)
        return Answer(status=429, headers=(("Content-Type", "text/plain"), *headers), body=b"limit exceeded\n")


@dataclass(kw_only=True)
class _Plan:
    kind: Literal["answer", "reset", "lose"]
    left: int
    where: Where
    answer: Answer | None = None


@dataclass
class Faults:
    """Switches for the length of a fault, and plans for the next few requests that match ``where``.

    - ``latency_s``: every answer waits that long before anything is done.
    - ``black_hole``: requests are taken in and never answered nor done; the connection closes when it is lifted.
    - ``frozen``: as a stopped process: nothing is done now, everything when it goes on, for clients long gone too.
    - ``slow_create``: creates stop half way, with their pending id already known to the others.
    - ``database_down``: as measured: POST and GET 500, PATCH 403, 401 for tokens not seen before, ping still "OK".
    """

    changed: Condition
    latency_s: float = 0.0
    black_hole: Switch = field(init=False)
    frozen: Switch = field(init=False)
    slow_create: Switch = field(init=False)
    database_down: Switch = field(init=False)
    limiter: Limiter | None = None
    _plans: list[_Plan] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.black_hole, self.frozen = Switch(self.changed), Switch(self.changed)
        self.slow_create, self.database_down = Switch(self.changed), Switch(self.changed)

    def answer_next(self, answer: Answer, times: int = 1, *, where: Where = everything) -> None:
        """Answer the next requests with exactly this; nothing is done."""
        self._add(_Plan(kind="answer", left=times, where=where, answer=answer))

    def fail_next(
        self, times: int = 1, *, status: int = 500, where: Where = everything, body: bytes | None = None
    ) -> None:
        """Fail the next requests as a broken server does: an empty HTML page unless ``body`` says otherwise."""
        page = body if body is not None else b"<html><body>broken</body></html>"
        kind = "application/json" if page.startswith(b"{") else "text/html"
        self.answer_next(Answer(status=status, headers=(("Content-Type", kind),), body=page), times, where=where)

    def reset_next(self, times: int = 1, *, where: Where = everything) -> None:
        """Reset the connection of the next requests; nothing is done."""
        self._add(_Plan(kind="reset", left=times, where=where))

    def lose_answers(self, times: int = 1, *, where: Where = writes) -> None:
        """Do what the next requests ask, and reset the connection instead of answering."""
        self._add(_Plan(kind="lose", left=times, where=where))

    def clear(self) -> None:
        """Everything in order again."""
        with self.changed:
            self._plans.clear()
            self.latency_s, self.limiter = 0.0, None
        for switch in (self.black_hole, self.frozen, self.slow_create, self.database_down):
            switch.set(False)

    def take(self, request: Request) -> _Plan | None:
        """The plan for this request, used up by one."""
        with self.changed:
            for plan in self._plans:
                if plan.left > 0 and plan.where(request):
                    plan.left -= 1
                    return plan
        return None

    def _add(self, plan: _Plan) -> None:
        with self.changed:
            self._plans.append(plan)
