"""What people can do with a session: mute, unmute, read again, forget."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from sessions_app.control.audit import By, note
from sessions_app.control.runs import with_all_below
from sessions_app.ingest.posts import MUTED
from sessions_app.models import Checkpoint, Post, Run, Session, Step
from sessions_app.state.codec import facts_from, to_json

REMOVED = "this run was removed from Live Status"
AT_ONCE = 500


def mute(session: Session, *, by: By) -> bool:
    """No new posts, and those of live runs say so and stand still until their runs end. Undone by `unmute`."""
    with transaction.atomic():
        changed = Session.objects.filter(id=session.id, muted=False).update(muted=True)
        if changed:
            posts = Post.objects.filter(run__session=session, run__over=False)
            never = posts.filter(post_id="", intent_at=None, lease_until__lt=by.at, send_now=False)
            Run.objects.filter(post__in=list(never.values_list("id", flat=True))).update(no_post=MUTED)
            never.delete()
            posts.update(muted=True)
            note([session], "mute", "Muted it.", by)
    return bool(changed)


def unmute(session: Session, *, by: By) -> bool:
    """Post again as ever: live posts move on, and a live run that got no post gets it now."""
    with transaction.atomic():
        changed = Session.objects.filter(id=session.id, muted=True).update(muted=False)
        if changed:
            # The watcher decides on posts for live runs of which nothing is said. Runs before posts, as it does.
            Run.objects.filter(session=session, parent=None, over=False, no_post=MUTED).update(no_post="")
            posts = Post.objects.filter(run__session=session, muted=True)
            posts.filter(run__over=False, parked="").update(send_now=True, not_before=0.0)
            posts.update(muted=False)
            note([session], "unmute", "Unmuted it.", by)
    return bool(changed)


def read_again(session: Session, *, by: By) -> bool:
    """Have the watcher read its transcripts from the start at its next look: its runs are made anew, not its posts.

    False where nothing of it has been read, or it is asked for already.
    """
    with transaction.atomic():
        list(Session.everything.select_for_update().filter(id=session.id))  # the watcher writes their marks under it
        points = Checkpoint.objects.filter(session=session).order_by("id")
        # A window that was read under two names, as an installation moved to another store, is read under the newer.
        newest = {point.window or point.transcript: point.id for point in points}
        changed = Checkpoint.objects.filter(id__in=newest.values(), again=False).update(again=True)
        if changed:
            note([session], "read-again", "Asked to read it again from the start.", by)
    return bool(changed)


@dataclass(frozen=True, kw_only=True, slots=True)
class Going:
    """What goes when a session is forgotten: its runs, and those of the sub-agents that worked for them.

    ``sessions`` are those of which nothing is left. ``above``: it works for runs of other sessions, so it goes with
    those and not alone.
    """

    sessions: tuple[Session, ...]
    runs: frozenset[int]
    above: str = ""

    @property
    def steps(self) -> int:
        """How many steps go with them."""
        return sum(Step.objects.filter(run__in=part).count() for part in _parts(self.runs))


def going(session: Session) -> Going:
    """What goes when this session is forgotten."""
    own = list(session.runs.select_related("parent__session"))
    runs = frozenset(with_all_below([run for run in own if run.parent is None]))
    above = next((run.parent.session.key for run in own if run.parent and run.id not in runs), "")
    keys = {key for part in _parts(runs) for key in Run.objects.filter(id__in=part).values_list("session", flat=True)}
    others = {key for key in keys if set(Run.objects.filter(session=key).values_list("id", flat=True)) <= runs}
    below = Session.objects.filter(id__in=others - {session.id}).order_by("id")
    return Going(sessions=(session, *below), runs=runs, above=above)


def forget(session: Session, *, by: By) -> bool:
    """Remove a session with its runs, steps and sub-agents. This cannot be undone. OpenClaw's own files stay.

    Posts of live runs say that the run was removed, and end; those of runs that are over stay as they are. The row of
    the session stays, hidden and without words, so that the watcher does not bring it back: see `ingest.forgotten`.
    """
    with transaction.atomic():
        if not Session.objects.select_for_update().filter(id=session.id).exists():
            return False
        found = going(session)
        if found.above:
            return False
        ids = [one.id for one in found.sessions]
        list(Session.objects.select_for_update().filter(id__in=ids).order_by("id"))
        for part in _parts(found.runs):
            list(Run.objects.select_for_update().filter(id__in=part).order_by("id").values_list("id", flat=True))
            posts = Post.objects.filter(run__in=part)
            posts.update(left_for=REMOVED, muted=False, not_before=0.0)
            posts.filter(run_over=True, wanted_revision=F("sent_revision"), stop_note=False).update(closed=True)
            Run.objects.filter(id__in=part).delete()
        for one in found.sessions:
            _strip(one, by.at)
        note(found.sessions, "forget", "Forgot it, with all its runs.", by, deleted=True)
    return True


def _strip(session: Session, now: float) -> None:
    facts = facts_from(session.facts)
    Session.objects.filter(id=session.id).update(
        hidden=True, forgotten_at=now, label="", facts=to_json(facts.bare()) if facts else "", registered="",
        problem="", muted=False, current_run=0, row_run=0, seen_at=None,
    )  # fmt: skip


def _parts(ids: frozenset[int]) -> list[list[int]]:
    """In pieces that a database takes in one question."""
    ordered = sorted(ids)
    return [ordered[start : start + AT_ONCE] for start in range(0, len(ordered), AT_ONCE)]
