"""The page of the search as a value: runs that have what is sought, with the places where they have it.

A fixed number of queries; `models.search` bounds what is looked at, and the page says so.
"""

from collections import defaultdict
from dataclasses import dataclass

from sessions_app.models import Run, Session, Step
from sessions_app.models.search import CROWDED, Hits, Sought, find
from sessions_app.models.times import seconds
from sessions_app.render.lines import SIGNS
from sessions_app.render.text import count, one_line
from sessions_app.state.view import Word
from sessions_app.web.rows import Pen, kind_of
from sessions_app.web.session_page import lasted
from sessions_app.web.terms import Pieces, Terms, pieces, stands_in
from sessions_app.web.times import at, said

PAGE = 20
STEPS_SHOWN = 3
SESSIONS_SHOWN = 5
AGENTS = 200
PLACES = (("title", "title"), ("label", "name"), ("prompt", "prompt"), ("reason", "reason"))
TIMES = {"hour": ("the last hour", 3600), "day": ("the last day", 86_400), "week": ("the last week", 7 * 86_400)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a run has what is sought: ``name`` of the field, and the text around it. ``bad``: a step that failed."""

    name: str
    text: Pieces
    bad: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A run, with the places. ``more``: further steps of it that have it, in words."""

    id: int
    word: str
    kind: str
    sign: str
    live: bool
    title: Pieces
    agent: str
    channel: str
    when: str
    lasted: str
    places: tuple[Place, ...]
    more: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionHit:
    """A session whose key or names have what is sought."""

    id: int
    text: Pieces


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A page of hits. ``number``: of runs, at least so many where ``cut``."""

    hits: tuple[Hit, ...]
    sessions: tuple[SessionHit, ...]
    more_sessions: int
    number: int
    cut: bool
    page: int
    older: int


def asked(terms: Terms, now: float, word: str, agent: str, since: str) -> Sought:
    """What is sought, with the filters; what is no filter is none."""
    known = word if word in {each.value for each in Word} else ""
    length = TIMES[since][1] if since in TIMES else 0
    return Sought(
        terms.words, terms.without, known, agent[:200].replace("\0", ""), at(now - length) if length else None
    )


def search(sought: Sought, pen: Pen, page: int = 1) -> Found:
    """One page of what is found, newest first."""
    hits = find(sought)
    order, steps = _by_run(hits)
    shown = order[(page - 1) * PAGE : page * PAGE]
    runs = Run.objects.filter(id__in=shown).select_related("session")
    rows = {run.id: run for run in runs.defer("state", "session__facts", "session__registered")}
    wanted = [step for run in shown for step in steps[run][:STEPS_SHOWN]]
    by_id = {step.id: step for step in Step.objects.filter(id__in=wanted)}
    sessions = Session.objects.filter(id__in=hits.sessions[:SESSIONS_SHOWN]).order_by("-id").only("id", "key", "label")
    return Found(
        hits=tuple(_hit(rows[run], steps[run], by_id, sought, pen) for run in shown if run in rows),
        sessions=tuple(SessionHit(id=one.id, text=pieces(f"{one.label} {one.key}", sought.words)) for one in sessions)
        if page == 1
        else (),
        more_sessions=max(0, len(hits.sessions) - SESSIONS_SHOWN),
        number=len(order),
        cut=hits.cut,
        page=page,
        older=page + 1 if len(order) > page * PAGE else 0,
    )


def agents() -> list[str]:
    """Who can be asked for."""
    names = Session.objects.exclude(agent="").order_by("agent").values_list("agent", flat=True).distinct()
    return list(names[:AGENTS])


def _by_run(hits: Hits) -> tuple[list[int], dict[int, list[int]]]:
    """Runs, by the newest of what they have; and their steps."""
    newest: dict[int, float] = {run: seconds(begun) for run, begun in hits.runs}
    steps: dict[int, list[int]] = defaultdict(list)
    for step, run, begun in hits.steps:
        steps[run].append(step)
        newest[run] = max(newest.get(run, 0.0), seconds(begun))
    return sorted(newest, key=lambda run: (newest[run], run), reverse=True), steps


def _hit(run: Run, steps: list[int], by_id: dict[int, Step], sought: Sought, pen: Pen) -> Hit:
    word = Word(run.word)
    named = "label" if run.label and (run.parent_id or not run.title) else "title"
    places = [
        Place(name=name, text=pieces(getattr(run, field), sought.words))
        for field, name in PLACES
        if field != named and stands_in(getattr(run, field), sought.words)
    ]
    session = f"{run.session.key} {run.session.label}"
    if (
        not places
        and not steps
        and not stands_in(getattr(run, named), sought.words)
        and stands_in(session, sought.words)
    ):
        places.append(Place(name="session", text=pieces(session, sought.words)))
    places += [_step(by_id[step], sought, pen) for step in steps[:STEPS_SHOWN] if step in by_id]
    return Hit(
        id=run.id,
        word=word.value,
        kind=kind_of(word),
        sign=SIGNS[word],
        live=not word.over,
        title=pieces(getattr(run, named), sought.words, 160) or (("Untitled", False),),
        agent=one_line(run.session.agent, 60),
        channel=one_line(run.session.channel_name, 60).lstrip("~"),
        when=said(seconds(run.started_at), pen.now),
        lasted=lasted(run, pen),
        places=tuple(places),
        more=_more(len(steps) - STEPS_SHOWN),
    )


def _more(number: int) -> str:
    if number + STEPS_SHOWN >= CROWDED:
        return "and many more steps"
    return f"and {count(number, 'more step')}" if number > 0 else ""


def _step(step: Step, sought: Sought, pen: Pen) -> Place:
    """What it did, and the error where that has it."""
    text = f"{step.tool} {step.target}".strip()
    if step.error and (step.ok is False or stands_in(step.error, sought.words)):
        text += f" · {step.error}"
    return Place(
        name=said(seconds(step.started_at), pen.now) or "step", text=pieces(text, sought.words), bad=step.ok is False
    )
