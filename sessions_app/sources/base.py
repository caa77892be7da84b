"""What a source is, and what it hands to the rest: facts about sessions, and events with a mark.

Nothing to the right of this room knows which store a session came from. A source only reads; it never writes,
makes or locks anything in a store. Times are seconds since 1970 (UTC).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from sessions_app.events import AnyEvent, Ask, Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a session talks to people in Mattermost. ``user_id`` stands in for a direct channel's id."""

    channel_id: str = ""
    user_id: str = ""
    thread_id: str = ""

    def __bool__(self) -> bool:
        """Whether it leads anywhere."""
        return bool(self.channel_id or self.user_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Queued:
    """A prompt that was taken in and waits for its turn. ``id`` is that of the line that it will become."""

    id: str
    text: str = ""
    at: float = 0.0
    message_id: str = ""  # the Mattermost post that asked, where the prompt names it
    from_mattermost: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """What a store says about one session now. Facts are replaced, never added up.

    ``running`` is True while the store says that a turn is going on, False where it says that none is, and None
    where it cannot tell (no status, and no lock seen so far).
    """

    key: str
    agent: str
    session_id: str
    transcript: str = ""  # a name that the source can read again; "" while there is none
    parent_key: str = ""
    spawned: bool = False  # it is a sub-agent, also while its parent is unknown
    label: str = ""
    model: str = ""
    channel_name: str = ""
    from_key: Address = field(default_factory=Address)
    from_row: Address = field(default_factory=Address)
    running: bool | None = None
    has_status: bool = False  # the store tells the state of a turn itself
    names_post: bool = False  # a prompt of this store may name the Mattermost post that asked for it
    holder_dead: bool = False  # the process that held the turn is gone from this host
    outcome: Outcome | None = None
    reason: str = ""
    started_at: float = 0.0
    ended_at: float = 0.0
    updated_at: float = 0.0
    asks: tuple[Ask, ...] = ()
    queued: tuple[Queued, ...] = ()
    problem: str = ""

    def bare(self) -> "Facts":
        """Without any words of people or agents: what may be kept of a session that was forgotten."""
        return replace(self, label="", reason="", asks=(), queued=())


@dataclass(frozen=True, kw_only=True, slots=True)
class ChildFact:
    """What a registry of sub-agents says about one spawn."""

    key: str
    turn_id: str
    parent_key: str
    label: str = ""
    started_at: float = 0.0
    ended_at: float = 0.0
    outcome: Outcome | None = None
    reason: str = ""
    answered_at: float = 0.0
    owed: bool = False  # the store says that its end is still to be told to its parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """One look at a store. ``complete`` is False when part of it could not be seen: absence then means nothing."""

    sessions: Mapping[str, Facts] = field(default_factory=dict)
    children: Mapping[str, tuple[ChildFact, ...]] = field(default_factory=dict)  # by the child's key
    problems: tuple[str, ...] = ()
    complete: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How far a transcript has been read: whose bytes they were, and where the next line begins.

    ``head`` and ``tail`` are hashes of the first bytes and of those just before ``position``; inode numbers are
    reused at once on ext4, so they are no identity.
    """

    position: int = 0
    head: str = ""
    head_size: int = 0
    tail: str = ""
    generation: int = 0
    skipping: bool = False  # inside a line that is longer than the limit
    copying: str = ""  # base name of the transcript whose copied lines are being skipped
    bad_lines: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Chunk:
    """Events read since a mark. ``restarted`` says that they begin anew from the first line."""

    events: tuple[AnyEvent, ...] = ()
    mark: Mark = field(default_factory=Mark)
    more: bool = False
    restarted: bool = False
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Touch:
    """What a change of a file means: look at the store again, read one transcript or any, or nothing."""

    survey: bool = False
    transcript: str = ""
    any_transcript: bool = False  # whichever of them ends elsewhere than at the last look


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """Why no session can be seen: what is so, and what to do. ``waiting``: nothing is wrong, they are yet to come."""

    sentence: str
    next_step: str
    waiting: bool = False

    def __str__(self) -> str:
        """Both in one line."""
        return f"{self.sentence} {self.next_step}".strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class About:
    """What can be told of a store by looking at it from outside, for people who ask why they see nothing.

    ``kind``, ``version`` and ``schema`` are words for people ("SQLite", "2026.9.6", "schema 23"); "" where nobody can
    tell. ``problems`` are sentences: what is wrong, what to do. ``notes`` are sentences that are good to know.
    ``why_none`` is the first thing that explains why no session can be seen; None where rows of sessions can be.
    """

    found: bool = False
    kind: str = ""
    version: str = ""
    schema: str = ""
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    why_none: Cause | None = None


class Source(Protocol):
    """A store that sessions are found in."""

    @property
    def name(self) -> str:
        """The store as people know it: its path."""
        ...

    @property
    def kind(self) -> str:
        """Which kind of store it is, in one word."""
        ...

    def survey(self) -> Survey:
        """Look at the whole store. Never raises for what a store may hold; problems are sentences."""
        ...

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read on from a mark, about ``budget`` bytes at most (a negative budget: to the end)."""
        ...

    def signature(self, transcript: str) -> object:
        """Something that differs after the transcript has changed; None where it is not there."""
        ...

    def folders(self) -> tuple[Path, ...]:
        """Folders whose changes are worth hearing of, those that exist now."""
        ...

    def touched(self, path: str) -> Touch:
        """What a change of this file means."""
        ...

    def about(self) -> About:
        """Examine the store itself: is it there, which kind, may we read it. Slower than a survey; never raises."""
        ...
