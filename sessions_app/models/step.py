"""A step: one tool call inside a run."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Count, F, Func, Max, Min, Q
from django.db.models.functions import Floor

from sessions_app.models.times import seconds


class Epoch(Func):
    """A time as seconds since 1970, in the database."""

    arity = 1
    output_field = models.FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps times as text, and counts in days since 4714 BC."""
        return super().as_sql(
            compiler, connection, template="((julianday(%(expressions)s) - 2440587.5) * 86400.0)", **context
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """PostgreSQL knows it by that name; as a float, not as a numeric."""
        return super().as_sql(
            compiler, connection, template="CAST(EXTRACT(EPOCH FROM %(expressions)s) AS double precision)", **context
        )


@dataclass(frozen=True, slots=True)
class Crowd:
    """Steps of one run that began in the same stretch of time. Times are seconds since 1970, 0.0: there is none."""

    run_id: int
    number: int
    first: float
    last: float
    going_on: int
    first_failed: float
    last_failed: float


class StepQuerySet(models.QuerySet["Step"]):
    """Questions that the pages ask. ``runs``: ids of the runs of a tree."""

    def of(self, runs: Collection[int]) -> Self:
        """The steps of these runs."""
        return self.filter(run_id__in=runs)

    def newest(self, runs: Collection[int], *, before: tuple[datetime, int] | None, most: int) -> list["Step"]:
        """The newest steps of these runs, or the newest that began before one of them.

        Their ids come from the index alone; then only as many rows are read as are shown, however many there are.
        """
        found = self.of(runs).exclude(started_at=None)
        if before is not None:
            at, below = before
            found = found.filter(Q(started_at__lt=at) | Q(started_at=at, id__lt=below))
        ids = list(found.order_by("-started_at", "-id").values_list("id", flat=True)[:most])
        return sorted(self.filter(id__in=ids), key=lambda step: (seconds(step.started_at), step.id), reverse=True)

    def failures(self, runs: Collection[int]) -> Self:
        """Those that failed, newest first."""
        return self.of(runs).filter(ok=False).order_by("-started_at", "-id")

    def crowds(self, runs: Collection[int], since: float, width: float) -> Iterator[Crowd]:
        """So many steps that nobody could tell them apart, counted by stretches of ``width`` seconds from ``since``."""
        stretch = Floor((Epoch(F("started_at")) - since) / width)
        failed = Q(ok=False)
        rows = (
            self.of(runs)
            .exclude(started_at=None)
            .order_by()
            .annotate(stretch=stretch)
            .values("run_id", "stretch")
            .annotate(
                number=Count("id"),
                first=Min("started_at"),
                last=Max("ended_at"),
                going_on=Count("id", filter=Q(ended_at=None)),
                first_failed=Min("started_at", filter=failed),
                last_failed=Max("ended_at", filter=failed),
            )
        )
        for row in rows:
            times = {name: seconds(row[name]) for name in ("first", "last", "first_failed", "last_failed")}
            yield Crowd(run_id=row["run_id"], number=row["number"], going_on=row["going_on"], **times)


class Step(models.Model):
    """Started, ended, outcome. ``ok`` is empty while it runs, and where nobody can tell."""

    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="steps")
    call_id = models.CharField(max_length=200)
    tool = models.CharField(max_length=120)
    target = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ok = models.BooleanField(null=True, blank=True)
    error = models.CharField(max_length=400, blank=True)
    child_key = models.CharField(max_length=500, blank=True, help_text="Session it spawned.")
    running = models.CharField(max_length=120, blank=True, help_text="Command it left in the background.")

    objects = StepQuerySet.as_manager()

    class Meta:
        ordering = ("run", "started_at", "id")
        constraints = [models.UniqueConstraint(fields=("run", "call_id"), name="call_once_per_run")]
        indexes = [
            models.Index(fields=("run", "started_at"), name="step_of_run_by_time"),
            models.Index(fields=("run", "started_at"), name="step_failed", condition=Q(ok=False)),
            models.Index(fields=("started_at", "tool", "ok"), name="step_outcomes"),
            # For the few that failed, or have no outcome yet, among millions that went well.
            models.Index(fields=("id",), condition=Q(ok=False), name="step_went_wrong"),
            models.Index(fields=("id",), condition=Q(ok=None), name="step_open"),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.target}".strip()
