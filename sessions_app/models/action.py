"""The audit log: what people did, who, when and from where. Rows are only ever added."""

from typing import Any

from django.db import models


class Action(models.Model):
    """One act of a person. It holds no foreign key, so that it outlives what it was done to, and who did it."""

    class Source(models.TextChoices):
        """Where it was done."""

        ADMIN = "admin"
        PAGE = "page"
        COMMAND = "command"

    at = models.DateTimeField(db_index=True)
    who = models.CharField(max_length=150, db_index=True, help_text="Name of the account, or of the system's user.")
    source = models.CharField(max_length=10, choices=Source.choices, help_text="Where it was done.")
    verb = models.CharField(max_length=30, db_index=True)
    kind = models.CharField(max_length=20, help_text="What it was done to.")
    object_id = models.BigIntegerField(help_text="Its number; it may be gone.")
    object_name = models.CharField(max_length=300, blank=True)
    said = models.CharField(max_length=400, help_text="What was done, in words.")

    class Meta:
        ordering = ("-at", "-id")
        verbose_name = "audit log entry"
        verbose_name_plural = "audit log"
        indexes = [models.Index(fields=("kind", "object_id"), name="action_of_object")]

    def __str__(self) -> str:
        return f"{self.who}: {self.said}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add it; what stands in the log is never changed.

        Raises:
            TypeError: it stands there already.
        """
        if not self._state.adding:
            raise TypeError("What stands in the audit log is not changed.")
        super().save(*args, **kwargs)
