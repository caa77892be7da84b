"""What people can do, whoever calls: admin, pages, commands. Nothing here talks to Mattermost or decides on words.

An action marks rows, by compare-and-swap, and the watcher does the rest. It returns whether anything changed. Who did
it, when and from where stands in the audit log. `VERBS` says the same for people: in words, with what is asked first.
"""

from sessions_app.control.audit import By, Source
from sessions_app.control.delivery import (
    pause,
    pause_all,
    post_again,
    reset_circuit,
    resume,
    resume_all,
    send_now,
    try_again,
)
from sessions_app.control.runs import finish_run
from sessions_app.control.sessions import forget, mute, read_again, unmute
from sessions_app.control.verbs import KINDS, VERBS, Question, Verb, kind_of, verbs_of

__all__ = [
    "KINDS",
    "VERBS",
    "By",
    "Question",
    "Source",
    "Verb",
    "finish_run",
    "forget",
    "kind_of",
    "mute",
    "pause",
    "pause_all",
    "post_again",
    "read_again",
    "reset_circuit",
    "resume",
    "resume_all",
    "send_now",
    "try_again",
    "unmute",
    "verbs_of",
]
