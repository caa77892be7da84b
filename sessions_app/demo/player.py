"""Plays rounds of the programme: one store that is written as OpenClaw would, and what people say in the channels."""

import re
import tempfile
import time
from functools import partial
from pathlib import Path

from sessions_app.demo.channel import Channel
from sessions_app.demo.programme import PAUSE_S, PROGRAMME, Play, channel_id, channel_names, words
from sessions_app.demo.recording import Asked, Recording
from sessions_app.demo.recording_tables import Open
from sessions_app.demo.retold import retold
from sessions_app.demo.shift import Shift, moved
from sessions_app.demo.writer import Writer

WHO = "alice"
_ID = re.compile(r" [0-9a-f]{8}-[0-9a-f-]{27}\b")


class Player:
    """Writes the store ``store``; everything is written by one thread, as one gateway would."""

    def __init__(self, store: Path, channel: Channel) -> None:
        self.store = store
        self.rounds = 0
        self._channel = channel
        self._kept: Open = {}
        self._writer = Writer()
        self._again_at = 0.0
        for name in channel_names():
            channel.add_channel(name, id=channel_id(name))

    def go_on(self) -> None:
        """Begin the next round when the one before is over and a pause has passed. Raises what writing raised."""
        if not self._writer.idle:
            self._again_at = time.time() + PAUSE_S
        elif time.time() >= self._again_at or not self.rounds:
            self._begin_round(time.time())

    def close(self) -> None:
        self._writer.close()

    def _begin_round(self, now: float) -> None:
        self.rounds += 1
        self._again_at = now + PAUSE_S
        self._channel.forget_old()
        for number, play in enumerate(PROGRAMME):
            self._writer.at(now + play.after_s, partial(self._begin, play, f"{self.rounds}-{number}"))

    def _begin(self, play: Play, name: str) -> None:
        recorded = play.recorded
        channels = {recorded_id: channel_id(known_as) for recorded_id, known_as in play.channels.items()}
        with tempfile.TemporaryDirectory(dir=self.store.parent) as scratch:
            shift = Shift(old=begins(play, Path(scratch) / "before"), new=time.time(), pace=play.pace)
            told = retold(recorded, name, channels, words(play.recording))
            copy = moved(recorded, shift, Path(scratch) / "moved", told)
            for moment in copy.as_it_happened(self.store, self._kept, [told(key) for key in play.keys]):
                self._writer.at(moment.at, moment.write)
            for asked in copy.asked():
                self._writer.at(asked.at, partial(self._say, asked))

    def _say(self, asked: Asked) -> None:
        """What is said to the agent about a run belongs to the thread of the run."""
        message = _ID.sub("", asked.message)
        root = self._channel.last_asked(asked.channel) if " /" in message else asked.root
        self._channel.say(asked.channel, WHO, message, root_id=root, id=asked.id)


def begins(play: Play, scratch: Path) -> float:
    """When the first thing happens in a recording: what is asked, or what is written."""
    recorded: Recording = play.recorded
    first = recorded.as_it_happened(scratch, {}, play.keys)[0].at
    return min([first, *(asked.at for asked in recorded.asked() if asked.at and not play.keys)])
