"""One look at the database for all boards of a process, whatever they filter: trees, places, and how the system is.

The look is cheap when nothing has changed, and made at most every `EVERY_S` seconds.
"""

import itertools
import time
from dataclasses import dataclass

from sessions_app import wiring
from sessions_app.models import Run, Watcher
from sessions_app.models.times import moment
from sessions_app.web.filters import Places, clean
from sessions_app.web.header import Health, wellness
from sessions_app.web.memo import Shared
from sessions_app.web.nothing import Nothing, nothing
from sessions_app.web.trees import Drawn, Shelf, roots_of

EVERY_S = 0.3
LATE_S = 2.0  # a board that is younger is shown while somebody draws the next
LIVE_KEPT = 2000
ENDED_KEPT = 200
RECENT_S = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """What there is to show. Looks with the same number look the same, ages apart. ``uncounted``: live, not kept."""

    number: int
    health: Health
    places: Places
    live: tuple[Drawn, ...] = ()
    ended: tuple[Drawn, ...] = ()
    uncounted: int = 0
    nothing: Nothing | None = None


class Looker:
    """Looks, and gives what looks the same as before the same number. For one thread at a time."""

    def __init__(self) -> None:
        self._live, self._ended = Shelf(), Shelf()
        self._numbers = itertools.count(1)
        self._last: tuple[object, ...] = ()
        self._number = 0

    def look(self) -> Look:
        """A handful of queries; whatever has to be drawn is drawn."""
        now = time.time()
        found, health = wellness()
        if found.active_runs is None:  # the database does not answer, and says why in the header
            return self._numbered(health, Places(kinds={}, hosts={}), (), (), 0, nothing(found, now))
        roots = Run.objects.roots()
        live_ones = roots.live().order_by("-started_at", "-id")
        live = roots_of(live_ones, LIVE_KEPT + 1)
        uncounted = live_ones.count() - LIVE_KEPT if len(live) > LIVE_KEPT else 0
        ended_ones = roots.filter(over=True, ended_at__gte=moment(now - RECENT_S))
        ended = roots_of(ended_ones.order_by("-ended_at", "-id"), ENDED_KEPT)
        return self._numbered(
            health,
            _places(),
            self._live.take(live[:LIVE_KEPT], wiring.labels()),
            self._ended.take(ended, wiring.labels()),
            uncounted,
            None if live else nothing(found, now),
        )

    def _numbered(
        self,
        health: Health,
        places: Places,
        live: tuple[Drawn, ...],
        ended: tuple[Drawn, ...],
        uncounted: int,
        why: Nothing | None,
    ) -> Look:
        # What was not drawn again is the same object, so this compares in no time.
        these = (health, places, live, ended, uncounted, why)
        look = Look(
            number=self._number if these == self._last else next(self._numbers),
            health=health,
            places=places,
            live=live,
            ended=ended,
            uncounted=uncounted,
            nothing=why,
        )
        self._last, self._number = these, look.number
        return look


def _places() -> Places:
    hosts: dict[str, set[str]] = {}
    for host, stores in Watcher.objects.values_list("host", "stores"):
        for store in stores.splitlines():
            hosts.setdefault(clean(store), set()).add(clean(host))
    return Places(kinds=_kinds.get(_look_at_kinds), hosts={store: frozenset(names) for store, names in hosts.items()})


_looker = Looker()
_shared: Shared[Look] = Shared(fresh_s=EVERY_S, stale_s=LATE_S)
_kinds: Shared[dict[str, str]] = Shared(fresh_s=60.0, stale_s=600.0)


def look() -> Look:
    """The newest look."""
    return _shared.get(_looker.look)


def _look_at_kinds() -> dict[str, str]:
    return {clean(source.name): source.kind for source in wiring.sources()}
