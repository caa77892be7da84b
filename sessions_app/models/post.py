"""The Mattermost post of a root run: where it belongs, what it should say, and what it says."""

import secrets
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length


def new_nonce() -> str:
    """26 random characters, as long as an id of Mattermost. Not made from the run: a second post needs another."""
    return secrets.token_hex(13)


BEHIND = Q(wanted_revision__gt=F("sent_revision")) | Q(send_now=True)
MAY_MOVE = Q(closed=False) | Q(send_now=True) | Q(wanted_revision__gt=F("sent_revision"))


class PostQuerySet(models.QuerySet["Post"]):
    """Questions that delivery and the screens ask."""

    def moving(self) -> Self:
        """All but the posts of live runs that a muted session holds still: not made yet, or saying so already."""
        still = Q(mute_note=True, run_over=False) | Q(post_id="", intent_at=None)
        return self.exclude(Q(muted=True, send_now=False, run__isnull=False) & still)

    def behind(self) -> Self:
        """Posts that do not say the newest."""
        return self.moving().filter(BEHIND).filter(parked="")

    def parked(self) -> Self:
        """Posts that nothing more is tried for."""
        return self.alias(reason_chars=Length("parked")).filter(reason_chars__gt=0)

    def holding_a_place(self) -> Self:
        """Posts of live runs that exist or are being made and move: they count against the limit of open posts."""
        live = self._unfinished().filter(run_over=False, run__isnull=False).exclude(intent_at=None)
        return live.exclude(muted=True, mute_note=True)

    def open(self) -> Self:
        """Posts that people can see and that do not say yet how their run ended."""
        return self._unfinished().exclude(post_id="")

    def _unfinished(self) -> Self:
        says_the_end = Q(run_over=True, wanted_revision=F("sent_revision"), stop_note=False)
        return self.filter(closed=False, parked="").exclude(says_the_end)


class Post(models.Model):
    """`wanted_revision` is moved by ingest, `sent_revision` by delivery; a post is right when they are equal.

    The intent (`intent_at`, `nonce`) is committed before the create call, so that a create whose outcome is unknown can
    be found again by its nonce. `lease_until` is a claim that ends by itself when its worker dies.
    """

    run = models.OneToOneField(
        "Run", null=True, blank=True, on_delete=models.SET_NULL, related_name="post",
        help_text="Empty: its run is gone from here, or another post goes on for it; it says so, and ends.",
    )  # fmt: skip
    destination = models.ForeignKey("Destination", on_delete=models.CASCADE, related_name="posts")
    channel_id = models.CharField(max_length=26, blank=True)
    user_id = models.CharField(max_length=26, blank=True, help_text="Stands for the direct channel with this person.")
    thread_id = models.CharField(max_length=26, blank=True, help_text="Thread root named by the session key.")
    prompt_id = models.CharField(max_length=26, blank=True, help_text="The post that asked for the run.")
    root_id = models.CharField(max_length=26, blank=True, help_text="Thread root that it was really posted under.")
    placed = models.BooleanField(default=False, help_text="Whether channel and root are settled.")
    nonce = models.CharField(max_length=26, default=new_nonce, unique=True)
    intent_at = models.FloatField(null=True, blank=True, help_text="When its creation was first intended.")
    post_id = models.CharField(max_length=26, blank=True, db_index=True)
    made_at = models.FloatField(default=0.0, help_text="When it was made in Mattermost.")
    earlier = models.TextField(blank=True, help_text="Ids of posts that it took the place of, one per line.")
    wanted_revision = models.PositiveIntegerField(default=0)
    sent_revision = models.PositiveIntegerField(default=0)
    behind_since = models.FloatField(default=0.0, help_text="Since when it does not say the newest; 0: it does.")
    wanted_word = models.CharField(max_length=20, blank=True)
    sent_word = models.CharField(max_length=20, blank=True)
    sent_hash = models.CharField(max_length=64, blank=True)
    sent_text = models.TextField(blank=True, help_text="What it says in Mattermost, as far as we know.")
    sent_at = models.FloatField(default=0.0)
    run_started_at = models.FloatField(default=0.0)
    run_over = models.BooleanField(default=False)
    closed = models.BooleanField(default=False, help_text="Whether it has been seen to say how the run ended.")
    verify_at = models.FloatField(default=0.0, help_text="When to look whether it really says how the run ended.")
    mismatches = models.PositiveSmallIntegerField(default=0, help_text="How often it said something else then.")
    lost_at = models.FloatField(default=0.0, help_text="When an answer to an edit was lost: it may be applied late.")
    stop_note = models.BooleanField(default=False, help_text="Whether it says that the watcher stopped.")
    muted = models.BooleanField(
        default=False, help_text="Its session is muted: it says so, and moves again at its end."
    )
    mute_note = models.BooleanField(default=False, help_text="Whether it says that it is muted.")
    left_for = models.CharField(max_length=200, blank=True, help_text="Why it has no run any more, as it says itself.")
    send_now = models.BooleanField(default=False, help_text="Asked for by hand: send whatever the pace.")
    not_before = models.FloatField(default=0.0, help_text="When it may be tried again (seconds since 1970).")
    enqueued_until = models.FloatField(default=0.0, help_text="A task for it is thought to be on its way until then.")
    lease_until = models.FloatField(default=0.0)
    lease_owner = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveIntegerField(default=0, help_text="Failed tries in a row.")
    last_error = models.TextField(blank=True)
    reduced = models.BooleanField(default=False, help_text="Its text was refused once: it is kept short.")
    parked = models.CharField(max_length=400, blank=True, help_text="Why nothing more is tried; empty: it is tried.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PostQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at",)
        indexes = [
            models.Index(fields=("closed", "not_before"), name="post_open"),
            # SQLite uses these for a question that has the very condition: `behind`, `_unfinished`, the dispatcher's.
            models.Index(fields=("destination",), condition=BEHIND, name="post_behind"),
            models.Index(fields=("destination",), condition=Q(closed=False), name="post_not_closed"),
            models.Index(fields=("destination",), condition=MAY_MOVE, name="post_may_move"),
            # By length: one on the text itself would be taken for parked="" too, which is nearly all of them.
            models.Index(Length("parked"), name="post_parked"),
        ]

    def __str__(self) -> str:
        return self.post_id or (f"post of run {self.run_id}" if self.run_id else "post without a run")

    @property
    def never_made(self) -> bool:
        """Whether no create for it has ever been begun."""
        return not self.post_id and self.intent_at is None

    @property
    def address(self) -> str:
        """Where people can open it; empty while it is not there. Needs the destination."""
        return self.address_of(self.destination.base_url, self.post_id) if self.post_id else ""

    @staticmethod
    def address_of(base_url: str, post_id: str) -> str:
        """Where people can open a post of that server."""
        return f"{base_url}/_redirect/pl/{post_id}"
