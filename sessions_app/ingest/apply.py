"""Facts and readings → rows, in one transaction: checkpoint and state can never disagree.

What is written here is enough to carry on after a `kill -9` at any moment: nothing is remembered elsewhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import F

from sessions_app.ingest.conversations import (
    Reading,
    Talk,
    child_keys,
    close_window,
    load,
    open_provisional,
    read_into,
    run_row,
)
from sessions_app.ingest.families import link_by_row, link_spawned, root_of
from sessions_app.ingest.posts import PostPolicy, decide
from sessions_app.ingest.trees import judge_trees, tell_posts
from sessions_app.models import Checkpoint, Run, Session, Step
from sessions_app.models.times import moment
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.codec import to_json
from sessions_app.state.liveness import Limits
from sessions_app.state.run_state import RunState
from sessions_app.state.run_state import Step as StepValue

RUN_FIELDS = ("state", "window", "start_id", "title", "label", "started_at", "tools", "tokens", "cost")
STEP_FIELDS = ("tool", "target", "started_at", "ended_at", "ok", "error", "child_key", "running")
SESSION_FIELDS = (
    "agent", "label", "model", "parent_key", "channel_name", "window", "windows", "facts", "registered", "in_store",
    "vanished", "current_run", "last_run", "problem", "seen_at",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class News:
    """What one look brought: changed facts, rows that are gone, and what transcripts said."""

    facts: Mapping[str, Facts] = field(default_factory=dict)
    gone: frozenset[str] = frozenset()
    children: Mapping[str, tuple[ChildFact, ...]] = field(default_factory=dict)
    readings: Sequence[Reading] = ()
    registry: Mapping[str, tuple[ChildFact, ...]] = field(default_factory=dict)  # all, for sub-agents met only now

    def __bool__(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.facts or self.gone or self.children or self.readings)


def apply(store: str, news: News, now: float, limits: Limits, policy: PostPolicy | None) -> list[Run]:
    """Write what is new and decide what it means. Returns the root runs that were judged.

    ``policy`` None: no post is decided on yet, because not all that is there has been read.
    """
    with transaction.atomic():
        talks = _fold(store, news)
        touched = _save(talks)
        roots = {root_of(run).id for run in touched}
        roots |= link_spawned(store, [run for run in touched if run.value.children], news.registry)
        roots |= link_by_row(store, [talk.session for talk in talks if talk.session.parent_key])
        roots |= _roots_of(store, news)
        return _judge(roots, now, limits, policy)


def look_again(now: float, limits: Limits, policy: PostPolicy | None) -> list[Run]:
    """Judge the trees whose word silence may have changed by now."""
    due = list(Run.objects.filter(look_at__lte=moment(now)).values_list("id", flat=True)[:500])
    with transaction.atomic():
        return _judge(set(due), now, limits, policy) if due else []


def _judge(roots: set[int], now: float, limits: Limits, policy: PostPolicy | None) -> list[Run]:
    judged = judge_trees(roots, now, limits)
    if policy is not None:
        decide(judged, now, policy)
    tell_posts(judged)
    return judged


def _fold(store: str, news: News) -> list[Talk]:
    keys = {*news.facts, *news.gone, *(reading.key for reading in news.readings)}
    known = {session.key: session for session in Session.objects.filter(store=store, key__in=keys | {*news.children})}
    for key in keys - known.keys():
        known[key] = Session.objects.create(store=store, key=key)
    again = [known[reading.key].id for reading in news.readings if reading.chunk.restarted]
    talks = load(list(known.values()), all_runs_of=again)
    by_key = {talk.session.key: talk for talk in talks.values()}
    named = child_keys(store, [reading.chunk for reading in news.readings])
    for key, entries in news.children.items():
        if key in by_key:
            by_key[key].session.registered = to_json(entries)
    for key, facts in news.facts.items():
        _learn(by_key[key], facts)
    for reading in news.readings:
        _read(by_key[reading.key], reading, named)
    for key, facts in news.facts.items():
        lines = Checkpoint.objects.filter(session=by_key[key].session, window=facts.session_id, position__gt=0)
        open_provisional(by_key[key], facts, has_lines=bool(facts.running) and lines.exists())
    for key in news.gone:
        by_key[key].session.vanished, by_key[key].session.in_store = True, False
    return list(by_key.values())


def _learn(talk: Talk, facts: Facts) -> None:
    """Put what the store says into the session's row; a new session id ends what went on in the old window."""
    session = talk.session
    if session.window and session.window != facts.session_id:
        session.windows = f"{session.windows}\n{session.window}".strip()
        close_window(talk, session.window, facts.updated_at)
    session.window = facts.session_id
    session.agent, session.model, session.parent_key = facts.agent, facts.model, facts.parent_key
    session.label = facts.label or session.label
    session.channel_name, session.facts = facts.channel_name, to_json(facts)
    session.in_store, session.vanished, session.problem = True, False, facts.problem
    session.seen_at = moment(facts.updated_at) or session.seen_at


