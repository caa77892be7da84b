"""Who did what, when and from where: kept in a log of our own, which outlives what it tells of."""

import getpass
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from django.contrib.admin.models import CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from sessions_app.models import Action

log = logging.getLogger(__name__)
Source = Action.Source
NAME_CHARS = 300


class Named(Protocol):
    """An account."""

    @property
    def pk(self) -> Any:
        """Its number."""
        ...

    def get_username(self) -> str:
        """What it is called."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class By:
    """Who acts, from where, and when (seconds since 1970). A command's actor has no account."""

    name: str
    source: Action.Source
    at: float
    user_id: int | None = None

    @classmethod
    def account(cls, user: Named, source: Action.Source, at: float | None = None) -> "By":
        """Somebody who has signed in."""
        now = time.time() if at is None else at
        return cls(name=user.get_username(), source=source, at=now, user_id=user.pk)

    @classmethod
    def command(cls, at: float | None = None) -> "By":
        """Whoever runs the command: the name of the system's user."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):
            name = "unknown"
        return cls(name=name[:150], source=Source.COMMAND, at=time.time() if at is None else at)


def note(changed: Iterable[Model], verb: str, said: str, by: By, *, deleted: bool = False) -> None:
    """Write it down, in the transaction that does it; for accounts also into Django's history of the object."""
    rows = list(changed)
    # At a command line the answer says it; elsewhere nobody may be looking.
    level = logging.DEBUG if by.source is Source.COMMAND else logging.INFO
    for one in rows:
        log.log(level, "%s (%s) %s %s: %s", by.name, by.source.value, type(one).__name__.lower(), one.pk, said)
    Action.objects.bulk_create(
        Action(
            at=datetime.fromtimestamp(by.at, UTC),
            who=by.name,
            source=by.source,
            verb=verb,
            kind=type(one).__name__.lower(),
            object_id=one.pk,
            object_name=str(one)[:NAME_CHARS],
            said=said[:400],
        )
        for one in rows
    )
    if by.user_id is not None and rows:
        LogEntry.objects.bulk_create(
            LogEntry(
                user_id=by.user_id,
                content_type_id=ContentType.objects.get_for_model(one).pk,
                object_id=str(one.pk),
                object_repr=str(one)[:200],
                action_flag=DELETION if deleted else CHANGE,
                change_message=said,
            )
            for one in rows
        )
