"""A run: one prompt from outside and all that follows until it is over. Also the trees that runs form."""

from collections.abc import Iterable, Mapping
from typing import Self

from django.db import models
from django.db.models import Q

from sessions_app.models.times import seconds
from sessions_app.state.codec import run_state_from
from sessions_app.state.run_state import RunState
from sessions_app.state.run_state import Step as StepValue
from sessions_app.state.view import OVER, RunView, StepView, Word


class RunQuerySet(models.QuerySet["Run"]):
    """Questions that the screens and the watcher ask."""

    def roots(self) -> Self:
        """Runs that nobody here caused: those that have posts."""
        return self.filter(parent=None)

    def live(self) -> Self:
        """Runs that are not over."""
        return self.filter(over=False)

    def for_board(self) -> Self:
        """Root runs with their session and their post, newest first; their trees come from `views`."""
        related = self.roots().select_related("session", "post__destination")
        return related.defer("state", "prompt", "session__facts", "session__registered").order_by("-started_at", "-id")

    def trees(self, roots: Iterable[int]) -> Self:
        """All runs of these trees."""
        ids = list(roots)
        return self.filter(Q(id__in=ids) | Q(root_id__in=ids)).select_related("session").order_by("id")

    def views(self, roots: Iterable[int]) -> dict[int, RunView]:
        """These roots as a reader sees them, with all below them; two queries however large the trees are."""
        ids = list(roots)
        children: dict[int | None, list[Run]] = {}
        unread = ("prompt", "session__facts", "session__registered")  # much text that no reader sees
        runs = {run.id: run for run in self.model.objects.all().trees(ids).defer(*unread)}
        for run in runs.values():
            children.setdefault(run.parent_id, []).append(run)
        return {root: view_of(runs[root], children) for root in ids if root in runs}


class Run(models.Model):
    """``state`` is the run as its lines tell it (JSON); the columns beside it are what was made of that."""

    session = models.ForeignKey("Session", on_delete=models.CASCADE, related_name="runs")
    no = models.PositiveIntegerField(help_text="Which run of its session.")
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    root = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="tree")
    window = models.CharField(max_length=200, blank=True)
    start_id = models.CharField(max_length=200, blank=True, help_text="Id of the line that started it.")
    title = models.CharField(max_length=300, blank=True)
    label = models.CharField(max_length=300, blank=True)
    prompt = models.TextField(blank=True, help_text="What was asked for, redacted and cut, to be searched.")
    word = models.CharField(max_length=20, choices=[(word.value, word.value) for word in Word], default=Word.THINKING)
    reason = models.CharField(max_length=400, blank=True, help_text="Why it failed, was stopped or lost.")
    because = models.CharField(max_length=200, blank=True, help_text="The evidence that decided its word.")
    basis = models.CharField(max_length=40, blank=True, help_text="Where that evidence comes from.")
    over = models.BooleanField(default=False)
    since = models.DateTimeField(null=True, help_text="When the present word began.")
    started_at = models.DateTimeField(null=True, db_index=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, help_text="Newest evidence of it and all below it.")
    look_at = models.DateTimeField(null=True, blank=True, db_index=True, help_text="When silence may change its word.")
    tools = models.PositiveIntegerField(default=0)
    tokens = models.PositiveBigIntegerField(default=0)
    cost = models.FloatField(default=0.0, help_text="US dollars, as the transcript gives them.")
    revision = models.PositiveIntegerField(default=0, help_text="Grows when a reader would see a change (roots).")
    digest = models.CharField(max_length=64, blank=True)
    no_post = models.CharField(max_length=200, blank=True, help_text="Why it has no post.")
    finished_by_hand_at = models.DateTimeField(null=True, blank=True)
    state = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ("-started_at",)
        constraints = [models.UniqueConstraint(fields=("session", "no"), name="run_number_once_per_session")]
        indexes = [
            models.Index(fields=("over", "parent"), name="run_live_roots"),
            models.Index(fields=("over", "ended_at"), name="run_ended_lately"),
            # SQLite finds `over` and `NOT over`, as Django writes them, only in an index with that very condition.
            # These hold all that is counted and added up, so that no row, with its long state, has to be read.
            models.Index(
                fields=("parent", "word", "session", "tokens", "cost"), condition=Q(over=False), name="run_live"
            ),
            models.Index(
                fields=("ended_at", "word", "parent", "tokens", "cost", "session"),
                condition=Q(over=True),
                name="run_ended",
            ),
            models.Index(fields=("started_at", "session", "tokens", "cost"), name="run_used"),
        ]

    def __str__(self) -> str:
        return self.title or f"run {self.no} of {self.session_id}"

    @property
    def value(self) -> RunState:
        """The run as its lines tell it."""
        return run_state_from(self.state, self.no)


def view_of(run: Run, children: Mapping[int | None, list[Run]], path: tuple[int, ...] = ()) -> RunView:
    """One run and those below it. Deep trees come from hostile input only: below 64 levels they are left out."""
    state = run.value
    below = [] if len(path) >= 64 or run.id in path else _as_spawned(state, children.get(run.id, []))
    over = Word(run.word) in OVER
    left_open = tuple(_step(step) for step in state.open)
    return RunView(
        id=run.id,
        title=run.title,
        label=run.label,
        agent=run.session.agent,
        word=Word(run.word),
        reason=run.reason,
        since=seconds(run.since),
        started_at=seconds(run.started_at),
        ended_at=seconds(run.ended_at) if run.ended_at else None,
        say=state.say,
        running=() if over else left_open,
        finished=tuple(_step(step) for step in state.finished) + (left_open if over else ()),
        tools=state.tools,
        failed_tools=state.failed_tools,
        tokens=state.tokens,
        cost=state.cost,
        background=len(state.background),
        cut_off=state.cut_off,
        children=tuple(view_of(child, children, (*path, run.id)) for child in below),
    )


def _as_spawned(state: RunState, children: Iterable[Run]) -> list[Run]:
    """Sub-agents in the order in which they were spawned, whichever was seen first; those that no line names last."""
    order = {child.key: place for place, child in reversed(list(enumerate(state.children)))}
    return sorted(
        children,
        key=lambda run: (order.get(run.session.key, len(order)), seconds(run.started_at), run.session.key, run.no),
    )


def _step(step: StepValue) -> StepView:
    return StepView(
        tool=step.tool,
        target=step.target,
        started_at=step.started_at,
        ended_at=step.ended_at,
        ok=step.ok,
        error=step.error,
    )