def _read(talk: Talk, reading: Reading, named: Mapping[str, str]) -> None:
    """Fold a reading and move its checkpoint, in the same transaction."""
    point, new = Checkpoint.objects.get_or_create(
        session=talk.session, transcript=reading.transcript, defaults={"window": reading.window}
    )
    read_into(talk, reading, named, again=reading.chunk.restarted or (new and _read_elsewhere(talk, reading)))
    point.mark = reading.chunk.mark
    point.save()
    if reading.chunk.problem:
        talk.session.problem = reading.chunk.problem
    newest = max((event.at for event in reading.chunk.events), default=0.0)
    if newest and (talk.session.seen_at is None or newest > talk.session.seen_at.timestamp()):
        talk.session.seen_at = moment(newest)


def _read_elsewhere(talk: Talk, reading: Reading) -> bool:
    """Whether this window has been read under another name: the installation has moved to another store."""
    others = Checkpoint.objects.filter(session=talk.session, window=reading.window, position__gt=0)
    return others.exclude(transcript=reading.transcript).exists()


def _save(talks: Iterable[Talk]) -> list[Run]:
    """Save sessions, and the runs and steps that changed. Returns the rows of those runs."""
    talks = list(talks)
    Session.objects.bulk_update([talk.session for talk in talks], SESSION_FIELDS, batch_size=100)
    rows: list[Run] = []
    for talk in talks:
        rows.extend(_row(talk, talk.states[no]) for no in sorted(talk.changed))
    new = [run for run in rows if run._state.adding]
    known = [run for run in rows if not run._state.adding]
    Run.objects.bulk_create(new)
    Run.objects.bulk_update(known, RUN_FIELDS, batch_size=200)
    steps = [_step(talk.runs[no], step) for talk in talks for no, step in talk.steps if talk.runs[no].pk]
    Step.objects.bulk_create(
        steps, update_conflicts=True, unique_fields=("run", "call_id"), update_fields=STEP_FIELDS, batch_size=500
    )
    return rows


def _row(talk: Talk, state: RunState) -> Run:
    return run_row(talk, state, to_json(state))


def _step(run: Run, step: StepValue) -> Step:
    return Step(
        run=run,
        call_id=step.call_id[:200],
        tool=step.tool,
        target=step.target[:300],
        started_at=moment(step.started_at),
        ended_at=moment(step.ended_at),
        ok=step.ok,
        error=step.error[:400],
        child_key=step.child_key,
        running=step.running,
    )


def _roots_of(store: str, news: News) -> set[int]:
    """Roots of the trees that the sessions in the news have runs in, as far as they may still change."""
    keys = {*news.facts, *news.gone, *news.children}
    runs = Run.objects.filter(session__store=store, session__key__in=keys, no__gte=F("session__last_run"))
    return {root or run for run, root in runs.values_list("id", "root_id")}
