"""Which root runs get a post, and where. Decided once, when all that is there of a run has been read."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q

from sessions_app.events import Origin
from sessions_app.models import Destination, Post, Run, Session
from sessions_app.models.run import RunQuerySet
from sessions_app.models.times import seconds
from sessions_app.state.codec import facts_from
from sessions_app.state.target import Target, may_be_fixed, target_of
from sessions_app.state.view import Word

TOO_OLD = "It was over, or silent for longer than POST_MAX_AGE_S, when it was first seen."
SILENT = "It ended with nothing to say before its post was made."
MUTED = "Its session is muted; unmute it, and the run gets its post if it still lives."
NOWHERE = "It was asked for outside Mattermost, and MM_DEFAULT_CHANNEL was not set while it lived."


@dataclass(frozen=True, kw_only=True, slots=True)
class PostPolicy:
    """Who gets a post. ``max_age_s`` -1: no limit; ``destination_id`` None: Mattermost is not configured."""

    destination_id: int | None = None
    default_channel: str = ""
    max_age_s: float = 600.0


def undecided(runs: RunQuerySet) -> RunQuerySet:
    """Of these runs the roots that a decision on a post may be due for."""
    never = Q(no_post="", post=None)
    silent = Q(no_post=SILENT)  # it may speak after all
    # Its post may turn out to be needless, unless somebody asked for it.
    early = Q(over=True, post__intent_at=None, post__post_id="", post__send_now=False, post__earlier="")
    unmuted = Q(no_post=MUTED, over=False, session__muted=False)
    nowhere = Q(no_post=NOWHERE, over=False)  # MM_DEFAULT_CHANNEL may be set by now
    return runs.roots().filter(never | silent | early | unmuted | nowhere).select_related("session")


def decide(roots: Iterable[Run], now: float, policy: PostPolicy) -> None:
    """Make the posts of those roots that have none and should have one; note why the others get none.

    In a transaction: who mutes a session at this moment waits for it, and finds the posts.
    """
    if policy.destination_id is None:
        return
    open_ones = [run for run in roots if run.parent_id is None and _is_undecided(run)]
    _know_muted(open_ones)
    _withdraw([run for run in open_ones if _said_nothing(run)], now)
    have = set(Post.objects.filter(run__in=[run.id for run in open_ones]).values_list("run_id", flat=True))
    made: list[Post] = []
    refused: list[Run] = []
    for run in open_ones:
        if run.id in have:
            continue
        answer = _answer(run, now, policy)
        if isinstance(answer, Target):
            made.append(_post(run, answer, policy.destination_id, now))
        why = "" if isinstance(answer, Target) else answer
        if run.no_post != why:
            run.no_post = why
            refused.append(run)
    Post.objects.bulk_create(made, ignore_conflicts=True)
    Run.objects.bulk_update(refused, ["no_post"], batch_size=200)


def _is_undecided(run: Run) -> bool:
    """A run that had nothing to say may have after all: a command in the background ends, a sub-agent reports late."""
    return run.no_post in {"", MUTED, NOWHERE} or (run.no_post == SILENT and not _said_nothing(run))


def _said_nothing(run: Run) -> bool:
    return run.word == Word.DONE and run.value.said_nothing


def _know_muted(runs: list[Run]) -> None:
    """Whether their sessions are muted, as of now: the rows of the runs were read some time ago."""
    sessions = {run.session_id for run in runs}
    locked = Session.everything.select_for_update().filter(id__in=sessions).order_by("id")
    muted = {one for one, is_muted in locked.values_list("id", "muted") if is_muted}
    for run in runs:
        run.session.muted = run.session_id in muted


def _withdraw(runs: list[Run], now: float) -> None:
    """Nobody needs a post that begins with "nothing to say". One that is there already, or on its way, ends so."""
    if runs:
        needless = Post.objects.filter(run__in=runs, intent_at=None, post_id="", send_now=False, earlier="")
        needless.filter(lease_until__lt=now).delete()


def _answer(run: Run, now: float, policy: PostPolicy) -> Target | str:
    """Where the post belongs, why there is none, or "" while that cannot be said yet."""
    facts = facts_from(run.session.facts)
    state = run.value
    if facts is None or facts.spawned or facts.parent_key:
        return ""  # a sub-agent whose parent has not been seen yet has its place in the parent's post
    if _said_nothing(run):
        return SILENT
    if state.origin is Origin.HEARTBEAT and not run.over and not state.children:
        return ""  # nobody asked for it: there is a post when it has something to say, or lets others work
    newest = run.no == run.session.row_run
    seen = max(seconds(run.seen_at), facts.updated_at if newest else 0.0)
    if 0 <= policy.max_age_s < now - seen:
        return TOO_OLD
    if run.session.muted:
        return MUTED
    if not may_be_fixed(state, facts):
        return ""
    return target_of(state, facts, newest=newest, default_channel=policy.default_channel) or NOWHERE


def _post(run: Run, target: Target, destination_id: int, now: float) -> Post:
    return Post(
        run=run,
        destination_id=destination_id,
        channel_id=target.channel_id,
        user_id=target.user_id,
        thread_id=target.thread_id,
        prompt_id=target.prompt_id,
        wanted_revision=run.revision,
        behind_since=now,
        wanted_word=run.word,
        run_over=run.over,
        run_started_at=seconds(run.started_at),
    )


def destination_for(base_url: str | None) -> Destination | None:
    """The row of the configured server, made on first use."""
    if not base_url:
        return None
    return Destination.objects.get_or_create(base_url=base_url)[0]
