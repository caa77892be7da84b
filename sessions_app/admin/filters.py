"""Filters that read small tables, or none: a list stays quick however many rows it has."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest

from sessions_app.models import Session


class _OfSession(admin.SimpleListFilter):
    """Values that sessions have; there are far fewer sessions than runs, posts or steps."""

    field: ClassVar[str]
    through: ClassVar[str] = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """Each value once."""
        found = Session.objects.exclude(**{self.field: ""}).order_by(self.field)
        return [(value, value[:80]) for value in found.values_list(self.field, flat=True).distinct()[:100]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows of such sessions."""
        return queryset.filter(**{f"{self.through}{self.field}": self.value()}) if self.value() else queryset


class AgentFilter(_OfSession):
    """Which agent."""

    title, parameter_name, field = "agent", "agent", "agent"


class StoreFilter(_OfSession):
    """Which store."""

    title, parameter_name, field = "store", "store", "store"


class ChannelFilter(_OfSession):
    """Which channel."""

    title, parameter_name, field = "channel", "channel", "channel_name"


class RunAgentFilter(AgentFilter):
    """Which agent a run is of."""

    through = "session__"


class RunStoreFilter(StoreFilter):
    """Which store a run was found in."""

    through = "session__"


class RunChannelFilter(ChannelFilter):
    """Which channel a run belongs to."""

    through = "session__"


class _Choice(admin.SimpleListFilter):
    """A few named questions."""

    choices_: ClassVar[dict[str, tuple[str, Q]]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:
        """The questions in words."""
        return [(name, words) for name, (words, _) in self.choices_.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that answer it."""
        chosen = self.choices_.get(self.value() or "")
        return queryset.filter(chosen[1]) if chosen else queryset


class FamilyFilter(_Choice):
    """Roots have posts; sub-agents are shown inside."""

    title, parameter_name = "family", "family"
    choices_ = {
        "root": ("asked for from outside", Q(parent=None)),
        "child": ("sub-agents", Q(parent__isnull=False)),
    }


class DeliveryFilter(_Choice):
    """How a post stands."""

    title, parameter_name = "delivery", "delivery"
    choices_ = {
        "behind": ("behind", Q(wanted_revision__gt=F("sent_revision"), parked="")),
        "parked": ("parked", ~Q(parked="")),
        "open": ("open", Q(closed=False, parked="") & ~Q(post_id="")),
        "waiting": ("not created yet", Q(post_id="", parked="")),
    }


class OutcomeFilter(_Choice):
    """How a step went."""

    title, parameter_name = "outcome", "outcome"
    choices_ = {
        "running": ("running", Q(ok=None, ended_at=None)),
        "ok": ("went well", Q(ok=True)),
        "failed": ("failed", Q(ok=False)),
        "unknown": ("nobody can tell", Q(ok=None, ended_at__isnull=False)),
    }


class TroubleFilter(_Choice):
    """Whether there is something to look at."""

    title, parameter_name = "trouble", "trouble"
    choices_ = {"yes": ("has a problem", ~Q(problem="")), "no": ("none", Q(problem=""))}
