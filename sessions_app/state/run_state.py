"""The state of one run, as its lines tell it: a value that is stored beside the mark it was read to.

Everything here comes from lines, so it survives a restart and can be read again from the start with the same result.
What a row, a lock or a registry says is kept apart (see `liveness`): those are facts of now.
"""

from dataclasses import dataclass

from sessions_app.events import Ask, Origin, Outcome

FINISHED_KEPT = 12  # finished steps that a card may show
OPEN_KEPT = 200  # open tool calls; a line may name many thousands


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One tool call. ``child_key`` names the session it spawned, ``running`` a command it left in the background."""

    call_id: str
    tool: str
    target: str = ""
    started_at: float = 0.0
    ended_at: float | None = None
    ok: bool | None = None
    error: str = ""
    child_key: str = ""
    running: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Child:
    """A sub-agent that this run spawned, and what an announcement said of its end."""

    key: str
    turn_id: str = ""
    label: str = ""
    spawned_at: float = 0.0
    answered_at: float = 0.0
    outcome: Outcome | None = None
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """One run of a session. ``no`` counts from 1 within the session.

    ``start_id`` is the id of the line that started it, "" while it is provisional (a row runs, or a prompt waits in
    the queue under the name ``queued_id``, and there is no line yet).
    ``turn_open`` says whether the last line leaves a turn going on; ``outcome`` is that of the last turn that ended.
    """

    no: int
    window: str = ""  # the session id (one conversation between two resets) it belongs to
    start_id: str = ""
    queued_id: str = ""
    origin: Origin = Origin.PROMPT
    prompt: str = ""
    sender: str = ""
    message_id: str = ""
    from_mattermost: bool = False
    started_at: float = 0.0
    last_at: float = 0.0
    turn_open: bool = True
    turn_started_at: float = 0.0
    turn_ended_at: float = 0.0
    outcome: Outcome | None = None
    reason: str = ""
    aborted: bool = False
    handed_over: bool = False  # no line ended the turn; a new prompt took it
    yielded: bool = False  # gave its turn back until its sub-agents are done; the store still says running then
    cut_off: bool = False
    silent: bool = False  # its last answer was the word for "nothing to say"
    say: str = ""
    model: str = ""
    tokens: int = 0
    cost: float = 0.0
    tools: int = 0
    failed_tools: int = 0
    open: tuple[Step, ...] = ()
    finished: tuple[Step, ...] = ()
    children: tuple[Child, ...] = ()
    background: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()  # what waits for a person, as far as lines tell

    @property
    def provisional(self) -> bool:
        """Opened by a fact; waits for its first line."""
        return not self.start_id

    @property
    def queued(self) -> bool:
        """Known from a queue only."""
        return self.provisional and bool(self.queued_id)

    @property
    def said_nothing(self) -> bool:
        """Ended with the word for "nothing to say", and has not said anything before."""
        return self.silent and not self.say and not self.turn_open

    @property
    def title(self) -> str:
        """First words of the prompt."""
        words = self.prompt.split()
        short = ""
        for word in words:
            if len(short) + len(word) > 80:
                return short + " …" if short else word[:80] + "…"
            short = f"{short} {word}".strip()
        return short
