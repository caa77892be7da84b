"""Facts and readings → rows, in one transaction: checkpoint and state can never disagree.

What is written here is enough to carry on after a `kill -9` at any moment: nothing is remembered elsewhere.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db import transaction
from django.db.models import F

from sessions_app.ingest.conversations import (
    Reading,
    Talk,
    child_keys,
    close_window,
    load,
    not_after,
    open_provisional,
    open_queued,
    read_into,
    run_row,
)
from sessions_app.ingest.families import link_by_row, link_spawned
from sessions_app.ingest.forgotten import hide_below_hidden, show_again
from sessions_app.ingest.rows import save_rows
from sessions_app.ingest.trees import judge_trees, tell_posts
from sessions_app.models import Checkpoint, Run, Session, Step
from sessions_app.models.times import moment
from sessions_app.sources.base import ChildFact, Facts, Mark
from sessions_app.state.codec import to_json
from sessions_app.state.run_state import Step as StepValue
from sessions_app.state.turns import Limits

RUN_FIELDS = ("state", "window", "start_id", "title", "label", "prompt", "started_at", "tools", "tokens", "cost")
POINT_FIELDS = (*Mark.__dataclass_fields__, "again", "updated_at")
ROOTS_AT_ONCE = 500
STEP_FIELDS = ("tool", "target", "started_at", "ended_at", "ok", "error", "child_key", "running")
SESSION_FIELDS = (
    "agent", "label", "model", "parent_key", "channel_name", "window", "windows", "facts", "registered", "in_store",
    "vanished", "current_run", "last_run", "row_run", "problem", "seen_at",
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

    @property
    def keys(self) -> set[str]:
        """Keys of the sessions that it is about."""
        return {*self.facts, *self.gone, *self.children, *(reading.key for reading in self.readings)}

    def parts(self) -> Iterator["News"]:
        """The same news one session at a time: for when one of them spoils it for all."""
        for key, facts in self.facts.items():
            yield replace(NOTHING, facts={key: facts}, registry=self.registry)
        for reading in self.readings:
            yield replace(NOTHING, readings=[reading], registry=self.registry)
        for key in self.gone:
            yield replace(NOTHING, gone=frozenset({key}))
        for key, entries in self.children.items():
            yield replace(NOTHING, children={key: entries}, registry=self.registry)

    def by(self, now: float) -> "News":
        """The same news with no time later than now: a clock gone mad must not keep a run alive for ever."""
        return replace(
            self,
            facts={key: not_after(facts, now) for key, facts in self.facts.items()},
            children={key: tuple(not_after(one, now) for one in told) for key, told in self.children.items()},
            readings=[
                replace(
                    one, chunk=replace(one.chunk, events=tuple(not_after(event, now) for event in one.chunk.events))
                )
                for one in self.readings
            ],
        )


NOTHING = News()


def apply(store: str, news: News, now: float, limits: Limits) -> set[int]:
    """Write what is new and decide what it means. Returns the ids of the root runs that were judged."""
    with transaction.atomic():
        talks = _fold(store, news.by(now), now)
        touched = _save(talks)
        roots = {run.root_id or run.id for run in touched}
        roots |= link_spawned(store, touched, news.registry)
        roots |= link_by_row(store, [talk.session for talk in talks])
        roots |= _roots_of(store, news)
        return _judge(roots, now, limits)


def look_again(now: float, limits: Limits) -> set[int]:
    """Judge the trees whose word silence may have changed by now. Returns the ids of their roots."""
    due = Run.objects.roots().filter(look_at__lte=moment(now)).order_by("look_at")
    roots = set(due.values_list("id", flat=True)[:ROOTS_AT_ONCE])
    if not roots:
        return set()
    with transaction.atomic():
        return _judge(roots, now, limits)


def _judge(roots: set[int], now: float, limits: Limits) -> set[int]:
    judged = judge_trees(roots, now, limits)
    tell_posts(judged, now)
    return {run.id for run in judged}


def _fold(store: str, news: News, now: float) -> list[Talk]:
    keys = {*news.facts, *news.gone, *(reading.key for reading in news.readings)}
    # Locked, so that nothing is written for what somebody forgets at this moment.
    rows = Session.everything.select_for_update().filter(store=store, key__in=keys | {*news.children})
    known = {session.key: session for session in rows.order_by("id")}
    new = [Session(store=store, key=key, registered=_told(news, key)) for key in sorted(keys - known.keys())]
    known |= {session.key: session for session in Session.everything.bulk_create(new)}
    again = [known[reading.key].id for reading in news.readings if reading.chunk.restarted or reading.by_hand]
    talks = load(list(known.values()), all_runs_of=again)
    by_key = {talk.session.key: talk for talk in talks.values()}
    named = child_keys(store, [reading.chunk for reading in news.readings])
    for key, entries in news.children.items():
        if key in by_key and not by_key[key].session.hidden:
            by_key[key].session.registered = to_json(entries)
    for key, facts in news.facts.items():
        _learn(by_key[key], facts)
    hide_below_hidden(store, [talk.session for talk in by_key.values()], now)
    _read(by_key, news.readings, named)
    running = [by_key[key].session.id for key, facts in news.facts.items() if facts.running]
    lines = set(Checkpoint.objects.filter(session__in=running, position__gt=0).values_list("session", "window"))
    for key, facts in news.facts.items():
        open_provisional(by_key[key], facts, has_lines=(by_key[key].session.id, facts.session_id) in lines)
        open_queued(by_key[key], facts)
    for key in news.gone:
        by_key[key].session.vanished, by_key[key].session.in_store = True, False
    return list(by_key.values())


def _told(news: News, key: str) -> str:
    return to_json(news.registry[key]) if key in news.registry else ""


def _learn(talk: Talk, facts: Facts) -> None:
    """Put what the store says into the session's row; a new session id ends what went on in the old window."""
    session = talk.session
    if session.window and session.window != facts.session_id:
        session.windows = f"{session.windows}\n{session.window}".strip()
        close_window(talk, session.window, facts.updated_at)
    session.window = facts.session_id
    session.agent, session.model, session.parent_key = facts.agent, facts.model, facts.parent_key
    session.label = session.label if session.hidden else facts.label or session.label
    before = talk.facts
    if before is None or (before.transcript, before.problem) != (facts.transcript, facts.problem):
        session.problem = facts.problem
    session.channel_name, session.facts = facts.channel_name, to_json(facts.bare() if session.hidden else facts)
    session.in_store, session.vanished = True, False
    session.seen_at = moment(facts.updated_at) or session.seen_at


