"""Which posts are due, in which order, and handing them on. Runs in the watcher's loop: never calls out itself."""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.db.models import QuerySet

from sessions_app.deliver.leftovers import EVERY_S, tidy
from sessions_app.deliver.pace import WAITS, Due, Standing, due
from sessions_app.models import Circuit, Destination, Post
from sessions_app.models.post import MAY_MOVE
from sessions_app.state.view import Word

PRESSING = {Word.NEEDS_YOU.value}
THOUGHT_ON_ITS_WAY_S = 30.0  # after that a task that was handed on is taken for lost


@dataclass(kw_only=True)
class Dispatcher:
    """``enqueue`` takes a post's id and returns at once; ``room`` says how many more it can take now."""

    enqueue: Callable[[int], None]
    room: Callable[[], int]
    clock: Callable[[], float]
    throttle_s: float = 1.0
    max_open: int = 50
    _tidied_at: float = field(default=0.0, init=False)
    patient: bool = True  # False: whatever is due at all is due now, in the order in which the runs started

    def hand_on(self) -> int:
        """Hand on what is due, the most urgent first, as much as there is room for. Returns how many."""
        room = self.room()
        if room <= 0:
            return 0
        now = self.clock()
        if not 0.0 <= now - self._tidied_at < EVERY_S:
            self._tidied_at = now
            tidy(now)
        handed = 0
        for destination in Destination.objects.filter(paused=False, quiet_until__lte=now, next_slot_at__lte=now):
            limit = room - handed
            if destination.circuit != Circuit.CLOSED:
                limit = min(limit, 1) if destination.open_until <= now else 0
            if limit <= 0:
                continue
            for post_id in self._due(destination, now)[:limit]:
                handed += self._hand_on(post_id, now)
        return handed

    def _due(self, destination: Destination, now: float) -> list[int]:
        places = self.max_open - Post.objects.holding_a_place().filter(destination=destination).count()
        waiting: list[tuple[Due, Post]] = []
        for post in self._candidates(destination, now, places)[:1000]:
            when = due(_standing(post), now, self.throttle_s)
            if when is not None and self._is_due(when, post, now):
                waiting.append((when, post))
        if self.patient:
            waiting.sort(key=lambda one: (one[0].rank, one[1].sent_at, one[1].run_started_at, one[1].id))
        else:
            waiting.sort(key=lambda one: (one[1].run_started_at, one[1].id))
        return [post.id for _, post in waiting]

    def _candidates(self, destination: Destination, now: float, places: int) -> "QuerySet[Post]":
        """Posts that something may be sent for. Those that know that they wait for a place wait until there is one."""
        free = Post.objects.moving().filter(
            destination=destination, parked="", not_before__lte=now, lease_until__lt=now, enqueued_until__lt=now
        )
        if places <= 0:
            free = free.exclude(run_over=False, intent_at=None, post_id="", last_error=WAITS)
        return free.filter(MAY_MOVE).order_by("sent_at", "run_started_at")

    def _is_due(self, when: Due, post: Post, now: float) -> bool:
        if self.patient:
            return when.at <= now
        behind = not post.post_id or post.wanted_revision > post.sent_revision or post.send_now
        return behind or ((post.run_over or post.run_id is None) and when.at <= now)

    def _hand_on(self, post_id: int, now: float) -> int:
        claimed = Post.objects.filter(id=post_id, enqueued_until__lt=now).update(
            enqueued_until=now + THOUGHT_ON_ITS_WAY_S
        )
        if claimed:
            self.enqueue(post_id)
        return claimed


def not_handed_on(post_id: int) -> None:
    """A task did not go on its way after all: it need not be thought lost first."""
    Post.objects.filter(id=post_id).update(enqueued_until=0.0)


def _standing(post: Post) -> Standing:
    return Standing(
        exists=bool(post.post_id),
        behind=post.wanted_revision > post.sent_revision,
        word_changed=post.wanted_word != post.sent_word,
        over=post.run_over or post.run_id is None,
        pressing=post.wanted_word in PRESSING,
        verify_at=post.verify_at,
        closed=post.closed,
        urgent=post.stop_note or post.send_now or (post.muted != post.mute_note and not post.run_over),
        run_started_at=post.run_started_at,
        sent_at=post.sent_at,
    )
