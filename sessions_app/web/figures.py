"""What a tree of runs took, run by run and in sum, and what went wrong in it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sessions_app.models import Step
from sessions_app.models.times import seconds
from sessions_app.render.text import duration, money, one_line, tokens
from sessions_app.state.view import RunView, Word
from sessions_app.web.rows import LEVELS_DRAWN, Pen, kind_of
from sessions_app.web.steps import name_of
from sessions_app.web.times import said

FIGURES_SHOWN = 100
FAILURES_SHOWN = 20
FAILURES_OPEN = 5  # more are folded
ERROR_CHARS = 400
BAD = (Word.FAILED, Word.STOPPED, Word.LOST)


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
class FigureTable:
    """``more``: runs that are only in the sum."""

    rows: tuple[Figures, ...]
    more: int
    all: Figures


@dataclass(frozen=True, kw_only=True, slots=True)
class Failures:
    """``folded``: those beyond the first few; ``more``: how many there are besides."""

    shown: tuple[Failure, ...]
    folded: tuple[Failure, ...]
    more: int


def figures(view: RunView, pen: Pen) -> FigureTable:
    """The figures of a run and all below it."""
    flat = list(_flat(view, 0))
    return FigureTable(
        rows=tuple(_figures(one, depth, pen) for one, depth in flat[:FIGURES_SHOWN]),
        more=max(0, len(flat) - FIGURES_SHOWN),
        all=_sum(view, pen),
    )


def _flat(view: RunView, depth: int) -> Iterator[tuple[RunView, int]]:
    yield view, depth
    for child in view.children:
        yield from _flat(child, min(depth + 1, LEVELS_DRAWN))


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


def failures(views: Mapping[int, RunView], pen: Pen) -> Failures:
    """Runs that ended badly, then the newest failed steps. Two queries."""
    ended = [one for one in views.values() if one.word in BAD]
    failed = Step.objects.failures(list(views))
    rows = list(failed[:FAILURES_SHOWN])
    number = failed.order_by().count()
    found = [_ending(one, pen) for one in ended[:FAILURES_SHOWN]]
    found += [_failure(step, views[step.run_id], pen) for step in rows]
    more = number - len(rows) + max(0, len(ended) - FAILURES_SHOWN)
    return Failures(shown=tuple(found[:FAILURES_OPEN]), folded=tuple(found[FAILURES_OPEN:]), more=more)


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
