"""Bring one post to the newest revision: create it, or edit it.

Guarantees: one request in flight per post (a lease taken by compare-and-swap, which a dead worker cannot keep); one
post per run (the intent is committed before the create, which carries the nonce twice; an unknown outcome is repeated
with the same nonce for 25 s and looked up by it after that); text that the post already shows is never sent.
"""

import hashlib
import logging
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import transaction

from sessions_app.deliver import circuit
from sessions_app.deliver.mattermost import Mattermost, MattermostError, RootRefused, SeenPost
from sessions_app.deliver.mishaps import Mishaps
from sessions_app.deliver.placing import next_root, place, settle
from sessions_app.models import Destination, Post, Run
from sessions_app.models.times import seconds
from sessions_app.render.card import draw
from sessions_app.render.labels import Labels
from sessions_app.state.view import RunView

log = logging.getLogger(__name__)
LEASE_S = 60.0  # longer than the time limit of a task, which is longer than that of a request
SAME_NONCE_S = 25.0  # Mattermost recognises a pending_post_id for about 30 s
SKEW_S = 600.0  # how far the server's clock may be from ours
WAITS = "Waits for a place: MAX_ACTIVE_SESSIONS posts are open."
STOPPED = "Nobody is watching: the watcher stopped, so this post does not move until it is back."


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """How posts are written. ``edits_per_s`` over all posts and processes."""

    max_chars: int = 12_000
    max_depth: int = 4
    edits_per_s: float = 5.0
    max_retries: int = 3
    max_open: int = 50
    labels: Labels = field(default_factory=Labels.builtin)


