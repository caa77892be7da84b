"""Checkpoints: how far every transcript has been read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.columns import NOTHING, ago, link, said, state
from sessions_app.models import Checkpoint


@admin.register(Checkpoint)
class CheckpointAdmin(ReadOnlyAdmin):
    """One line per transcript."""

    list_display = ("name", "session_", "position", "unreadable", "generation", "busy", "updated")
    list_display_links = ("name",)
    list_select_related = ("session",)
    list_filter = ("skipping",)
    search_fields = ("transcript", "session__key", "window")
    search_help_text = "Transcript, session key or session id"
    ordering = ("-updated_at", "-id")
    fieldsets = (
        (None, {"fields": ("transcript", "session_", "position", "unreadable", "busy", "updated")}),
        ("Whose bytes they were", {"fields": ("window", "generation", "head", "head_size", "tail", "copying")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        """Without those of sessions that were forgotten."""
        rows: QuerySet[Checkpoint] = super().get_queryset(request)
        return rows.filter(session__hidden=False).defer("session__facts", "session__registered")

    @admin.display(description="transcript", ordering="transcript")
    def name(self, point: Checkpoint) -> str:
        """Its name within its store."""
        return said(point.transcript, 100)

    @admin.display(description="session", ordering="session__key")
    def session_(self, point: Checkpoint) -> str | SafeString:
        """Whose transcript it is."""
        return link(point.session)

    @admin.display(description="unreadable lines", ordering="bad_lines")
    def unreadable(self, point: Checkpoint) -> str | SafeString:
        """Lines that could not be read."""
        return state("failed", "⚠️", f"{point.bad_lines} unreadable") if point.bad_lines else NOTHING

    @admin.display(description="now")
    def busy(self, point: Checkpoint) -> str:
        """What is being passed over."""
        if point.again:
            return "about to be read again from the start"
        if point.skipping:
            return "inside a line that is too long"
        return f"passing over lines copied from {said(point.copying, 60)}" if point.copying else NOTHING

    @admin.display(description="read", ordering="updated_at")
    def updated(self, point: Checkpoint) -> str | SafeString:
        """How long ago."""
        return ago(point.updated_at)
