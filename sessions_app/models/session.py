"""A session: one conversation of an agent, named by its key, in one store."""

from django.db import models


class Shown(models.Manager["Session"]):
    """All sessions but those that were forgotten and have not been heard of again."""

    def get_queryset(self) -> models.QuerySet["Session"]:
        """Without the hidden ones."""
        return super().get_queryset().filter(hidden=False)


class Session(models.Model):
    """The watcher owns these rows. ``facts`` and ``registered`` are what the store said last, as JSON.

    Of a session that was forgotten its row stays, hidden, so that the watcher knows how far it had read and does not
    bring it back: lines until ``forgotten_at`` are never read again, and it is shown again with its next run.
    """

    store = models.CharField(max_length=400, help_text="The store it was found in.")
    key = models.CharField(max_length=500, help_text="Its name in its store.")
    agent = models.CharField(max_length=200, blank=True)
    label = models.CharField(max_length=300, blank=True, help_text="The name a sub-agent was given.")
    model = models.CharField(max_length=120, blank=True)
    parent_key = models.CharField(max_length=500, blank=True, db_index=True)
    channel_name = models.CharField(max_length=120, blank=True)
    window = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="Session id of the present transcript."
    )
    windows = models.TextField(blank=True, help_text="Earlier session ids, one per line.")
    facts = models.TextField(blank=True, help_text="What the store says now (JSON).")
    registered = models.TextField(blank=True, help_text="What the store's registry says of its spawns (JSON).")
    in_store = models.BooleanField(default=False, help_text="Whether the store has a row for it.")
    vanished = models.BooleanField(default=False, help_text="Whether its row was there and is gone.")
    current_run = models.IntegerField(default=0, help_text="Number of the run that has the turn.")
    last_run = models.IntegerField(default=0, help_text="Number of its newest run.")
    row_run = models.IntegerField(default=0, help_text="Number of the run that the store's row tells of.")
    problem = models.TextField(blank=True, help_text="Why its transcript cannot be read, in full or in part.")
    muted = models.BooleanField(default=False, help_text="By hand: no new posts; those of live runs move at their end.")
    hidden = models.BooleanField(default=False, help_text="Forgotten by hand, and not heard of since.")
    forgotten_at = models.FloatField(
        null=True, blank=True, help_text="By hand: what was written until then is not read (seconds since 1970)."
    )
    seen_at = models.DateTimeField(null=True, blank=True, help_text="Newest evidence of it.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = Shown()
    everything = models.Manager["Session"]()

    class Meta:
        ordering = ("-seen_at",)
        constraints = [models.UniqueConstraint(fields=("store", "key"), name="session_key_once_per_store")]

    def __str__(self) -> str:
        return self.key
