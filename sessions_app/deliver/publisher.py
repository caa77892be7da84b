"""Bring one post to the newest revision: create it, or edit it, and see in the end that its last word stands there.

Guarantees: one request in flight per post (a lease taken by compare-and-swap, which a dead worker cannot keep); one
post per run (see `creating`); text that the post already shows is never sent; the last word is read back, because an
edit whose answer was lost may be applied late, on top of it.
"""

import logging
import random
import uuid
from collections.abc import Callable

from django.db import DatabaseError
from django.db.models import Case, F, Q, When

from sessions_app.deliver import circuit, deliveries
from sessions_app.deliver.creating import Creation, NoPlaceError, finds_no_place, props_of
from sessions_app.deliver.manner import Manner
from sessions_app.deliver.mattermost import Mattermost, MattermostError, SeenPost
from sessions_app.deliver.mishaps import Mishaps, NotConfigured
from sessions_app.deliver.wanted import MUTED, STOPPED, Wanted, wanted
from sessions_app.models import Delivery, Destination, Post

log = logging.getLogger(__name__)
LEASE_S = 60.0  # longer than the time limit of a task, which is longer than that of a request
REQUEST_S = 25.0  # what has to be left of a lease to begin a request that changes something
SOON_S = 0.5  # a slot of the budget that comes so soon is waited for
VERIFY_S = 2.0  # after the last edit, and
LATE_S = 35.0  # after a request whose answer was lost: until then it may still be applied
MISMATCHES = 3  # then somebody else writes into the post, or Mattermost changes what it is given


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
        self.mishaps = Mishaps(clock, manner)

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
            free = free.moving().filter(Q(stop_note=False) | Q(enqueued_until__gte=now))
        claimed = free.update(lease_until=now + LEASE_S, lease_owner=owner)
        return Post.objects.select_related("destination").get(id=post_id) if claimed else None

    def _publish(self, post: Post, note: str) -> bool:
        should = wanted(post, self.clock(), self.manner, note)
        if should is not None and should.leaves and post.never_made:
            Post.objects.filter(id=post.id).delete()
            return False
        if should is None or circuit.rests(post.destination, self.clock()):
            return False
        if post.post_id and should.digest == post.sent_hash:
            return self._unchanged(post, should)
        if self._finds_no_place(post, should) or not self._may_send(post):
            return False
        made, began = not post.post_id, self.clock()
        if self._again(post, lambda: self._send(post, should)):
            deliveries.sent(post, self.clock(), should, made=made, began=began)
            self._sent(post, should)
            coalesced = max(0, should.revision - post.sent_revision - 1)
            circuit.succeeded(post.destination, self.clock(), made=made, coalesced=coalesced)
        return True

    def _finds_no_place(self, post: Post, should: Wanted) -> bool:
        if should.leaves:
            return False
        return finds_no_place(post, self.clock(), over=should.over, max_open=self.manner.max_open)

    def _may_send(self, post: Post) -> bool:
        """Take a slot of the budget, and only then the one probe that an open circuit allows."""
        wait_until = self._slot_at(post)
        if 0.0 < wait_until - self.clock() <= SOON_S:
            self.wait(wait_until - self.clock())
            wait_until = self._slot_at(post)
        if wait_until:
            Post.objects.filter(id=post.id).update(not_before=wait_until)
            return False
        return circuit.may_send(post.destination, self.clock())

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
                circuit.tried_again(post.destination)
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

    def _send(self, post: Post, should: Wanted) -> bool:
        """Create or edit. False: nothing was sent, as the post waits for a place or all of it took too long."""
        client = self._client(post.destination)
        if post.post_id:
            self._edit(post, client, should)
            return True
        creation = Creation(post, client, self.clock, over=should.over, max_open=self.manner.max_open)
        if should.leaves:
            return self._find_to_leave(post, creation, client, should)
        try:
            found = creation.prepare(self._bot(post.destination, client))
        except NoPlaceError:
            return False
        if not self._in_time(post):
            return False
        seen = found or creation.create(should.text, should.revision)
        if seen is None:
            return False
        self._made(post, seen)
        if seen.message != should.text:  # found, or made by an earlier create: a repeated one keeps the first message
            if found is None and self._slot_at(post):
                return False  # the next try edits it, with a slot of its own
            self._edit(post, client, should)
        return True

    def _find_to_leave(self, post: Post, creation: Creation, client: Mattermost, should: Wanted) -> bool:
        """A post that may have been made and has no run any more is not made now. One that is found gets its words."""
        surely = (post.intent_at or 0.0) + LATE_S  # until then a create whose answer was lost may still make it
        if self.clock() < surely:
            Post.objects.filter(id=post.id).update(not_before=surely)
            return False
        found = creation.made_before(self._bot(post.destination, client))
        if found is None:
            Post.objects.filter(id=post.id).delete()
            return False
        self._made(post, found)
        self._edit(post, client, should)
        return True

    def _made(self, post: Post, seen: SeenPost) -> None:
        post.post_id = seen.id
        Post.objects.filter(id=post.id).update(
            post_id=seen.id, root_id=seen.root_id, channel_id=seen.channel_id, made_at=self.clock()
        )

    def _edit(self, post: Post, client: Mattermost, should: Wanted) -> None:
        # Until the answer is stored nobody knows what the post shows: a lost answer must not look like no change.
        Post.objects.filter(id=post.id).update(sent_hash="")
        try:
            client.edit_post(post.post_id, message=should.text, props=props_of(post, should.revision))
        except MattermostError as error:
            if error.maybe_applied:
                post.lost_at = self.clock()
                Post.objects.filter(id=post.id).update(lost_at=post.lost_at)
            raise

    def _bot(self, destination: Destination, client: Mattermost) -> str:
        if not destination.bot_id:
            bot = client.me()
            destination.bot_id = bot.user_id
            Destination.objects.filter(id=destination.id).update(bot_id=bot.user_id, bot_name=bot.username)
        return destination.bot_id

    def _unchanged(self, post: Post, should: Wanted) -> bool:
        """The post says this already. An end is read back once, at its time. Returns whether a request was made."""
        if post.wanted_revision > post.sent_revision:
            circuit.unchanged(post.destination)
        self._sent(post, should)
        if not should.over or should.note or post.closed or self.clock() < post.verify_at:
            return False
        if not circuit.may_send(post.destination, self.clock()):
            return False
        began = self.clock()
        says = self._client(post.destination).get_post(post.post_id).message
        circuit.answered(post.destination, self.clock())
        deliveries.write(post, self.clock(), Delivery.Kind.READ_BACK, should, took_s=self.clock() - began)
        if says == should.text or post.mismatches >= MISMATCHES:
            self._close(post)
        else:
            log.warning("%s did not say its last word; that is sent again.", str(post).capitalize())
            Post.objects.filter(id=post.id).update(sent_hash="", mismatches=F("mismatches") + 1)
        return True

    def _close(self, post: Post) -> None:
        closing = Post.objects.filter(id=post.id)
        if post.run_id is None:
            closing.delete()  # nobody asks for it any more
        else:
            closing.filter(run=post.run_id).update(closed=True)  # another post may go on for its run by now

    def _sent(self, post: Post, should: Wanted) -> None:
        """The post says this now, whether that took a request or not."""
        now = self.clock()
        newer = When(wanted_revision__gt=should.revision, then=now)
        same = should.digest == post.sent_hash
        reopened: dict[str, object] = {} if same else {"closed": False}
        Post.objects.filter(id=post.id).update(
            sent_revision=should.revision,
            behind_since=Case(newer, default=0.0),
            sent_word=should.word,
            sent_hash=should.digest,
            sent_text=should.text,
            sent_at=now,
            verify_at=post.verify_at if same else max(now + VERIFY_S, post.lost_at + LATE_S if post.lost_at else 0.0),
            **reopened,
            stop_note=should.note == STOPPED,
            mute_note=should.note == MUTED,
            send_now=False,
            attempts=0,
            not_before=0.0,
            last_error="",
        )
