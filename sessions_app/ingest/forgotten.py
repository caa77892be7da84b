"""What was forgotten by hand stays forgotten, whatever is read again: lines, rows, prompts in a queue, sub-agents.

The row of a forgotten session is kept, hidden, with its marks. It is shown again with the next run that begins in it
after the forgetting; nothing that was written before is ever read into it again.
"""

from collections.abc import Collection, Iterable

from sessions_app.events import AnyEvent
from sessions_app.models import Run, Session


def is_forgotten(session: Session, at: float) -> bool:
    """Whether what happened then happened before the session was forgotten."""
    return session.forgotten_at is not None and at <= session.forgotten_at


def not_forgotten(session: Session, events: tuple[AnyEvent, ...]) -> tuple[AnyEvent, ...]:
    """What was written after the session was forgotten; all of it where nobody did that."""
    if session.forgotten_at is None:
        return events
    return tuple(event for event in events if not is_forgotten(session, event.at))


def hide_below_hidden(store: str, sessions: Collection[Session], now: float) -> None:
    """What a forgotten session goes on to spawn stays as unseen as that one is; its lines until now do not count."""
    parents = {session.parent_key for session in sessions if session.parent_key}
    if not parents:
        return
    hidden = set(
        Session.everything.filter(store=store, key__in=parents, hidden=True).values_list("key", flat=True)
    )  # fmt: skip
    below = [session for session in sessions if session.parent_key in hidden and not session.last_run]
    for session in below:
        session.hidden, session.forgotten_at = True, now
    Session.everything.filter(id__in=[session.id for session in below]).update(hidden=True, forgotten_at=now)


def show_again(new: Iterable[Run]) -> None:
    """A session that has a new run has been heard of again."""
    hidden = {run.session_id for run in new if run.session.hidden}
    if hidden:
        Session.everything.filter(id__in=hidden).update(hidden=False)
