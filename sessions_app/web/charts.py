"""The sums → charts as values: where everything is drawn, with a legend and a table that says the same in figures."""

from collections.abc import Callable, Sequence

from sessions_app.render.text import duration, money, one_line, tokens
from sessions_app.state.view import Word
from sessions_app.web.chart_rows import Span, Sums, Tool, quantile
from sessions_app.web.chart_shapes import Bar, Chart, Charts, Key, Label, Line, Picture, Point, ToolBar
from sessions_app.web.plot import Size, dots, height_of, labelled, middle, share, stacked, ticks

# Each chart is drawn twice, for wide and for narrow screens: text in a picture that is scaled cannot be read.
SIZES = (("wide", Size(580, 210), 8), ("narrow", Size(340, 190), 4))
OUTCOMES = (Word.DONE, Word.FAILED, Word.STOPPED, Word.LOST)
AGENTS_SHOWN = 4  # the others are one
TOOLS_DRAWN = 8
TOOLS_LISTED = 50
NAME_CHARS = 60
BAR_NAME_CHARS = 28
OTHERS = "others"
NOTHING_USED = {
    "tokens": "No run that began in the last {time} has used any. Tokens are counted here by the agent that used them.",
    "cost": "No run that began in the last {time} has a cost. What transcripts say that runs cost is added up here.",
}
Figure = Callable[[float], str]


def charts(found: Sums, span: Span) -> Charts:
    """All charts of these sums."""
    when = [start.strftime(span.label) for start in found.starts]
    return Charts(
        columns=(_ended(found, when, span), *_used(found, when, span), _delay(found, when, span)),
        tools=_tools(found.tools, span),
        tool_bars=_tool_bars(found.tools),
    )


def _ended(found: Sums, when: Sequence[str], span: Span) -> Chart:
    keys = tuple(Key(name=word.value, kind=word.value) for word in OUTCOMES)
    columns = [[float(one.get(word.value, 0)) for word in OUTCOMES] for one in found.ended]
    unit = "day" if span.chars == 10 else "hour"
    title, total = f"Runs that ended, per {unit}", int(sum(map(sum, columns)))
    if not total:
        return Chart(name="ended", title=title, nothing=f"No run has ended in the last {span.words}. Each one that "
                     "does is counted here by how it ended.")  # fmt: skip
    failed = int(sum(column[1] for column in columns))
    summary = f"{total:,} ended, {failed:,} of them failed ({_percent(failed, total)})"
    return _bars("ended", title, summary, keys, columns, when, lambda value: f"{value:,.0f}", whole=True)


def _used(found: Sums, when: Sequence[str], span: Span) -> tuple[Chart, Chart]:
    names = _largest(found.used)
    keys = tuple(Key(name=one_line(name, NAME_CHARS), kind=f"s{place + 1}") for place, name in enumerate(names))
    if any(name not in names for column in found.used for name in column):
        keys = (*keys, Key(name=OTHERS, kind="s5"))
    return (
        _by_agents("tokens", "Tokens by agent", found, names, keys, when, span),
        _by_agents("cost", "Cost by agent", found, names, keys, when, span),
    )


def _by_agents(
    name: str, title: str, found: Sums, names: Sequence[str], keys: tuple[Key, ...], when: Sequence[str], span: Span
) -> Chart:
    place, write = (0, _tokens) if name == "tokens" else (1, _dollars)
    columns = [_by_agent(column, names, place, len(keys)) for column in found.used]
    if not (total := sum(map(sum, columns))):
        return Chart(name=name, title=title, nothing=NOTHING_USED[name].format(time=span.words))
    summary = (
        f"{_tokens(total) if place == 0 else money(total).capitalize()} by runs that began in the last {span.words}"
    )
    return _bars(name, title, summary, keys, columns, when, write, axis=_tokens if place == 0 else _short_dollars)


def _largest(used: Sequence[dict[str, tuple[int, float]]]) -> list[str]:
    totals: dict[str, tuple[float, float]] = {}
    for column in used:
        for name, (number, cost) in column.items():
            before = totals.get(name, (0.0, 0.0))
            totals[name] = (before[0] + number, before[1] + cost)
    return sorted(totals, key=lambda name: (-totals[name][0], -totals[name][1], name))[:AGENTS_SHOWN]


def _by_agent(column: dict[str, tuple[int, float]], names: Sequence[str], place: int, number: int) -> list[float]:
    values = [0.0] * number
    for name, pair in column.items():
        values[names.index(name) if name in names else number - 1] += float(pair[place])
    return values


def _delay(found: Sums, when: Sequence[str], span: Span) -> Chart:
    title = "From a change to its post"
    if not any(map(sum, found.waited)):
        return Chart(name="delay", title=title, nothing=f"No post was sent in the last {span.words}. How long changes "
                     "wait until people see them is shown here.")  # fmt: skip
    both = [(quantile(counts, 0.5), quantile(counts, 0.95)) for counts in found.waited]
    whole = [sum(numbers) for numbers in zip(*found.waited, strict=True)]
    summary = f"Half within {_seconds(quantile(whole, 0.5))}, 95% within {_seconds(quantile(whole, 0.95))}"
    up = ticks(max(value for pair in both for value in pair if value is not None))
    keys = (Key(name="half of them", kind="s1"), Key(name="95% of them", kind="s2"))
    return Chart(
        name="delay",
        title=title,
        summary=summary,
        keys=keys,
        pictures=tuple(_lines(width, size, most, both, keys, when, up) for width, size, most in SIZES),
        head=("", "sent", *(key.name for key in keys)),
        rows=tuple(
            (words, f"{sum(counts):,}", _seconds(half), _seconds(most))
            for words, counts, (half, most) in zip(when, found.waited, both, strict=True)
        ),
    )


