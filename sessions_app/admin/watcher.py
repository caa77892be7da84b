"""Watchers: who is watching, and what they cannot see."""

import time

from django.contrib import admin
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.columns import NOTHING, ago, lines, said, state
from sessions_app.health.watching import is_alive
from sessions_app.models import Watcher
from sessions_app.render.text import age


@admin.register(Watcher)
class WatcherAdmin(ReadOnlyAdmin):
    """One line per `runwatcher`, also when it is gone."""

    list_display = ("name_", "how", "host", "pid", "beat", "behind", "trouble", "begun")
    list_display_links = ("name_",)
    search_fields = ("name", "host", "stores")
    fieldsets = (
        (None, {"fields": ("name", "how", "host", "pid", "beat", "behind", "begun", "stopped")}),
        ("What it watches", {"fields": ("stores_", "problems_")}),
    )

    @admin.display(description="watcher", ordering="name")
    def name_(self, watcher: Watcher) -> str:
        """Host and stores."""
        return said(watcher.name, 80)

    @admin.display(description="state")
    def how(self, watcher: Watcher) -> SafeString:
        """Whether it lives."""
        if watcher.stopped_at:
            return state("stopped", "⛔", "stopped")
        return state("done", "✅", "watching") if is_alive(watcher, time.time()) else state("failed", "⚠️", "silent")

    @admin.display(description="last beat", ordering="beat_at")
    def beat(self, watcher: Watcher) -> str | SafeString:
        """How long ago it said that it lives."""
        return ago(watcher.beat_at)

    @admin.display(description="behind", ordering="lag_s")
    def behind(self, watcher: Watcher) -> str:
        """How old the newest line was when it was applied."""
        return f"{watcher.lag_s:.1f}s" if watcher.lag_s < 10 else age(watcher.lag_s)

    @admin.display(description="problems")
    def trouble(self, watcher: Watcher) -> str | SafeString:
        """The first, and how many."""
        found = watcher.problem_list
        more = f" (+{len(found) - 1} more)" if len(found) > 1 else ""
        return state("quiet", "⚠️", said(found[0]) + more) if found else NOTHING

    @admin.display(description="started", ordering="started_at")
    def begun(self, watcher: Watcher) -> str | SafeString:
        """How long ago."""
        return ago(watcher.started_at)

    @admin.display(description="stopped")
    def stopped(self, watcher: Watcher) -> str | SafeString:
        """When it ended cleanly."""
        return ago(watcher.stopped_at)

    @admin.display(description="stores")
    def stores_(self, watcher: Watcher) -> str | SafeString:
        """Where it looks."""
        return lines(watcher.stores.splitlines())

    @admin.display(description="problems")
    def problems_(self, watcher: Watcher) -> str | SafeString:
        """What it cannot see or do."""
        return lines(watcher.problem_list)
