"""A watcher process and its heartbeat."""

from typing import Any

from django.db import models


class Watcher(models.Model):
    """One `runwatcher`. The row outlives the process, so that a stopped or killed one can be named."""

    name = models.CharField(max_length=400, unique=True, help_text="Host and stores.")
    host = models.CharField(max_length=200)
    pid = models.PositiveIntegerField()
    stores = models.TextField(help_text="The stores it watches, one per line.")
    problems = models.TextField(blank=True, help_text="What it cannot see or do, one sentence per line.")
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField(help_text="When it last said that it lives.")
    stopped_at = models.DateTimeField(null=True, blank=True, help_text="When it ended cleanly.")
    lag_s = models.FloatField(default=0.0, help_text="How old the newest line was when it was applied, in seconds.")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def problem_list(self) -> list[str]:
        """Its problems, one sentence each."""
        return self.problems.splitlines()

    @classmethod
    def beat(cls, name: str, **fields: Any) -> None:
        """Say that the watcher lives, with whatever else has changed."""
        cls.objects.update_or_create(name=name, defaults=fields)
