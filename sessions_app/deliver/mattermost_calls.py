"""What every call to Mattermost shares: one connection to one server, JSON in and out, and refusals put to the test.

A 401 or 403 is only believed of a server whose database is there: with PostgreSQL down both are said of good tokens and
good channels.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from sessions_app.deliver.mattermost_answers import decode, problem, refusal
from sessions_app.deliver.mattermost_errors import MattermostError, NotMattermost, ServerTrouble
from sessions_app.deliver.mattermost_http import Answer, Ask, Http, Limits
from sessions_app.deliver.mattermost_values import Bot, ServerStatus, WrongShape, bot_of, server_status

VERSION = "0.1.0"


class Calls:
    """One Mattermost server, spoken to as one bot. Each call ends within ``total_timeout_s``; safe for threads."""

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        connect_timeout_s: float = 3.0,
        read_timeout_s: float = 10.0,
        total_timeout_s: float = 20.0,
        idle_timeout_s: float = 30.0,
        max_connections: int = 4,
        use_proxy_env: bool = False,
        ca_file: str | None = None,
    ) -> None:
        limits = Limits(
            connect_s=connect_timeout_s, read_s=read_timeout_s, total_s=total_timeout_s, idle_s=idle_timeout_s
        )
        self._http = Http(
            base_url,
            token,
            limits=limits,
            max_connections=max_connections,
            use_proxy_env=use_proxy_env,
            ca_file=ca_file,
            user_agent=f"live-status/{VERSION}",
        )

    def close(self) -> None:
        """Close the idle connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def me(self) -> Bot:
        """Who we are; the cheapest proof that address and token are right."""
        found = self._call(Ask(method="GET", path="/users/me", doing="read its own user"), self._http.deadline())
        with self._shaped():
            return bot_of(found)

    def ping(self) -> ServerStatus:
        """How the server itself feels, with its database; an unhealthy one answers 500, which is no error here."""
        return self._ping(self._http.deadline())

    def _ping(self, until: float) -> ServerStatus:
        params = {"get_server_status": "true"}
        ask = Ask(method="GET", path="/system/ping", params=params, doing="answer a ping")
        answer = self._http.exchange(ask, until)
        if answer.status not in (200, 500):
            raise refusal(answer, ask.doing, self._http.server)
        with self._shaped():
            return server_status(decode(answer, self._http.server), answer.status, answer.latency_s)

    def _call(self, ask: Ask, until: float) -> Any:
        return self._accept(self._http.exchange(ask, until), ask, until)

    def _accept(self, answer: Answer, ask: Ask, until: float) -> Any:
        """The JSON of a 2xx, or the error; 401 and 403 are only believed of a server whose database is there."""
        if 200 <= answer.status < 300:
            return decode(answer, self._http.server)
        if answer.status in (401, 403) and problem(answer):
            with refused_anyway():
                away = self._ping(until).database_trouble
            if away:
                raise ServerTrouble(
                    f"The database of {self._http.server} is away, so it could not {ask.doing}. It is tried again by "
                    "itself.",
                    status=answer.status,
                )
        raise refusal(answer, ask.doing, self._http.server)

    @contextmanager
    def _shaped(self, maybe_applied: bool = False) -> Iterator[None]:
        """Turns JSON of a shape that Mattermost does not have into an error that says so."""
        try:
            yield
        except WrongShape as error:
            raise NotMattermost(
                f"{self._http.server} answered with {error}: check MM_BASE_URL and any proxy in front of it.",
                maybe_applied=maybe_applied,
            ) from None


@contextmanager
def refused_anyway() -> Iterator[None]:
    """Around a second request that asks what a refusal meant: whatever comes of it, the change was not made."""
    try:
        yield
    except MattermostError as error:
        error.maybe_applied = False
        raise
