"""Runs: what is going on, why it has its word, and finishing one by hand."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from sessions_app.admin.base import NewestInline, ReadOnlyAdmin
from sessions_app.admin.columns import (
    NOTHING,
    ago,
    link,
    no_post,
    outside,
    pretty,
    revisions,
    run_name,
    said,
    took,
    word,
)
from sessions_app.admin.family import tree
from sessions_app.admin.filters import FamilyFilter, RunAgentFilter, RunChannelFilter, RunStoreFilter
from sessions_app.admin.reasons import evidence, words
from sessions_app.admin.step import outcome, step_name
from sessions_app.models import Post, Run, Step
from sessions_app.render.text import money, tokens

HEAVY = (
    "state", "prompt", "parent__state", "parent__prompt", "root__state", "root__prompt", "session__facts",
    "session__registered", "post__sent_text",
)  # fmt: skip


class StepsOfRun(NewestInline):
    """The newest steps of a run."""

    model = Step
    fk_name = "run"
    verbose_name_plural = "newest steps"
    ordering = ("-started_at", "-id")
    fields = readonly_fields = ("name", "how", "lasted", "error", "begun")

    @admin.display(description="step")
    def name(self, step: Step) -> str | SafeString:
        """The tool and what it was used on."""
        return link(step, step_name(step))

    @admin.display(description="outcome")
    def how(self, step: Step) -> SafeString:
        """How it went."""
        return outcome(step)

    @admin.display(description="lasted")
    def lasted(self, step: Step) -> str:
        """Its length so far."""
        return took(step.started_at, step.ended_at)

    @admin.display(description="begun")
    def begun(self, step: Step) -> str | SafeString:
        """How long ago."""
        return ago(step.started_at)


@admin.register(Run)
class RunAdmin(ReadOnlyAdmin):
    """One line per prompt from outside, and per sub-agent."""

    list_display = ("how", "name", "who", "part_of", "lasted", "tools", "tokens_", "cost_", "post_state", "seen")
    list_display_links = ("name",)
    list_filter = ("over", "word", FamilyFilter, RunAgentFilter, RunChannelFilter, RunStoreFilter)
    search_fields = ("title", "label", "reason", "session__key")
    search_help_text = "Title, label, reason or session key"
    ordering = ("-started_at", "-id")
    inlines = (StepsOfRun,)
    fieldsets = (
        (None, {"fields": ("how", "reason", "because", "title", "label", "session_", "by_hand")}),
        ("Why it has this word", {"fields": ("evidence_", "words_")}),
        ("Its tree", {"fields": ("tree_", "part_of", "parent_")}),
        ("Its post", {"fields": ("post_", "no_post", "revision")}),
        ("Times", {"fields": ("lasted", "begun", "word_since", "ended", "seen", "next_look")}),
        ("Figures", {"fields": ("tools", "tokens_", "cost_")}),
        ("What its lines say", {"classes": ("collapse",), "fields": ("window", "start_id", "no", "digest", "state_")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Run]:
        """Without the long columns, which only the page of one run shows."""
        rows: QuerySet[Run] = super().get_queryset(request)
        rows = rows.select_related("session", "post__destination", "parent", "root")
        one = request.resolver_match is not None and "object_id" in request.resolver_match.kwargs
        return rows if one else rows.defer(*HEAVY)

    @admin.display(description="word", ordering="word")
    def how(self, run: Run) -> SafeString:
        """How it is."""
        return word(run.word)

    @admin.display(description="run", ordering="title")
    def name(self, run: Run) -> str:
        """What it is about."""
        return said(run_name(run), 80)

    @admin.display(description="agent", ordering="session__agent")
    def who(self, run: Run) -> str:
        """Who is at it, and where it was asked for."""
        channel = run.session.channel_name
        return said(run.session.agent, 40) + (f" in ~{said(channel, 40)}" if channel else "")

    @admin.display(description="part of")
    def part_of(self, run: Run) -> str | SafeString:
        """The root that a sub-agent works for."""
        return link(run.root, run_name(run.root)) if run.root else NOTHING

    @admin.display(description="lasted")
    def lasted(self, run: Run) -> str:
        """Its length so far."""
        return took(run.started_at, run.ended_at)

    @admin.display(description="tokens", ordering="tokens")
    def tokens_(self, run: Run) -> str:
        """Of its own lines, without its sub-agents."""
        return tokens(run.tokens).removesuffix(" tokens") or NOTHING

    @admin.display(description="cost", ordering="cost")
    def cost_(self, run: Run) -> str:
        """As its lines give it."""
        return money(run.cost).removeprefix("est. ") or NOTHING

    @admin.display(description="wanted / sent")
    def post_state(self, run: Run) -> str | SafeString:
        """What its post should say, and what it says."""
        post = getattr(run, "post", None)
        if post is not None:
            return revisions(post.wanted_revision, post.sent_revision)
        return "in its root's" if run.parent_id else no_post(run)

    @admin.display(description="last sign of life", ordering="seen_at")
    def seen(self, run: Run) -> str | SafeString:
        """Of it and all below it."""
        return ago(run.seen_at)

    @admin.display(description="session")
    def session_(self, run: Run) -> str | SafeString:
        """Whose run it is."""
        return link(run.session)

    @admin.display(description="finished by hand")
    def by_hand(self, run: Run) -> str | SafeString:
        """When somebody did."""
        return ago(run.finished_by_hand_at)

    @admin.display(description="evidence")
    def evidence_(self, run: Run) -> str | SafeString:
        """What decided, with times."""
        return evidence(run)

    @admin.display(description="its words so far")
    def words_(self, run: Run) -> str | SafeString:
        """How it changed."""
        return words(run)

    @admin.display(description="tree")
    def tree_(self, run: Run) -> str | SafeString:
        """The whole family, with this one marked."""
        return tree(run)

    @admin.display(description="parent")
    def parent_(self, run: Run) -> str | SafeString:
        """Who spawned it."""
        return link(run.parent, run_name(run.parent)) if run.parent else NOTHING

    @admin.display(description="post")
    def post_(self, run: Run) -> str | SafeString:
        """Its post here, and in Mattermost."""
        post: Post | None = getattr(run, "post", None)
        if post is None:
            return NOTHING
        here = link(post, f"{post.wanted_revision} wanted, {post.sent_revision} sent")
        return format_html("{} · {}", here, outside(post.address, "open in Mattermost")) if post.address else here

    @admin.display(description="asked for")
    def begun(self, run: Run) -> str | SafeString:
        """How long ago."""
        return ago(run.started_at)

    @admin.display(description="word since")
    def word_since(self, run: Run) -> str | SafeString:
        """How long it has had its word."""
        return ago(run.since)

    @admin.display(description="ended")
    def ended(self, run: Run) -> str | SafeString:
        """How long ago."""
        return ago(run.ended_at)

    @admin.display(description="next look")
    def next_look(self, run: Run) -> str | SafeString:
        """When silence alone may change its word."""
        return ago(run.look_at)

    @admin.display(description="state")
    def state_(self, run: Run) -> SafeString:
        """All that was made of its lines."""
        return pretty(run.state)
