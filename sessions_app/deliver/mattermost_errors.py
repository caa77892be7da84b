"""What can go wrong between us and Mattermost, one class per thing to do about it.

The tree is drawn in ``mattermost``. Every error has ``sentence`` (what is wrong and what to do; never the token),
``permanent`` (sending the same request again is useless until somebody changes something here), ``scope`` (what else
is struck by it) and ``maybe_applied`` (the change may have been made although we got no good answer).
"""

from enum import StrEnum
from typing import ClassVar


class Scope(StrEnum):
    """How far an error reaches: what should pause, or stop, because of it."""

    DESTINATION = "destination"
    CHANNEL = "channel"
    POST = "post"
    BODY = "body"


class MattermostError(Exception):
    """A call to Mattermost that did not do what was asked."""

    permanent: ClassVar[bool] = False
    scope: ClassVar[Scope] = Scope.DESTINATION

    def __init__(
        self,
        sentence: str,
        *,
        maybe_applied: bool = False,
        status: int | None = None,
        error_id: str = "",
        request_id: str = "",
    ) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.maybe_applied = maybe_applied
        self.status = status
        self.error_id = error_id
        self.request_id = request_id


class Unreachable(MattermostError):
    """No whole answer: no connection (nothing was applied), or a time-out or reset after it (perhaps it was).

    A timed-out edit was seen applied later, when a frozen server went on: read the post before the next edit.
    """


class RateLimited(MattermostError):
    """429: wait ``retry_after_s`` seconds with everything; all clients of our address share one bucket."""

    def __init__(self, sentence: str, *, retry_after_s: float, status: int | None = 429) -> None:
        super().__init__(sentence, status=status)
        self.retry_after_s = retry_after_s


class ServerTrouble(MattermostError):
    """5xx, or a 401 or 403 that was the database being away (both look like a refusal): back off and try again."""


class TokenRefused(MattermostError):
    """401 while the ping says that server and database are healthy: token revoked, or bot disabled.

    One 401 can still be a race with a database that has just come back; stop everything only after several.
    """

    permanent = True


class NotMattermost(MattermostError):
    """A redirect, HTML, plain text 404 or JSON of another shape: wrong base URL, or a proxy in between."""

    permanent = True


class AnswerTooLarge(NotMattermost):
    """An answer beyond its limit, not read to its end; pages of a channel are then asked for in smaller ones."""


class ChannelForbidden(MattermostError):
    """403: not a member, unknown channel, or no right to post or edit. An invitation or restored right heals it."""

    scope = Scope.CHANNEL


class ChannelArchived(MattermostError):
    """400 ``*_deleted``: the channel is archived; edits work again after it is restored."""

    scope = Scope.CHANNEL


class PostGone(MattermostError):
    """Edit 403 and then GET 404, or GET 404: the post, or its root, was deleted. Policy decides what follows.

    On create (500 ``deduplicate_create_post.failed_to_get``): the post made with this nonce is deleted already.
    """

    permanent = True
    scope = Scope.POST


class RootRefused(MattermostError):
    """400 ``*root_id*``: the root is unknown, deleted, itself a reply, or in another channel."""

    permanent = True
    scope = Scope.POST


class EditTimeLimit(MattermostError):
    """400 ``*time_limit*``: PostEditTimeLimit has passed for this post, for bots and administrators too."""

    permanent = True
    scope = Scope.POST


class BodyRefused(MattermostError):
    """Any other 400, and 413: message or props too long or of a wrong type. Never send the same body again."""

    permanent = True
    scope = Scope.BODY
