"""What people can do with delivery: pause, resume, reset the circuit, send now, try again, post again."""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q

from sessions_app.control.audit import By, note
from sessions_app.models import Circuit, Destination, Post, Run
from sessions_app.models.post import PostQuerySet
from sessions_app.models.times import seconds

ANOTHER = "another post goes on for it"
PLACE = ("destination_id", "channel_id", "user_id", "thread_id", "prompt_id", "root_id", "placed", "muted")


def pause(destination: Destination, *, by: By) -> bool:
    """Deliver nothing to this destination until it is resumed. Undone by `resume`; nothing is lost meanwhile."""
    return bool(_set_paused([destination], True, by))


def resume(destination: Destination, *, by: By) -> bool:
    """Deliver again; what people would have seen meanwhile is brought up to date, in one edit per post."""
    return bool(_set_paused([destination], False, by))


def pause_all(*, by: By) -> int:
    """Pause every destination. Returns how many were not paused before. Undone by `resume_all`."""
    return _set_paused(Destination.objects.filter(paused=False), True, by)


def resume_all(*, by: By) -> int:
    """Resume every destination. Returns how many were paused before."""
    return _set_paused(Destination.objects.filter(paused=True), False, by)


def is_resting(destination: Destination, now: float) -> bool:
    """Whether it is kept from being asked: by failures, or because it asked for that."""
    trouble = destination.circuit != Circuit.CLOSED or destination.failures > 0
    return trouble or destination.quiet_until > now


def reset_circuit(destination: Destination, *, by: By) -> bool:
    """Ask the server again at once, as if it had never failed. If it fails again the circuit opens again."""
    resting = ~Q(circuit=Circuit.CLOSED) | Q(failures__gt=0) | Q(quiet_until__gt=by.at)
    with transaction.atomic():
        changed = Destination.objects.filter(resting, id=destination.id).update(
            circuit=Circuit.CLOSED, failures=0, open_until=0.0, quiet_until=0.0
        )
        if changed:
            Post.objects.filter(destination=destination, parked="", not_before__gt=by.at).update(not_before=0.0)
            note([destination], "reset-circuit", "Reset the circuit.", by)
    return bool(changed)


def send_now(post: Post, *, by: By) -> bool:
    """Send the newest state of a post at the next chance, whatever its pace and its waiting time.

    The budget of edits, a pause and an open circuit still hold. A parked post is not sent: False. What was sent cannot
    be unsent, but the next edit replaces it.
    """
    return _wake(Post.objects.filter(id=post.id, parked=""), post, "send-now", "Asked to send it now.", by)


def try_again(post: Post, *, by: By) -> bool:
    """Take up a parked post again. If it is refused again it is parked again."""
    return _wake(Post.objects.filter(id=post.id).exclude(parked=""), post, "try-again", "Took it up again.", by)


def post_again(run: Run, *, by: By) -> bool:
    """Make another post for a run, in the same place. This cannot be undone, and people are notified of it.

    The present one says that another goes on, and ends. False where no post has been made yet.
    """
    with transaction.atomic():
        found = (
            Run.objects.select_for_update(of=("self",)).filter(id=run.id).first()
        )  # runs before posts, as the watcher
        post = Post.objects.select_for_update().filter(run=run.id).first()
        if found is None or post is None or post.never_made:
            return False
        run = found
        Post.objects.filter(id=post.id).update(
            run=None, left_for=ANOTHER, closed=False, muted=False, send_now=False, not_before=0.0
        )
        Post.objects.create(
            run=run,
            earlier=f"{post.earlier}\n{post.post_id}".strip(),
            wanted_revision=run.revision,
            behind_since=by.at,
            wanted_word=run.word,
            run_over=run.over,
            run_started_at=seconds(run.started_at),
            send_now=True,  # also where its session is muted: somebody wants to see it
            **{name: getattr(post, name) for name in PLACE},
        )
        note([run], "post-again", "Asked for another post.", by)
    return True


def _wake(posts: PostQuerySet, post: Post, verb: str, said: str, by: By) -> bool:
    with transaction.atomic():
        changed = posts.update(send_now=True, not_before=0.0, parked="")
        if changed:
            note([post], verb, said, by)
    return bool(changed)


def _set_paused(destinations: Iterable[Destination], paused: bool, by: By) -> int:
    verb, said = ("pause", "Paused delivery.") if paused else ("resume", "Resumed delivery.")
    with transaction.atomic():
        changed = [
            one
            for one in destinations
            if Destination.objects.filter(id=one.id, paused=not paused).update(paused=paused)
        ]  # fmt: skip
        note(changed, verb, said, by)
    return len(changed)
