"""Destinations: whether posts reach Mattermost, and the switch for all of them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin, Tool, actor
from sessions_app.admin.columns import ago, listing, said, state
from sessions_app.control.actions import pause_all, resume_all
from sessions_app.models import Circuit, Destination, Post
from sessions_app.render.text import count

CIRCUITS = {
    Circuit.CLOSED: ("done", "✅", "closed: it answers"),
    Circuit.HALF_OPEN: ("quiet", "🟠", "half-open: being tried"),
    Circuit.OPEN: ("failed", "❌", "open: it does not answer"),
}


@admin.register(Destination)
class DestinationAdmin(ReadOnlyAdmin):
    """One line per Mattermost server."""

    list_display = ("base_url", "delivery", "circuit_", "behind_", "updates_sent", "updates_failed", "worked", "error")
    list_filter = ("paused", "circuit")
    search_fields = ("base_url", "bot_name", "last_error")
    fieldsets = (
        (None, {"fields": ("base_url", "delivery", "circuit_", "behind_", "bot_name", "bot_id")}),
        ("Lately", {"fields": ("worked", "error", "failed", "failures", "next_probe", "waits")}),
        ("Figures", {"fields": ("updates_sent", "updates_failed")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Destination]:
        """With the number of posts that are behind."""
        behind = Post.objects.filter(destination=OuterRef("pk"), parked="", wanted_revision__gt=F("sent_revision"))
        number = behind.order_by().values("destination").annotate(n=Count("id")).values("n")
        rows: QuerySet[Destination] = super().get_queryset(request)
        return rows.annotate(behind=Coalesce(Subquery(number, output_field=IntegerField()), 0))

    def get_urls(self) -> list[URLPattern]:
        """With the addresses that pause and resume all."""
        return [
            self.list_path("pause-all", self._pause_all),
            self.list_path("resume-all", self._resume_all),
            *super().get_urls(),
        ]

    def list_tools(self) -> Sequence[Tool]:
        """The switch for everything."""
        states = set(Destination.objects.values_list("paused", flat=True))
        pausing = [Tool(url=self.url("pause-all"), words="Pause all delivery")] if False in states else []
        resuming = [Tool(url=self.url("resume-all"), words="Resume all delivery")] if True in states else []
        return (*pausing, *resuming)

    def _pause_all(self, request: HttpRequest) -> str:
        return f"Paused {count(pause_all(by=actor(request)), 'destination')}. Nothing is lost meanwhile."

    def _resume_all(self, request: HttpRequest) -> str:
        return f"Resumed {count(resume_all(by=actor(request)), 'destination')}."

    @admin.display(description="delivery", ordering="paused")
    def delivery(self, one: Destination) -> SafeString:
        """Whether somebody paused it."""
        return state("quiet", "⏸️", "paused") if one.paused else state("done", "✅", "on")

    @admin.display(description="circuit", ordering="circuit")
    def circuit_(self, one: Destination) -> SafeString:
        """Whether we are talking to it."""
        return state(*CIRCUITS[Circuit(one.circuit)])

    @admin.display(description="behind")
    def behind_(self, one: Any) -> str | SafeString:
        """Posts that do not say the newest."""
        url = f"{reverse('admin:sessions_app_post_changelist')}?destination__id__exact={one.pk}&delivery=behind"
        return listing(url, one.behind, "posts" if one.behind != 1 else "post")

    @admin.display(description="last worked", ordering="last_ok_at")
    def worked(self, one: Destination) -> str | SafeString:
        """How long ago."""
        return ago(one.last_ok_at)

    @admin.display(description="last error", ordering="last_error_at")
    def error(self, one: Destination) -> str:
        """What went wrong the last time."""
        return said(one.last_error)

    @admin.display(description="last failed")
    def failed(self, one: Destination) -> str | SafeString:
        """How long ago."""
        return ago(one.last_error_at)

    @admin.display(description="next probe")
    def next_probe(self, one: Destination) -> str | SafeString:
        """When it is tried again while the circuit is open."""
        return ago(one.open_until)

    @admin.display(description="asked to wait until")
    def waits(self, one: Destination) -> str | SafeString:
        """What the server asked for."""
        return ago(one.quiet_until)
