"""A destination: one Mattermost server with its bot, the budget of edits for it, and its circuit."""

from django.db import models


class Circuit(models.TextChoices):
    """Whether we are talking to a destination."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Destination(models.Model):
    """Shared by every publishing process: what one learns (a pause, an outage) holds for all of them."""

    base_url = models.CharField(max_length=300, unique=True)
    bot_id = models.CharField(max_length=26, blank=True)
    bot_name = models.CharField(max_length=100, blank=True)
    paused = models.BooleanField(default=False, help_text="Nothing is delivered until it is resumed.")
    circuit = models.CharField(max_length=10, choices=Circuit.choices, default=Circuit.CLOSED)
    failures = models.PositiveIntegerField(default=0, help_text="Failed calls in a row.")
    open_until = models.FloatField(default=0.0, help_text="When the next probe may go out (seconds since 1970).")
    quiet_until = models.FloatField(default=0.0, help_text="Asked by the server to wait until then.")
    next_slot_at = models.FloatField(default=0.0, help_text="When the budget of edits has its next free slot.")
    ramp_from = models.FloatField(default=0.0, help_text="When it began to answer again: the pace grows from there.")
    last_error = models.TextField(blank=True)
    last_error_at = models.DateTimeField(null=True, blank=True)
    last_ok_at = models.DateTimeField(null=True, blank=True)
    updates_sent = models.PositiveBigIntegerField(default=0)
    updates_failed = models.PositiveBigIntegerField(default=0)
    creates = models.PositiveBigIntegerField(default=0, help_text="Posts made.")
    edits = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0, help_text="Revisions that looked the same and were not sent.")
    coalesced = models.PositiveBigIntegerField(default=0, help_text="Revisions that a newer one took along.")
    limited = models.PositiveBigIntegerField(default=0, help_text="Answers that asked to wait (429).")
    retries = models.PositiveBigIntegerField(default=0, help_text="Requests made again at once.")

    class Meta:
        ordering = ("base_url",)

    def __str__(self) -> str:
        return self.base_url
