"""The page of a run as a value: how it is, its tree, time line, steps, figures, errors, post, and the reasons.

A fixed number of queries, whatever the tree holds. `stamp` is what a poll asks for: it is cheap, and changes whenever the
page would look different.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Max, Q

from sessions_app import wiring
from sessions_app.models import Delivery, Judgement, Post, Run, Step
from sessions_app.models.run import view_of
from sessions_app.models.times import seconds
from sessions_app.render.lines import SIGNS
from sessions_app.render.text import duration, fold, money, one_line, tokens
from sessions_app.state.view import RunView, Word
from sessions_app.web.lanes import Timeline, timeline
from sessions_app.web.reasons import Reasons, reasons
from sessions_app.web.rows import CHILDREN_SHOWN, NAME_CHARS, OPEN_UP_TO, TITLE_CHARS, Pen, Row, kind_of, summary_of
from sessions_app.web.steps import Steps, name_of, steps
from sessions_app.web.times import said
from sessions_app.web.told import Told, told

FIGURES_SHOWN = 100
FAILURES_SHOWN = 20
FAILURES_OPEN = 5  # more are folded
ERROR_CHARS = 400
YOUNG_S = 70.0  # as long as seconds are counted
SETTLED_S = 120.0  # after its end the post may still be edited and read back
BAD = (Word.FAILED, Word.STOPPED, Word.LOST)


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
class Figures:
    """Tools, tokens, cost of one run, or of all (``name`` "All")."""

    id: int
    name: str
    depth: int
    tools: str
    failed: str
    tokens: str
    cost: str
    lasted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A step that failed, or a sub-agent that ended badly."""

    at: str
    who: str
    run: int
    what: str
    error: str
    kind: str


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
    figures: tuple[Figures, ...]
    figures_more: int
    all: Figures
    failures: tuple[Failure, ...]
    failures_folded: tuple[Failure, ...]
    more_failures: int
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
    flat = list(_flat(view, 0))
    failures, more = _failures(views, pen)
    return RunPage(
        id=run.id,
        head=_head(run, view, pen),
        tree=tuple(children[:CHILDREN_SHOWN]),
        hidden=max(0, len(children) - CHILDREN_SHOWN),
        summary=summary_of(view),
        unfolded=len(children) <= OPEN_UP_TO,
        timeline=timeline(view, now, pen.labels),
        steps=steps(views, pen, before),
        figures=tuple(_figures(one, depth, pen) for one, depth in flat[:FIGURES_SHOWN]),
        figures_more=max(0, len(flat) - FIGURES_SHOWN),
        all=_sum(view, pen),
        failures=failures[:FAILURES_OPEN],
        failures_folded=failures[FAILURES_OPEN:],
        more_failures=more,
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


def _flat(view: RunView, depth: int) -> Iterator[tuple[RunView, int]]:
    yield view, depth
    for child in view.children:
        yield from _flat(child, min(depth + 1, 8))


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


def _figures(view: RunView, depth: int, pen: Pen) -> Figures:
    return Figures(
        id=view.id,
        name=name_of(view),
        depth=depth,
        tools=str(view.tools),
        failed=str(view.failed_tools or ""),
        tokens=tokens(view.tokens).split(" ")[0],
        cost=money(view.cost).removeprefix("est. "),
        lasted=_lasted(view, pen),
    )


def _sum(view: RunView, pen: Pen) -> Figures:
    every = list(view.tree())
    failed = sum(one.failed_tools for one in every)
    return Figures(
        id=view.id,
        name=f"All {len(every)}" if len(every) > 1 else "All",
        depth=0,
        tools=str(sum(one.tools for one in every)),
        failed=str(failed or ""),
        tokens=tokens(sum(one.tokens for one in every)).split(" ")[0],
        cost=money(sum(one.cost for one in every)).removeprefix("est. "),
        lasted=_lasted(view, pen),
    )


def _lasted(view: RunView, pen: Pen) -> str:
    if not view.started_at:
        return ""
    if not view.word.over:
        return pen.age(view.started_at)
    return duration((view.ended_at or view.since or view.started_at) - view.started_at)


def _failures(views: Mapping[int, RunView], pen: Pen) -> tuple[tuple[Failure, ...], int]:
    """Sub-agents that ended badly, then the newest failed steps."""
    ended = [one for one in views.values() if one.word in BAD]
    failed = Step.objects.failures(list(views))
    rows = list(failed[:FAILURES_SHOWN])
    number = failed.order_by().aggregate(number=Count("id"))["number"]
    found = [_ending(one, pen) for one in ended[:FAILURES_SHOWN]]
    found += [_failure(step, views[step.run_id], pen) for step in rows]
    return tuple(found), number - len(rows) + max(0, len(ended) - FAILURES_SHOWN)


def _ending(view: RunView, pen: Pen) -> Failure:
    return Failure(
        at=said(view.ended_at or view.since, pen.now),
        who=name_of(view),
        run=view.id,
        what=view.word.value,
        error=one_line(view.reason, ERROR_CHARS) or "no reason is known",
        kind=kind_of(view.word),
    )


def _failure(step: Step, view: RunView, pen: Pen) -> Failure:
    return Failure(
        at=said(seconds(step.started_at), pen.now),
        who=name_of(view),
        run=view.id,
        what=pen.labels.bare(step.tool, step.target),
        error=one_line(step.error, ERROR_CHARS) or "it failed, and gave no reason",
        kind="failed",
    )

