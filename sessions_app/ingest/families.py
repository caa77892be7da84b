"""Sub-agents and the runs that caused them: child before parent, parent before child, parent unknown, cycles."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from sessions_app.models import Run, Session
from sessions_app.models.times import moment
from sessions_app.sources.base import ChildFact
from sessions_app.state.codec import to_json
from sessions_app.state.run_state import Child, RunState

Registry = Mapping[str, tuple[ChildFact, ...]]


def link_spawned(store: str, parents: Iterable[Run], registry: Registry) -> set[int]:
    """Give every child that these runs name its run below them; one that was never seen gets an empty one.

    Returns the ids of the roots whose trees changed.
    """
    named = {run.id: children for run in parents if (children := run.value.children)}
    if not named:
        return set()
    linked = Counter(Run.objects.filter(parent_id__in=named).values_list("parent_id", "session__key"))
    touched: set[int] = set()
    for run_id, children in named.items():
        wanted = Counter(child.key for child in children)
        for child in children:
            if linked[run_id, child.key] < wanted[child.key]:
                # Anew from the database: a link made a moment ago may have given it another root.
                parent = Run.objects.select_related("root", "session").get(id=run_id)
                touched |= _link(store, parent, child, registry)
    return touched


def _link(store: str, parent: Run, child: Child, registry: Registry) -> set[int]:
    told = {"label": child.label, "agent": parent.session.agent, "registered": to_json(registry.get(child.key, ()))}
    session, _ = Session.everything.get_or_create(store=store, key=child.key, defaults=told)
    runs = list(session.runs.select_related("parent").order_by("no"))
    twins = [twin for twin in parent.value.children if twin.key == child.key]
    if sum(run.parent_id == parent.id for run in runs) >= len(twins):
        return set()
    free = next((run for run in runs if run.parent is None or not _named_by(run.parent, child.key)), None)
    if free is not None:
        return adopt(parent, free)
    no = session.last_run + 1
    state = RunState(no=no, started_at=child.spawned_at, last_at=child.spawned_at, turn_started_at=child.spawned_at)
    Run.objects.create(
        session=session, no=no, parent=parent, root=root_of(parent), label=child.label or session.label,
        state=to_json(state), started_at=moment(child.spawned_at), seen_at=moment(child.spawned_at),
    )  # fmt: skip
    session.last_run = session.row_run = no
    session.hidden = False
    session.save(update_fields=["last_run", "row_run", "hidden"])
    return {root_of(parent).id}


def _named_by(parent: Run, key: str) -> bool:
    return any(child.key == key for child in parent.value.children)


def root_of(run: Run) -> Run:
    """The root of a run's tree."""
    return run.root if run.root is not None else run


def adopt(parent: Run, child: Run) -> set[int]:
    """Put a run, with all below it, below another. A cycle is refused: the child stays where it is."""
    root, before = root_of(parent), root_of(child)
    below = _all_below(child, before)
    if parent.id in below:
        return set()
    child.parent, child.root = parent, root
    Run.objects.filter(id=child.id).update(parent=parent, root=root, look_at=None)
    Run.objects.filter(id__in=below - {child.id}).update(root=root)
    return {root.id, before.id}


def _all_below(run: Run, root: Run) -> set[int]:
    """Ids of a run and of all below it."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for below, parent in Run.objects.filter(root=root).values_list("id", "parent_id"):
        children[parent].append(below)
    found, waiting = {run.id}, [run.id]
    while waiting:
        fresh = [child for child in children[waiting.pop()] if child not in found]
        found.update(fresh)
        waiting.extend(fresh)
    return found


def link_by_row(store: str, sessions: Sequence[Session]) -> set[int]:
    """A row names its parent's session before the parent's transcript names the child: take that one's newest run.

    In 2026.7 all results of parallel calls are written when the slowest ends, so this can be minutes earlier.
    """
    theirs = Q(session__in=[session.id for session in sessions if session.parent_key])
    waiting = Q(session__store=store, session__parent_key__in=[session.key for session in sessions])
    orphans = list(Run.objects.filter(theirs | waiting, parent=None).select_related("session").order_by("id"))
    if not orphans:
        return set()
    above: dict[str, list[Run]] = defaultdict(list)
    keys = {run.session.parent_key for run in orphans}
    named = Run.objects.filter(session__store=store, session__key__in=keys).order_by("-no")
    for run in named.only("id", "started_at", "session__key").select_related("session"):
        above[run.session.key].append(run)
    touched: set[int] = set()
    for run in orphans:
        candidates = above[run.session.parent_key] if run.session.parent_key != run.session.key else []
        began = (
            one for one in candidates if not run.started_at or (one.started_at and one.started_at <= run.started_at)
        )
        parent = next(began, None)
        if parent is not None:
            touched |= adopt(Run.objects.select_related("root").get(id=parent.id), run)
    return touched