def _read(talks: Mapping[str, Talk], readings: Sequence[Reading], named: Mapping[str, str]) -> None:
    """Fold readings and move their checkpoints, in the same transaction."""
    sessions = [talks[reading.key].session for reading in readings]
    known: dict[int, dict[str, Checkpoint]] = defaultdict(dict)
    for before in Checkpoint.objects.filter(session__in=sessions):
        known[before.session_id][before.transcript] = before
    points = []
    for reading in readings:
        talk = talks[reading.key]
        theirs = known[talk.session.id]
        point = theirs.get(reading.transcript)
        elsewhere = point is None and _read_elsewhere(theirs, reading)
        again = reading.chunk.restarted or reading.by_hand or elsewhere
        point = point or Checkpoint(session=talk.session, transcript=reading.transcript, window=reading.window)
        read_into(talk, reading, named, again=again)
        point.mark, point.again = reading.chunk.mark, point.again and not reading.by_hand
        points.append(point)
    Checkpoint.objects.bulk_create(
        points, update_conflicts=True, unique_fields=("session", "transcript"), update_fields=POINT_FIELDS
    )


def _read_elsewhere(points: Mapping[str, Checkpoint], reading: Reading) -> bool:
    """Whether this window has been read under another name: the installation has moved to another store."""
    return any(point.window == reading.window and point.position > 0 for point in points.values())


def _save(talks: Iterable[Talk]) -> list[Run]:
    """Save sessions, and the runs and steps that changed. Returns the rows of those runs."""
    talks = list(talks)
    save_rows([talk.session for talk in talks], SESSION_FIELDS)
    rows: list[Run] = []
    for talk in talks:
        rows.extend(run_row(talk, talk.states[no], to_json(talk.states[no])) for no in sorted(talk.changed))
    new = [run for run in rows if run._state.adding]
    known = [run for run in rows if not run._state.adding]
    Run.objects.bulk_create(new)
    show_again(new)
    save_rows(known, RUN_FIELDS)
    steps = [_step(talk.runs[no], step) for talk in talks for no, step in talk.steps if talk.runs[no].pk]
    Step.objects.bulk_create(
        steps, update_conflicts=True, unique_fields=("run", "call_id"), update_fields=STEP_FIELDS, batch_size=500
    )
    return rows


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
    runs = Run.objects.filter(session__store=store, session__key__in=keys, no__gte=F("session__row_run") - 1)
    return {root or run for run, root in runs.values_list("id", "root_id")}
