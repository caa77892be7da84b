"""Making a post once, whatever happens in between.

The intent, with a random nonce, is committed before the create call, which carries the nonce twice: as
``pending_post_id``, by which Mattermost recognises a repetition for about 30 s, and in props. A create whose outcome
nobody knows is first looked for in the channel, because a server that was restarted has forgotten the nonce; if it is
not there it is repeated with the same nonce, by which a server that applies the first one late recognises it.
"""

from collections.abc import Callable

from django.db import transaction

from sessions_app.deliver.mattermost import Mattermost, MattermostError, RootRefused, SeenPost
from sessions_app.deliver.pace import WAITS
from sessions_app.deliver.placing import place, without_root
from sessions_app.models import Destination, Post
from sessions_app.models.times import seconds

SAME_NONCE_S = 25.0  # Mattermost recognises a pending_post_id for about 30 s
SKEW_S = 600.0  # how far the server's clock may be from ours


def props_of(post: Post, revision: int) -> dict[str, object]:
    """Always the whole set: a patch replaces all props. The revision tells which of two edits is the newer."""
    ours = {"v": 1, "nonce": post.nonce, "run": post.run_id, "revision": revision}
    return {"from_bot": "true", "live_status": ours}


class Creation:
    """One try to make the post of a row, or to find it. ``over``: its run is over, so it needs no place."""

    def __init__(
        self, post: Post, client: Mattermost, clock: Callable[[], float], *, over: bool, max_open: int
    ) -> None:
        self.post = post
        self.client = client
        self.clock = clock
        self.over = over
        self.max_open = max_open

    def prepare(self, bot_id: str) -> SeenPost | None:
        """Settle the place and commit the intent; returns a post that an earlier try has made.

        Raises:
            NoPlaceError: all places of open posts are taken, or the row is not ours any more.
            MattermostError: the server could not be asked.
        """
        place(self.post, self.client, bot_id)
        self.fresh = self.post.intent_at is None
        if self.fresh:
            self._intend()
            return None
        return self._lost_post(bot_id)

    def _intend(self) -> None:
        with transaction.atomic():
            Destination.objects.select_for_update().get(id=self.post.destination_id)
            taken = finds_no_place(self.post, self.clock(), over=self.over, max_open=self.max_open)
            if not taken:
                self._commit_intent()
        if taken:
            raise NoPlaceError

    def _commit_intent(self) -> None:
        self.post.intent_at = self.clock()
        ours = Post.objects.filter(id=self.post.id, lease_owner=self.post.lease_owner)
        if not ours.update(intent_at=self.post.intent_at):
            raise NoPlaceError  # its row was taken back meanwhile: a post that nobody knows of must not be made

    def made_before(self, bot_id: str) -> SeenPost | None:
        """The post that an earlier create has made, if it did.

        Raises:
            MattermostError: the server could not be asked.
        """
        since = int((seconds(self.post.created_at) - SKEW_S) * 1000)
        return self.client.find_by_nonce(self.post.channel_id, self.post.nonce, bot_id=bot_id, since_ms=since)

    def _lost_post(self, bot_id: str) -> SeenPost | None:
        """A post that an earlier create may have made, although its answer never came."""
        found = self.made_before(bot_id)
        if found is None and self.clock() - (self.post.intent_at or 0.0) > SAME_NONCE_S:
            self._commit_intent()
        return found

    def create(self, text: str, revision: int) -> SeenPost | None:
        """The create call. After the first one a refusal means that there is no post, and the place is free.

        None: its root was refused; the next try, with a slot of the budget of its own, is for another.
        """
        post = self.post
        try:
            return self.client.create_post(
                channel_id=post.channel_id, message=text, root_id=post.root_id, props=props_of(post, revision),
                pending_post_id=post.nonce,
            )  # fmt: skip
        except MattermostError as error:
            if self.fresh and not error.maybe_applied:
                post.intent_at = None
                Post.objects.filter(id=post.id).update(intent_at=None)
            if not isinstance(error, RootRefused) or not post.root_id:
                raise
        without_root(post)
        return None


class NoPlaceError(Exception):
    """There is no place for the post: all of them are taken, or its row is gone."""


def finds_no_place(post: Post, now: float, *, over: bool, max_open: int) -> bool:
    """Whether all places of open posts are taken. A run that is over needs none, and a post keeps its own."""
    if post.post_id or post.intent_at is not None or over:
        return False
    if Post.objects.holding_a_place().filter(destination=post.destination_id).count() < max_open:
        return False
    Post.objects.filter(id=post.id).update(not_before=now + 1.0, last_error=WAITS)
    return True
