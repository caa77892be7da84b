"""A tree of runs → its time line: one lane per run, ready to be drawn as SVG.

`spans` says what happened when, `render.timeline` makes bars of that. A fixed number of queries, and a bounded number
of bars, whatever the tree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sessions_app.render.labels import Labels
from sessions_app.render.text import count, duration, one_line
from sessions_app.render.timeline import Bar, Kind, Window, lane, ticks, window
from sessions_app.state.view import RunView, Word
from sessions_app.web.rows import LEVELS_DRAWN, NAME_CHARS, kind_of
from sessions_app.web.spans import Told, spans_of
from sessions_app.web.times import clock

LANES_OPEN = 30  # more are folded
LANES_DRAWN = 200
BARS = 4000  # in all lanes together
HEAD, HIGH = 24, 28  # pixels: the grid's words, and one lane
QUANTUM = 400  # the right edge moves by this part of the whole: what nobody sees is no news
NAMES = {
    Kind.QUEUED: "queued", Kind.THINKING: "thinking", Kind.WAITING: "waiting", Kind.WORKING: "working",
    Kind.QUIET: "quiet", Kind.NEEDS: "needs", Kind.FAILED: "failed",
}  # fmt: skip
SAID = NAMES | {Kind.NEEDS: "needs you", Kind.FAILED: "failed step", Kind.WORKING: "step"}
BAD = {Word.FAILED, Word.STOPPED, Word.LOST}


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawnBar:
    """``x`` and ``width`` in per cent, ``kind`` the name of its colour, ``words`` for whoever points at it.

    ``some``: only some of the steps that it stands for failed.
    """

    kind: str
    x: str
    width: str
    words: str
    some: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Lane:
    """One run. ``top``: its first pixel. ``ending``: where it ended badly, in per cent, "" where it did not."""

    id: int
    name: str
    depth: int
    kind: str
    word: str
    top: int
    bars: tuple[DrawnBar, ...]
    ending: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """A line of the grid: ``x`` in per cent; ``side``: on which side of it the words stand."""

    x: str
    words: str
    side: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawing:
    """Some of the lanes, with their own grid. ``height`` in pixels."""

    lanes: tuple[Lane, ...]
    height: int
    grid: tuple[Grid, ...]
    now: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """``folded``: the lanes beyond those that are shown at once; ``hidden``: how many are only counted."""

    shown: Drawing
    folded: Drawing | None
    hidden: int
    words: str
    legend: tuple[tuple[str, str], ...]
    joined: bool


def timeline(view: RunView, now: float, labels: Labels) -> Timeline:
    """The time line of a run and all below it."""
    flat = list(_flat(view, 0))
    drawn = [one for one, _ in flat[:LANES_DRAWN]]
    over = _window(drawn, now)
    spans, told = spans_of(drawn, over)
    most = max(20, min(240, BARS // len(drawn)))
    lanes, joined = [], False
    for place, (one, depth) in enumerate(flat[:LANES_DRAWN]):
        bars = lane(spans[one.id], over, most=most)
        joined = joined or any(bar.number > 1 for bar in bars)
        lanes.append(_lane(one, depth, place, bars, over, told, labels))
    live = any(not one.word.over for one in drawn)
    folded = lanes[LANES_OPEN:]
    return Timeline(
        shown=_drawing(lanes[:LANES_OPEN], over, live=live),
        folded=_drawing(folded, over, live=live) if folded else None,
        hidden=len(flat) - len(drawn),
        words=f"{count(len(flat), 'agent')} over {duration(over.length)}. The steps say the same in words.",
        legend=_legend(lanes),
        joined=joined,
    )


def _flat(view: RunView, depth: int) -> Iterator[tuple[RunView, int]]:
    yield view, depth
    for child in view.children:
        yield from _flat(child, depth + 1)


def _window(views: Sequence[RunView], now: float) -> Window:
    """From the root's beginning to now, or to the last end."""
    if any(not one.word.over for one in views):
        first = window([one.started_at for one in views], until=now)
        quantum = max(1.0, first.length / QUANTUM)
        return Window(first.since, first.since + (first.length // quantum + 1) * quantum)
    ends = [one.ended_at or one.since for one in views]
    return window([one.started_at for one in views], until=min(max(ends), now))


def _lane(
    view: RunView, depth: int, place: int, bars: tuple[Bar, ...], over: Window, told: list[Told], labels: Labels
) -> Lane:
    name = view.label or view.title or view.agent if depth else view.agent or view.title
    ended = view.ended_at or view.since
    return Lane(
        id=view.id,
        name=one_line(name, NAME_CHARS) or "sub-agent",
        depth=min(depth, LEVELS_DRAWN),
        kind=kind_of(view.word),
        word=view.word.value,
        top=HEAD + (place if place < LANES_OPEN else place - LANES_OPEN) * HIGH,
        bars=tuple(_bar(bar, told, labels) for bar in bars),
        ending=_percent(over.place(ended)) if view.word in BAD else "",
    )


def _bar(bar: Bar, told: list[Told], labels: Labels) -> DrawnBar:
    some = bar.kind is Kind.FAILED and bar.number > 1
    return DrawnBar(
        kind="working" if some else NAMES[bar.kind],
        x=_percent(bar.x),
        width=_percent(bar.width),
        words=_words(bar, told, labels),
        some=some,
    )


def _words(bar: Bar, told: list[Told], labels: Labels) -> str:
    if 0 <= bar.ref < len(told):
        step = told[bar.ref]
        what = labels.bare(step.tool, step.target)
        what += f" · failed: {one_line(step.error, 120)}" if step.error else " · failed" * (bar.kind is Kind.FAILED)
    elif bar.number > 1:
        what = f"{bar.number} steps" + (", some failed" if bar.kind is Kind.FAILED else "")
    else:
        what = SAID[bar.kind]
    return f"{what} · {duration(bar.end - bar.start)} · {clock(bar.start)}"


def _drawing(lanes: Sequence[Lane], over: Window, *, live: bool) -> Drawing:
    grid = [
        Grid(x=_percent(tick.x), words=tick.words, side="end" if tick.x > 0.93 else "start" if not tick.x else "middle")
        for tick in ticks(over)
    ]
    return Drawing(
        lanes=tuple(lanes), height=HEAD + len(lanes) * HIGH, grid=tuple(grid), now=_percent(1.0) if live else ""
    )


def _legend(lanes: Sequence[Lane]) -> tuple[tuple[str, str], ...]:
    """The kinds of bars that are drawn, with their words."""
    bars = [bar for each in lanes for bar in each.bars]
    used = {bar.kind for bar in bars} | {NAMES[Kind.FAILED] for bar in bars if bar.some}
    return tuple((NAMES[kind], SAID[kind]) for kind in Kind if NAMES[kind] in used)


def _percent(part: float) -> str:
    return f"{100 * part:.3f}".rstrip("0").rstrip(".") + "%"
