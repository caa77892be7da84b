"""A step: one tool call inside a run."""

from django.db import models


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

    class Meta:
        ordering = ("run", "started_at", "id")
        constraints = [models.UniqueConstraint(fields=("run", "call_id"), name="call_once_per_run")]
        indexes = [models.Index(fields=("started_at", "tool", "ok"), name="step_outcomes")]

    def __str__(self) -> str:
        return f"{self.tool} {self.target}".strip()
