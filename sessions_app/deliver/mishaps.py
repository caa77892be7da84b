"""What follows from an error: wait, rest, reduce, or park. One sentence of it stays on the rows, and one in the log."""

import logging
import random
from collections.abc import Callable

from sessions_app.deliver import circuit, deliveries
from sessions_app.deliver.manner import Manner
from sessions_app.deliver.mattermost import (
    EditTimeLimit,
    MattermostError,
    PostGone,
    RateLimited,
    Scope,
    ServerTrouble,
    Unreachable,
)
from sessions_app.models import Destination, Post
from sessions_app.models.post import new_nonce
from sessions_app.models.times import seconds
from sessions_app.render.text import fold

log = logging.getLogger(__name__)
REST_S = 30.0  # between two looks at what only a person can mend
LONGEST_S = 60.0
LEAST_LIFE_S = 60.0  # of a post that another one may follow
DELETED = "It was deleted in Mattermost, and is not made again."
SURPRISED = "It could not be drawn or sent ({kind}); the log says more. It is tried again by itself."


class NotConfigured(MattermostError):
    """The server of a post is not the configured one any more."""

    permanent = True


class Mishaps:
    """Decides by the kind of error; the time is passed in."""

    def __init__(self, clock: Callable[[], float], manner: Manner) -> None:
        self.clock = clock
        self.manner = manner

    def is_passing(self, error: MattermostError) -> bool:
        """Whether the same request may work a moment later."""
        return isinstance(error, ServerTrouble | Unreachable)

    def note(self, post: Post, error: MattermostError) -> None:
        """Keep what went wrong, and when to come back."""
        now = self.clock()
        error.sentence = fold(error.sentence)  # it may quote what a server said
        if not _is_known(post, error):
            log.warning("%s", error.sentence)
        deliveries.failed(post, now, error.sentence)
        wait = self._wait(post, error, now)
        Post.objects.filter(id=post.id).update(
            attempts=post.attempts + 1, last_error=error.sentence, not_before=now + wait
        )

    def surprise(self, post: Post, error: Exception) -> None:
        """What nobody thought of costs only this post."""
        log.error("The post of run %s could not be drawn or sent.", post.run_id, exc_info=error)
        Post.objects.filter(id=post.id).update(
            attempts=post.attempts + 1,
            last_error=SURPRISED.format(kind=type(error).__name__),
            not_before=self.clock() + self._back_off(post.attempts),
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
        if self._takes_its_place(post, error, now):
            return 0.0
        if error.permanent and post.run_id is None:
            Post.objects.filter(id=post.id).delete()  # it can be told nothing more, and nobody asks for it
        elif error.permanent:
            parked = f"{DELETED} {sentence}" if isinstance(error, PostGone) else sentence
            Post.objects.filter(id=post.id).update(parked=parked[:400])
        return LONGEST_S

    def _takes_its_place(self, post: Post, error: MattermostError, now: float) -> bool:
        """Whether a new post goes on for one that was deleted, or that may not be edited any more."""
        gone = isinstance(error, PostGone) and self.manner.recreate
        limited = isinstance(error, EditTimeLimit) and self.manner.continue_after_limit
        # A limit of seconds would make a new post for every change.
        if not post.post_id or post.run_id is None or not (gone or (limited and now - post.made_at >= LEAST_LIFE_S)):
            return False
        log.info("A new post goes on for %s of run %s.", post.post_id, post.run_id)
        Post.objects.filter(id=post.id).update(
            earlier=f"{post.earlier}\n{post.post_id}".strip(),
            post_id="",
            nonce=new_nonce(),
            intent_at=None,
            sent_hash="",
            sent_word="",
            sent_revision=0,
            mismatches=0,
            lost_at=0.0,
        )
        return True

    def _back_off(self, attempts: int) -> float:
        """Exponential with jitter, without end."""
        return random.uniform(0.5, 1.0) * min(LONGEST_S, 2.0 ** min(attempts, 10))  # noqa: S311 - jitter


def _is_known(post: Post, error: MattermostError) -> bool:
    """Whether the log has this sentence already, about this post or about all of its destination."""
    everybody = error.scope is Scope.DESTINATION and _is_in_trouble(post.destination)
    return error.sentence in ({post.last_error, post.destination.last_error} if everybody else {post.last_error})


def _is_in_trouble(destination: Destination) -> bool:
    return seconds(destination.last_error_at) > seconds(destination.last_ok_at)
