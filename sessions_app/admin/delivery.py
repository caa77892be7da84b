"""Deliveries: each request for a post, and what came of it."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.columns import NOTHING, ago, link, moment_said, outside, run_name, said, state, word
from sessions_app.models import Delivery
from sessions_app.render.text import duration
from sessions_app.state.view import Word

KINDS = {
    Delivery.Kind.CREATED: ("done", "➕", "created"),
    Delivery.Kind.EDITED: ("done", "✎", "edited"),
    Delivery.Kind.READ_BACK: ("waiting", "👁", "read back"),
    Delivery.Kind.FAILED: ("failed", "❌", "failed"),
}
WORDS = {word.value for word in Word}


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """One line per request, the newest first."""

    list_display = ("how", "post_", "said_word", "when", "took", "waited", "error_", "there")
    list_display_links = ("how",)
    list_select_related = ("post__run", "post__destination")
    list_filter = ("kind", "post__destination")
    search_fields = ("post__post_id", "error")
    search_help_text = "Error, or the id of a post in Mattermost"
    ordering = ("-at", "-id")
    fieldsets = (
        (None, {"fields": ("how", "post_", "said_word", "revision", "when", "at_", "there")}),
        ("How long", {"fields": ("took", "waited")}),
        ("Trouble", {"fields": ("error",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        """Without the long columns of runs and posts."""
        rows: QuerySet[Delivery] = super().get_queryset(request).select_related("post__run", "post__destination")
        return rows.defer("post__run__state", "post__run__prompt", "post__sent_text")

    @admin.display(description="delivery", ordering="kind")
    def how(self, one: Delivery) -> SafeString:
        """What was done."""
        return kind(one)

    @admin.display(description="post")
    def post_(self, one: Delivery) -> str | SafeString:
        """The post that it was for, named by its run."""
        run = one.post.run
        return link(one.post, run_name(run) if run else "a post without a run")

    @admin.display(description="it said")
    def said_word(self, one: Delivery) -> str | SafeString:
        """The word of the run at that moment."""
        return word(one.word) if one.word in WORDS else NOTHING

    @admin.display(description="when", ordering="at")
    def when(self, one: Delivery) -> str | SafeString:
        """How long ago."""
        return ago(one.at)

    @admin.display(description="at")
    def at_(self, one: Delivery) -> str:
        """The time itself."""
        return moment_said(one.at)

    @admin.display(description="took", ordering="took_s")
    def took(self, one: Delivery) -> str:
        """From the request to its answer."""
        return length(one.took_s)

    @admin.display(description="waited", ordering="waited_s")
    def waited(self, one: Delivery) -> str:
        """From the oldest change that it took along to the answer."""
        return length(one.waited_s)

    @admin.display(description="error")
    def error_(self, one: Delivery) -> str:
        """What went wrong."""
        return said(one.error)

    @admin.display(description="in Mattermost")
    def there(self, one: Delivery) -> str | SafeString:
        """To look at the post."""
        return outside(one.post.address, "open")


def kind(one: Delivery) -> SafeString:
    """What was done, with its sign."""
    return state(*KINDS[Delivery.Kind(one.kind)])


def length(passed: float) -> str:
    """How long a request took."""
    if not passed:
        return NOTHING
    return f"{passed * 1000:.0f} ms" if passed < 1 else f"{passed:.1f} s" if passed < 10 else duration(passed)
