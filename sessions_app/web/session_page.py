"""The page of a session as a value: what it is, its family, and its runs, newest first."""

from dataclasses import dataclass

from sessions_app.models import Run, Session
from sessions_app.models.times import seconds
from sessions_app.render.lines import SIGNS
from sessions_app.render.text import duration, money, one_line, tokens
from sessions_app.state.view import Word
from sessions_app.web.rows import Pen, kind_of
from sessions_app.web.times import said

PAGE = 50
CHILDREN = 20
WINDOWS = 20
KEY_CHARS = 300
PROBLEM_CHARS = 600
HEAVY = ("state", "prompt")


@dataclass(frozen=True, kw_only=True, slots=True)
class Kin:
    """A session that belongs to it. ``id`` 0: it is only known by its key."""

    id: int
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRow:
    """A run of the session."""

    id: int
    word: str
    kind: str
    sign: str
    live: bool
    title: str
    what: str
    asked: str
    lasted: str
    tools: str
    tokens: str
    cost: str
    child: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SessionPage:
    """Everything on the page. ``older``: the number before which the next page begins, 0 for none."""

    id: int
    name: str
    key: str
    label: str
    agent: str
    channel: str
    store: str
    model: str
    there: str
    muted: bool
    problem: str
    seen: str
    parent: Kin | None
    children: tuple[Kin, ...]
    more_children: int
    windows: tuple[str, ...]
    more_windows: int
    runs: tuple[RunRow, ...]
    number: int
    older: int
    first: bool


def session_page(session: Session, pen: Pen, before: int | None = None) -> SessionPage:
    """The page of a session, with the runs below number ``before``. Six queries."""
    of_session = Run.objects.filter(session=session)
    rows = of_session if before is None else of_session.filter(no__lt=before)
    runs = list(rows.defer(*HEAVY).order_by("-no")[: PAGE + 1])
    below = (
        Session.objects.filter(store=session.store, parent_key=session.key) if session.key else Session.objects.none()
    )
    windows = [session.window, *reversed(session.windows.split("\n"))]
    windows = [one_line(each, 200) for each in windows if each.strip()]
    children = list(below.order_by("-seen_at", "-id").only("id", "label", "agent", "key")[:CHILDREN])
    return SessionPage(
        id=session.id,
        name=one_line(session.label, 160) or one_line(session.key, 160) or "session",
        key=one_line(session.key, KEY_CHARS),
        label=one_line(session.label, 160),
        agent=one_line(session.agent, 120),
        channel=one_line(session.channel_name, 120).lstrip("~"),
        store=one_line(session.store, 300),
        model=one_line(session.model, 120),
        there=_there(session),
        muted=session.muted,
        problem=one_line(session.problem, PROBLEM_CHARS),
        seen=f"{pen.age(seconds(session.seen_at))} ago" if session.seen_at else "never",
        parent=_parent(session),
        children=tuple(_kin(one) for one in children),
        more_children=max(0, below.count() - len(children)) if len(children) == CHILDREN else 0,
        windows=tuple(windows[:WINDOWS]),
        more_windows=max(0, len(windows) - WINDOWS),
        runs=tuple(_row(run, pen) for run in runs[:PAGE]),
        number=of_session.count(),
        older=runs[PAGE - 1].no if len(runs) > PAGE else 0,
        first=before is None,
    )


def _there(session: Session) -> str:
    if session.vanished:
        return "gone from its store"
    return "in its store" if session.in_store else "not in its store yet"


def _parent(session: Session) -> Kin | None:
    if not session.parent_key:
        return None
    found = Session.objects.filter(store=session.store, key=session.parent_key).first()
    return _kin(found) if found else Kin(id=0, name=one_line(session.parent_key, 200))


def _kin(session: Session) -> Kin:
    return Kin(id=session.id, name=one_line(session.label or session.key, 120) or f"session {session.id}")


def _row(run: Run, pen: Pen) -> RunRow:
    word, began = Word(run.word), seconds(run.started_at)
    return RunRow(
        id=run.id,
        word=word.value,
        kind=kind_of(word),
        sign=SIGNS[word],
        live=not word.over,
        title=one_line(run.title or run.label, 160) or "Untitled",
        what=one_line(run.reason, 200),
        asked=said(began, pen.now),
        lasted=lasted(run, pen),
        tools=str(run.tools or ""),
        tokens=tokens(run.tokens).split(" ")[0],
        cost=money(run.cost).removeprefix("est. "),
        child=run.parent_id is not None,
    )


def lasted(run: Run, pen: Pen) -> str:
    """How long a run took, or has been going on."""
    if not run.started_at:
        return ""
    if not run.over:
        return pen.age(seconds(run.started_at))
    return duration(seconds(run.ended_at or run.since or run.started_at) - seconds(run.started_at))