def _lines(
    width: str, size: Size, most: int, both: Sequence[tuple[float | None, float | None]], keys: Sequence[Key],
    when: Sequence[str], up: Sequence[float],
) -> Picture:  # fmt: skip
    lines = []
    for place, key in enumerate(keys):
        pieces = dots([pair[place] for pair in both], up[-1], size)
        lines.append(Line(
            kind=key.kind,
            pieces=tuple(" ".join(f"{dot.x},{dot.y}" for dot in piece) for piece in pieces if len(piece) > 1),
            points=tuple(
                Point(dot=dot, says=f"{when[dot.column]}: {key.name} within {_seconds(both[dot.column][place])}")
                for piece in pieces for dot in piece
            ),
        ))  # fmt: skip
    return Picture(
        width_name=width, size=size, across=_across(when, most, size), up=_up(up, size, _seconds), lines=tuple(lines)
    )


def _bars(
    name: str, title: str, summary: str, keys: tuple[Key, ...], columns: Sequence[Sequence[float]],
    when: Sequence[str], write: Figure, *, axis: Figure | None = None, whole: bool = False,
) -> Chart:  # fmt: skip
    up = ticks(max(map(sum, columns)), whole=whole)
    pictures = tuple(
        Picture(
            width_name=width,
            size=size,
            across=_across(when, most, size),
            up=_up(up, size, axis or write),
            bars=tuple(
                Bar(
                    rect=rect, kind=keys[rect.series].kind,
                    says=f"{when[rect.column]}: {keys[rect.series].name} {write(columns[rect.column][rect.series])}",
                )
                for rect in stacked(columns, up[-1], size)
            ),
        )
        for width, size, most in SIZES
    )  # fmt: skip
    rows = tuple(
        (words, *(write(value) for value in column), write(sum(column)))
        for words, column in zip(when, columns, strict=True)
    )
    head = ("", *(key.name for key in keys), "together")
    return Chart(name=name, title=title, summary=summary, keys=keys, pictures=pictures, head=head, rows=rows)


def _across(when: Sequence[str], most: int, size: Size) -> tuple[Label, ...]:
    shown = labelled(len(when), most)
    return tuple(Label(at=round(middle(place, len(when), size), 2), words=when[place]) for place in shown)


def _up(up: Sequence[float], size: Size, write: Figure) -> tuple[Label, ...]:
    return tuple(
        Label(at=round(size.base - height_of(value, up[-1], size), 2), words=write(value) if value else "0")
        for value in up
    )


def _tools(tools: Sequence[Tool], span: Span) -> Chart:
    title = "Tools, and how often they failed"
    calls, failed = sum(tool.calls for tool in tools), sum(tool.failed for tool in tools)
    if not calls:
        return Chart(name="tools", title=title, nothing=f"No tool was called in the last {span.words}. Each call is "
                     "counted here, and whether it failed.")  # fmt: skip
    return Chart(
        name="tools",
        title=title,
        summary=f"{failed:,} of {calls:,} calls failed ({_percent(failed, calls)})",
        keys=(Key(name="calls", kind="calls"), Key(name="failed", kind="failed")),
        head=("tool", "calls", "failed", "rate"),
        rows=tuple(
            (one_line(tool.name, NAME_CHARS), f"{tool.calls:,}", f"{tool.failed:,}", _percent(tool.failed, tool.calls))
            for tool in tools[:TOOLS_LISTED]
        ),
    )


def _tool_bars(tools: Sequence[Tool]) -> tuple[ToolBar, ...]:
    drawn = tools[:TOOLS_DRAWN]
    most = max((tool.calls for tool in drawn), default=0)
    return tuple(
        ToolBar(
            name=one_line(tool.name, BAR_NAME_CHARS),
            says=f"{tool.failed:,} of {tool.calls:,} failed ({_percent(tool.failed, tool.calls)})",
            calls=share(tool.calls, most, 100.0),
            failed=share(tool.failed, most, 100.0),
        )
        for tool in drawn
    )


def _percent(part: int, whole: int) -> str:
    rate = 100 * part / whole if whole else 0.0
    return f"{rate:.0f}%" if rate >= 10 or rate == 0 else f"{rate:.1f}%"


def _seconds(value: float | None) -> str:
    """10 s and more as everywhere; below that tenths count."""
    if value is None:
        return "–"
    return f"{value:.2g}s" if value < 10 else duration(value)


def _tokens(value: float) -> str:
    return tokens(int(value)).removesuffix(" tokens").removesuffix(" token") or "0"


def _dollars(value: float) -> str:
    return money(value).removeprefix("est. ") or "$0"


def _short_dollars(value: float) -> str:
    """For an axis, whose values are round."""
    return f"${value:,.0f}" if value == int(value) else f"${value:,.4g}"
