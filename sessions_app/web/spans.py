"""What the runs of a tree did when, as spans: their steps, and what their judgements say of the time between those.

Two queries, and one more where there are so many steps that the database counts them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sessions_app.models import Judgement, Step
from sessions_app.models.times import seconds
from sessions_app.render.timeline import Kind, Span, Window
from sessions_app.state.view import RunView, Word

STEPS_READ = 3000  # runs with more than their share are counted in the database
JUDGEMENTS_READ = 5000
CROWDS = 600  # stretches in which the steps of a long run are counted
BETWEEN = {
    Word.QUEUED: Kind.QUEUED, Word.THINKING: Kind.THINKING, Word.WORKING: Kind.THINKING, Word.WAITING: Kind.WAITING,
    Word.QUIET: Kind.QUIET, Word.NEEDS_YOU: Kind.NEEDS,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """A step in words, as its row has it: only what a bar shows is put into words."""

    tool: str
    target: str
    error: str


def spans_of(views: Sequence[RunView], over: Window) -> tuple[dict[int, list[Span]], list[Told]]:
    """The spans of each run, and the steps that they refer to by their place."""
    told: list[Told] = []
    spans = _steps(views, over, told)
    for run, periods in _between(views).items():
        spans[run].extend(periods)
    return {one.id: _ended(spans[one.id], one) for one in views}, told


def _steps(views: Sequence[RunView], over: Window, told: list[Told]) -> dict[int, list[Span]]:
    """Spans of steps per run; those of runs with very many are counted together."""
    spans: dict[int, list[Span]] = defaultdict(list)
    one_by_one: list[int] = []
    counted: list[int] = []
    room = STEPS_READ
    for view in sorted(views, key=lambda view: view.tools):
        (one_by_one if view.tools <= room else counted).append(view.id)
        room -= view.tools
    rows = Step.objects.of(one_by_one).order_by("started_at", "id")
    for run, tool, target, error, start, end, ok in rows.values_list(
        "run_id", "tool", "target", "error", "started_at", "ended_at", "ok"
    )[: 2 * STEPS_READ]:
        if not (start or end):
            continue
        kind = Kind.FAILED if ok is False else Kind.WORKING
        spans[run].append(Span(kind, seconds(start or end), seconds(end) if end else None, len(told)))
        told.append(Told(tool, target, error if ok is False else ""))
    if counted:
        for crowd in Step.objects.crowds(counted, over.since, over.length / CROWDS):
            last = None if crowd.going_on else crowd.last
            spans[crowd.run_id].append(Span(Kind.WORKING, crowd.first, last, -1, crowd.number))
            if crowd.first_failed:
                spans[crowd.run_id].append(Span(Kind.FAILED, crowd.first_failed, crowd.last_failed, -1, 1))
    return spans


def _between(views: Sequence[RunView]) -> dict[int, list[Span]]:
    """What each run was at beside its steps, from its judgements."""
    told: dict[int, list[tuple[float, str]]] = defaultdict(list)
    rows = Judgement.objects.filter(run_id__in=[one.id for one in views]).order_by("-id")
    for run, since, at, word in rows.values_list("run_id", "since", "at", "word")[:JUDGEMENTS_READ]:
        told[run].append((since or at, word))
    return {one.id: list(_periods(one, told[one.id][::-1])) for one in views}


def _periods(view: RunView, words: list[tuple[float, str]]) -> Iterator[Span]:
    begun = view.started_at or view.since
    changes = [(begun, Word.THINKING.value), *words] if words else [(begun, Word.THINKING.value)]
    if not words and not view.word.over and view.since:
        changes.append((view.since, view.word.value))
    for place, (since, word) in enumerate(changes):
        kind = BETWEEN.get(Word(word))
        if kind is None or not since:
            continue
        last = place == len(changes) - 1
        yield Span(kind, since, None if last else changes[place + 1][0], -1, 0)


def _ended(spans: list[Span], view: RunView) -> list[Span]:
    """Nothing goes on in a run that is over."""
    if not view.word.over:
        return spans
    ended = view.ended_at or view.since
    return [
        Span(span.kind, span.start, ended if span.end is None else span.end, span.ref, span.number) for span in spans
    ]
