"""What is played in a round: which recordings, when each begins, how quickly it goes by, and in which channels."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from sessions_app.demo.recording import Recording
from sessions_app.demo.retold import mattermost_id

RECORDINGS = Path(__file__).parent / "recordings"
ELSEWHERE = "agents"
"""The channel for runs that were asked for outside of Mattermost."""
PAUSE_S = 8.0
"""Seconds between the end of a round and the next one."""


@dataclass(frozen=True, kw_only=True)
class Play:
    """One recording in a round.

    ``after_s``: when it begins, in seconds of the round. ``pace``: seconds that a recorded second takes. ``channels``:
    the name of the channel that stands for a recorded one, by its id. ``keys``: the sessions that happen, all if none.
    """

    recording: str
    after_s: float
    pace: float
    channels: Mapping[str, str] = field(default_factory=dict)
    keys: tuple[str, ...] = ()

    @property
    def recorded(self) -> Recording:
        return Recording(self.recording, RECORDINGS / self.recording)


TOWN, OPS = "chan1chan1chan1chan1chan1a", "priv1priv1priv1priv1priv1a"
PROGRAMME = (
    # A question, and in its thread sub-agents down to the third level.
    Play(recording="2026.9.6/mm_nested", after_s=0.0, pace=0.65, channels={TOWN: "checkout"}),
    # One agent asks another, which asks the first.
    Play(recording="2026.9.6/cross_agent", after_s=7.5, pace=0.9),
    # The model refuses; a minute of silent retries goes by in twelve seconds.
    Play(recording="2026.9.6/model_errors", after_s=8.0, pace=0.2, keys=("agent:main:rec-errmid",)),
    # Two commands that need an approval: one is allowed, one denied. Slower, so that there is time to see it wait.
    Play(recording="2026.9.6/approval", after_s=6.5, pace=1.6, channels={TOWN: "releases", OPS: "ops"}),
    # A run that is stopped in a tool, and one whose sub-agents are.
    Play(recording="2026.9.6/abort", after_s=11.0, pace=1.0, channels={TOWN: "data"}),
    # Sub-agents that fail: refused after long retries, and out of time.
    Play(recording="2026.9.6/spawn_fail", after_s=24.0, pace=0.35),
)


@cache
def words(recording: str) -> Mapping[str, str]:
    """Words that are exchanged in a recording: recorded ones to those that are shown."""
    every: dict[str, dict[str, str]] = json.loads((RECORDINGS / "words.json").read_text())
    return every["*"] | every.get(recording, {})


def channel_id(name: str) -> str:
    """The id of one of the demo's channels."""
    return mattermost_id(f"channel {name}")


def channel_names() -> tuple[str, ...]:
    """All channels that something is said in."""
    return (*dict.fromkeys(name for play in PROGRAMME for name in play.channels.values()), ELSEWHERE)
