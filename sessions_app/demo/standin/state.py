"""What the stand-in knows: users, channels, posts with all their versions. No HTTP, no rules about who may do what."""

import itertools
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

_ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"
_WELL_FORMED = re.compile("[a-z0-9]{26}")
DEDUPE_S = 30.0


def new_id() -> str:
    """26 characters, as Mattermost makes them."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(26))


def well_formed(name: object) -> bool:
    return isinstance(name, str) and _WELL_FORMED.fullmatch(name) is not None


class Clock:
    """The server's clock in seconds since 1970: the real one, moved (or skewed) by ``advance`` instead of waiting."""

    def __init__(self) -> None:
        self._offset = 0.0
        self._stopped_at: float | None = None

    def __call__(self) -> float:
        return (time.time() if self._stopped_at is None else self._stopped_at) + self._offset

    def advance(self, seconds: float) -> None:
        self._offset += seconds

    def stop(self) -> None:
        """From now on only ``advance`` moves it."""
        self._stopped_at = time.time()


@dataclass(frozen=True, kw_only=True)
class User:
    id: str
    username: str
    is_bot: bool = False

    def json(self) -> dict[str, Any]:
        """Of a person ``is_bot`` is left out [source]."""
        bot = {"is_bot": True} if self.is_bot else {}
        return {"id": self.id, "username": self.username, "delete_at": 0, "roles": "system_user", **bot}


@dataclass(kw_only=True)
class Channel:
    """``type``: O open, P private, D direct. ``members`` holds user ids."""

    id: str
    name: str
    type: str
    members: set[str] = field(default_factory=set)
    delete_at: int = 0

    def json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "display_name": self.name,
            "type": self.type,
            "team_id": "" if self.type == "D" else "teamteamteamteamteamteam1a",
            "delete_at": self.delete_at,
        }


@dataclass(frozen=True, kw_only=True)
class Post:
    """One version of a post; times in ms since 1970 by the stand-in's clock, 0 for never."""

    id: str
    channel_id: str
    user_id: str
    message: str
    root_id: str = ""
    original_id: str = ""
    type: str = ""
    props: Mapping[str, Any] = field(default_factory=dict)
    create_at: int = 0
    update_at: int = 0
    edit_at: int = 0
    delete_at: int = 0
    is_pinned: bool = False

    def json(self) -> dict[str, Any]:
        return {**vars(self), "props": dict(self.props), "hashtags": "", "pending_post_id": "", "metadata": {}}


@dataclass(kw_only=True)
class Pending:
    """A ``pending_post_id`` that the server remembers: no post yet while the create is under way."""

    at: float
    post_id: str | None = None


@dataclass(kw_only=True)
class Options:
    """What an administrator of the real server can set."""

    max_post_size: int = 16_383  # code points
    post_edit_time_limit_s: int = -1  # -1: no limit
    max_body_bytes: int | None = None  # 300 000 in 11.x
    bot_may_mention_channel: bool = True
    channel_user_may: tuple[str, ...] = ("read_channel", "create_post", "edit_post", "use_channel_mentions")
    unknown_channels: str = "refuse"  # or "create"


class World:
    """All that is kept. ``versions`` holds every version of a post, oldest first; memory is lost by a restart."""

    def __init__(self, clock: Callable[[], float], options: Options) -> None:
        self.clock = clock
        self.options = options
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.posts: dict[str, Post] = {}
        self.versions: dict[str, list[Post]] = {}
        self.copies: dict[str, list[Post]] = {}
        self.tokens: dict[str, str] = {}
        self.pending: dict[str, Pending] = {}
        self.sessions: set[str] = set()
        self.made = itertools.count()

    def now_ms(self) -> int:
        return int(self.clock() * 1000)

    def forget_memory(self) -> None:
        """A restart of the process: the cache of sessions and the pending ids are gone, the database is not."""
        self.pending.clear()
        self.sessions.clear()

    def put(self, post: Post) -> Post:
        """Store a new version; the one before it stays behind as a history row with an id of its own."""
        before = self.posts.get(post.id)
        if before is not None:
            copy = replace(before, id=new_id(), original_id=before.id, delete_at=post.update_at)
            self.copies.setdefault(post.id, []).append(copy)
        self.posts[post.id] = post
        self.versions.setdefault(post.id, []).append(post)
        return post

    def live(self, post_id: str) -> Post | None:
        post = self.posts.get(post_id)
        return post if post is not None and not post.delete_at else None

    def delete(self, post_id: str) -> None:
        """Delete a post with its replies: message blanked in lists by id, gone everywhere else."""
        now = self.now_ms()
        for post in list(self.posts.values()):
            if post_id in (post.id, post.root_id) and not post.delete_at:
                self.posts[post.id] = replace(post, delete_at=now, update_at=now)

    def channel(self, channel_id: object, visitor: str) -> Channel | None:
        """The channel; with ``unknown_channels="create"`` any well-formed id is an open channel of the visitor's."""
        if not isinstance(channel_id, str):
            return None
        if channel_id not in self.channels and self.options.unknown_channels == "create" and well_formed(channel_id):
            self.channels[channel_id] = Channel(id=channel_id, name=channel_id, type="O", members={visitor})
        return self.channels.get(channel_id)

    def post_on_demand(self, post_id: str, channel_id: str = "") -> Post | None:
        """The live post; with ``unknown_channels="create"`` an unknown well-formed id becomes somebody's post.

        Asked for by id alone, its channel is not known yet: the first reply to it says so.
        """
        if post_id not in self.posts and self.options.unknown_channels == "create" and well_formed(post_id):
            now = self.now_ms()
            self.put(
                Post(id=post_id, channel_id=channel_id, user_id="", message="(recorded)", create_at=now, update_at=now)
            )
        post = self.live(post_id)
        if post is not None and not post.channel_id and channel_id:
            post = self.posts[post_id] = replace(post, channel_id=channel_id)
        return post
