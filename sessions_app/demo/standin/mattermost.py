"""A Mattermost to test against: a real HTTP server in a thread that behaves as a 6.7.0 was measured to behave."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Self, TypeVar

from sessions_app.demo.standin.faults import Answer, Faults, Limiter, RateLimit, Request
from sessions_app.demo.standin.people import BOT_ID, People
from sessions_app.demo.standin.routes import Dropped, Router
from sessions_app.demo.standin.state import Clock, Options, Post, World
from sessions_app.demo.standin.wire import Server

TOKEN = "stand-in-token"  # noqa: S105 (no secret: it opens nothing else)
T = TypeVar("T")


class MattermostStandIn(People):
    """``with MattermostStandIn() as mm:`` serves on ``mm.url`` for the bot whose token is ``mm.token``.

    What the bot sent stands in ``requests``, ``bot_posts()``, ``thread()`` and ``edits()``; people act through
    ``add_post``, ``delete_post``, ``kick`` and the like; what goes wrong is in ``faults``. Posts and channels survive
    ``restart()``, the memory of sessions and pending ids does not, as on the real server.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = TOKEN,
        clock: Callable[[], float] | None = None,
        unknown_channels: str = "refuse",
        keep_alive_s: float = 60.0,
    ) -> None:
        self.clock = clock or Clock()
        self.options = Options(unknown_channels=unknown_channels)
        super().__init__(World(self.clock, self.options), token)
        self.faults = Faults(self.changed)
        self.requests: list[Request] = []
        self._router = Router(self.world, self.faults, self.changed, lambda: self._stopping)
        self._keep_alive_s = keep_alive_s
        self._port = port
        self._active = 0
        self._stopping = False
        self._server: Server | None = None
        self._thread: Thread | None = None

    # Running

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def connections_made(self) -> int:
        """Connections accepted since the last start."""
        return self._server.connections_made if self._server else 0

    @property
    def open_connections(self) -> int:
        return len(self._server.open_connections) if self._server else 0

    @property
    def idle(self) -> bool:
        """Whether no request is under way."""
        return not self._active

    def start(self) -> None:
        """Serve, on the same port as before if there was one."""
        self._stopping = False
        self._server = Server(self._port, self._respond, self._keep_alive_s, self._notify)
        self._port = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, args=(0.02,), name="stand-in", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """As SIGTERM: what is being answered is finished, then all connections are closed and none accepted."""
        server, self._server = self._server, None
        if server is None or self._thread is None:
            return
        server.shutdown()
        self._thread.join()
        server.server_close()
        with self.changed:
            self._stopping = True
            self.changed.notify_all()
            self.changed.wait_for(lambda: not self._active, 5)
        server.close_connections()
        with self.changed:
            self.changed.wait_for(lambda: not server.open_connections, 5)
        self.world.forget_memory()

    def restart(self) -> None:
        """Down and up again: same data, same port."""
        self.stop()
        self.start()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Not there for the length of a block: connections are refused."""
        self.stop()
        try:
            yield
        finally:
            self.start()

    def close_idle_connections(self) -> None:
        """Close every connection under the clients' feet, as the real server does after 60 s without a request."""
        server = self._server
        if server is not None:
            server.close_connections()
            with self.changed:
                self.changed.wait_for(lambda: not server.open_connections, 5)

    def set_rate_limit(self, rule: RateLimit | None = None) -> None:
        """Limit from now on (by default 10/s after a burst of 100, by address)."""
        with self._change():
            self.faults.limiter = Limiter(rule or RateLimit(), self.clock)

    # What was sent

    def bot_posts(self) -> list[Post]:
        """The bot's live posts, oldest first."""
        with self.changed:
            return [post for post in self.world.posts.values() if post.user_id == BOT_ID and not post.delete_at]

    def post(self, post_id: str) -> Post:
        """The newest version of a post, deleted or not."""
        with self.changed:
            return self.world.posts[post_id]

    def thread(self, root_id: str) -> list[Post]:
        """The root and its replies, live ones only, oldest first."""
        with self.changed:
            return [p for p in self.world.posts.values() if root_id in (p.id, p.root_id) and not p.delete_at]

    def edits(self, post_id: str) -> list[Post]:
        """What the post became with each edit, in the order they were made."""
        with self.changed:
            return self.world.versions.get(post_id, [])[1:]

    def history_rows(self, post_id: str) -> list[Post]:
        """The copies that the server keeps of each former version: ids of their own, ``original_id`` set."""
        with self.changed:
            return list(self.world.copies.get(post_id, []))

    def wait_for(self, predicate: Callable[[], T], timeout: float = 5.0) -> T:
        """Wait until the predicate is true of what the stand-in has seen; its last value. Never polls."""
        with self.changed:
            return self.changed.wait_for(predicate, timeout)

    # Inside

    def _respond(self, request: Request) -> Answer | None:
        with self._change():
            self.requests.append(request)
            self._active += 1
        answer: Answer | None = None
        try:
            answer = self._router.answer(request)
        except Dropped:
            pass
        finally:
            with self._change():
                request.status = answer.status if answer else None
                self._active -= 1
        return answer

    def _notify(self) -> None:
        with self.changed:
            self.changed.notify_all()
