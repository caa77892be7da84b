"""The last edit of a watcher that stops: posts of live runs say that nobody is watching, newest first."""

from collections.abc import Callable, Iterator

from sessions_app.deliver.publisher import Publisher
from sessions_app.deliver.wanted import STOPPED
from sessions_app.models import Circuit, Post

LOOK_S = 0.05


def say_farewell(
    publisher: Publisher, clock: Callable[[], float], wait: Callable[[float], object], within_s: float
) -> tuple[int, int]:
    """Write the note into as many posts as fit into the time. Returns how many have it, and how many do not.

    No post that is busy holds up the others. What does not fit is put right at the next start, when the posts move on.
    """
    until = clock() + within_s
    moving = Post.objects.moving().exclude(run=None)
    live = moving.filter(run_over=False, closed=False, parked="", stop_note=False).exclude(post_id="")
    everyone = list(live.values_list("id", flat=True))
    reachable = live.filter(destination__paused=False, destination__circuit=Circuit.CLOSED)
    left = list(reachable.order_by("-run_started_at", "-id").values_list("id", flat=True))
    while left and clock() < until:
        done = set(_round(left, publisher, clock, until))
        left = [post_id for post_id in left if post_id not in done]
        if left:
            wait(LOOK_S)
    said = Post.objects.filter(id__in=everyone, stop_note=True).count()
    return said, len(everyone) - said


def _round(left: list[int], publisher: Publisher, clock: Callable[[], float], until: float) -> Iterator[int]:
    """Posts for which all that can be done is done now."""
    for post_id in left:
        if clock() >= until:
            return
        Post.objects.filter(id=post_id).update(not_before=0.0)
        if publisher.publish(post_id, note=STOPPED) or Post.objects.filter(id=post_id, stop_note=True).exists():
            yield post_id
        elif not Post.objects.filter(id=post_id, lease_until__gte=clock()).exists():
            return  # not busy, so the budget has no slot yet; the next one is for this post
