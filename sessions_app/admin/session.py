"""Sessions: what agents there are, and what they are at."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString

from sessions_app.admin.base import NewestInline, ReadOnlyAdmin
from sessions_app.admin.columns import (
    NOTHING,
    ago,
    link,
    listing,
    muted,
    no_post,
    pretty,
    revisions,
    run_name,
    said,
    state,
    took,
    word,
)
from sessions_app.admin.filters import AgentFilter, ChannelFilter, StoreFilter, TroubleFilter
from sessions_app.models import Run, Session


class RunsOfSession(NewestInline):
    """The newest runs of a session."""

    model = Run
    fk_name = "session"
    verbose_name_plural = "newest runs"
    fields = readonly_fields = ("name", "how", "reason", "lasted", "tools", "tokens", "post_state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """With their posts."""
        return super().get_queryset(request).select_related("post", "session").defer("state")

    @admin.display(description="run")
    def name(self, run: Run) -> str | SafeString:
        """The run, to follow."""
        return link(run, run_name(run))

    @admin.display(description="word")
    def how(self, run: Run) -> SafeString:
        """How it is."""
        return word(run.word)

    @admin.display(description="lasted")
    def lasted(self, run: Run) -> str:
        """Its length so far."""
        return took(run.started_at, run.ended_at)

    @admin.display(description="post")
    def post_state(self, run: Run) -> str | SafeString:
        """What its post should say, and what it says."""
        post = getattr(run, "post", None)
        return revisions(post.wanted_revision, post.sent_revision) if post else no_post(run)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """One line per conversation."""

    list_display = ("name", "agent", "label", "channel", "live", "runs_", "posts", "in_store_", "trouble", "seen")
    list_display_links = ("name",)
    list_filter = (AgentFilter, ChannelFilter, StoreFilter, "muted", "in_store", TroubleFilter)
    search_fields = ("key", "label", "agent", "channel_name", "window")
    search_help_text = "Key, label, agent, channel or session id"
    ordering = ("-seen_at", "-id")
    inlines = (RunsOfSession,)
    fieldsets = (
        (None, {"fields": ("key", "agent", "label", "model", "store", "in_store_", "posts", "trouble", "seen")}),
        ("Family", {"fields": ("above", "below")}),
        ("Where it is told", {"fields": ("channel", "window", "windows")}),
        ("What the store says", {"classes": ("collapse",), "fields": ("facts_", "registered_")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Session]:
        """With the numbers of runs, counted only for the rows that are shown."""
        runs = Run.objects.filter(session=OuterRef("pk")).order_by().values("session")
        number = runs.annotate(n=Count("id")).values("n")
        live = runs.filter(over=False).annotate(n=Count("id")).values("n")
        rows: QuerySet[Session] = super().get_queryset(request)
        return rows.annotate(
            run_number=Coalesce(Subquery(number, output_field=IntegerField()), 0),
            live_number=Coalesce(Subquery(live, output_field=IntegerField()), 0),
        )

    @admin.display(description="key", ordering="key")
    def name(self, session: Session) -> str:
        """What its store calls it."""
        return said(session.key, 80)

    @admin.display(description="channel", ordering="channel_name")
    def channel(self, session: Session) -> str:
        """Where people talk to it."""
        return f"~{said(session.channel_name)}" if session.channel_name else NOTHING

    @admin.display(description="live runs", ordering="live_number")
    def live(self, session: Any) -> str | SafeString:
        """Runs that are not over."""
        return listing(f"{_runs(session)}&over__exact=0", session.live_number, "live")

    @admin.display(description="runs", ordering="run_number")
    def runs_(self, session: Any) -> str | SafeString:
        """All its runs."""
        return listing(_runs(session), session.run_number, "runs" if session.run_number != 1 else "run")

    @admin.display(description="posts", ordering="muted")
    def posts(self, session: Session) -> SafeString:
        """Whether somebody muted it."""
        return muted(session.muted)

    @admin.display(description="in the store", ordering="in_store")
    def in_store_(self, session: Session) -> str | SafeString:
        """Whether the store knows it."""
        if session.vanished:
            return state("stopped", "⛔", "gone")
        return state("done", "✅", "yes") if session.in_store else state("stopped", "·", "not yet")

    @admin.display(description="problem", ordering="problem")
    def trouble(self, session: Session) -> str | SafeString:
        """Why its transcript cannot be read."""
        return state("failed", "⚠️", said(session.problem)) if session.problem else NOTHING

    @admin.display(description="last sign of life", ordering="seen_at")
    def seen(self, session: Session) -> str | SafeString:
        """How long ago."""
        return ago(session.seen_at)

    @admin.display(description="parent")
    def above(self, session: Session) -> str | SafeString:
        """The session that spawned it."""
        if not session.parent_key:
            return NOTHING
        parent = Session.objects.filter(store=session.store, key=session.parent_key).first()
        return link(parent) if parent else f"{said(session.parent_key)} (not seen yet)"

    @admin.display(description="sub-agents")
    def below(self, session: Session) -> str | SafeString:
        """Sessions that it spawned."""
        number = Session.objects.filter(store=session.store, parent_key=session.key).count()
        url = f"{reverse('admin:sessions_app_session_changelist')}?parent_key={session.key}"
        return listing(url, number, "sessions" if number != 1 else "session")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Our own links filter by parent."""
        return lookup == "parent_key" or super().lookup_allowed(lookup, value, request)  # type: ignore[arg-type]

    @admin.display(description="facts")
    def facts_(self, session: Session) -> SafeString:
        """What the store said last."""
        return pretty(session.facts)

    @admin.display(description="registered")
    def registered_(self, session: Session) -> SafeString:
        """What the registry of spawns said last."""
        return pretty(session.registered)


def _runs(session: Session) -> str:
    return f"{reverse('admin:sessions_app_run_changelist')}?session__id__exact={session.pk}"
