"""The stand-in as people see it: one server that answers the bot as Mattermost does, and shows its posts as a page."""

import hashlib
import json
import mimetypes
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sessions_app.demo.standin import Answer, MattermostStandIn, Post, Request
from sessions_app.demo.standin.people import BOT_ID
from sessions_app.render.html import as_html

PAGES = Path(__file__).parent / "pages"
SHARED = Path(__file__).parent.parent / "web" / "static" / "livestatus"
FILES = {
    "/": PAGES / "channel.html",
    **{f"/{name}": PAGES / name for name in ("channel.css", "channel.js")},
    **{f"/{name}": SHARED / name for name in ("tokens.css", "theme.js", "icon.svg")},
}
THREADS_KEPT = 40
"""Threads on the page; older ones are forgotten."""
POLICY = "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
NOT_FOUND = Answer(status=404, headers=(*HEADERS, ("Content-Type", "text/plain")), body=b"There is no such page.\n")
PERMALINK = "/_redirect/pl/"


class Channel(MattermostStandIn):
    """``with Channel(port=0) as channel:`` serves bot and people on ``channel.url``.

    ``entrance`` is where the board is entered without a password, by whoever has the address with the ``code`` of
    this start: what to answer then is set by ``let_in``.
    """

    def __init__(self, *, port: int = 0) -> None:
        super().__init__(port=port, token=secrets.token_hex(13))
        self.code = secrets.token_urlsafe(12)
        self._board, self._cookie = "", ""

    @property
    def entrance(self) -> str:
        """The address that signs in to the board."""
        return f"{self.url}/board/{self.code}"

    def let_in(self, board: str, cookie: str) -> None:
        """The address of the board, and the cookie of somebody who is signed in there."""
        self._board, self._cookie = board, cookie

    def say(self, channel: str, who: str, message: str, *, root_id: str = "", id: str = "") -> None:  # noqa: A002
        """A post of a person's, who is known from then on."""
        known = {user.username: user.id for user in self.world.users.values()}
        user_id = known.get(who) or self.add_user(who)
        now = self.world.now_ms()
        post = Post(
            id=id, channel_id=channel, user_id=user_id, message=message, root_id=root_id, create_at=now, update_at=now
        )
        with self._change():
            self.world.put(post)

    def last_asked(self, channel: str) -> str:
        """The thread of whatever a person said last in a channel."""
        with self.changed:
            said = [p for p in self.world.posts.values() if p.channel_id == channel and p.user_id != BOT_ID]
        return (said[-1].root_id or said[-1].id) if said else ""

    def threads(self) -> list[dict[str, Any]]:
        """The threads in the order in which they began, as the page gets them."""
        with self.changed:
            posts = [post for post in self.world.posts.values() if not post.delete_at]
        roots = {post.id: [post] for post in posts if not post.root_id}
        for post in posts:
            if post.root_id in roots:
                roots[post.root_id].append(post)
        return [
            {
                "id": root, "channel": self.world.channels[thread[0].channel_id].name,
                "posts": [self._shown(post) for post in thread],
            }
            for root, thread in roots.items()
        ]  # fmt: skip

    def _shown(self, post: Post) -> dict[str, Any]:
        who = self.world.users[post.user_id]
        return {
            "id": post.id, "who": who.username, "bot": who.is_bot, "at": post.create_at,
            "edited": bool(post.edit_at), "html": as_html(post.message),
        }  # fmt: skip

    def forget_old(self, kept: int = THREADS_KEPT) -> None:
        """Drop the oldest threads with all their versions, and every request that was answered."""
        with self._change():
            world = self.world
            roots = [post.id for post in world.posts.values() if not post.root_id]
            old = set(roots[: max(0, len(roots) - kept)])
            for post in [post for post in world.posts.values() if old & {post.id, post.root_id}]:
                for table in (world.posts, world.versions, world.copies):
                    table.pop(post.id, None)
            self.requests = [request for request in self.requests if request.status is None]

    def _respond(self, request: Request) -> Answer | None:
        if request.path.startswith("/api/"):
            return super()._respond(request)
        if request.method != "GET":
            return NOT_FOUND
        return self._page(request)

    def _page(self, request: Request) -> Answer:
        path = request.path
        if path in FILES:
            return _file(FILES[path])
        if path == "/posts.json":
            return _news(self.threads, request.headers.get("if-none-match", ""))
        if path.startswith(PERMALINK) and path.removeprefix(PERMALINK).isalnum():
            return _elsewhere(f"/#post-{path.removeprefix(PERMALINK)}")
        if path == "/board" and self._board:
            return _elsewhere(self._board)
        if self._board and secrets.compare_digest(path.encode(), f"/board/{self.code}".encode()):
            return _elsewhere(self._board, ("Set-Cookie", f"{self._cookie}; Path=/; HttpOnly; SameSite=Lax"))
        return NOT_FOUND


def _file(path: Path) -> Answer:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    charset = "" if path.suffix == ".svg" else "; charset=utf-8"
    return Answer(headers=(*HEADERS, ("Content-Type", kind + charset)), body=path.read_bytes())


def _news(threads: Callable[[], list[dict[str, Any]]], known: str) -> Answer:
    body = json.dumps({"threads": threads()}, ensure_ascii=False).encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    headers = (*HEADERS, ("ETag", etag))
    if etag == known:
        return Answer(status=304, headers=headers)
    return Answer(headers=(*headers, ("Content-Type", "application/json")), body=body)


def _elsewhere(address: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status=302, headers=(*HEADERS, ("Location", address), *headers))
