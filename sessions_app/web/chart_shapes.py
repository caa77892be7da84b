"""What a chart is, as values: the template only writes them down."""

from dataclasses import dataclass

from sessions_app.web.plot import Dot, Rect, Size


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """One entry of a legend. ``kind`` is the name of its colour."""

    name: str
    kind: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """Words at an axis."""

    at: float
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    """A part of a column. ``says`` is shown to who points at it."""

    rect: Rect
    kind: str
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A point of a line."""

    dot: Dot
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A line of a chart, in pieces; ``points`` of each are as SVG writes them."""

    kind: str
    pieces: tuple[str, ...]
    points: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A chart at one size."""

    width_name: str
    size: Size
    across: tuple[Label, ...]
    up: tuple[Label, ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A chart. ``nothing`` says what will be here, where there is nothing to draw."""

    name: str
    title: str
    summary: str = ""
    nothing: str = ""
    keys: tuple[Key, ...] = ()
    pictures: tuple[Picture, ...] = ()
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolBar:
    """A tool: how often it was called, and what part of that failed. Lengths in a hundred units."""

    name: str
    says: str
    calls: float
    failed: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Charts:
    """Everything on the page."""

    columns: tuple[Chart, ...]
    tools: Chart
    tool_bars: tuple[ToolBar, ...]
