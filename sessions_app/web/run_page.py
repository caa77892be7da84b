"""The page of a run as a value: how it is, its tree, time line, steps, figures, errors, post, and the reasons.

A fixed number of queries, whatever the tree holds. `stamp` is what a poll asks for: it is cheap, and changes whenever
the page would look different.
"""

import hashlib
from dataclasses import dataclass

from django.db.models import Max, Q

from sessions_app import wiring
from sessions_app.models import Delivery, Judgement, Post, Run
from sessions_app.models.run import view_of
from sessions_app.models.times import seconds
from sessions_app.render.lines import SIGNS
from sessions_app.render.text import fold, one_line
from sessions_app.state.view import RunView
from sessions_app.web.figures import Failures, FigureTable, failures, figures
from sessions_app.web.lanes import Timeline, timeline
from sessions_app.web.reasons import Reasons, reasons
from sessions_app.web.rows import CHILDREN_SHOWN, NAME_CHARS, OPEN_UP_TO, TITLE_CHARS, Pen, Row, summary_of
from sessions_app.web.steps import Steps, steps
from sessions_app.web.times import said
from sessions_app.web.told import Told, told

YOUNG_S = 70.0  # as long as seconds are counted
SETTLED_S = 120.0  # after its end the post may still be edited and read back


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Another run, by name."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Head:
    """What stands at the top. ``now``: what it is at, or how it ended."""

    word: str
    kind: str
    sign: str
    live: bool
    title: str
    agent: str
    channel: str
    elapsed: str
    asked: str
    now: str
    say: str
    by_hand: bool
    session: int
    session_key: str
    muted: bool
    parent: Link | None
    root: Link | None
    prompt: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunPage:
    """Everything on the page that may change."""

    id: int
    head: Head
    tree: tuple[Row, ...]
    hidden: int
    summary: str
    unfolded: bool
    timeline: Timeline
    steps: Steps
    figures: FigureTable
    failures: Failures
    told: Told | None
    reasons: Reasons


def settled(run: Run, now: float) -> bool:
    """Whether nothing on its page is going to change by itself."""
    return run.over and now - seconds(run.ended_at or run.since) > SETTLED_S


def run_page(run: Run, now: float, *, before: str = "", staff: bool = False) -> RunPage:
    """The page of ``run`` (with its session, parent and root) at ``now``. ``before``: an older page of its steps."""
    view = _view(run)
    views = {one.id: one for one in view.tree()}
    pen = Pen(now, wiring.labels())
    children = list(pen.children(view))
    return RunPage(
        id=run.id,
        head=_head(run, view, pen),
        tree=tuple(children[:CHILDREN_SHOWN]),
        hidden=max(0, len(children) - CHILDREN_SHOWN),
        summary=summary_of(view),
        unfolded=len(children) <= OPEN_UP_TO,
        timeline=timeline(view, now, pen.labels),
        steps=steps(views, pen, before),
        figures=figures(view, pen),
        failures=failures(views, pen),
        told=told(run, view, pen, staff=staff) if run.parent_id is None else None,
        reasons=reasons(run, now),
    )


def stamp(run: Run, now: float, *more: object) -> str:
    """The same while the page looks the same: made of what it is drawn from, in five queries."""
    root = run.root_id or run.id
    tree = Run.objects.filter(Q(id=root) | Q(root_id=root))
    rows = list(tree.order_by("id").values_list(
        "id", "parent_id", "word", "reason", "since", "ended_at", "seen_at", "tools", "tokens", "cost", "revision",
        "digest", "title", "label", "no_post",
    ))  # fmt: skip
    post = Post.objects.filter(run_id=root).values_list(
        "id", "sent_revision", "wanted_revision", "sent_at", "parked", "last_error", "muted", "post_id",
        "destination__paused",
    )  # fmt: skip
    state = (
        rows, list(post), _newest(Judgement, Q(run_id=run.id)), _newest(Delivery, Q(post__run_id=root)),
        run.session.muted, _tick(run, max((seconds(row[6]) for row in rows), default=0.0), now), more,
    )  # fmt: skip
    return hashlib.sha256(repr(state).encode()).hexdigest()[:32]


def _newest(model: type[Judgement] | type[Delivery], of: Q) -> int:
    return model._default_manager.filter(of).aggregate(newest=Max("id"))["newest"] or 0


def _tick(run: Run, seen: float, now: float) -> int:
    """What the time alone changes: seconds while something is young, then steps of ten, minutes after the end."""
    if run.over:
        return int(now // 60)
    return int(now // 2) if now - seen < YOUNG_S else -int(now // 10)


def _view(run: Run) -> RunView:
    """The run with all below it, also where it is a sub-agent itself."""
    root = run.root_id or run.id
    tree = Run.objects.views([root]).get(root)
    found = next((one for one in tree.tree() if one.id == run.id), None) if tree is not None else None
    return found or view_of(run, {})


def _head(run: Run, view: RunView, pen: Pen) -> Head:
    row = pen.root(view)
    session = run.session
    began = view.started_at
    return Head(
        word=row.word,
        kind=row.kind,
        sign=SIGNS[view.word],
        live=row.live,
        title=one_line(view.label or view.title, TITLE_CHARS) or "Untitled" if run.parent_id else row.title,
        agent=one_line(session.agent, NAME_CHARS),
        channel=one_line(session.channel_name, NAME_CHARS).lstrip("~"),
        elapsed=row.age,
        asked=said(began, pen.now),
        now=row.what,
        say=one_line(view.say, 400) if one_line(view.say, 280) != row.what else "",
        by_hand=run.finished_by_hand_at is not None,
        session=session.id,
        session_key=one_line(session.key, 120),
        muted=session.muted,
        parent=_link(run.parent) if run.parent else None,
        root=_link(run.root) if run.root and run.root_id != run.parent_id else None,
        prompt="\n".join(fold(line) for line in run.prompt.splitlines()).strip(),
    )


def _link(run: Run) -> Link:
    return Link(id=run.id, name=one_line(run.label or run.title, 80) or f"run {run.id}")
