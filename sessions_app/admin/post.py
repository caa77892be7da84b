"""Posts: whether people see the newest, and if not, why."""

import time

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sessions_app.admin.base import NewestInline, ReadOnlyAdmin
from sessions_app.admin.columns import NOTHING, ago, link, outside, revisions, run_name, said, state, word, yes_no
from sessions_app.admin.delivery import kind, length
from sessions_app.admin.filters import DeliveryFilter
from sessions_app.models import Delivery, Post


class DeliveriesOfPost(NewestInline):
    """The newest deliveries of a post."""

    model = Delivery
    fk_name = "post"
    verbose_name_plural = "newest deliveries"
    ordering = ("-at", "-id")
    fields = readonly_fields = ("how", "when", "revision", "took", "error_")

    @admin.display(description="delivery")
    def how(self, one: Delivery) -> str | SafeString:
        """What was done."""
        return kind(one)

    @admin.display(description="when")
    def when(self, one: Delivery) -> str | SafeString:
        """How long ago."""
        return ago(one.at)

    @admin.display(description="took")
    def took(self, one: Delivery) -> str:
        """From the request to its answer."""
        return length(one.took_s)

    @admin.display(description="error")
    def error_(self, one: Delivery) -> str:
        """What went wrong."""
        return said(one.error)


@admin.register(Post)
class PostAdmin(ReadOnlyAdmin):
    """One line per root run that people can see."""

    list_display = ("run_", "wanted", "standing", "revisions_", "sent", "attempts", "error", "there")
    list_display_links = ("standing",)  # the first column leads to the run
    list_select_related = ("run__session", "destination")
    list_filter = (DeliveryFilter, "destination")
    search_fields = ("run__title", "post_id", "channel_id", "root_id", "nonce", "last_error")
    search_help_text = "Title, last error, or an id of Mattermost"
    ordering = ("-id",)
    inlines = (DeliveriesOfPost,)
    fieldsets = (
        (None, {"fields": ("run_", "standing", "wanted", "revisions_", "sent", "there")}),
        ("Trouble", {"fields": ("parked", "last_error", "attempts", "shortened", "next_try")}),
        ("Its place", {"fields": ("destination_", "channel_id", "root_id", "thread_id", "prompt_id", "user_id")}),
        ("Delivery", {"classes": ("collapse",), "fields": (
            "post_id", "nonce", "created_at", "intended", "sent_word", "sent_hash", "final", "asked_for",
            "lease_owner", "leased", "on_its_way",
        )}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        """Without the long columns of runs and sessions."""
        rows: QuerySet[Post] = super().get_queryset(request).select_related("run__session", "destination")
        return rows.defer("run__state", "run__prompt", "sent_text", "run__session__facts", "run__session__registered")

    @admin.display(description="run", ordering="run__title")
    def run_(self, post: Post) -> str | SafeString:
        """What it is about."""
        return link(post.run, run_name(post.run)) if post.run else said(post.left_for, 80) or NOTHING

    @admin.display(description="should say", ordering="wanted_word")
    def wanted(self, post: Post) -> str | SafeString:
        """The word of its run."""
        return word(post.run.word) if post.run else NOTHING

    @admin.display(description="delivery")
    def standing(self, post: Post) -> SafeString:
        """Whether people see the newest."""
        if post.parked:
            return state("failed", "⛔", "parked")
        if post.stop_note:
            return state("quiet", "⏸️", "says that nobody watches")
        if not post.post_id:
            return state("queued", "🕓", "not created yet")
        if post.wanted_revision > post.sent_revision:
            return state("quiet", "⏳", "behind")
        return state("done", "✅", "final" if post.closed else "up to date")

    @admin.display(description="wanted / sent", ordering="wanted_revision")
    def revisions_(self, post: Post) -> SafeString:
        """What it should say, and what it says."""
        return revisions(post.wanted_revision, post.sent_revision)

    @admin.display(description="last sent", ordering="sent_at")
    def sent(self, post: Post) -> str | SafeString:
        """How long ago."""
        return ago(post.sent_at)

    @admin.display(description="last error", ordering="last_error")
    def error(self, post: Post) -> str:
        """What went wrong the last time."""
        return said(post.parked or post.last_error)

    @admin.display(description="in Mattermost")
    def there(self, post: Post) -> str | SafeString:
        """To look at it."""
        return outside(post.address, "open")

    @admin.display(description="destination")
    def destination_(self, post: Post) -> str | SafeString:
        """Which server."""
        return link(post.destination)

    @admin.display(description="next try")
    def next_try(self, post: Post) -> str | SafeString:
        """When it may be tried again."""
        return ago(post.not_before) if post.not_before > time.time() else NOTHING

    @admin.display(description="kept short")
    def shortened(self, post: Post) -> str:
        """Whether its text was refused once."""
        return yes_no(post.reduced)

    @admin.display(description="says how the run ended")
    def final(self, post: Post) -> str:
        """Whether nothing more is expected."""
        return yes_no(post.closed)

    @admin.display(description="asked for by hand")
    def asked_for(self, post: Post) -> str:
        """Whether somebody wants it sent now."""
        return yes_no(post.send_now)

    @admin.display(description="creation intended")
    def intended(self, post: Post) -> str | SafeString:
        """When a create call was first about to be made."""
        return ago(post.intent_at)

    @admin.display(description="claimed until")
    def leased(self, post: Post) -> str | SafeString:
        """A claim ends by itself."""
        return ago(post.lease_until)

    @admin.display(description="task on its way until")
    def on_its_way(self, post: Post) -> str | SafeString:
        """After that a task is taken for lost."""
        return ago(post.enqueued_until)
