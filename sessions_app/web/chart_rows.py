"""What the charts are made of, added up by the database: five queries, whatever the number of rows.

Each goes by an index over the time that is shown. Times are UTC.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db.models import Case, CharField, Count, F, FloatField, IntegerField, Q, Sum, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Floor, Substr

from sessions_app.models import Delivery, Run, Session, Step

TOOLS_READ = 200
AGENTS_READ = 200
# Seconds that a change waited: finer where it matters whether a post felt live.
BOUNDS = (
    0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.5, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 300.0, 600.0,
    1800.0, 3600.0,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """The time that is shown, in columns of equal length, the last of which is going on."""

    name: str
    words: str
    each: timedelta
    columns: int
    chars: int  # of a time as text that tell its column
    label: str

    def starts(self, now: datetime) -> tuple[datetime, ...]:
        """When each column begins."""
        last = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if self.each >= timedelta(days=1):
            last = last.replace(hour=0)
        return tuple(last - self.each * (self.columns - 1 - place) for place in range(self.columns))

    def key(self, start: datetime) -> str:
        """What the database calls a column."""
        return start.strftime("%Y-%m-%d %H")[: self.chars]


DAY = Span(name="24h", words="24 hours", each=timedelta(hours=1), columns=24, chars=13, label="%H:%M")
WEEK = Span(name="7d", words="7 days", each=timedelta(days=1), columns=7, chars=10, label="%a %d")
SPANS = {span.name: span for span in (DAY, WEEK)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Tool:
    """How a tool did."""

    name: str
    calls: int
    failed: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sums:
    """By column: root runs by outcome, (tokens, cost) by agent, and how many deliveries waited how long."""

    starts: tuple[datetime, ...]
    ended: tuple[dict[str, int], ...]
    used: tuple[dict[str, tuple[int, float]], ...]
    tools: tuple[Tool, ...]
    waited: tuple[tuple[int, ...], ...]  # one number per bound, and one for what waited longer


def agents() -> tuple[str, ...]:
    """The agents that there are, by name."""
    names = Session.objects.exclude(agent="").order_by("agent").values_list("agent", flat=True).distinct()
    return tuple(names[:AGENTS_READ])


def sums(span: Span, agent: str, now: datetime) -> Sums:
    """Everything in ``span`` up to ``now``; of one agent, or of all if it is empty."""
    starts = span.starts(now)
    places = {span.key(start): place for place, start in enumerate(starts)}
    ended: list[dict[str, int]] = [{} for _ in starts]
    for column, word, number in _ended(span, agent, starts[0]):
        if (place := places.get(column)) is not None:
            ended[place][word] = number
    used: list[dict[str, tuple[int, float]]] = [{} for _ in starts]
    for column, name, tokens, cost in _used(span, agent, starts[0]):
        if (place := places.get(column)) is not None:
            used[place][name] = (tokens or 0, cost or 0.0)
    return Sums(
        starts=starts,
        ended=tuple(ended),
        used=tuple(used),
        tools=tuple(_tools(agent, starts[0])),
        waited=_waited(span, agent, starts),
    )


def _column(field: str, span: Span) -> Combinable:
    """The column of a time. As text: truncating times is done row by row in Python on SQLite, and takes ten times as
    long. Both databases write UTC, year first.
    """
    return Substr(Cast(field, CharField()), 1, span.chars)


def _ended(span: Span, agent: str, since: datetime) -> Sequence[tuple[str, str, int]]:
    runs = Run.objects.filter(over=True, ended_at__gte=since, **_of(agent, "session__agent")).order_by()
    by = runs.annotate(column=_column("ended_at", span)).values_list("column", "word")
    # Roots are counted here and not filtered above: SQLite would go through all of them instead of through the time.
    return list(by.annotate(roots=Count("id", filter=Q(parent=None))))


def _used(span: Span, agent: str, since: datetime) -> Sequence[tuple[str, str, int | None, float | None]]:
    runs = Run.objects.filter(started_at__gte=since, **_of(agent, "session__agent")).order_by()
    by = runs.annotate(column=_column("started_at", span)).values_list("column", "session__agent")
    return list(by.annotate(Sum("tokens"), Sum("cost")))


def _tools(agent: str, since: datetime) -> Sequence[Tool]:
    steps = Step.objects.filter(started_at__gte=since, **_of(agent, "run__session__agent")).order_by()
    by = steps.values_list("tool").annotate(calls=Count("id"), failed=Count("id", filter=Q(ok=False)))
    return [
        Tool(name=name, calls=calls, failed=failed)
        for name, calls, failed in by.order_by("-failed", "-calls", "tool")[:TOOLS_READ]
    ]


def _waited(span: Span, agent: str, starts: tuple[datetime, ...]) -> tuple[tuple[int, ...], ...]:
    length = span.each.total_seconds()
    first = starts[0].timestamp()
    sent = Delivery.objects.filter(
        at__gte=first, kind__in=(Delivery.Kind.CREATED, Delivery.Kind.EDITED), **_of(agent, "post__run__session__agent")
    )
    column = Floor((F("at") - Value(first)) / Value(length), output_field=FloatField())
    bound = Case(
        *(When(waited_s__lte=most, then=Value(place)) for place, most in enumerate(BOUNDS)),
        default=Value(len(BOUNDS)), output_field=IntegerField(),
    )  # fmt: skip
    found = [[0] * (len(BOUNDS) + 1) for _ in starts]
    rows = sent.order_by().annotate(column=column, bound=bound).values_list("column", "bound").annotate(Count("id"))
    for place, below, number in rows:
        if 0 <= place < len(starts):
            found[int(place)][below] = number
    return tuple(tuple(one) for one in found)


def _of(agent: str, field: str) -> dict[str, str]:
    return {field: agent} if agent else {}


def quantile(counts: Sequence[int], q: float) -> float | None:
    """A quantile of what waited, in seconds, even within its bounds; None where nothing was sent."""
    total = sum(counts)
    if not total:
        return None
    rank, below, least = q * total, 0, 0.0
    for number, most in zip(counts, (*BOUNDS, math.inf), strict=True):
        if number and below + number >= rank:
            return least if math.isinf(most) else least + (most - least) * (rank - below) / number
        below, least = below + number, most if math.isfinite(most) else least
    return least
