"""The audit log: who did what, when and from where. Nobody changes it, whatever their rights."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.columns import ago, moment_said, said
from sessions_app.control.actions import KINDS, VERBS
from sessions_app.models import Action
from sessions_app.models.times import seconds


def plain_value(chosen: admin.SimpleListFilter) -> str:
    """What was chosen, without what no database takes."""
    return (chosen.value() or "").replace("\0", "")[:200]


class VerbFilter(admin.SimpleListFilter):
    """What was done; the verbs themselves, so that no row is read for them."""

    title, parameter_name = "verb", "verb"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Each verb once."""
        return [(verb.name, verb.words) for verb in VERBS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows with that verb."""
        return queryset.filter(verb=value) if (value := plain_value(self)) else queryset


class WhoFilter(admin.SimpleListFilter):
    """Who did it: a handful of people, each found by a step through the index."""

    title, parameter_name = "who", "who"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Each name once."""
        names: list[str] = []
        last = ""
        while len(names) < 50:
            found = Action.objects.filter(who__gt=last).order_by("who").values_list("who", flat=True).first()
            if found is None:
                break
            names.append(found)
            last = found
        return [(name, said(name, 40)) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """What they did."""
        return queryset.filter(who=value) if (value := plain_value(self)) else queryset


@admin.register(Action)
class ActionAdmin(ReadOnlyAdmin):
    """One line per act."""

    list_display = ("when", "who_", "done", "what", "source")
    list_display_links = ("done",)
    list_filter = (VerbFilter, WhoFilter, "source")
    search_fields = ("object_name", "said")
    search_help_text = "What it was done to, or what was done"
    ordering = ("-at", "-id")
    fieldsets = ((None, {"fields": ("done", "what", "object_name", "who_", "source", "at_")}),)

    @admin.display(description="when", ordering="at")
    def when(self, one: Action) -> str | SafeString:
        """How long ago."""
        return ago(one.at)

    @admin.display(description="at")
    def at_(self, one: Action) -> str:
        """The time itself."""
        return moment_said(seconds(one.at))

    @admin.display(description="who", ordering="who")
    def who_(self, one: Action) -> str:
        """The name of the account, or of the system's user."""
        return said(one.who, 60)

    @admin.display(description="did", ordering="verb")
    def done(self, one: Action) -> str:
        """What was done."""
        return said(one.said)

    @admin.display(description="to")
    def what(self, one: Action) -> str | SafeString:
        """What it was done to; it may be gone, so the link may lead nowhere."""
        words = f"{one.kind} {said(one.object_name, 80)}"
        if one.kind not in KINDS:
            return words
        model: type[Model] = KINDS[one.kind]
        url = reverse(f"admin:sessions_app_{model._meta.model_name}_change", args=[one.object_id])
        return format_html('<a href="{}"><bdi>{}</bdi></a>', url, words)
