"""What a post should say now: its run as a card, with a note where it stands still, or its last words without a run."""

import hashlib
from dataclasses import dataclass

from sessions_app.deliver.manner import Manner
from sessions_app.models import Post, Run
from sessions_app.render.card import draw
from sessions_app.render.leaving import leave

STOPPED = "Nobody is watching: the watcher stopped, so this post does not move until it is back."
MUTED = "Muted by hand: this post does not move until its session is unmuted, or the run is over."
GONE = "this run was removed from Live Status"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """``note``: the line that says why it stands still. ``leaves``: no run stands behind it, so it is not made anew."""

    text: str
    word: str
    over: bool
    revision: int
    note: str = ""
    leaves: bool = False

    @property
    def digest(self) -> str:
        """Of the text: what a post shows already is never sent."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def wanted(post: Post, now: float, manner: Manner, note: str = "") -> Wanted | None:
    """What it should say at ``now``; None if its run went away this very moment."""
    if post.run_id is None:
        text = leave(post.sent_text, post.left_for or GONE)
        return Wanted(text=text, word="", over=True, revision=post.wanted_revision, leaves=True)
    # The revision first: what changes in between is then sent once more, and never missed.
    revision = Run.objects.filter(id=post.run_id).values_list("revision", flat=True).first()
    view = Run.objects.views([post.run_id]).get(post.run_id)
    if revision is None or view is None:
        return None
    if post.muted and not view.word.over:
        note = note or MUTED
    text = draw(
        view,
        now=now,
        max_chars=manner.max_chars // 4 if post.reduced else manner.max_chars,
        max_depth=manner.max_depth,
        labels=manner.labels,
        note=note,
    )
    return Wanted(text=text, word=view.word.value, over=view.word.over, revision=revision, note=note)
