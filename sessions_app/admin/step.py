"""Steps: every tool call, and how it went."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.columns import NOTHING, ago, link, run_name, said, state, took
from sessions_app.admin.filters import OutcomeFilter
from sessions_app.models import Session, Step

SEARCHED = 200_000


def outcome(step: Step) -> SafeString:
    """How a step went, in words with a sign."""
    if step.ok is None:
        return state("working", "▸", "running") if step.ended_at is None else state("stopped", "•", "nobody can tell")
    return state("done", "✓", "went well") if step.ok else state("failed", "✗", "failed")


def step_name(step: Step) -> str:
    """The tool and what it was used on."""
    return f"{step.tool} {step.target}".strip()


@admin.register(Step)
class StepAdmin(ReadOnlyAdmin):
    """One line per tool call. Ordered by id, so that the newest of a million are there at once."""

    list_display = ("name", "how", "run_", "lasted", "error_", "begun")
    list_display_links = ("name",)
    list_filter = (OutcomeFilter,)
    search_fields = ("tool", "target", "error")
    search_help_text = f"Tool, target or error, among the newest {SEARCHED:,}"
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("tool", "target", "how", "error", "run_", "spawned", "running")}),
        ("Times", {"fields": ("lasted", "begun", "started_at", "ended_at")}),
        ("Where it stands", {"fields": ("call_id",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Step]:
        """With their runs, without the long columns of those."""
        rows: QuerySet[Step] = super().get_queryset(request).select_related("run__session")
        return rows.defer("run__state", "run__prompt", "run__session__facts", "run__session__registered")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Step], search_term: str
    ) -> tuple[QuerySet[Step], bool]:
        """Words inside a text are found by reading it, so only the newest are searched."""
        if search_term:
            newest = Step.objects.order_by("-id").values_list("id", flat=True).first() or 0
            queryset = queryset.filter(id__gt=newest - SEARCHED)
        return super().get_search_results(request, queryset, search_term)

    @admin.display(description="step")
    def name(self, step: Step) -> str:
        """The tool and what it was used on."""
        return said(step_name(step), 80)

    @admin.display(description="outcome", ordering="ok")
    def how(self, step: Step) -> SafeString:
        """How it went."""
        return outcome(step)

    @admin.display(description="run")
    def run_(self, step: Step) -> str | SafeString:
        """The run it belongs to."""
        return link(step.run, run_name(step.run))

    @admin.display(description="lasted")
    def lasted(self, step: Step) -> str:
        """Its length so far."""
        return took(step.started_at, step.ended_at)

    @admin.display(description="error")
    def error_(self, step: Step) -> str:
        """What went wrong."""
        return said(step.error, 80)

    @admin.display(description="begun")
    def begun(self, step: Step) -> str | SafeString:
        """How long ago."""
        return ago(step.started_at)

    @admin.display(description="spawned session")
    def spawned(self, step: Step) -> str | SafeString:
        """The sub-agent it started."""
        if not step.child_key:
            return NOTHING
        found = Session.objects.filter(store=step.run.session.store, key=step.child_key).first()
        return link(found) if found else said(step.child_key)
