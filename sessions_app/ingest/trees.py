"""Trees of runs → words, revisions, and what posts should say. The time is passed in."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from django.db.models import Q

from sessions_app.ingest.rows import save_rows
from sessions_app.models import Judgement, Post, Run
from sessions_app.models.run import view_of
from sessions_app.models.times import moment, seconds
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.codec import children_from, facts_from, to_json
from sessions_app.state.evidence import Evidence, evidence_of
from sessions_app.state.liveness import WORDS, Verdict, judge
from sessions_app.state.run_state import Child, RunState
from sessions_app.state.turns import NEVER, Basis, Limits, Member, Turn
from sessions_app.state.view import Word
from sessions_app.state.view_digest import digest

OUTCOMES = {word: outcome for outcome, word in WORDS.items()}
JUDGED = ("word", "reason", "because", "basis", "over", "since", "ended_at", "seen_at", "look_at")


def judge_trees(roots: Iterable[int], now: float, limits: Limits) -> list[Run]:
    """Decide the words of these trees and save what changed. Returns the root rows, judged."""
    by_root: dict[int, list[Run]] = defaultdict(list)
    for run in Run.objects.select_for_update(of=("self",), no_key=True).trees(set(roots)):
        by_root[run.root_id or run.id].append(run)
    changed: list[Run] = []
    found: list[Run] = []
    judgements: list[Judgement] = []
    for root_id, runs in by_root.items():
        root = next((run for run in runs if run.id == root_id), None)
        if root is None:
            continue
        changed.extend(_judge_one(root, runs, now, limits, judgements))
        found.append(root)
    save_rows(changed, [*JUDGED, "revision", "digest"])
    Judgement.objects.bulk_create(judgements)
    return found


def explain(run: Run, now: float, limits: Limits) -> tuple[Evidence, ...]:
    """The evidence for the word of a run: as it was kept when the word was given, else as it is now."""
    kept = run.judgements.filter(word=run.word).last() if run.over else None
    if kept is not None and kept.evidence:
        return kept.pieces
    runs = list(Run.objects.all().trees({run.root_id or run.id}))
    members = {member.id: member for member in members_of(runs)}
    return evidence_of(run.id, members, judge(list(members.values()), now, limits), now, limits)


def _judge_one(root: Run, runs: Sequence[Run], now: float, limits: Limits, judgements: list[Judgement]) -> list[Run]:
    members = {member.id: member for member in members_of(runs)}
    verdicts = judge(list(members.values()), now, limits)
    changed: dict[int, Run] = {}
    for run in runs:
        if run.id not in verdicts:
            continue
        before = Word(run.word) if run.basis else None  # None: never judged
        if _apply(run, verdicts[run.id]):
            changed[run.id] = run
        if _is_told(before, verdicts[run.id].word):
            evidence = evidence_of(run.id, members, verdicts, now, limits)
            judgements.append(_judgement(run, verdicts[run.id], to_json(evidence), now))
    soonest = min((verdict.look_at for verdict in verdicts.values()), default=NEVER)
    look_at = None if soonest == NEVER else moment(soonest)
    if root.look_at != look_at:
        root.look_at = look_at
        changed[root.id] = root
    children: dict[int | None, list[Run]] = defaultdict(list)
    for run in runs:
        children[run.parent_id].append(run)
    seen = digest(view_of(root, children))
    if root.digest != seen:
        root.digest, root.revision = seen, root.revision + 1
        changed[root.id] = root
    return list(changed.values())


def _is_told(before: Word | None, after: Word) -> bool:
    """Whether a change of word gets a row of its own. Steps tell when a run went from thinking to working and back."""
    return before != after and not {before, after} <= {Word.THINKING, Word.WORKING}


def _judgement(run: Run, verdict: Verdict, evidence: str, now: float) -> Judgement:
    return Judgement(
        run=run,
        at=now,
        since=verdict.since,
        word=verdict.word.value,
        reason=verdict.reason[:400],
        because=verdict.because[:200],
        evidence=evidence,
    )


def _apply(run: Run, verdict: Verdict) -> bool:
    """Put a verdict into the row's columns; whether that changed any."""
    now = {
        "word": verdict.word.value,
        "reason": verdict.reason[:400],
        "because": verdict.because[:200],
        "basis": verdict.basis.value,
        "over": verdict.word.over,
        "since": moment(verdict.since),
        "ended_at": moment(verdict.ended_at),
        "seen_at": moment(verdict.seen_at),
    }
    before = {name: getattr(run, name) for name in now}
    for name, value in now.items():
        setattr(run, name, value)
    return before != now


