"""Bring one post to the newest revision: create it, or edit it.

Guarantees: one request in flight per post (a lease taken by compare-and-swap, which a dead worker cannot keep); one
post per run (the intent is committed before the create, which carries the nonce twice; an unknown outcome is repeated
with the same nonce for 25 s and looked up by it after that); text that the post already shows is never sent.
"""

import hashlib
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import DatabaseError, transaction
from django.db.models import Q

from sessions_app.deliver import circuit
from sessions_app.deliver.mattermost import Mattermost, MattermostError, RootRefused, SeenPost
from sessions_app.deliver.mishaps import Mishaps, NotConfigured
from sessions_app.deliver.pace import WAITS
from sessions_app.deliver.placing import place, without_root
from sessions_app.models import Destination, Post, Run
from sessions_app.models.times import seconds
from sessions_app.render.card import draw
from sessions_app.render.labels import Labels
from sessions_app.state.view import RunView

LEASE_S = 60.0  # longer than the time limit of a task, which is longer than that of a request
REQUEST_S = 25.0  # what has to be left of a lease to begin a request that changes something
SAME_NONCE_S = 25.0  # Mattermost recognises a pending_post_id for about 30 s
SKEW_S = 600.0  # how far the server's clock may be from ours
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
        """Send the newest state of a post, if it may go out now. Returns whether that was tried."""
        owner = uuid.uuid4().hex
        post = self._claim(post_id, owner, note)
        if post is None:
            return False
        try:
            return self._publish(post, note)
        except MattermostError as error:
            self.mishaps.note(post, error)
        except DatabaseError:
            raise
        except Exception as error:
            self.mishaps.surprise(post, error)
        finally:
            Post.objects.filter(id=post_id, lease_owner=owner).update(
                lease_until=0.0, lease_owner="", enqueued_until=0.0
            )
        return True

    def _claim(self, post_id: int, owner: str, note: str) -> Post | None:
        now = self.clock()
        free = Post.objects.filter(id=post_id, lease_until__lt=now, not_before__lte=now, parked="")
        if not note:
            # A task that was handed on before the watcher stopped must not take its last word away.
            free = free.filter(Q(stop_note=False) | Q(enqueued_until__gte=now))
        claimed = free.update(lease_until=now + LEASE_S, lease_owner=owner)
        return Post.objects.select_related("destination").get(id=post_id) if claimed else None

    def _publish(self, post: Post, note: str) -> bool:
        # The revision first: what changes in between is then sent once more, and never missed.
        revision = Run.objects.values_list("revision", flat=True).get(id=post.run_id)
        view = Run.objects.views([post.run_id]).get(post.run_id)
        if view is None or circuit.rests(post.destination, self.clock()):
            return False
        text = self._text(view, post, note)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if post.post_id and digest == post.sent_hash:
            self._sent(post, view, revision, digest, note)
            return False
        if self._finds_no_place(post, view) or not self._may_send(post):
            return False
        if self._again(post, lambda: self._send(post, view, text)):
            self._sent(post, view, revision, digest, note)
            circuit.succeeded(post.destination, self.clock())
        return True

    def _may_send(self, post: Post) -> bool:
        """Take a slot of the budget, and only then the one probe that an open circuit allows."""
        if wait_until := self._slot_at(post):
            Post.objects.filter(id=post.id).update(not_before=wait_until)
            return False
        return circuit.may_send(post.destination, self.clock())

    def _text(self, view: RunView, post: Post, note: str) -> str:
        limit = self.manner.max_chars // 4 if post.reduced else self.manner.max_chars
        return draw(
            view, now=self.clock(), max_chars=limit, max_depth=self.manner.max_depth, labels=self.manner.labels,
            note=note,
        )  # fmt: skip

    def _again(self, post: Post, send: Callable[[], bool]) -> bool:
        """A few quick tries of what may work a moment later; the sweep comes back to the rest."""
        for attempt in range(self.manner.max_retries):
            try:
                return send()
            except MattermostError as error:
                if not self.mishaps.is_passing(error):
                    raise
                self.wait(random.uniform(0.5, 1.0) * 0.2 * 2**attempt)  # noqa: S311 - jitter, not a secret
                if not self._in_time(post) or self._slot_at(post):
                    raise
        return send()

    def _slot_at(self, post: Post) -> float:
        return circuit.take_slot(post.destination, self.clock(), self.manner.edits_per_s)

    def _in_time(self, post: Post) -> bool:
        """Whether a request that begins now ends while the lease is still ours."""
        return self.clock() <= post.lease_until - REQUEST_S

    def _client(self, destination: Destination) -> Mattermost:
        try:
            return self.client_for(destination)
        except LookupError as error:
            raise NotConfigured(str(error)) from error

    def _send(self, post: Post, view: RunView, text: str) -> bool:
        """Create or edit. False: nothing was sent, as the post waits for a place or all of it took too long."""
        client = self._client(post.destination)
        if post.post_id:
            self._edit(post, client, text)
            return True
        bot_id = self._bot(post.destination, client)
        place(post, client, bot_id)
        fresh = post.intent_at is None
        if fresh and not self._intend(post, view):
            return False
        found = None if fresh else self._lost_post(post, client, bot_id)
        if not self._in_time(post):
            return False
        seen = found or self._create(post, client, text, fresh=fresh)
        post.post_id = seen.id
        Post.objects.filter(id=post.id).update(post_id=seen.id, root_id=seen.root_id, channel_id=seen.channel_id)
        if found is not None:
            self._edit(post, client, text)
        return True

    def _edit(self, post: Post, client: Mattermost, text: str) -> None:
        # Until the answer is stored nobody knows what the post shows: a lost answer must not look like no change.
        Post.objects.filter(id=post.id).update(sent_hash="")
        client.edit_post(post.post_id, message=text, props=_props(post))

    def _bot(self, destination: Destination, client: Mattermost) -> str:
        if not destination.bot_id:
            bot = client.me()
            destination.bot_id = bot.user_id
            Destination.objects.filter(id=destination.id).update(bot_id=bot.user_id, bot_name=bot.username)
        return destination.bot_id

    def _finds_no_place(self, post: Post, view: RunView) -> bool:
        """Whether all places of open posts are taken. A run that is over needs none, and a post keeps its own."""
        if post.post_id or post.intent_at is not None or view.word.over:
            return False
        if Post.objects.holding_a_place().count() < self.manner.max_open:
            return False
        Post.objects.filter(id=post.id).update(not_before=self.clock() + 1.0, last_error=WAITS)
        return True

    def _intend(self, post: Post, view: RunView) -> bool:
        """Commit the intent to create. False: somebody else has taken the last place meanwhile."""
        with transaction.atomic():
            Destination.objects.select_for_update().get(id=post.destination_id)
            if self._finds_no_place(post, view):
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

    def _create(self, post: Post, client: Mattermost, text: str, *, fresh: bool) -> SeenPost:
        """``fresh``: this is the first create, so a refusal means that there is no post, and the place is free."""
        while True:
            try:
                return client.create_post(
                    channel_id=post.channel_id, message=text, root_id=post.root_id, props=_props(post),
                    pending_post_id=post.nonce,
                )  # fmt: skip
            except RootRefused:
                if not post.root_id:
                    raise
                without_root(post)
            except MattermostError as error:
                if fresh and not error.maybe_applied:
                    post.intent_at = None
                    Post.objects.filter(id=post.id).update(intent_at=None)
                raise

    def _sent(self, post: Post, view: RunView, revision: int, digest: str, note: str) -> None:
        """The post says this now, whether that took a request or not."""
        Post.objects.filter(id=post.id).update(
            sent_revision=revision,
            sent_word=view.word.value,
            sent_hash=digest,
            sent_at=self.clock(),
            closed=view.word.over and not note,
            stop_note=bool(note),
            send_now=False,
            attempts=0,
            not_before=0.0,
            last_error="",
        )


def _props(post: Post) -> dict[str, object]:
    """Always the whole set: a patch replaces all props."""
    return {"from_bot": "true", "live_status": {"v": 1, "nonce": post.nonce, "run": post.run_id}}
