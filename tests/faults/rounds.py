"""One round: stores are written, everything goes wrong, everything is in order again, and the judge looks."""

import random
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.faults.judge import RunName, Shown, Verdict, judge, names_in, posts_in
from tests.faults.mishaps import Act, Mishap, Trouble, mishaps
from tests.faults.processes import DEFAULT_CHANNEL, Installation
from tests.faults.stores import Copy, Stores, copies, people
from tests.standin import MattermostStandIn, creates

ALICE = "aliceaaaaaaaaaaaaaaaaaaa1a"
CONNECTIONS = 4  # per publishing process
QUIET_S = 4.0  # longer than two sweeps: whatever is still to be found has been found
TICK_S = 0.05
LATE = 2  # stores that begin in the worst moment
WORST_WITHIN_S = 60.0
T = TypeVar("T")
UNFINISHED = "SELECT COUNT(*) FROM sessions_app_post WHERE closed = 0 OR wanted_revision > sent_revision"
UNDECIDED = """SELECT COUNT(*) FROM sessions_app_run AS run LEFT JOIN sessions_app_post AS post ON post.run_id = run.id
               WHERE run.parent_id IS NULL AND post.id IS NULL AND run.no_post = ''"""
MINUTE = (
    """UPDATE sessions_app_post SET lease_until = lease_until - 60, enqueued_until = enqueued_until - 60,
       not_before = not_before - 60, intent_at = intent_at - 60""",
    "UPDATE sessions_app_destination SET open_until = open_until - 60, quiet_until = quiet_until - 60",
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """``seed`` decides all that is random. ``wait``: leases of the dead are waited for, about a minute.

    Otherwise everything dies at the end of the faults, and is there again a minute later: times are moved by that.
    """

    seed: int
    runs: int = 300
    workers: int = 2
    kills: int = 12
    others: int = 20
    stores_s: float = 150.0
    store_s: float = 60.0
    longest_s: float = 6.0
    per_s: float = 5.0
    idle_s: int = 20
    wait: bool = True
    patience_s: float = 300.0


def small(seed: int) -> Plan:
    """What CI has time for."""
    return Plan(
        seed=seed, runs=40, kills=6, others=6, stores_s=15.0, store_s=10.0, longest_s=1.5, per_s=25.0, idle_s=5,
        wait=False, patience_s=90.0,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Report:
    """``happened``: mishaps in their order. ``seconds``: how long each part took."""

    plan: Plan
    verdict: Verdict
    happened: list[str] = field(default_factory=list)
    kills: int = 0
    tracebacks: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        figures = {**self.verdict.figures, "kills": self.kills, "tracebacks in the logs": self.tracebacks}
        lines = [f"  {what}: {value:g}" for what, value in figures.items()]
        lines += [f"  seconds to {what}: {value:.1f}" for what, value in self.seconds.items()]
        lines += [f"  after {one}" for one in self.happened]
        complaints = [f"- {one}" for one in self.verdict.complaints] or ["All is well."]
        return "\n".join([f"seed {self.plan.seed}", *lines, *complaints])


class Round:
    """Plays one plan in an empty folder."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        random_ = random.Random(plan.seed)
        self.copies = copies(random_, plan.runs, within_s=plan.stores_s, lasts_s=plan.store_s)
        self.mishaps = mishaps(
            random_, within_s=plan.stores_s, kills=plan.kills, others=plan.others, longest_s=plan.longest_s
        )
        self.stores = Stores(folder / "stores", self.copies)
        self._ends: list[tuple[float, Act]] = []
        self.seconds: dict[str, float] = {}
        self.complaints: list[str] = []

    def play(self) -> Report:
        with MattermostStandIn() as mm, MattermostStandIn() as other:
            for server in (mm, other):
                make_people(server, self.copies)
            faults = self._installation("faults", mm, self.plan.workers, MAX_EDITS_PER_S=str(self.plan.per_s))
            peace = self._installation("peace", other, 0, MAX_EDITS_PER_S="1000")
            peace.manage("migrate", "-v0")
            faults.database.write_bytes(peace.database.read_bytes())
            trouble = Trouble(faults, mm)
            try:
                self._timed("play", lambda: self._play(faults, peace, trouble))
                self._timed("see the worst moment", lambda: self._worst_moment(faults, mm, trouble))
                wanted = self._timed("settle without faults", lambda: self._without_faults(peace, other))
                self.complaints += self._timed("settle", lambda: settle(faults, wanted, self.plan.patience_s))
                self._end(faults)
            finally:
                self.stores.close()
                mm.faults.clear()
                faults.kill()
                peace.kill()
            return self._judged(faults, mm, trouble, wanted)

    def _judged(
        self, faults: Installation, mm: MattermostStandIn, trouble: Trouble, wanted: dict[RunName, list[Shown]]
    ) -> Report:
        publishing = max(1, self.plan.workers) + 1  # a watcher that ends has last words
        verdict = judge(mm, faults.database, wanted, per_s=self.plan.per_s, in_flight=publishing * CONNECTIONS)
        return Report(
            plan=self.plan,
            verdict=Verdict(complaints=(*self.complaints, *verdict.complaints), figures=verdict.figures),
            happened=[str(mishap) for mishap in self.mishaps],
            kills=trouble.kills,
            tracebacks=len(faults.said("Traceback (most recent call last)")),
            seconds=self.seconds,
        )

    def _installation(self, name: str, mm: MattermostStandIn, workers: int, **variables: str) -> Installation:
        return Installation(
            self.folder / name, self.stores.paths, mm, workers,
            IDLE_TIMEOUT_S=str(self.plan.idle_s), **variables,
        )  # fmt: skip

    def _timed(self, what: str, do: Callable[[], T]) -> T:
        began = time.monotonic()
        try:
            return do()
        finally:
            self.seconds[what] = time.monotonic() - began

    def _play(self, installation: Installation, peace: Installation, trouble: Trouble) -> None:
        """Until everything is written, and every mishap is over.

        The clock of the plan stands still while a process starts: on a busy machine that takes longer than all else.
        """
        peace.start()
        installation.start()
        begins = [(copy.after_s, partial(self.stores.begin, copy)) for copy in self.copies[LATE:]]
        begins += [(mishap.after_s, partial(self._mishap, trouble, mishap)) for mishap in self.mishaps]
        begins.sort(key=lambda one: one[0])
        now = 0.0
        while begins or self._ends or not self.stores.idle:
            if not any(service.starting for service in (*installation.services, peace.watcher)):
                now += TICK_S
            while begins and begins[0][0] <= now:
                begins.pop(0)[1]()
            for end in [end for end in self._ends if end[0] <= time.monotonic()]:
                self._ends.remove(end)
                end[1]()
            time.sleep(TICK_S)

    def _mishap(self, trouble: Trouble, mishap: Mishap) -> None:
        end = trouble.begin(mishap)
        if end is not None:
            self._ends.append((time.monotonic() + mishap.lasts_s, end))

    def _worst_moment(self, faults: Installation, mm: MattermostStandIn, trouble: Trouble) -> None:
        """Posts have been made, nobody has learned of it, everything dies, and the server forgets whom it answered."""
        trouble.calm()
        while any(service.starting for service in faults.services):
            time.sleep(TICK_S)
        mm.faults.lose_answers(10**6, where=creates)
        asked = len(mm.requests)
        for copy in self.copies[:LATE]:
            self.stores.begin(copy)
        if not mm.wait_for(lambda: any(one.is_create for one in mm.requests[asked:]), WORST_WITHIN_S):
            self.complaints.append(f"Nothing was posted within {WORST_WITHIN_S:.0f} s.")
        trouble.everything_killed()
        mm.faults.clear()
        mm.restart()
        while not self.stores.idle:
            time.sleep(TICK_S)
        if not self.plan.wait:
            for statement in MINUTE:
                faults.sql(statement)
            mm.clock.advance(60)  # type: ignore[attr-defined]
        trouble.calm()

    def _end(self, installation: Installation) -> None:
        """Nothing has died by itself, and everything ends when it is asked to."""
        self._check_alive(installation)
        for service in reversed(installation.services):
            code = service.ask_to_end()
            if code != 0:
                self.complaints.append(f"The {service.name} ended with {code} when it was asked to.")

    def _check_alive(self, installation: Installation) -> None:
        for service in installation.services:
            if not service.alive:
                last = service.log.read_text(errors="replace")[-1000:]
                self.complaints.append(f"The {service.name} has ended by itself with {service.died}:\n{last}")

    def _without_faults(self, peace: Installation, mm: MattermostStandIn) -> dict[RunName, list[Shown]]:
        """What an installation says in the end that has watched the same stores all the time, and in peace."""
        self.complaints += settle(peace, self.plan.runs, self.plan.patience_s)
        self._check_alive(peace)
        wanted, strange = posts_in(mm, names_in(peace.database))
        self.complaints += strange
        return wanted


def settle(installation: Installation, wanted: Collection[RunName] | int, patience_s: float) -> list[str]:
    """Wait until every run that is wanted has its post, and no post has anything left to say. Returns complaints.

    ``wanted``: which runs, or how many at least.
    """
    until, quiet_since = time.monotonic() + patience_s, time.monotonic()
    while time.monotonic() < quiet_since + QUIET_S:
        if _is_unfinished(installation, wanted):
            quiet_since = time.monotonic()
        if time.monotonic() > until:
            return [f"Not settled after {patience_s:.0f} s.", *_left(installation)]
        time.sleep(0.25)
    return []


def _is_unfinished(installation: Installation, wanted: Collection[RunName] | int) -> bool:
    have = {row[0] for row in installation.sql("SELECT run_id FROM sessions_app_post WHERE post_id != ''")}
    if isinstance(wanted, int):
        missing = len(have) < wanted
    else:
        missing = bool(set(wanted) - {name for id_, name in names_in(installation.database).items() if id_ in have})
    return missing or any(installation.sql(question)[0][0] for question in (UNFINISHED, UNDECIDED))


def make_people(mm: MattermostStandIn, planned: list[Copy]) -> None:
    """Let the stand-in have the channels, and the posts that people wrote, of these recordings."""
    channels, asked = people(planned)
    mm.add_user("alice", id=ALICE)
    for channel in sorted({DEFAULT_CHANNEL, *channels}):
        mm.add_channel(channel, id=channel)
    for id_, channel, root, message in asked:
        mm.add_post(channel, message, root_id=root, id=id_)


def _left(installation: Installation) -> list[str]:
    """Posts that are not as they should be, and why."""
    rows = installation.sql(
        "SELECT post.run_id, run.word, wanted_revision, sent_revision, attempts, last_error, parked, "
        "lease_until - strftime('%s'), not_before - strftime('%s') "
        "FROM sessions_app_post AS post JOIN sessions_app_run AS run ON run.id = post.run_id "
        "WHERE closed = 0 OR wanted_revision > sent_revision OR post_id = '' LIMIT 20"
    )
    return [f"Left over: {row}" for row in rows]
