"""The steps of a tree as rows of a table, newest first: in words, with how they went and how long they took."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from sessions_app.models import Run, Step
from sessions_app.models.times import seconds
from sessions_app.render.labels import Labels
from sessions_app.render.text import duration, one_line
from sessions_app.state.view import RunView, Word
from sessions_app.web.rows import NAME_CHARS, Pen
from sessions_app.web.times import at, said

PAGE = 100
ERROR_CHARS = 240
TARGET_CHARS = 120
BEFORE = re.compile(r"(\d{1,18})-(\d{1,18})")


@dataclass(frozen=True, kw_only=True, slots=True)
class StepRow:
    """One step, or ``times`` like it one after the other. ``child``: the run that it started, 0 for none."""

    at: str
    who: str
    run: int
    words: str
    target: str
    outcome: str
    kind: str
    error: str
    lasted: str
    seconds: float
    child: int = 0
    child_name: str = ""
    times: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Steps:
    """A page of the table. ``older``: what stands in the address of the next one, "" for none."""

    rows: tuple[StepRow, ...]
    older: str = ""
    first: bool = True


def steps(views: Mapping[int, RunView], pen: Pen, before: str = "") -> Steps:
    """The newest steps of these runs, or those before a step of an earlier page."""
    found = Step.objects.newest(list(views), before=_before(before), most=PAGE + 1)
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    children = _children(shown, views)
    return Steps(
        rows=tuple(_folded(_row(step, views[step.run_id], children.get(step.child_key), pen) for step in shown)),
        older=f"{round(seconds(last.started_at) * 1e6)}-{last.id}" if last else "",
        first=not before,
    )


def _before(text: str) -> tuple[datetime, int] | None:
    match = BEFORE.fullmatch(text)
    return (at(int(match[1]) / 1e6), int(match[2])) if match else None


def _children(shown: Iterable[Step], views: Mapping[int, RunView]) -> dict[str, RunView]:
    """The runs that steps of this page started, by the key of their session."""
    keys = {step.child_key for step in shown if step.child_key}
    if not keys:
        return {}
    rows = Run.objects.filter(id__in=list(views), session__key__in=keys)
    return {key: views[run] for run, key in rows.values_list("id", "session__key")}


def _row(step: Step, view: RunView, child: RunView | None, pen: Pen) -> StepRow:
    outcome, kind = _outcome(step, view)
    began, ended = seconds(step.started_at), seconds(step.ended_at)
    words, target = _words(step, pen.labels)
    started = name_of(child) if child else ""
    return StepRow(
        at=said(began, pen.now),
        who=name_of(view),
        run=view.id,
        words=words,
        target=target if target != started else "",  # the link says it
        outcome=outcome,
        kind=kind,
        error=one_line(step.error, ERROR_CHARS) if step.ok is False else "",
        lasted=_lasted(step, view, pen),
        seconds=max(0.0, ended - began) if ended else 0.0,
        child=child.id if child else 0,
        child_name=started,
    )


def name_of(view: RunView) -> str:
    """Who is at it: the name of a sub-agent, else the agent."""
    return one_line(view.label or view.agent, NAME_CHARS) or "agent"


def _words(step: Step, labels: Labels) -> tuple[str, str]:
    """What was done, and on what, where the words do not say that themselves."""
    bare, full = labels.bare(step.tool), labels.bare(step.tool, step.target)
    if step.target and full.startswith(f"{bare} ") and '"' not in full[len(bare) : len(bare) + 2]:
        return bare, one_line(step.target, TARGET_CHARS)
    return full, ""


def _outcome(step: Step, view: RunView) -> tuple[str, str]:
    """How it went, and the name of the colour of that."""
    if step.ok is not None:
        return ("", "") if step.ok else ("failed", "failed")
    if step.ended_at is not None or view.word.over:
        return "no result", "stopped"
    if view.word is Word.NEEDS_YOU:
        return "needs you", "needs"
    return ("quiet", "quiet") if view.word is Word.QUIET else ("running", "working")


def _lasted(step: Step, view: RunView, pen: Pen) -> str:
    if step.started_at is None:
        return ""
    if step.ended_at is not None:
        return duration(seconds(step.ended_at) - seconds(step.started_at))
    return "" if view.word.over else f"{pen.age(seconds(step.started_at))} so far"


def _folded(rows: Iterable[StepRow]) -> Iterable[StepRow]:
    """Neighbours that say the same become one, with the time of all."""
    last: StepRow | None = None
    for row in rows:
        if last is not None and _alike(last, row):
            whole = last.seconds + row.seconds
            last = replace(last, times=last.times + 1, seconds=whole, lasted=duration(whole))
            continue
        if last is not None:
            yield last
        last = row
    if last is not None:
        yield last


def _alike(one: StepRow, other: StepRow) -> bool:
    same = replace(other, at=one.at, lasted=one.lasted, seconds=one.seconds, times=one.times)
    return same == one and "so far" not in one.lasted and "so far" not in other.lasted
