"""The verbs in words: what each is called, when it is offered, what it asks before, and what it says afterwards.

Admin, pages and the command line draw their buttons, questions and answers from here, so that they cannot differ.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from sessions_app.control.delivery import (
    is_resting,
    pause,
    post_again,
    reset_circuit,
    resume,
    send_now,
    try_again,
)
from sessions_app.control.runs import finish_run, with_all_below
from sessions_app.control.sessions import forget, going, mute, read_again, unmute
from sessions_app.models import Destination, Post, Run, Session
from sessions_app.render.text import count, one_line

NAME_CHARS = 100
CANNOT_BE_UNDONE = "This cannot be undone."


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked before: a headline, what happens, one sentence each, and the words of the button."""

    headline: str
    sentences: tuple[str, ...]
    button: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Verb:
    """One thing that people can do to one kind of object.

    ``act`` takes the object and ``by=``, and returns whether anything changed. ``does`` is for who has not decided yet;
    ``did`` and ``nothing`` are said afterwards. ``asks``: it cannot be undone, so it says what happens first.
    """

    name: str
    kind: str
    words: str
    does: str
    act: Callable[..., bool]
    did: Callable[[Any], str]
    nothing: Callable[[Any], str]
    offered: Callable[[Any], bool] = lambda one: True
    asks: Callable[[Any], Question] | None = None
    right: str = "change"

    @property
    def permission(self) -> str:
        """Who may do it has this permission of Django's."""
        return f"sessions_app.{self.right}_{self.kind}"

    @property
    def label(self) -> str:
        """The words of its button; dots say that a question follows."""
        return f"{self.words} …" if self.asks else self.words

    def question(self, one: Any) -> Question:
        """What to ask before; also for a verb that need not."""
        if self.asks:
            return self.asks(one)
        return Question(headline=f"{self.words}: {name(one)}?", sentences=(self.does,), button=self.words)


def kind_of(one: Model) -> str:
    """What kind of object it is, as verbs call it."""
    return type(one).__name__.lower()


def name(one: Any) -> str:
    """What a person would call it."""
    if isinstance(one, Run):
        return f"“{one_line((one.label if one.parent_id else '') or one.title, NAME_CHARS) or f'run {one.no}'}”"
    if isinstance(one, Post) and one.run:
        return f"the post of {name(one.run)}"
    return one_line(str(one), NAME_CHARS)


def _finishing(run: Run) -> Question:
    live = Run.objects.filter(id__in=with_all_below([run]), over=False).count() - 1
    below = f"With it {count(live, 'live sub-agent')} below it." if live > 0 else ""
    said = (
        CANNOT_BE_UNDONE,
        "The agent is not stopped. It may go on working, and what it still says may be shown; the run stays done.",
        "It is marked as finished by hand, and its post says so.",
        below,
    )
    return Question(
        headline=f"Finish {name(run)} by hand?", sentences=tuple(filter(None, said)), button="Finish by hand"
    )


def _posting_again(run: Run) -> Question:
    return Question(
        headline=f"Post {name(run)} again?",
        sentences=(
            CANNOT_BE_UNDONE,
            "Another post is made at the end of the same thread or channel, and people there are notified of it.",
            "The present post ends: it says that another one goes on.",
        ),
        button="Post again",
    )


def _forgetting(session: Session) -> Question:
    found = going(session)
    runs = f"{count(len(found.runs), 'run')} with {count(found.steps, 'step')}" if found.runs else "it has no runs"
    others = count(len(found.sessions) - 1, "session") if len(found.sessions) > 1 else ""
    return Question(
        headline=f"Forget {name(session)}?",
        sentences=(
            CANNOT_BE_UNDONE,
            f"Removed here: {runs}"
            + (f", and with them {others} of sub-agents that worked for it." if others else "."),
            "Posts of live runs say that their run was removed, and end; those of runs that are over stay as they are.",
            "OpenClaw's own files are not touched. What stands in them until now is not read again.",
            "The session is seen again when somebody asks it for something new.",
        ),
        button="Forget it",
    )


def _sent(post: Post) -> str:
    if post.destination.paused:
        return "It is sent when delivery goes on: the destination is paused."
    return "It is sent at the next chance."


def _not_forgotten(session: Session) -> str:
    above = going(session).above
    if above:
        return f"{name(session)} works for {one_line(above, NAME_CHARS)}: forget that one, and it goes with it."
    return f"{name(session)} is forgotten already."


