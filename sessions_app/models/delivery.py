"""A delivery: one try to bring a post to its newest revision, and what came of it."""

from django.db import models


class Delivery(models.Model):
    """Written by the publisher after each request that made, changed or read back a post, or failed to.

    The newest of a post are kept, the older ones go. Times are seconds since 1970, lengths in seconds.
    """

    class Kind(models.TextChoices):
        """What was done."""

        CREATED = "created"
        EDITED = "edited"
        READ_BACK = "read back"
        FAILED = "failed"

    post = models.ForeignKey("Post", on_delete=models.CASCADE, related_name="deliveries")
    at = models.FloatField(help_text="When the answer came, or failed to.")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    revision = models.PositiveIntegerField(default=0)
    word = models.CharField(max_length=20, blank=True)
    took_s = models.FloatField(default=0.0, help_text="From the request to its answer.")
    waited_s = models.FloatField(default=0.0, help_text="From the oldest change that it took along to the answer.")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ("-at", "-id")
        verbose_name_plural = "deliveries"
        indexes = [
            models.Index(fields=("post", "-at"), name="delivery_of_post"),
            models.Index(fields=("at",), name="delivery_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.word or 'no word'})"
