"""What follows from an error of Mattermost: wait, rest, reduce, or park. One sentence of it stays on the rows."""

import random
from collections.abc import Callable

from sessions_app.deliver import circuit
from sessions_app.deliver.mattermost import MattermostError, RateLimited, Scope, ServerTrouble, Unreachable
from sessions_app.models import Post

REST_S = 30.0  # between two looks at what only a person can mend
LONGEST_S = 60.0


class Mishaps:
    """Decides by the kind of error; the time is passed in."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock

    def is_passing(self, error: MattermostError) -> bool:
        """Whether the same request may work a moment later."""
        return isinstance(error, ServerTrouble | Unreachable)

    def note(self, post: Post, error: MattermostError) -> None:
        """Keep what went wrong, and when to come back."""
        now = self.clock()
        wait = self._wait(post, error, now)
        Post.objects.filter(id=post.id).update(
            attempts=post.attempts + 1, last_error=error.sentence, not_before=now + wait
        )

    def _wait(self, post: Post, error: MattermostError, now: float) -> float:
        """Tell the destination what happened; how long this post should wait, in seconds."""
        destination, sentence = post.destination, error.sentence
        if isinstance(error, RateLimited):
            wait = error.retry_after_s * random.uniform(1.0, 1.2)  # noqa: S311 - jitter, not a secret
            circuit.hold(destination, now + wait, sentence, now)
            return wait
        if error.scope is Scope.DESTINATION:
            circuit.failed(destination, now, sentence, rest_s=REST_S if error.permanent else 0.0)
            return REST_S if error.permanent else self._back_off(post.attempts)
        circuit.noted(destination, now, sentence)
        if error.scope is Scope.BODY and not post.reduced:
            Post.objects.filter(id=post.id).update(reduced=True)
            return 0.0
        if error.permanent:
            Post.objects.filter(id=post.id).update(parked=sentence[:400])
        return LONGEST_S

    def _back_off(self, attempts: int) -> float:
        """Exponential with jitter, without end."""
        return random.uniform(0.5, 1.0) * min(LONGEST_S, 2.0 ** min(attempts, 10))  # noqa: S311 - jitter
