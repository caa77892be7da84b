"""What is left of runs that are gone: posts that still say something of them, and deliveries of long ago.

A post without a run gets its last words like any ending (see `publisher`); here go the rows for which there is nothing
to say: never made, or seen to say how their run ended before that went away.
"""

from django.db.models import Q

from sessions_app.deliver import deliveries
from sessions_app.models import Post

EVERY_S = 60.0
GIVEN_UP_AFTER = 200  # failed tries, half a minute apart or more: nobody lets us into that channel or server any more


def tidy(now: float) -> int:
    """Remove the rows that nobody needs any more. Returns how many posts that were."""
    deliveries.forget_old(now)
    never_made = Q(post_id="", intent_at=None)
    ended = Q(closed=True) | ~Q(parked="") | Q(attempts__gte=GIVEN_UP_AFTER)
    _, removed = Post.objects.filter(never_made | ended, run=None, lease_until__lt=now).delete()
    return removed.get(Post._meta.label, 0)
