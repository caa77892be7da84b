"""What a transcript can say: one frozen dataclass per kind of line, the same for every source.

Shapes and units: ``at`` is the time the line itself gives, in seconds since 1970 (UTC); ``id`` is the
line's own id, unique within its transcript. Free text is redacted and cut before it gets here.
No Django, no I/O: everything that reads, decides or draws may import this room.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Origin(StrEnum):
    """Who a user line comes from; only a prompt or a task starts a run."""

    PROMPT = "prompt"  # a person, a schedule, a hook: from outside
    HEARTBEAT = "heartbeat"  # OpenClaw by itself: whether there is anything to do, what a job has brought
    TASK = "task"  # the spawning agent's words to its new sub-agent
    ANNOUNCEMENT = "announcement"  # the result of a sub-agent, brought back by OpenClaw
    WAKE = "wake"  # OpenClaw waking the agent for a reason of its own


class Stop(StrEnum):
    """Why the model stopped talking."""

    TOOLS = "tools"  # the turn goes on after the calls
    STOP = "stop"
    LENGTH = "length"
    ERROR = "error"
    ABORTED = "aborted"


class Outcome(StrEnum):
    """How a turn, a run or a sub-agent ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Tokens of one model call, and its cost in US dollars as the transcript gives it."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """All tokens of the call: what went in (cached or not) and what came out."""
        return self.input + self.output + self.cache_read + self.cache_write


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One tool call the agent asked for. ``target`` is short: a file, a program, a query."""

    id: str
    tool: str
    target: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Spawned:
    """A sub-agent that was accepted: the session it lives in, and OpenClaw's id of its first turn."""

    key: str
    turn_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """Something that waits for a person: an approval, an answer. ``what`` is short: "approve `git push`"."""

    id: str
    what: str = ""
    at: float = 0.0
    until: float = 0.0  # when it is withdrawn; 0.0: never


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """What every line has."""

    id: str
    at: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened(Event):
    """The header of a transcript; ``parent`` is the base name of the transcript that it was forked from."""

    session_id: str = ""
    parent: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class UserSaid(Event):
    """A user line. The ``child_*`` fields are filled for an announcement only."""

    origin: Origin
    text: str = ""
    sender: str = ""
    message_id: str = ""  # the Mattermost post that asked, where the line names it
    from_mattermost: bool = False
    child_session_id: str = ""
    child_label: str = ""
    child_outcome: Outcome | None = None
    child_error: str = ""
    child_key: str = ""  # the sub-agent's session, where the line names it
    command_ended: bool = False  # OpenClaw wakes the agent because a command in the background is over


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentSaid(Event):
    """A finished message of the agent."""

    stop: Stop
    text: str = ""
    calls: tuple[Call, ...] = ()
    error: str = ""
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    turn_id: str = ""
    woken_by: str = ""  # a sub-agent's end woke this turn: its session's key or its turn's id, perhaps among others
    silent: bool = False  # the agent's word for "nothing to say"


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolEnded(Event):
    """The result of a tool call. ``running`` names a command that went on in the background."""

    call_id: str
    tool: str
    ok: bool
    error: str = ""
    spawned: Spawned | None = None
    running: str = ""
    finished: str = ""  # a background command that this result says is over
    asks: Ask | None = None  # it waits for a person now; the turn goes on without it
    yielded: bool = False  # the agent gave its turn back until its sub-agents are done


@dataclass(frozen=True, kw_only=True, slots=True)
class Aborted(Event):
    """The turn was cut off by a person or a program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Compacted(Event):
    """The history was summarised to make room."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Restarted(Event):
    """The conversation was cleared; what was going on in it is over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Noted(Event):
    """A line that says nothing about a run, yet shows that somebody is writing."""

    kind: str = ""


AnyEvent: TypeAlias = Opened | UserSaid | AgentSaid | ToolEnded | Aborted | Compacted | Restarted | Noted
