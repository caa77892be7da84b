"""The board as a value: what lives, what ended, whether the system is well, and if there is nothing to show, why.

A handful of queries, whatever the number of runs.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from sessions_app import wiring
from sessions_app.health.checks import report
from sessions_app.health.report import Report, Status
from sessions_app.models import Run, Session
from sessions_app.models.times import moment, seconds
from sessions_app.render.text import age, count, one_line
from sessions_app.state.view import RunView, Word
from sessions_app.web.header import Health, header
from sessions_app.web.rows import CHILDREN_SHOWN, NAME_CHARS, OPEN_UP_TO, Pen, Tree, kind_of, summary_of

LIVE_SHOWN = 500
ENDED_SHOWN = 50
RECENT = timedelta(hours=1)
# What wants a person first.
COUNTED = (Word.NEEDS_YOU, Word.QUIET, Word.WORKING, Word.THINKING, Word.WAITING, Word.QUEUED)
ASK = "Ask an agent for something: it appears here within a second."


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many live runs have a word."""

    word: str
    kind: str
    number: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """Why no run is shown, and what to do next."""

    headline: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """Everything on the page that changes."""

    health: Health
    live: tuple[Tree, ...] = ()
    more_live: int = 0
    ended: tuple[Tree, ...] = ()
    counts: tuple[Count, ...] = ()
    nothing: Nothing | None = None
    links: str = field(default="", kw_only=True)

    @property
    def fingerprint(self) -> str:
        """The same for boards that look the same, in every process."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:32]


def board(now: float, *, links: str = "") -> Board:
    """The board at ``now``. ``links``: what stands before a run's id in the address of its page, if there is one."""
    roots = Run.objects.for_board()
    live = list(roots.live()[: LIVE_SHOWN + 1])
    more = roots.live().count() - LIVE_SHOWN if len(live) > LIVE_SHOWN else 0
    ended = list(
        roots.filter(over=True, ended_at__gte=moment(now - RECENT.total_seconds())).order_by("-ended_at", "-id")[
            :ENDED_SHOWN
        ]
    )
    shown = live[:LIVE_SHOWN]
    views = Run.objects.views([run.id for run in (*shown, *ended)])
    pen = Pen(now, wiring.labels())
    found = report(now)
    return Board(
        health=header(found),
        live=tuple(_tree(run, views[run.id], pen) for run in shown if run.id in views),
        more_live=more,
        ended=tuple(_tree(run, views[run.id], pen) for run in ended if run.id in views),
        counts=_counts([views[run.id] for run in shown if run.id in views]),
        nothing=None if shown else _nothing(found, now),
        links=links,
    )


def _tree(run: Run, view: RunView, pen: Pen) -> Tree:
    post = getattr(run, "post", None)
    below = pen.children(view)
    children = tuple(islice(below, CHILDREN_SHOWN))
    ended = f"{pen.age(view.ended_at)} ago" if view.word.over and view.ended_at else ""
    return Tree(
        root=pen.root(view),
        where=_where(run.session),
        summary=summary_of(view),
        children=children,
        hidden=sum(1 for _ in below),
        post=post.address if post else "",
        no_post="" if post else run.no_post,
        since=ended,
        unfolded=len(children) <= OPEN_UP_TO and not view.word.over,
    )


def _where(session: Session) -> str:
    agent, channel = one_line(session.agent, NAME_CHARS), one_line(session.channel_name, NAME_CHARS)
    return f"{agent} in ~{channel.lstrip('~')}" if channel else agent


def _counts(views: list[RunView]) -> tuple[Count, ...]:
    """How many runs have each word, sub-agents too: one of those may be who needs you."""
    words = Counter(run.word for view in views for run in view.tree())
    return tuple(Count(word=word.value, kind=kind_of(word), number=words[word]) for word in COUNTED if words[word])


def _nothing(found: Report, now: float) -> Nothing:
    """The first reason that explains it; the problems of the system stand above it anyway."""
    if found.status is Status.BROKEN and found.active_runs is None:
        return Nothing(headline="Nothing can be shown.")
    newest = Session.objects.exclude(seen_at=None).order_by("-seen_at").only("seen_at", "agent").first()
    stores = ", ".join(str(path) for path in wiring.env().openclaw_state_dir)
    if newest is None:
        return Nothing(
            headline="No agent has been seen yet.",
            sentences=(
                f"Sessions are looked for in {stores}.",
                "If your agents keep theirs somewhere else, set OPENCLAW_STATE_DIR and start again.",
                "Why none is seen there, and what to do next, says the command: manage.py doctor",
                ASK,
            ),
        )
    ago = age((now - seconds(newest.seen_at)) // 60 * 60) if now - seconds(newest.seen_at) >= 60 else "less than 1m"
    return Nothing(
        headline="No run is going on.",
        sentences=(
            f"{count(Session.objects.count(), 'session').capitalize()} known, the last sign of life was {ago} ago.",
            ASK,
        ),
    )
