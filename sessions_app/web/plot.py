"""The geometry of charts. Pure: numbers in, places in a picture out, in units of its viewBox; y grows downwards."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GAP = 0.25  # of a column that stays free beside its bar
LEAST = 1.0  # so that a small value is seen at all
MOST_TICKS = 5


@dataclass(frozen=True, slots=True)
class Size:
    """A picture, and the margins around what is drawn in it."""

    width: float
    height: float
    left: float = 46.0
    right: float = 6.0
    top: float = 10.0
    bottom: float = 22.0

    @property
    def inner_width(self) -> float:
        """Between the margins."""
        return self.width - self.left - self.right

    @property
    def inner_height(self) -> float:
        """Between the margins."""
        return self.height - self.top - self.bottom

    @property
    def base(self) -> float:
        """Where zero is."""
        return self.height - self.bottom


@dataclass(frozen=True, slots=True)
class Rect:
    """One bar, or one part of it: that of ``column``, and of ``series``."""

    x: float
    y: float
    width: float
    height: float
    column: int
    series: int


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of a line."""

    x: float
    y: float
    column: int


def ticks(most: float, *, whole: bool = False) -> tuple[float, ...]:
    """Round values from 0 to at least ``most``, at most 6 of them; whole numbers where halves mean nothing."""
    if not (math.isfinite(most) and most > 0):
        return (0.0, 1.0)
    rough = most / (MOST_TICKS - 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0) if factor * power >= rough)
    if whole:
        step = max(1.0, math.ceil(step))
    number = max(1, math.ceil(most / step - 1e-9))
    return tuple(round(place * step, 12) for place in range(number + 1))


def height_of(value: float, top: float, size: Size) -> float:
    """How high a value stands above zero when ``top`` reaches the upper margin; never outside."""
    if not (math.isfinite(value) and math.isfinite(top) and top > 0):
        return 0.0
    return size.inner_height * min(1.0, max(0.0, value / top))


def middle(column: int, columns: int, size: Size) -> float:
    """The x of the middle of a column."""
    return size.left + size.inner_width * (column + 0.5) / columns


def stacked(columns: Sequence[Sequence[float]], top: float, size: Size) -> Iterator[Rect]:
    """The values of each column on top of each other, in their order; those that are nothing are left out."""
    if not columns:
        return
    width = size.inner_width / len(columns) * (1 - GAP)
    for column, values in enumerate(columns):
        x = middle(column, len(columns), size) - width / 2
        below = 0.0
        for series, value in enumerate(values):
            if not (math.isfinite(value) and value > 0):
                continue
            y = size.base - height_of(below + value, top, size)
            foot = size.base - height_of(below, top, size)
            height = max(LEAST, foot - y)
            yield Rect(_round(x), _round(foot - height), _round(width), _round(height), column, series)
            below += value


def dots(values: Sequence[float | None], top: float, size: Size) -> list[list[Dot]]:
    """A line through the values, in pieces: a column without a value makes a gap."""
    pieces: list[list[Dot]] = [[]]
    for column, value in enumerate(values):
        if value is None or not math.isfinite(value):
            pieces.append([])
            continue
        y = size.base - height_of(value, top, size)
        pieces[-1].append(Dot(_round(middle(column, len(values), size)), _round(y), column))
    return [piece for piece in pieces if piece]


def labelled(columns: int, most: int) -> range:
    """Which columns get a label, evenly: at most ``most`` of them, the last one always."""
    step = max(1, math.ceil(columns / max(1, most)))
    return range((columns - 1) % step, columns, step)


def share(value: float, most: float, width: float) -> float:
    """How long a bar from left to right is; never longer than ``width``."""
    if not (math.isfinite(value) and value > 0 and most > 0):
        return 0.0
    return _round(max(LEAST, width * min(1.0, value / most)))


def _round(value: float) -> float:
    return round(value, 2)