def members_of(runs: Sequence[Run]) -> list[Member]:
    """The runs of one tree with the facts about them."""
    states = {run.id: run.value for run in runs}
    told = _told(runs, states)
    return [_member(run, states[run.id], told.get(run.id)) for run in runs]


def _told(runs: Sequence[Run], states: dict[int, RunState]) -> dict[int, Child]:
    """What each parent's lines say of its children; a key spawned twice is matched in order."""
    waiting: dict[tuple[int, str], list[Child]] = defaultdict(list)
    for run in runs:
        for child in states[run.id].children:
            waiting[run.id, child.key].append(child)
    told = {}
    for run in sorted(runs, key=lambda one: one.no):
        queue = waiting.get((run.parent_id or 0, run.session.key))
        if queue:
            told[run.id] = queue.pop(0)
    return told


def _member(run: Run, state: RunState, told: Child | None) -> Member:
    session = run.session
    told_of = run.no == session.row_run or state.queued
    facts: Facts | None = facts_from(session.facts) if told_of and not session.vanished else None
    if facts is not None and state.queued:
        facts = replace(facts, asks=())
    if facts is not None and state.window not in {"", facts.session_id}:
        facts = None
    row = facts_from(session.facts) if facts is None and not session.vanished and not state.queued else None
    return Member(
        id=run.id,
        parent_id=run.parent_id,
        state=state,
        facts=facts,
        row=row if row is not None and state.window in {"", row.session_id} else None,
        vanished=session.vanished,
        told=told,
        registered=_registered(children_from(session.registered), told),
        was=_was(run),
        finished_by_hand=seconds(run.finished_by_hand_at),
    )


def _was(run: Run) -> Turn | None:
    outcome = OUTCOMES.get(Word(run.word))
    if outcome is None:
        return None
    basis = Basis(run.basis) if run.basis else Basis.LINE
    return Turn(outcome=outcome, at=seconds(run.ended_at), because=run.because, basis=basis, reason=run.reason)


def _registered(entries: Sequence[ChildFact], told: Child | None) -> ChildFact | None:
    if told is not None and told.turn_id:
        return next((entry for entry in entries if entry.turn_id == told.turn_id), None)
    return entries[-1] if entries else None


def tell_posts(roots: Sequence[Run], now: float) -> None:
    """Move the wanted revision of the posts of these roots.

    A run may have got its post before its parent was known: that post goes on, and moves with the tree.
    """
    revisions = {run.id: run.revision for run in roots}
    theirs = Q(run__in=revisions) | Q(run__root__in=revisions)
    behind = []
    reopened = []
    for post in Post.objects.filter(theirs).select_related("run"):
        if (run := post.run) is None:
            continue
        revision = max(revisions[run.root_id or run.id], post.wanted_revision)
        if (post.wanted_revision, post.run_over) == (revision, run.over):
            continue
        if post.wanted_revision == post.sent_revision:
            post.behind_since = now
        if post.run_over and not run.over:
            reopened.append(post.id)
        post.wanted_revision, post.wanted_word, post.run_over = revision, run.word, run.over
        post.run_started_at = seconds(run.started_at)
        if not run.over:
            post.closed = False
        behind.append(post)
    save_rows(behind, ["wanted_revision", "wanted_word", "run_over", "run_started_at", "closed", "behind_since"])
    if reopened:  # a session that was muted while the run was over holds its post still like any other
        Post.objects.filter(id__in=reopened, run__session__muted=True).update(muted=True)
