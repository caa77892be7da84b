"""What Mattermost tells us, as typed values, and how they are read out of its JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Whom the token belongs to."""

    user_id: str
    username: str


@dataclass(frozen=True, kw_only=True)
class SeenPost:
    """A post as the server told it; all times in ms since 1970 by the server's clock, 0 for never."""

    id: str
    channel_id: str
    root_id: str
    user_id: str
    message: str
    props: Mapping[str, Any]
    create_at: int
    update_at: int
    edit_at: int
    delete_at: int


@dataclass(frozen=True, kw_only=True)
class ServerStatus:
    """What the ping says: ``database_ok`` is None where the server does not tell."""

    healthy: bool
    database_ok: bool | None
    latency_s: float

    @property
    def database_trouble(self) -> bool:
        """Whether a 401 or 403 of this moment may be the database's and no refusal."""
        return not (self.healthy if self.database_ok is None else self.database_ok)


class WrongShape(Exception):
    """JSON that is not what Mattermost sends; the text says what came instead."""


def text_of(found: Any, name: str) -> str:
    """The text under ``name`` of a JSON object."""
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise WrongShape(f"JSON without a text under {name!r}")
    return value


def seen_post(found: Any) -> SeenPost:
    """A post out of its JSON."""
    props = found.get("props") or {} if isinstance(found, dict) else {}
    if not isinstance(props, dict):
        raise WrongShape("a post whose props are no object")
    return SeenPost(
        id=text_of(found, "id"),
        channel_id=text_of(found, "channel_id"),
        root_id=text_of(found, "root_id"),
        user_id=text_of(found, "user_id"),
        message=text_of(found, "message"),
        props=props,
        create_at=_time_of(found, "create_at"),
        update_at=_time_of(found, "update_at"),
        edit_at=_time_of(found, "edit_at"),
        delete_at=_time_of(found, "delete_at"),
    )


def _time_of(found: dict[str, Any], name: str) -> int:
    value = found.get(name)
    if not isinstance(value, int):
        raise WrongShape(f"a post without a time under {name!r}")
    return value


def page_of(found: Any) -> dict[str, dict[str, Any]]:
    """The posts of a channel page by id, newest first: ``{"order": [id], "posts": {id: post}}``.

    ``posts`` may hold roots of threads that are not on the page; only ``order`` says what is.
    """
    try:
        return {name: found["posts"][name] for name in found["order"]}
    except (KeyError, TypeError):
        raise WrongShape("a page of a channel without its order and posts") from None


def nonce_of(post: SeenPost) -> object:
    """``props.live_status.nonce``, or None."""
    mark = post.props.get("live_status")
    return mark.get("nonce") if isinstance(mark, Mapping) else None


def server_status(found: Any, status: int, latency_s: float) -> ServerStatus:
    """The answer to ``GET /system/ping?get_server_status=true``: ``{"status", "database_status", ...}``."""
    word = text_of(found, "status")
    database = found.get("database_status")
    return ServerStatus(
        healthy=status == 200 and word == "OK",
        database_ok=None if database is None else database == "OK",
        latency_s=latency_s,
    )