VERBS: tuple[Verb, ...] = (
    Verb(
        name="pause", kind="destination", words="Pause delivery", act=pause, offered=lambda one: not one.paused,
        does="Nothing is delivered until it is resumed. Nothing is lost.",
        did=lambda one: f"Delivery to {name(one)} is paused. Nothing is lost: posts are brought up to date when it is "
        "resumed.",
        nothing=lambda one: f"Delivery to {name(one)} is paused already.",
    ),
    Verb(
        name="resume", kind="destination", words="Resume delivery", act=resume, offered=lambda one: one.paused,
        does="Posts are brought up to date, in one edit each.",
        did=lambda one: f"Delivery to {name(one)} goes on.",
        nothing=lambda one: f"Delivery to {name(one)} is not paused.",
    ),
    Verb(
        name="reset-circuit", kind="destination", words="Reset the circuit", act=reset_circuit,
        offered=lambda one: is_resting(one, time.time()),
        does="The server is asked again at once, as if it had never failed.",
        did=lambda one: f"The circuit of {name(one)} is closed: it is tried at once.",
        nothing=lambda one: f"The circuit of {name(one)} is closed already, so there is nothing to reset.",
    ),
    Verb(
        name="send-now", kind="post", words="Send now", act=send_now,
        offered=lambda one: not one.parked and one.run_id is not None,
        does="The newest state is sent at the next chance, whatever its pace.",
        did=_sent,
        nothing=lambda one: f"It is parked, so nothing is sent: {one_line(one.parked, 200)}",
    ),
    Verb(
        name="try-again", kind="post", words="Try again", act=try_again,
        offered=lambda one: bool(one.parked) and one.run_id is not None,
        does="A parked post is taken up again. If it is refused again it is parked again.",
        did=_sent,
        nothing=lambda one: "It is not parked, so it is tried anyway.",
    ),
    Verb(
        name="finish", kind="run", words="Finish by hand", act=finish_run, asks=_finishing,
        offered=lambda one: not one.over and not one.finished_by_hand_at,
        does="Says that a live run is over, with all live sub-agents below it. Cannot be undone.",
        did=lambda one: f"{name(one)} is being finished; its post says so in a moment.",
        nothing=lambda one: f"{name(one)} is over already, or is being finished.",
    ),
    Verb(
        name="post-again", kind="run", words="Post again", act=post_again, asks=_posting_again,
        offered=lambda one: _has_post(one),
        does="Makes another post in the same place, and ends the present one. Cannot be undone; people are notified.",
        did=lambda one: f"Another post for {name(one)} is made at the next chance.",
        nothing=lambda one: f"{name(one)} has no post yet, so there is nothing to post again.",
    ),
    Verb(
        name="mute", kind="session", words="Mute", act=mute, offered=lambda one: not one.muted,
        does="No new posts. Posts of live runs say so and stand still until their runs end.",
        did=lambda one: f"{name(one)} is muted: new runs get no post, and live posts stand still until their runs end.",
        nothing=lambda one: f"{name(one)} is muted already.",
    ),
    Verb(
        name="unmute", kind="session", words="Unmute", act=unmute, offered=lambda one: one.muted,
        does="Live posts move on, and live runs that got no post get it now.",
        did=lambda one: f"{name(one)} is not muted any more: its live posts move on.",
        nothing=lambda one: f"{name(one)} is not muted.",
    ),
    Verb(
        name="read-again", kind="session", words="Read again from the start", act=read_again,
        does="Its transcripts are read again from the start. Its runs are made anew; nothing is posted twice.",
        did=lambda one: f"{name(one)} is read again from the start at the watcher's next look.",
        nothing=lambda one: f"Nothing of {name(one)} has been read yet, or it is about to be read again.",
    ),
    Verb(
        name="forget", kind="session", words="Forget", act=forget, asks=_forgetting, right="delete",
        does="Removes a session with its runs and sub-agents. Cannot be undone. OpenClaw's own files stay.",
        did=lambda one: f"{name(one)} is forgotten.",
        nothing=_not_forgotten,
    ),
)  # fmt: skip


def _has_post(run: Run) -> bool:
    post = getattr(run, "post", None)
    return post is not None and (bool(post.post_id) or post.intent_at is not None)


def verbs_of(kind: str) -> tuple[Verb, ...]:
    """The verbs for one kind of object, in the order of their buttons."""
    return tuple(verb for verb in VERBS if verb.kind == kind)


KINDS: dict[str, type[Model]] = {"destination": Destination, "post": Post, "run": Run, "session": Session}
