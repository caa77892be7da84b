"""Sub-agents and the runs that caused them: child before parent, parent before child, parent unknown, cycles."""

from collections.abc import Iterable, Mapping

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
    touched: set[int] = set()
    for known in parents:
        # Anew from the database: a link made a moment ago may have given it another root.
        parent = Run.objects.select_related("root", "session").get(id=known.id)
        for child in parent.value.children:
            touched |= _link(store, parent, child, registry)
    return touched


def _link(store: str, parent: Run, child: Child, registry: Registry) -> set[int]:
    told = {"label": child.label, "agent": parent.session.agent, "registered": to_json(registry.get(child.key, ()))}
    session, _ = Session.objects.get_or_create(store=store, key=child.key, defaults=told)
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
    session.last_run = no
    session.save(update_fields=["last_run"])
    return {root_of(parent).id}


def _named_by(parent: Run, key: str) -> bool:
    return any(child.key == key for child in parent.value.children)


def root_of(run: Run) -> Run:
    """The root of a run's tree."""
    return run.root if run.root is not None else run


def adopt(parent: Run, child: Run) -> set[int]:
    """Put a run, with all below it, below another. A cycle is refused: the child stays where it is."""
    root = root_of(parent)
    if root.id == child.id or parent.id == child.id:
        return set()
    before = root_of(child).id
    child.parent, child.root = parent, root
    child.save(update_fields=["parent", "root"])
    below = {child.id}
    level = {child.id}
    while level := set(Run.objects.filter(parent_id__in=level).exclude(id__in=below).values_list("id", flat=True)):
        below |= level
    Run.objects.filter(id__in=below - {child.id}).update(root=root)
    return {root.id, before}


def link_by_row(store: str, sessions: Iterable[Session]) -> set[int]:
    """A row names its parent's session before the parent's transcript names the child: take that one's newest run.

    In 2026.7 all results of parallel calls are written when the slowest ends, so this can be minutes earlier.
    """
    touched: set[int] = set()
    for session in sessions:
        if not session.parent_key or session.parent_key == session.key:
            continue
        for run in session.runs.filter(parent=None):
            began = Q(started_at__lte=run.started_at) if run.started_at else Q()
            above = Run.objects.filter(began, session__store=store, session__key=session.parent_key)
            parent = above.select_related("root", "session").order_by("-no").first()
            if parent is not None:
                touched |= adopt(parent, run)
    return touched
