"""What Mattermost tells us, as typed values, and how they are read out of its JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Bot:
    """Whom the token belongs to."""

    user_id: str
    username: str
    is_bot: bool = True
    roles: tuple[str, ...] = ()  # on the whole server


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


@dataclass(frozen=True, kw_only=True)
class RateLimit:
    """The limiter as its headers tell: requests that a full bucket allows at once, and how many are left of them."""

    most: int
    left: int


@dataclass(frozen=True, kw_only=True)
class ServerAbout:
    """What the server says of itself to those who are logged in. None: it does not tell.

    ``max_post_size`` in code points; ``edit_time_limit_s`` -1 for none; ``server_time`` in seconds since 1970 by its
    own clock, whole; ``rate_limit`` None where the limiter is off.
    """

    version: str
    max_post_size: int | None
    edit_time_limit_s: int | None
    rate_limit: RateLimit | None
    server_time: float | None
    latency_s: float


@dataclass(frozen=True, kw_only=True)
class SeenChannel:
    """A channel as the server told it. ``kind``: O open, P private, D direct, G a group of people."""

    id: str
    name: str
    kind: str
    archived: bool


class WrongShape(Exception):
    """JSON that is not what Mattermost sends; the text says what came instead."""


def text_of(found: Any, name: str) -> str:
    """The text under ``name`` of a JSON object."""
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise WrongShape(f"JSON without a text under {name!r}")
    return value


def bot_of(found: Any) -> Bot:
    """The answer to ``GET /users/me``; of a person ``is_bot`` is missing."""
    return Bot(
        user_id=text_of(found, "id"),
        username=text_of(found, "username"),
        is_bot=found.get("is_bot") is True,
        roles=words_of(found, "roles"),
    )


def words_of(found: Any, name: str) -> tuple[str, ...]:
    """The words under ``name`` of a JSON object, where blanks stand between them; none where there is no such text."""
    value = found.get(name) if isinstance(found, dict) else None
    return tuple(value.split()) if isinstance(value, str) else ()


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


def server_about(found: Any, headers: Mapping[str, str], latency_s: float) -> ServerAbout:
    """The answer to ``GET /config/client?format=old``: an object of texts, numbers too."""
    return ServerAbout(
        version=text_of(found, "Version"),
        max_post_size=_number_of(found, "MaxPostSize"),
        edit_time_limit_s=_number_of(found, "PostEditTimeLimit"),
        rate_limit=_rate_limit(headers),
        server_time=_date(headers.get("Date", "")),
        latency_s=latency_s,
    )


def _number_of(found: Any, name: str) -> int | None:
    try:
        return int(found[name])
    except (KeyError, TypeError, ValueError):
        return None


def _rate_limit(headers: Mapping[str, str]) -> RateLimit | None:
    """With two limiters every header comes twice, as ``101, 101``: the tighter one counts."""
    try:
        most = min(int(part) for part in headers.get("X-Ratelimit-Limit", "").split(","))
        left = min(int(part) for part in headers.get("X-Ratelimit-Remaining", "").split(","))
    except ValueError:
        return None
    return RateLimit(most=most, left=left)


def _date(text: str) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def seen_channel(found: Any) -> SeenChannel:
    """A channel out of its JSON."""
    return SeenChannel(
        id=text_of(found, "id"),
        name=found.get("display_name") or text_of(found, "name"),
        kind=text_of(found, "type"),
        archived=bool(found.get("delete_at")),
    )


def permissions_of(found: Any) -> frozenset[str]:
    """The answer to ``POST /roles/names``: roles with the names of what they permit."""
    if not isinstance(found, list):
        raise WrongShape("roles that are no list")
    lists = [role.get("permissions") for role in found if isinstance(role, dict)]
    return frozenset(name for names in lists if isinstance(names, list) for name in names if isinstance(name, str))
