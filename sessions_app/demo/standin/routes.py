"""From a request to an answer: who asks, which route, and what the faults make of it."""

import json
import re
import secrets
from collections.abc import Callable
from email.utils import formatdate
from http.cookies import CookieError, SimpleCookie
from threading import Condition
from typing import Any

from sessions_app.demo.standin import lookups, rules
from sessions_app.demo.standin.faults import Answer, Faults, Request
from sessions_app.demo.standin.rules import Call, Refused, Reply
from sessions_app.demo.standin.state import World

_ID = "([A-Za-z0-9]+)"
_ROUTES: list[tuple[str, re.Pattern[str], Callable[..., Reply]]] = [
    (method, re.compile(f"/api/v4{path}"), rule)
    for method, path, rule in (
        ("PUT", f"/posts/{_ID}/patch", rules.patch_post),
        ("GET", f"/posts/{_ID}", lookups.get_post),
        ("POST", "/posts/ids", lookups.posts_by_ids),
        ("GET", f"/channels/{_ID}/posts", lookups.channel_posts),
        ("POST", "/channels/direct", lookups.direct_channel),
        ("GET", f"/channels/{_ID}", lookups.get_channel),
        ("GET", f"/channels/{_ID}/members/me", lookups.get_own_membership),
        ("GET", "/users/me", lookups.get_me),
        ("POST", "/roles/names", lookups.roles_by_names),
    )
]
_EXPIRED = "api.context.session_expired.app_error"


class Dropped(Exception):
    """No answer: the connection is to be reset."""


class Router:
    """Answers requests one change at a time; ``changed`` guards the world and is notified of every change."""

    def __init__(self, world: World, faults: Faults, changed: Condition, stopping: Callable[[], bool]) -> None:
        self._world = world
        self._faults = faults
        self._changed = changed
        self._stopping = stopping

    def answer(self, request: Request) -> Answer:
        """The answer, or Dropped."""
        self._wait()
        plan = self._faults.take(request)
        if plan is not None and plan.kind == "reset":
            raise Dropped
        if plan is not None and plan.answer is not None:
            return plan.answer
        allowed, limits = self._limit(request)
        if not allowed:
            return self._faults.limiter.refusal(limits) if self._faults.limiter else Answer(status=429)
        answer = self._route(request, limits)
        if plan is not None:
            raise Dropped
        return answer

    def _wait(self) -> None:
        with self._changed:
            if self._faults.latency_s:
                self._changed.wait_for(self._stopping, self._faults.latency_s)
            self._changed.wait_for(lambda: not self._faults.frozen or self._stopping())
            if self._faults.black_hole:
                self._changed.wait_for(lambda: not self._faults.black_hole or self._stopping())
                raise Dropped
            if self._stopping():
                raise Dropped

    def _limit(self, request: Request) -> tuple[bool, tuple[tuple[str, str], ...]]:
        with self._changed:
            return self._faults.limiter.take(request.address) if self._faults.limiter else (True, ())

    def _route(self, request: Request, limits: tuple[tuple[str, str], ...]) -> Answer:
        request_id = secrets.token_hex(13)
        now = ("Date", formatdate(self._world.clock(), usegmt=True))  # Go's HTTP server sends it with every answer
        try:
            if self._world.options.max_body_bytes is not None and len(request.raw) > self._world.options.max_body_bytes:
                raise Refused(413, "api.context.request_body_too_large.app_error")
            reply = self._dispatch(request)
        except Refused as refused:
            reply = Reply(status=refused.status, body=_problem(refused, request_id))
            if refused.error_id == "api.context.404.app_error":
                return _wire(reply, "text/plain", (now, *limits))
        return _wire(reply, "application/json", (("X-Request-Id", request_id), now, *limits))

    def _dispatch(self, request: Request) -> Reply:
        path = request.path
        if request.method == "GET" and path == "/api/v4/system/ping":
            return lookups.ping(request.query, not self._faults.database_down)
        if request.method == "GET" and path == "/api/v4/config/client" and request.query.get("format") == "old":
            return lookups.client_config(self._world, self._user(request) is not None)
        found = None
        if not request.is_create:
            found = next(
                ((rule, match) for method, pattern, rule in _ROUTES
                 if method == request.method and (match := pattern.fullmatch(path))), None
            )  # fmt: skip
            if found is None:
                raise Refused(404, "api.context.404.app_error")
        user_id = self._user(request)
        if user_id is None:
            raise Refused(401, _EXPIRED)
        call = Call(world=self._world, user_id=user_id, body=request.body, query=request.query)
        if self._faults.database_down:
            raise _without_database(request)
        if found is None:
            return self._create(call)
        rule, match = found
        with self._changed:
            reply = rule(call, *match.groups())
            self._changed.notify_all()
            return reply

    def _create(self, call: Call) -> Reply:
        with self._changed:
            early = rules.begin_create(call)
            if early is not None:
                return early
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._faults.slow_create or self._stopping())
            reply = rules.finish_create(call)
            self._changed.notify_all()
            return reply

    def _user(self, request: Request) -> str | None:
        """A cookie beats the header: a POST with one is refused (CSRF), a GET is the cookie's user's."""
        token = _cookie(request)
        if token is not None and request.method != "GET":
            return None
        if token is None:
            scheme, _, token = request.headers.get("authorization", "").partition(" ")
            if scheme not in ("Bearer", "bearer", "Token"):
                return None
        with self._changed:
            user_id = self._world.tokens.get(token)
            if user_id is not None and self._faults.database_down and token not in self._world.sessions:
                return None
            if user_id is not None:
                self._world.sessions.add(token)
            return user_id


def _cookie(request: Request) -> str | None:
    try:
        morsel = SimpleCookie(request.headers.get("cookie", "")).get("MMAUTHTOKEN")
    except CookieError:
        return None
    return morsel.value if morsel is not None else None


def _without_database(request: Request) -> Refused:
    """POST and GET say 500; PATCH cannot find the post and says 403, as if it were forbidden."""
    if request.is_edit:
        return Refused(403, rules.PERMISSIONS)
    return Refused(500, "app.post.save.app_error" if request.is_create else "app.post.get.app_error")


def _problem(refused: Refused, request_id: str) -> dict[str, Any]:
    return {
        "id": refused.error_id,
        "message": f"stand-in: {refused.error_id}",
        "detailed_error": "",
        "request_id": request_id,
        "status_code": refused.status,
    }


def _wire(reply: Reply, kind: str, headers: tuple[tuple[str, str], ...]) -> Answer:
    common = (("Content-Type", kind), ("X-Version-Id", "6.7.0..0123456789abcdef.false"), ("Vary", "Accept-Encoding"))
    return Answer(
        status=reply.status,
        headers=(*common, *headers),
        body=json.dumps(reply.body, ensure_ascii=False).encode(errors="replace"),
    )
