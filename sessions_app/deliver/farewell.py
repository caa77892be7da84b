"""The last edit of a watcher that stops: posts of live runs say that nobody is watching, newest first."""

from collections.abc import Callable

from sessions_app.deliver.publisher import STOPPED, Publisher
from sessions_app.models import Post

WITHIN_S = 4.0


def say_farewell(publisher: Publisher, clock: Callable[[], float], wait: Callable[[float], object]) -> tuple[int, int]:
    """Write the note into as many posts as fit into the time. Returns how many have it, and how many do not.

    What does not fit is put right at the next start, when the posts move on.
    """
    until = clock() + WITHIN_S
    live = Post.objects.filter(run_over=False, closed=False, parked="", stop_note=False).exclude(post_id="")
    ids = list(live.order_by("-run_started_at").values_list("id", flat=True))
    said = 0
    for post_id in ids:
        Post.objects.filter(id=post_id).update(not_before=0.0)
        while clock() < until and not publisher.publish(post_id, note=STOPPED):
            if Post.objects.filter(id=post_id, stop_note=True).exists():
                break
            wait(0.05)
            Post.objects.filter(id=post_id).update(not_before=0.0)
        said += Post.objects.filter(id=post_id, stop_note=True).count()
    return said, len(ids) - said
