"""The loop: hear, read, decide, beat. It never waits for the network: what is due is handed on by a callable."""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, transaction

from sessions_app.ingest.apply import News, apply, look_again
from sessions_app.ingest.observer import Dirty, Ears
from sessions_app.ingest.posts import PostPolicy, decide, undecided
from sessions_app.ingest.reader import Reader
from sessions_app.models import Run, Session, Watcher
from sessions_app.models.run import RunQuerySet
from sessions_app.models.times import moment
from sessions_app.sources.base import Source
from sessions_app.state.turns import Limits

log = logging.getLogger(__name__)
BEAT_S = 2.0
PATIENCE_S = 1.0  # before a database that failed is asked again
LEFT_OUT = "Something in it could not be taken into the database; the log says what."
AT_ONCE = 500
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
        self._undecided: set[int] = set()
        self._more: dict[str, object] = {}
        self._next_sweep = self._next_beat = self._next_look = 0.0

    def read_all(self) -> None:
        """Read all there is, then decide on posts: nothing is decided on half of a story."""
        for reader in self.readers:
            reader.sweep()
            while (reader.look_due or reader.pending) and not self.stop.is_set():
                self._read(reader)
        if not self.stop.is_set():
            look_again(self.clock(), self.settings.limits)
            self._decide(Run.objects.all())
            self.caught_up = True

    def run(self) -> None:
        """Watch until `stop` is set."""
        self.watching = True
        self._more = {"started_at": moment(self.clock()), "stopped_at": None}
        self.listen()
        while not self.stop.is_set():
            try:
                self._once_more()
            except DatabaseError as error:
                log.error("The database did not take what was read (%s); it is read again.", error)
                close_old_connections()
                for reader in self.readers:
                    reader.forget()
                self.stop.wait(PATIENCE_S)
            self.dirty.bell.wait(LOOK_S if not self.readers_busy() else 0)
        self.ears.close()

    def _once_more(self) -> None:
        if self._more:
            self.beat(**self._more)
            self._more = {}
        if self.caught_up:
            self.round()
        else:
            self.read_all()

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
        if _due(self._next_sweep, now, self.settings.poll_s) or self.dirty.overflowed:
            self._next_sweep, self.dirty.overflowed = now + self.settings.poll_s, False
            self.listen()
            for reader in self.readers:
                reader.sweep()
            self._undecided |= self._overlooked()
        for reader in self.readers:
            self._read(reader)
        self._decide_read()
        if _due(self._next_look, now, LOOK_S):
            self._next_look = now + LOOK_S
            self._undecided |= look_again(self.clock(), self.settings.limits)
        self._beat_in_time(now)
        self.hand_on()

    def _read(self, reader: Reader) -> None:
        for news in reader.news():
            now = self.clock()
            self._apply(reader.source.name, news, now)
            newest = max((event.at for one in news.readings for event in one.chunk.events), default=0.0)
            if 0.0 <= now - newest < LIVE_LAG_S:
                self.lag_s = now - newest
            if self.caught_up:
                self.hand_on()
            self._beat_in_time(now)

    def _apply(self, store: str, news: News, now: float) -> None:
        """One transaction; if something in it cannot be taken, session by session, and that one is left out."""
        try:
            self._undecided |= apply(store, news, now, self.settings.limits)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("Something in %s could not be taken; trying session by session.", store)
            for part in news.parts():
                self._apply_part(store, part, now)

    def _apply_part(self, store: str, part: News, now: float) -> None:
        try:
            self._undecided |= apply(store, part, now, self.settings.limits)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            log.exception("Left out: %s.", ", ".join(part.keys))
            Session.objects.filter(store=store, key__in=part.keys).update(problem=LEFT_OUT)

    def _decide_read(self) -> None:
        """Decide on posts for what was judged, as soon as its transcripts have been read to their end."""
        if self._undecided:
            self._undecided = self._decide(Run.objects.filter(id__in=self._undecided))

    def _overlooked(self) -> set[int]:
        """Live roots of which nothing is decided: unmuted by hand, or judged by somebody else meanwhile."""
        if self.settings.policy.destination_id is None:
            return set()
        return set(Run.objects.roots().live().filter(no_post="", post=None).values_list("id", flat=True)[:AT_ONCE])

    def _decide(self, runs: RunQuerySet) -> set[int]:
        """Returns the ids of those that have to wait."""
        policy = self.settings.policy
        if policy.destination_id is None:
            return set()
        unread = {(reader.source.name, key) for reader in self.readers for key in reader.unread()}
        waiting = set()
        for batch in _batches(undecided(runs)):
            ready = [run for run in batch if (run.session.store, run.session.key) not in unread]
            waiting |= {run.id for run in batch} - {run.id for run in ready}
            with transaction.atomic():
                decide(ready, self.clock(), policy)
        return waiting

    def _beat_in_time(self, now: float) -> None:
        if self.watching and _due(self._next_beat, now, BEAT_S):
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


def _due(at: float, now: float, every: float) -> bool:
    """Whether a time has come; a clock that was set back is not waited for."""
    return now >= at or at - now > every


def _batches(runs: RunQuerySet) -> Iterator[list[Run]]:
    """In pieces, by id: what is decided on drops out of the query."""
    last = 0
    while batch := list(runs.filter(id__gt=last).order_by("id")[:AT_ONCE]):
        yield batch
        last = batch[-1].id
