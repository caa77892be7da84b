"""What the word of a run became, when, and on which evidence: so that any word can be explained, long after."""

from django.db import models

from sessions_app.state.codec import evidence_from
from sessions_app.state.evidence import Evidence
from sessions_app.state.view import Word


class Judgement(models.Model):
    """One row per change of word. Changes between thinking and working have none: the steps tell of those."""

    run = models.ForeignKey("Run", on_delete=models.CASCADE, related_name="judgements")
    at = models.FloatField(help_text="When it was judged (seconds since 1970, our clock).")
    since = models.FloatField(default=0.0, help_text="When the word began, by the evidence (seconds since 1970).")
    word = models.CharField(max_length=20, choices=[(word.value, word.value) for word in Word])
    reason = models.CharField(max_length=400, blank=True)
    because = models.CharField(max_length=200, blank=True)
    evidence = models.TextField(blank=True, help_text="What was known (JSON).")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.word} ({self.because})"

    @property
    def pieces(self) -> tuple[Evidence, ...]:
        """The evidence, piece by piece."""
        return evidence_from(self.evidence)
