"""What people can do, whoever calls: admin, pages, commands. Nothing here talks to Mattermost or decides on words.

An action marks rows, by compare-and-swap, and the watcher does the rest. It returns whether anything changed. What a
user did stands in Django's log of changes: who, when, what.
"""

import logging
from collections.abc import Iterable

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model

from sessions_app.models import Destination, Post, Run
from sessions_app.models.times import moment

log = logging.getLogger(__name__)
User = AbstractBaseUser | None


def pause(destination: Destination, *, by: User = None) -> bool:
    """Deliver nothing to this destination until it is resumed. Undone by `resume`; nothing is lost meanwhile."""
    return bool(_set_paused([destination], True, by))


def resume(destination: Destination, *, by: User = None) -> bool:
    """Deliver again; what people would have seen meanwhile is brought up to date, in one edit per post."""
    return bool(_set_paused([destination], False, by))


def pause_all(*, by: User = None) -> int:
    """Pause every destination. Returns how many were not paused before. Undone by `resume_all`."""
    return _set_paused(Destination.objects.filter(paused=False), True, by)


def resume_all(*, by: User = None) -> int:
    """Resume every destination. Returns how many were paused before."""
    return _set_paused(Destination.objects.filter(paused=True), False, by)


def send_now(post: Post, *, by: User = None) -> bool:
    """Send the newest state of a post at the next chance, whatever its pace and its waiting time.

    The budget of edits, a pause and an open circuit still hold. A parked post is not sent: False. What was sent cannot
    be unsent, but the next edit replaces it.
    """
    changed = Post.objects.filter(id=post.id, parked="").update(send_now=True, not_before=0.0)
    if changed:
        _note([post], "Asked to send it now.", by)
    return bool(changed)


def finish_run(run: Run, *, by: User, now: float) -> bool:
    """Say that a live run is over, with all live runs below it: a parent is never over before its sub-agents.

    This cannot be undone: later lines of the agent will not open it again. The agent itself is not stopped. The
    watcher's next look makes the word of it and ends the post.
    """
    with transaction.atomic():
        ids = _with_all_below(run)
        live = Run.objects.filter(id__in=ids, over=False, finished_by_hand_at=None)
        finished = list(live)
        if not any(one.id == run.id for one in finished):
            return False
        live.update(finished_by_hand_at=moment(now))
        Run.objects.filter(id=run.root_id or run.id).update(look_at=moment(now))
        _note(finished, "Finished by hand.", by)
    return True


def _set_paused(destinations: Iterable[Destination], paused: bool, by: User) -> int:
    said = "Paused delivery." if paused else "Resumed delivery."
    changed = [
        one
        for one in destinations
        if Destination.objects.filter(id=one.id, paused=not paused).update(paused=paused)
    ]  # fmt: skip
    _note(changed, said, by)
    return len(changed)


def _with_all_below(run: Run) -> set[int]:
    children: dict[int | None, list[int]] = {}
    for below, parent in Run.objects.filter(root_id=run.root_id or run.id).values_list("id", "parent_id"):
        children.setdefault(parent, []).append(below)
    found, waiting = {run.id}, [run.id]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found


def _note(changed: Iterable[Model], said: str, by: User) -> None:
    for one in changed:
        log.info("%s %s %s: %s", by or "somebody", type(one).__name__.lower(), one.pk, said)
        if by is not None:
            LogEntry.objects.create(
                user_id=by.pk,
                content_type_id=ContentType.objects.get_for_model(one).pk,
                object_id=str(one.pk),
                object_repr=str(one)[:200],
                action_flag=CHANGE,
                change_message=said,
            )
