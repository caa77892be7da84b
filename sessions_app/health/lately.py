"""What happened lately, from rows: shared by all processes, and unharmed by rows that go when they are old."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q, Sum

from sessions_app.models import Delivery, Run, Step
from sessions_app.models.times import moment
from sessions_app.state.view import OVER

HOUR_S = 3600.0
DELIVERIES_S = 600.0
DELIVERIES_READ = 5000  # more say nothing new
QUANTILES = (0.5, 0.95, 0.99)
STEP_OUTCOMES = {True: "ok", False: "failed", None: "open"}
SENT = (Delivery.Kind.CREATED.value, Delivery.Kind.EDITED.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lately:
    """Runs and steps of the last hour, deliveries of the last ten minutes, and what live runs have used so far."""

    ended: dict[str, int]  # root runs by outcome
    tokens: int  # of all runs that ended, sub-agents too
    cost: float  # US dollars
    live_tokens: int
    live_cost: float
    steps: dict[str, int]  # begun, by outcome
    deliveries: dict[str, int]  # by kind
    waited: dict[float, float]  # quantile to seconds, from a change to the answer that people see it
    took: dict[float, float]  # quantile to seconds, from a request to its answer


def lately(now: float) -> Lately:
    """Four queries, each by an index and over no more than its time."""
    ended = list(
        Run.objects.filter(over=True, ended_at__gte=moment(now - HOUR_S)).order_by().values_list("word")
        .annotate(roots=Count("id", filter=Q(parent=None)), all_tokens=Sum("tokens"), all_cost=Sum("cost"))
    )  # fmt: skip
    live = Run.objects.live().aggregate(tokens=Sum("tokens"), cost=Sum("cost"))
    begun = Step.objects.filter(started_at__gte=moment(now - HOUR_S)).order_by().values_list("ok").annotate(Count("id"))
    recent = Delivery.objects.filter(at__gte=now - DELIVERIES_S).order_by("-at")
    deliveries = list(recent.values_list("kind", "took_s", "waited_s")[:DELIVERIES_READ])
    kinds = Counter(kind for kind, _, _ in deliveries)
    return Lately(
        ended=dict.fromkeys(sorted(OVER), 0) | {word: number for word, number, _, _ in ended},
        tokens=sum(tokens for _, _, tokens, _ in ended),
        cost=sum(cost for _, _, _, cost in ended),
        live_tokens=live["tokens"] or 0,
        live_cost=live["cost"] or 0.0,
        steps=dict.fromkeys(STEP_OUTCOMES.values(), 0) | {STEP_OUTCOMES[ok]: number for ok, number in begun},
        deliveries={kind: kinds[kind] for kind in Delivery.Kind.values},
        waited=quantiles([waited for kind, _, waited in deliveries if kind in SENT]),
        took=quantiles([took for _, took, _ in deliveries]),
    )


def quantiles(values: Sequence[float]) -> dict[float, float]:
    """Those of a sample, by the nearest rank; empty for an empty one."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {q: ordered[min(len(ordered) - 1, int(q * len(ordered)))] for q in QUANTILES}
