"""The menu of a row: what somebody may do with a run. Fetched when it is opened, so that the board costs no more for
it and looks the same for everybody.
"""

from collections.abc import Sequence
from typing import Protocol

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Model

RIGHTS = ("sessions_app.change_run", "sessions_app.change_session", "sessions_app.change_post")
User = AbstractBaseUser | AnonymousUser


class Act(Protocol):
    """One thing to do: where it is done, what it is called, and whether it asks first."""

    @property
    def url(self) -> str:
        """The address of the act."""
        ...

    @property
    def words(self) -> str:
        """What its button says."""
        ...

    @property
    def asks(self) -> bool:
        """Whether it leads to a page that asks first."""
        ...


class ActsFor(Protocol):
    """Says what a user may do with an object and with what belongs to it: with a run, also its post and its session."""

    def __call__(self, user: User, obj: Model, /) -> Sequence[Act]:
        """The acts, in the order of their buttons."""
        ...


def none_yet(user: User, obj: Model, /) -> Sequence[Act]:
    """Stands here until pages can act."""
    return ()


acts_for: ActsFor = none_yet


def may_act(user: User) -> bool:
    """Whether rows have a menu for this user."""
    return any(user.has_perm(right) for right in RIGHTS)  # type: ignore[union-attr]