class Publisher:
    """Publishes posts of any destination. Safe for many threads and processes."""

    def __init__(
        self,
        client_for: Callable[[Destination], Mattermost],
        manner: Manner,
        clock: Callable[[], float],
        wait: Callable[[float], object],
    ) -> None:
        self.client_for = client_for
        self.manner = manner
        self.clock = clock
        self.wait = wait
        self.mishaps = Mishaps(clock)

    def publish(self, post_id: int, *, note: str = "") -> bool:
        """Send the newest state of a post, if it may go out now. Returns whether a request was made."""
        owner = uuid.uuid4().hex
        post = self._claim(post_id, owner)
        if post is None:
            return False
        try:
            return self._publish(post, note)
        except MattermostError as error:
            self.mishaps.note(post, error)
            return True
        finally:
            Post.objects.filter(id=post_id, lease_owner=owner).update(
                lease_until=0.0, lease_owner="", enqueued_until=0.0
            )

    def _claim(self, post_id: int, owner: str) -> Post | None:
        now = self.clock()
        claimed = Post.objects.filter(id=post_id, lease_until__lt=now, not_before__lte=now, parked="").update(
            lease_until=now + LEASE_S, lease_owner=owner
        )
        return Post.objects.select_related("destination").get(id=post_id) if claimed else None

    def _publish(self, post: Post, note: str) -> bool:
        view = Run.objects.views([post.run_id]).get(post.run_id)
        revision = Run.objects.values_list("revision", flat=True).get(id=post.run_id)
        if view is None or not circuit.may_send(post.destination, self.clock()):
            return False
        text = self._text(view, post, note)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if post.post_id and digest == post.sent_hash:
            self._sent(post, view, revision, digest, note, requested=False)
            return False
        if wait_until := circuit.take_slot(post.destination, self.clock(), self.manner.edits_per_s):
            Post.objects.filter(id=post.id).update(not_before=wait_until)
            return False
        client = self.client_for(post.destination)
        if self._again(lambda: self._send(post, client, view, text)):
            self._sent(post, view, revision, digest, note, requested=True)
        return True

    def _text(self, view: RunView, post: Post, note: str) -> str:
        limit = self.manner.max_chars // 4 if post.reduced else self.manner.max_chars
        return draw(
            view, now=self.clock(), max_chars=limit, max_depth=self.manner.max_depth, labels=self.manner.labels,
            note=note,
        )  # fmt: skip

    def _again(self, send: Callable[[], bool]) -> bool:
        """A few quick tries of what may work a moment later; the sweep comes back to the rest."""
        for attempt in range(self.manner.max_retries):
            try:
                return send()
            except MattermostError as error:
                if not self.mishaps.is_passing(error):
                    raise
                self.wait(random.uniform(0.5, 1.0) * 0.2 * 2**attempt)  # noqa: S311 - jitter, not a secret
        return send()

    def _send(self, post: Post, client: Mattermost, view: RunView, text: str) -> bool:
        """Create or edit. False: nothing was sent, as the post waits for a place."""
        if post.post_id:
            client.edit_post(post.post_id, message=text, props=_props(post))
            return True
        bot_id = self._bot(post.destination, client)
        place(post, client, bot_id)
        if not self._intend(post, view):
            return False
        found = self._lost_post(post, client, bot_id)
        seen = found or self._create(post, client, text)
        post.post_id = seen.id
        Post.objects.filter(id=post.id).update(post_id=seen.id, root_id=seen.root_id, channel_id=seen.channel_id)
        if found is not None:
            client.edit_post(seen.id, message=text, props=_props(post))
        return True

    def _bot(self, destination: Destination, client: Mattermost) -> str:
        if not destination.bot_id:
            bot = client.me()
            destination.bot_id = bot.user_id
            Destination.objects.filter(id=destination.id).update(bot_id=bot.user_id, bot_name=bot.username)
        return destination.bot_id

    def _intend(self, post: Post, view: RunView) -> bool:
        """Commit the intent to create. False: all places of open posts are taken, and this run is not over."""
        if post.intent_at is not None:
            return True
        with transaction.atomic():
            Destination.objects.select_for_update().get(id=post.destination_id)
            if not view.word.over and Post.objects.holding_a_place().count() >= self.manner.max_open:
                Post.objects.filter(id=post.id).update(not_before=self.clock() + 1.0, last_error=WAITS)
                return False
            post.intent_at = self.clock()
            Post.objects.filter(id=post.id).update(intent_at=post.intent_at)
        return True

    def _lost_post(self, post: Post, client: Mattermost, bot_id: str) -> SeenPost | None:
        """A post that an earlier create may have made, although its answer never came."""
        if self.clock() - (post.intent_at or 0.0) <= SAME_NONCE_S:
            return None
        since = int((seconds(post.created_at) - SKEW_S) * 1000)
        found = client.find_by_nonce(post.channel_id, post.nonce, bot_id=bot_id, since_ms=since)
        if found is None:
            post.intent_at = self.clock()
            Post.objects.filter(id=post.id).update(intent_at=post.intent_at)
        return found

    def _create(self, post: Post, client: Mattermost, text: str) -> SeenPost:
        while True:
            try:
                return client.create_post(
                    channel_id=post.channel_id, message=text, root_id=post.root_id, props=_props(post),
                    pending_post_id=post.nonce,
                )  # fmt: skip
            except RootRefused:
                if not post.root_id:
                    raise
                settle(post, post.channel_id, next_root(post))

    def _sent(self, post: Post, view: RunView, revision: int, digest: str, note: str, *, requested: bool) -> None:
        now = self.clock()
        Post.objects.filter(id=post.id).update(
            sent_revision=revision,
            sent_word=view.word.value,
            sent_hash=digest,
            sent_at=now if requested else post.sent_at or now,
            closed=view.word.over and not note,
            stop_note=bool(note),
            send_now=False,
            attempts=0,
            not_before=0.0,
            last_error="",
        )
        circuit.succeeded(post.destination, now, sent=requested)


def _props(post: Post) -> dict[str, object]:
    """Always the whole set: a patch replaces all props."""
    return {"from_bot": "true", "live_status": {"v": 1, "nonce": post.nonce, "run": post.run_id}}
