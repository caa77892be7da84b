"""What goes wrong in a round: kills, hangs, a broker that forgets, and everything that `tests.standin` can do wrong."""

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from redis import Redis, RedisError

from sessions_app.demo.service import Service
from tests.faults.processes import Installation
from tests.standin import MattermostStandIn, RateLimit, creates, edits, everything, writes

Act = Callable[[], None]


@dataclass(frozen=True, kw_only=True)
class Mishap:
    """``kind`` happens ``after_s`` the beginning, to the ``which``-th of those it can happen to, for ``lasts_s``."""

    after_s: float
    kind: str
    lasts_s: float
    which: int

    def __str__(self) -> str:
        return f"{self.after_s:.1f} s: {self.kind} ({self.lasts_s:.1f} s)"


def mishaps(random_: random.Random, *, within_s: float, kills: int, others: int, longest_s: float) -> list[Mishap]:
    """As many kills of watcher and workers, and as many other mishaps, each at a random time; soonest first."""
    kinds = [random_.choice(KILLS) for _ in range(kills)] + list(ALWAYS[:others])
    while (missing := kills + others - len(kinds)) > 0:
        kinds += random_.sample(OTHERS, min(missing, len(OTHERS)))
    found = [
        Mishap(
            after_s=random_.uniform(0.05, 1.0) * within_s,
            kind=kind,
            lasts_s=random_.uniform(0.3, longest_s),
            which=random_.randrange(1000),
        )
        for kind in kinds
    ]
    return sorted(found, key=lambda mishap: mishap.after_s)


class Trouble:
    """Makes mishaps happen. Each begins with a call and, if it lasts, hands back the call that ends it."""

    def __init__(self, installation: Installation, mm: MattermostStandIn) -> None:
        self.installation = installation
        self.mm = mm
        self.kills = 0
        self._away = False

    def begin(self, mishap: Mishap) -> Act | None:
        kind: Callable[[Mishap], Act | None] = getattr(self, mishap.kind.replace(" ", "_"))
        return kind(mishap)

    def calm(self) -> None:
        """Everything in order and running again."""
        self._back()
        self.mm.faults.clear()
        for service in self.installation.services:
            service.go_on()
            service.start()

    # Processes

    def watcher_killed(self, mishap: Mishap) -> Act:
        return self._killed(self.installation.watcher)

    def worker_killed(self, mishap: Mishap) -> Act:
        return self._killed(self._worker(mishap))

    def everything_killed(self, mishap: Mishap | None = None) -> Act:
        self.kills += len(self.installation.services) - 1
        self.installation.kill()
        return self.installation.start

    def watcher_stopped(self, mishap: Mishap) -> Act:
        self.installation.watcher.ask_to_end()
        return self.installation.watcher.start

    def worker_stopped(self, mishap: Mishap) -> Act:
        worker = self._worker(mishap)
        worker.ask_to_end()
        return worker.start

    def watcher_hangs(self, mishap: Mishap) -> Act:
        return self._hangs(self.installation.watcher)

    def worker_hangs(self, mishap: Mishap) -> Act:
        return self._hangs(self._worker(mishap))

    def _worker(self, mishap: Mishap) -> Service:
        publishing = self.installation.workers or [self.installation.watcher]
        return publishing[mishap.which % len(publishing)]

    def _killed(self, service: Service) -> Act:
        self.kills += 1
        service.kill()
        return service.start

    def _hangs(self, service: Service) -> Act:
        service.hang()
        return service.go_on

    # The broker

    def redis_killed(self, mishap: Mishap) -> Act | None:
        if not self.installation.workers:
            return None
        self.installation.redis.kill()
        return self.installation.redis.start

    def redis_hangs(self, mishap: Mishap) -> Act:
        return self._hangs(self.installation.redis)

    def redis_flushed(self, mishap: Mishap) -> None:
        if self.installation.workers:
            url = self.installation.env["REDIS_URL"]
            with contextlib.suppress(RedisError), Redis.from_url(url, socket_timeout=1) as client:
                client.flushall()

    # Mattermost

    def server_slow(self, mishap: Mishap) -> Act:
        self.mm.faults.latency_s = 0.05 + mishap.which % 10 / 20
        return lambda: setattr(self.mm.faults, "latency_s", 0.0)

    def server_swallows(self, mishap: Mishap) -> Act:
        self.mm.faults.black_hole.set(True)
        return lambda: self.mm.faults.black_hole.set(False)

    def server_frozen(self, mishap: Mishap) -> Act:
        self.mm.faults.frozen.set(True)
        return lambda: self.mm.faults.frozen.set(False)

    def server_without_database(self, mishap: Mishap) -> Act:
        if mishap.which % 2:
            self.mm.forget_sessions()
        self.mm.faults.database_down.set(True)
        return lambda: self.mm.faults.database_down.set(False)

    def server_away(self, mishap: Mishap) -> Act:
        if not self._away:
            self._away = True
            self.mm.stop()
        return self._back

    def _back(self) -> None:
        if self._away:
            self._away = False
            self.mm.start()

    def server_restarted(self, mishap: Mishap) -> None:
        if not self._away:
            self.mm.restart()

    def creates_slow(self, mishap: Mishap) -> Act:
        self.mm.faults.slow_create.set(True)
        return lambda: self.mm.faults.slow_create.set(False)

    def answers_lost(self, mishap: Mishap) -> None:
        self.mm.faults.lose_answers(1 + mishap.which % 6, where=(writes, creates, edits)[mishap.which % 3])

    def connections_reset(self, mishap: Mishap) -> None:
        self.mm.faults.reset_next(1 + mishap.which % 6, where=(writes, creates, everything)[mishap.which % 3])

    def server_broken(self, mishap: Mishap) -> None:
        self.mm.faults.fail_next(1 + mishap.which % 8, status=(500, 502, 503, 504)[mishap.which % 4])

    def server_limits(self, mishap: Mishap) -> Act:
        forms: tuple[Literal["seconds", "absent", "date", "html"], ...] = ("seconds", "absent", "date", "html")
        rule = RateLimit(
            per_s=2.0 + mishap.which % 5,
            burst=mishap.which % 5,
            vary="user" if mishap.which % 2 else "address",
            retry_after=forms[mishap.which % 4],
        )
        self.mm.set_rate_limit(rule)
        return lambda: setattr(self.mm.faults, "limiter", None)

    def server_clock_jumps(self, mishap: Mishap) -> None:
        self.mm.clock.advance(mishap.which % 80 - 40)  # type: ignore[attr-defined]


KILLS = (*["watcher killed"] * 4, *["worker killed"] * 5, "everything killed")
ALWAYS = ("redis killed", "answers lost")
OTHERS = (
    *ALWAYS, "server swallows", "server limits", "server frozen", "connections reset",
    "server without database", "server away", "server broken", "watcher stopped", "worker stopped", "watcher hangs",
    "worker hangs", "redis hangs", "redis flushed", "server slow", "server restarted", "creates slow",
    "server clock jumps",
)  # fmt: skip
