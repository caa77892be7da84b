"""What the runs of a tree did when, as lanes of bars: pure geometry, for whoever draws it.

Promises: the bars of a lane stand in the order of time, never overlap, never leave the drawing, and are finite numbers,
whatever clocks said; there are at most as many as asked for. Of what happened at once the most telling is drawn
(`Kind`, from the least to the most). Times are seconds since 1970; places and widths are parts of the drawing's width,
from 0 to 1.
"""

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

THINNEST = 1 / 640  # part of the width that can just be seen
TICKS = 6
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
STEPS = (
    1, 2, 5, 10, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE,
    HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY,
)  # fmt: skip


class Kind(IntEnum):
    """What a bar shows. Where several are true at once, the greatest is drawn."""

    QUEUED = 1
    THINKING = 2
    WAITING = 3
    WORKING = 4
    QUIET = 5
    NEEDS = 6
    FAILED = 7


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time. ``end`` None: it goes on. ``ref`` is the caller's word for it, -1 for none; ``number``: of how
    many things it tells."""

    kind: Kind
    start: float
    end: float | None
    ref: int = -1
    number: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when is drawn; `until` is after `since` and both are finite."""

    since: float
    until: float

    @property
    def length(self) -> float:
        """In seconds."""
        return self.until - self.since

    def place(self, at: float) -> float:
        """Where a time stands, from 0 to 1; what lies outside stands at the edge."""
        if math.isnan(at):
            return 0.0
        return min(1.0, max(0.0, (at - self.since) / self.length))


@dataclass(frozen=True, slots=True)
class Bar:
    """``x`` and ``width`` as parts of the whole; ``start`` and ``end`` as they were said, for the words beside it."""

    kind: Kind
    x: float
    width: float
    start: float
    end: float
    ref: int = -1
    number: int = 1


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid with its words."""

    x: float
    words: str


def window(times: Iterable[float], *, until: float) -> Window:
    """The window that begins with the earliest of ``times`` (0 and less: not known) and ends at ``until``."""
    until = until if math.isfinite(until) and until > 0 else 1.0
    known = [at for at in times if math.isfinite(at) and at > 0]
    since = min(min(known, default=until), until - 1.0)
    return Window(since, until)


def lane(spans: Iterable[Span], over: Window, *, most: int = 200) -> tuple[Bar, ...]:
    """The bars of one lane, at most ``most``: neighbours that are too narrow to be told apart are drawn as one."""
    pieces = list(_pieces(spans, over))
    thinnest = THINNEST
    bars = _fitted(pieces, over, thinnest)
    while len(bars) > max(1, most):
        thinnest *= 1.6
        bars = _fitted(pieces, over, thinnest)
    return tuple(bars)


def ticks(over: Window, *, most: int = TICKS) -> tuple[Tick, ...]:
    """The grid: as many round lengths of time since the beginning as can be read, the first at 0."""
    most = max(1, most)
    step = next((float(each) for each in STEPS if over.length / each <= most), 0.0)
    if not step:
        step = 7 * DAY * 2 ** math.ceil(math.log2(over.length / (7 * DAY * most)))
    number = min(most, int(over.length / step))
    return tuple(Tick(over.place(over.since + each * step), _clock(each * step)) for each in range(number + 1))


def _pieces(spans: Iterable[Span], over: Window) -> Iterator[Span]:
    """What is to be seen at each time: spans cut so that they follow each other, clamped to the window.

    What a span tells of is counted in its first piece only.
    """
    waiting = sorted(_clamped(spans, over), key=lambda span: (span.start, span.kind))
    shown: list[tuple[int, float, int]] = []  # the most telling first, of equals the one that began last
    begun: set[int] = set()
    at, place = over.since, 0
    while place < len(waiting) or shown:
        if not shown:
            at = waiting[place].start
        while place < len(waiting) and waiting[place].start <= at:
            heapq.heappush(shown, (-waiting[place].kind, -waiting[place].start, place))
            place += 1
        while shown and _end(waiting[shown[0][2]]) <= at:
            ended = waiting[heapq.heappop(shown)[2]]
            if ended.number and ended.start == at == _end(ended):
                yield ended  # no time at all; still it happened
        if not shown:
            continue
        top = shown[0][2]
        span = waiting[top]
        until = min(_end(span), waiting[place].start) if place < len(waiting) else _end(span)
        yield Span(span.kind, at, until, span.ref, 0 if top in begun else span.number)
        begun.add(top)
        at = until


def _end(span: Span) -> float:
    return span.start if span.end is None else span.end


def _clamped(spans: Iterable[Span], over: Window) -> Iterator[Span]:
    for span in spans:
        end = over.until if span.end is None else span.end
        if math.isnan(span.start) or math.isnan(end):
            continue
        start = min(max(span.start, over.since), over.until)
        yield Span(span.kind, start, min(max(end, start), over.until), span.ref, span.number)


def _fitted(pieces: Iterable[Span], over: Window, thinnest: float) -> list[Bar]:
    """Bars wide enough to be seen. What is too narrow is widened where it has room, or joins what is as narrow."""
    bars: list[Bar] = []
    for piece in pieces:
        left, right = over.place(piece.start), over.place(_end(piece))
        last = bars[-1] if bars else None
        if last is None:
            left = min(left, 1.0 - thinnest)
            bars.append(_bar(piece, left, max(right, left + thinnest)))
            continue
        edge = last.x + last.width
        left = max(left, edge)
        if _goes_on(last, piece) or (right - last.x <= 2 * thinnest and left - edge < thinnest):
            bars[-1] = _joined(last, piece, max(right, edge))
        elif max(right, left + thinnest) <= 1.0:
            bars.append(_bar(piece, left, max(right, left + thinnest)))
        else:
            bars[-1:] = _squeezed(last, piece, thinnest)
    return bars


def _squeezed(last: Bar, piece: Span, thinnest: float) -> list[Bar]:
    """At the right edge there is no room: what is more telling takes it from its neighbour."""
    room = 1.0 - thinnest - last.x
    if room < thinnest:
        return [_joined(last, piece, 1.0)]
    if piece.kind <= last.kind:
        return [replace(last, width=max(last.width, 1.0 - last.x), end=max(last.end, _end(piece)))]
    return [replace(last, width=min(last.width, room)), _bar(piece, 1.0 - thinnest, 1.0)]


def _bar(piece: Span, left: float, right: float) -> Bar:
    return Bar(piece.kind, left, right - left, piece.start, _end(piece), piece.ref, piece.number)


def _goes_on(bar: Bar, piece: Span) -> bool:
    """Whether this is the same again, after nothing."""
    return bar.kind is piece.kind and bar.ref == piece.ref and not piece.number and piece.start <= bar.end


def _joined(bar: Bar, piece: Span, right: float) -> Bar:
    """One bar for two: it shows the more telling of them, and tells of all."""
    same = bar.kind is piece.kind and bar.ref == piece.ref
    return replace(
        bar,
        kind=max(bar.kind, piece.kind),
        width=min(right, 1.0) - bar.x,
        end=max(bar.end, _end(piece)),
        ref=bar.ref if same or not piece.number else piece.ref if not bar.number else -1,
        number=bar.number + piece.number,
    )


def _clock(length: float) -> str:
    """``0``, ``30s``, ``5m``, ``1h 30m``, ``2d``: without what is nought."""
    whole = round(length)
    parts = []
    for unit, name in ((int(DAY), "d"), (int(HOUR), "h"), (int(MINUTE), "m"), (1, "s")):
        number, whole = divmod(whole, unit)
        if number:
            parts.append(f"{number}{name}")
    return " ".join(parts[:2]) or "0"
