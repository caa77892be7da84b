"""The few calls to Mattermost's REST API that we need, with every failure as a typed error.

The room's only way out; nothing here knows Django or the database. Facts are measured on a Mattermost 6.7.0 (the rows
that we rely on are stated by ``tests/contract``). Where one answer has several meanings, a second request asks:
a 401, and a 403 on create or read, is followed by a ping with server status, a 403 on an edit by a GET of the post.

MattermostError                         permanent  scope        source
├── Unreachable(maybe_applied)          no         destination  connect error (False); time-out, reset (True)
├── RateLimited(retry_after_s)          no         destination  429, from Mattermost or a proxy
├── ServerTrouble                       no         destination  5xx; 401 or 403 while the database is away
├── TokenRefused                        yes        destination  401 and a healthy ping
├── NotMattermost                       yes        destination  redirect, HTML, 404 text/plain, other JSON
│   └── AnswerTooLarge                  yes        destination  more than 1 MB
├── ChannelForbidden                    no         channel      create 403; edit 403 and then GET 403 or 200
├── ChannelArchived                     no         channel      400 ...can_not_post_to_deleted, ..._in_deleted
├── PostGone                            yes        post         edit 403 and then GET 404; GET 404
├── RootRefused                         yes        post         400 ...root_id
├── EditTimeLimit                       yes        post         400 ...permissions_time_limit
└── BodyRefused                         yes        body         400 message, props, other; 413
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sessions_app.deliver.mattermost_answers import encode, problem, refusal
from sessions_app.deliver.mattermost_calls import VERSION, Calls, refused_anyway
from sessions_app.deliver.mattermost_errors import (
    AnswerTooLarge,
    BodyRefused,
    ChannelArchived,
    ChannelForbidden,
    EditTimeLimit,
    MattermostError,
    NotMattermost,
    PostGone,
    RateLimited,
    RootRefused,
    Scope,
    ServerTrouble,
    TokenRefused,
    Unreachable,
)
from sessions_app.deliver.mattermost_http import Ask
from sessions_app.deliver.mattermost_values import (
    Bot,
    SeenPost,
    ServerStatus,
    WrongShape,
    nonce_of,
    page_of,
    seen_post,
    text_of,
)

__all__ = [
    "VERSION",
    "AnswerTooLarge",
    "BodyRefused",
    "Bot",
    "ChannelArchived",
    "ChannelForbidden",
    "EditTimeLimit",
    "Mattermost",
    "MattermostError",
    "NotMattermost",
    "PostGone",
    "RateLimited",
    "RootRefused",
    "Scope",
    "SeenPost",
    "ServerStatus",
    "ServerTrouble",
    "TokenRefused",
    "Unreachable",
]  # fmt: skip

PAGE_LIMIT = 8_000_000  # bytes
# Posts on a page: the most that the server gives, less where posts are huge. Each divides the one before.
PAGE_SIZES = (200, 50, 10, 1)


class Mattermost(Calls):
    """Posts on one Mattermost server: created, edited, read and found again."""

    def create_post(
        self, *, channel_id: str, message: str, root_id: str, props: Mapping[str, Any], pending_post_id: str
    ) -> SeenPost:
        """Create a post; the server gives the same post for the same ``pending_post_id`` within 30 s (one node).

        Never repeated here, not even on a stale connection: only the caller knows whether those seconds have passed.
        """
        body = {
            "channel_id": channel_id,
            "message": message,
            "root_id": root_id,
            "props": props,
            "pending_post_id": pending_post_id,
        }
        ask = Ask(
            method="POST",
            path="/posts",
            params={"silent": "true"},
            body=encode(body),
            doing=f"create a post in channel {channel_id}",
            repeatable=False,
        )
        found = self._call(ask, self._http.deadline())
        return self._seen(found, maybe_applied=True)

    def edit_post(self, post_id: str, *, message: str, props: Mapping[str, Any]) -> SeenPost:
        """Replace message and all props of a post; ``from_bot`` is added, as older servers lose it otherwise."""
        until = self._http.deadline()
        body = encode({"message": message, "props": {**props, "from_bot": "true"}})
        ask = Ask(method="PUT", path=f"/posts/{post_id}/patch", body=body, doing=f"edit post {post_id}")
        answer = self._http.exchange(ask, until)
        if answer.status == 403 and problem(answer):
            # Deleted, unknown, kicked, right removed, not the author, database down: all the same 403.
            with refused_anyway():
                self._read_post(post_id, until)
            raise refusal(answer, ask.doing, self._http.server)
        return self._seen(self._accept(answer, ask, until), maybe_applied=True)

    def get_post(self, post_id: str) -> SeenPost:
        """One post; a deleted one is PostGone."""
        return self._read_post(post_id, self._http.deadline())

    def find_by_nonce(self, channel_id: str, nonce: str, *, bot_id: str, since_ms: int) -> SeenPost | None:
        """Our live post with this nonce in its props among those created at or after ``since_ms`` (server's clock)."""
        for post in self._posts(channel_id, self._http.deadline()):
            seen = self._seen(post)
            ours = seen.user_id == bot_id and not seen.delete_at and not post.get("original_id")
            if ours and nonce_of(seen) == nonce:
                return seen
            if seen.create_at < since_ms:
                return None
        return None

    def direct_channel(self, bot_id: str, user_id: str) -> str:
        """The id of the direct channel of the two; made if there is none yet."""
        doing = f"open a direct channel with user {user_id}"
        ask = Ask(method="POST", path="/channels/direct", body=encode([bot_id, user_id]), doing=doing)
        found = self._call(ask, self._http.deadline())
        with self._shaped():
            return text_of(found, "id")

    def _posts(self, channel_id: str, until: float) -> Iterator[dict[str, Any]]:
        """Newest first. New posts shift the pages, so that some come twice; a page of only known ones is an error."""
        known: set[str] = set()
        sizes = list(PAGE_SIZES)
        begin, per_page = 0, sizes.pop(0)
        while True:
            try:
                posts = self._page(channel_id, begin // per_page, per_page, until)
            except AnswerTooLarge:
                if not sizes:
                    raise
                per_page = sizes.pop(0)
                continue
            fresh = {name: post for name, post in posts.items() if name not in known}
            with self._shaped():
                if posts and not fresh:
                    raise WrongShape("the same page of posts again and again")
            known |= fresh.keys()
            yield from fresh.values()
            if len(posts) < per_page:
                return
            begin += per_page

    def _page(self, channel_id: str, page: int, per_page: int, until: float) -> dict[str, dict[str, Any]]:
        ask = Ask(
            method="GET",
            path=f"/channels/{channel_id}/posts",
            params={"page": str(page), "per_page": str(per_page)},
            doing=f"read channel {channel_id}",
            limit=PAGE_LIMIT,
        )
        found = self._call(ask, until)
        with self._shaped():
            return page_of(found)

    def _read_post(self, post_id: str, until: float) -> SeenPost:
        return self._seen(self._call(Ask(method="GET", path=f"/posts/{post_id}", doing=f"read post {post_id}"), until))

    def _seen(self, found: Any, *, maybe_applied: bool = False) -> SeenPost:
        with self._shaped(maybe_applied):
            return seen_post(found)
