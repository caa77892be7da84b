"""How far a transcript has been read. Written in the same transaction as the state that was read."""

from django.db import models

from sessions_app.sources.base import Mark


class Checkpoint(models.Model):
    """A `Mark` as columns; see there for what they mean."""

    session = models.ForeignKey("Session", on_delete=models.CASCADE, related_name="checkpoints")
    transcript = models.CharField(max_length=500, help_text="Name of the transcript within its store.")
    window = models.CharField(max_length=200, blank=True, help_text="Session id it belongs to.")
    position = models.BigIntegerField(default=0, help_text="Where the next line begins, in bytes.")
    head = models.CharField(max_length=200, blank=True)
    head_size = models.IntegerField(default=0)
    tail = models.CharField(max_length=200, blank=True)
    generation = models.IntegerField(default=0, help_text="How often the file turned out to be another one.")
    skipping = models.BooleanField(default=False, help_text="Inside a line that is too long.")
    copying = models.CharField(max_length=300, blank=True, help_text="Transcript whose copied lines are being skipped.")
    bad_lines = models.IntegerField(default=0, help_text="Lines that could not be read.")
    again = models.BooleanField(default=False, help_text="By hand: to be read again from its first line.")
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-updated_at",)
        constraints = [models.UniqueConstraint(fields=("session", "transcript"), name="transcript_once_per_session")]
        indexes = [models.Index(fields=("again",), condition=models.Q(again=True), name="checkpoint_again")]

    def __str__(self) -> str:
        return f"{self.transcript} at {self.position}"

    @property
    def mark(self) -> Mark:
        """The columns as a value."""
        return Mark(**{name: getattr(self, name) for name in Mark.__dataclass_fields__})

    @mark.setter
    def mark(self, mark: Mark) -> None:
        for name in Mark.__dataclass_fields__:
            setattr(self, name, getattr(mark, name))
