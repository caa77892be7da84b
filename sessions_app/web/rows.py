"""A run tree → the rows of the board: ready words and figures, so that two equal boards look equal.

Ages are rounded as in the posts, and those beyond a minute step together every ten seconds: between two steps nothing
changes, and a poll without news costs no drawing and no bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sessions_app.render.labels import Labels
from sessions_app.render.lines import CUT_OFF, heading
from sessions_app.render.text import age, count, duration, money, one_line, tokens
from sessions_app.state.view import RunView, Word

TITLE_CHARS = 160
NAME_CHARS = 60
WHAT_CHARS = 280
CHILDREN_SHOWN = 200
OPEN_UP_TO = 25  # larger trees begin folded
LEVELS_DRAWN = 8  # deeper rows stand at the last level: a phone has no room for more
STEP_S = 10.0
KINDS = {Word.NEEDS_YOU: "needs"}  # the other words are the names of their colours


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One run. ``guides`` are the lines of the tree left of it, one per level."""

    id: int
    word: str
    kind: str
    live: bool
    title: str
    what: str
    age: str
    tokens: str
    cost: str
    guides: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Tree:
    """A root run with all below it, and where its post is. ``hidden``: sub-agents that are only counted."""

    root: Row
    where: str
    summary: str = ""
    children: tuple[Row, ...] = ()
    hidden: int = 0
    post: str = ""
    no_post: str = ""
    since: str = ""
    unfolded: bool = False


@dataclass(frozen=True, slots=True)
class Pen:
    """What every row is drawn with."""

    now: float
    labels: Labels

    def age(self, since: float) -> str:
        """How long something has been going on."""
        return aged(self.now, since)

    def root(self, view: RunView) -> Row:
        """A root: tools, tokens and cost are those of its whole tree, as in its post."""
        views = list(view.tree())
        return self._row(
            view,
            title=one_line(view.title or view.label, TITLE_CHARS) or "Untitled",
            what=self._ending(view, views) if view.word.over else self._doing(view) or self._said(view),
            used=sum(one.tokens for one in views),
            cost=sum(one.cost for one in views),
        )

    def children(self, view: RunView) -> Iterator[Row]:
        """Everybody below a root, each below its parent, in the order in which they were spawned."""
        for child, guides in _below(view, ()):
            what = self._ending(child, [child]) if child.word.over else self._doing(child) or self._said(child)
            title = one_line(child.label or child.title or child.agent, NAME_CHARS) or "sub-agent"
            yield self._row(child, title=title, what=what, used=child.tokens, cost=child.cost, guides=guides)

    def _row(
        self, view: RunView, *, title: str, what: str, used: int, cost: float, guides: tuple[str, ...] = ()
    ) -> Row:
        return Row(
            id=view.id,
            word=view.word.value,
            kind=kind_of(view.word),
            live=not view.word.over,
            title=title,
            what=what,
            age=self._elapsed(view),
            tokens=tokens(used).replace("tokens", "tok").replace("token", "tok"),
            cost=money(cost).removeprefix("est. "),
            guides=guides,
        )

    def _elapsed(self, view: RunView) -> str:
        if not view.word.over:
            return self.age(view.started_at) if view.started_at else ""
        return duration((view.ended_at or view.since or view.started_at) - view.started_at)

    def _doing(self, view: RunView) -> str:
        """What runs, the longest first."""
        if view.word is Word.NEEDS_YOU:
            return one_line(view.reason, WHAT_CHARS)
        quiet = f"nothing for {self.age(view.since)}" if view.word is Word.QUIET else ""
        if not view.running:
            return quiet
        step = min(view.running, key=lambda one: one.started_at)
        text = f"{self.labels.bare(step.tool, step.target)}, {self.age(step.started_at)}"
        more = f"+{len(view.running) - 1} more" if len(view.running) > 1 else ""
        return " · ".join(part for part in (text, more, quiet) if part)

    def _said(self, view: RunView) -> str:
        said = one_line(view.say, WHAT_CHARS)
        if said:
            return said
        if view.word is Word.QUEUED:
            return "not begun yet"
        if view.word is Word.WAITING:
            return "for its sub-agents"
        return f"after {count(view.tools, 'tool')}" if view.tools else "reading the request"

    def _ending(self, view: RunView, tree: list[RunView]) -> str:
        tools = sum(one.tools for one in tree)
        background = sum(one.background for one in tree)
        parts = [
            one_line(view.reason, WHAT_CHARS),
            CUT_OFF if view.cut_off else "",
            count(tools, "tool") if tools else "",
            f"{count(background, 'background command')} running" if background else "",
        ]
        return " · ".join(part for part in parts if part)


def aged(now: float, since: float) -> str:
    """The age of what began at ``since``: beyond a minute in steps that all ages take together."""
    passed = now - since
    return age(passed if passed < 60 else max(60.0, now // STEP_S * STEP_S - since))


def kind_of(word: Word) -> str:
    """The name of a word's colour."""
    return KINDS.get(word, word.value)


def summary_of(view: RunView) -> str:
    """One line for a tree that is folded."""
    return heading(view) if view.children else ""


def _below(view: RunView, before: tuple[str, ...]) -> Iterator[tuple[RunView, tuple[str, ...]]]:
    for place, child in enumerate(view.children):
        last = place == len(view.children) - 1
        yield child, (*before, "end" if last else "tee")[:LEVELS_DRAWN]
        yield from _below(child, (*before, "gap" if last else "line"))
