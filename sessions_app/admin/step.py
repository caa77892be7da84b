"""Steps: every tool call, and how it went."""

from django.contrib import admin
from django.utils.safestring import SafeString

from sessions_app.admin.base import ReadOnlyAdmin
from sessions_app.admin.columns import NOTHING, ago, link, run_name, said, state, took
from sessions_app.admin.filters import OutcomeFilter
from sessions_app.models import Session, Step


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
    list_select_related = ("run",)
    list_filter = (OutcomeFilter,)
    search_fields = ("tool", "target", "error")
    search_help_text = "Tool, target or error"
    ordering = ("-id",)
    fieldsets = (
        (None, {"fields": ("tool", "target", "how", "error", "run_", "spawned", "running")}),
        ("Times", {"fields": ("lasted", "begun", "started_at", "ended_at")}),
        ("Where it stands", {"fields": ("call_id",)}),
    )

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
