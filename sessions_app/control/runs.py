"""What people can do with a run: say that it is over."""

from django.db import transaction

from sessions_app.control.audit import By, note
from sessions_app.models import Run
from sessions_app.models.times import moment


def finish_run(run: Run, *, by: By) -> bool:
    """Say that a live run is over, with all live runs below it: a parent is never over before its sub-agents.

    This cannot be undone: later lines of the agent will not open it again. The agent itself is not stopped. The
    watcher's next look makes the word of it and ends the post.
    """
    with transaction.atomic():
        live = Run.objects.filter(id__in=with_all_below([run]), over=False, finished_by_hand_at=None)
        finished = list(live)
        if not any(one.id == run.id for one in finished):
            return False
        live.update(finished_by_hand_at=moment(by.at))
        Run.objects.filter(id=run.root_id or run.id).update(look_at=moment(by.at))
        note(finished, "finish", "Finished by hand.", by)
    return True


def with_all_below(runs: list[Run]) -> set[int]:
    """Ids of these runs and of all below them."""
    children: dict[int | None, list[int]] = {}
    roots = {run.root_id or run.id for run in runs}
    for below, parent in Run.objects.filter(root_id__in=roots).values_list("id", "parent_id"):
        children.setdefault(parent, []).append(below)
    found = {run.id for run in runs}
    waiting = list(found)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in found:
                found.add(child)
                waiting.append(child)
    return found
