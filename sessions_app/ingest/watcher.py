"""The loop: hear, read, decide, beat. It never waits for the network: what is due is handed on by a callable."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, close_old_connections

from sessions_app.ingest.apply import apply, look_again
from sessions_app.ingest.observer import Dirty, Ears
from sessions_app.ingest.posts import PostPolicy, decide
from sessions_app.ingest.reader import Reader
from sessions_app.ingest.trees import tell_posts
from sessions_app.models import Run, Watcher
from sessions_app.models.times import moment
from sessions_app.sources.base import Source
from sessions_app.state.liveness import Limits

log = logging.getLogger(__name__)
BEAT_S = 2.0
LOOK_S = 0.25  # how late a word that silence changes may come
LIVE_LAG_S = 60.0  # lines older than this were there before us: no measure of how far we are behind


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a watcher needs to know. Times in seconds."""

    name: str
    host: str
    pid: int
    limits: Limits
    policy: PostPolicy
    poll_s: float = 2.0


class WatchLoop:
    """Reads its sources until told to stop. ``hand_on`` is called after each round and must return at once."""

    def __init__(
        self,
        sources: Sequence[Source],
        settings: Settings,
        clock: Callable[[], float],
        hand_on: Callable[[], object] = lambda: None,
    ) -> None:
        self.readers = [Reader(source) for source in sources]
        self.settings = settings
        self.clock = clock
        self.hand_on = hand_on
        self.dirty = Dirty()
        self.ears = Ears(self.dirty)
        self.stop = threading.Event()
        self.caught_up = False
        self.watching = False
        self.lag_s = 0.0
        self._next_sweep = self._next_beat = self._next_look = 0.0

    def read_all(self) -> None:
        """Read all there is, then decide on posts: nothing is decided on half of a story."""
        for reader in self.readers:
            reader.sweep()
            self._read(reader)
        self.caught_up = True
        look_again(self.clock(), self.settings.limits, self.settings.policy)
        undecided = Run.objects.roots().filter(no_post="", post=None).select_related("session")
        judged = list(undecided.iterator(chunk_size=500))
        decide(judged, self.clock(), self.settings.policy)
        tell_posts(judged)

    def run(self) -> None:
        """Watch until `stop` is set."""
        self.watching = True
        self.beat(started_at=moment(self.clock()), stopped_at=None)
        self.listen()
        self.read_all()
        while not self.stop.is_set():
            try:
                self.round()
            except DatabaseError as error:
                log.error("The database did not take what was read (%s); it is read again.", error)
                close_old_connections()
                for reader in self.readers:
                    reader.forget()
                self.stop.wait(1.0)
            self.dirty.bell.wait(LOOK_S if not self.readers_busy() else 0)
        self.ears.close()

    def readers_busy(self) -> bool:
        """Whether something is waiting to be read."""
        return any(reader.pending or reader.look_due for reader in self.readers)

    def listen(self) -> bool:
        """Hear of changes in all stores; True where some may have been missed."""
        return self.ears.check([folder for reader in self.readers for folder in reader.source.folders()])

    def round(self) -> None:
        """Read what was heard of, look where silence may mean something, beat, and hand on what is due."""
        now = self.clock()
        for path in self.dirty.take():
            for reader in self.readers:
                if path.startswith(f"{reader.source.name}/"):
                    reader.heard(path)
        if now >= self._next_sweep or self.dirty.overflowed:
            self._next_sweep, self.dirty.overflowed = now + self.settings.poll_s, False
            self.listen()
            for reader in self.readers:
                reader.sweep()
        for reader in self.readers:
            self._read(reader)
        if now >= self._next_look:
            self._next_look = now + LOOK_S
            look_again(self.clock(), self.settings.limits, self.settings.policy)
        self._beat_in_time(now)
        self.hand_on()

    def _read(self, reader: Reader) -> None:
        policy = self.settings.policy if self.caught_up else None
        for news in reader.news():
            now = self.clock()
            apply(reader.source.name, news, now, self.settings.limits, policy)
            newest = max((event.at for one in news.readings for event in one.chunk.events), default=0.0)
            if 0.0 <= now - newest < LIVE_LAG_S:
                self.lag_s = now - newest
            if self.caught_up:
                self.hand_on()
            self._beat_in_time(now)

    def _beat_in_time(self, now: float) -> None:
        if self.watching and now >= self._next_beat:
            self._next_beat = now + BEAT_S
            self.beat()

    def beat(self, **more: object) -> None:
        """Say that the watcher lives, and what it cannot see."""
        problems = [problem for reader in self.readers for problem in reader.problems]
        Watcher.beat(
            self.settings.name,
            host=self.settings.host,
            pid=self.settings.pid,
            stores="\n".join(reader.source.name for reader in self.readers),
            problems="\n".join(problems),
            beat_at=moment(self.clock()),
            lag_s=round(self.lag_s, 3),
            **more,
        )
