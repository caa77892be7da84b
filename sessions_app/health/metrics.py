"""`/metrics`: every figure as Prometheus reads it.

All come from the rows that all processes share, so whichever process is asked gives the same answer and no process has
to remember anything. Counters are columns that only grow; what is counted from rows that go when they are old is a
gauge over a fixed time. Labels are words of ours, hosts and servers: never titles, keys or anything an agent wrote.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping

import django.db
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from sessions_app import wiring
from sessions_app.health import broker, disk
from sessions_app.health.checks import full_report
from sessions_app.health.lately import Lately, lately
from sessions_app.health.report import DestinationFigures, Part, Report, Status, WatcherBeat
from sessions_app.health.watching import SILENT_AFTER_S
from sessions_app.models import Circuit
from sessions_app.state.view import OVER, Word

CONTENT_TYPE = CONTENT_TYPE_LATEST
GRADES = {Status.OK: 0, Status.DEGRADED: 1, Status.BROKEN: 2}
# By destination: name, what it counts, field.
COUNTERS = (
    ("livestatus_posts_created", "Posts made in Mattermost.", "creates"),
    ("livestatus_posts_edits", "Edits of posts.", "edits"),
    ("livestatus_posts_unchanged", "Revisions that looked the same and were not sent.", "unchanged"),
    ("livestatus_posts_coalesced", "Revisions that a newer one took along.", "coalesced"),
    ("livestatus_mattermost_limited", "Answers that asked to wait (429).", "limited"),
    ("livestatus_mattermost_retries", "Requests made again at once.", "retries"),
)
GAUGES = (
    ("livestatus_posts_behind", "Posts that do not say the newest.", "posts_behind"),
    ("livestatus_posts_oldest_waiting_seconds", "Age of the oldest change that is not sent yet.", "oldest_waiting_s"),
    ("livestatus_posts_live", "Posts of runs that are not over.", "live_posts"),
    ("livestatus_pace_seconds", "How often each live post can move, by the budget of requests.", "pace_s"),
    ("livestatus_pace_reduced", "1 if there are more live posts than the budget moves in time.", "pace_reduced"),
    ("livestatus_destination_paused", "1 if delivery is paused by hand.", "paused"),
    ("livestatus_destination_quiet_seconds", "How long the server asked everybody to wait, from now.", "quiet_s"),
)


def exposition(now: float) -> bytes:
    """Everything at ``now`` (seconds since 1970), as text."""
    registry = CollectorRegistry()
    registry.register(Rows(now))
    return generate_latest(registry)


class Rows(Collector):
    """The figures at one time. Without a database it says that, and what can be known without."""

    def __init__(self, now: float) -> None:
        self._now = now

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering shall ask nobody."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All of them; a constant number of queries."""
        began = time.perf_counter()
        found = full_report(self._now)
        yield _gauge("livestatus_database_up", "1 if the database answers.", found.active_runs is not None)
        yield from _parts(found)
        yield from _machine()
        yield from _broker(broker.ASKED.broker())
        if found.active_runs is not None:
            yield from _system(found)
            yield from _destinations(found.destinations)
            yield from _watchers(found.watchers)
            with contextlib.suppress(django.db.Error):  # it went away in between; the next scrape says so
                yield from _lately(lately(self._now))
        took = time.perf_counter() - began
        yield _gauge("livestatus_scrape_seconds", "How long it took to collect these figures.", took)


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(name, words, value=value)


def _by(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family


def _parts(found: Report) -> Iterator[Metric]:
    yield _gauge("livestatus_health", "The service as a whole: 0 ok, 1 degraded, 2 broken.", GRADES[found.status])
    grades: dict[str, float] = {}
    for part in found.parts:
        name = _part_name(part)
        grades[name] = max(grades.get(name, 0), GRADES[part.status])
    yield _by("livestatus_part_health", "A part of the service: 0 ok, 1 degraded, 2 broken.", "part", grades)


def _part_name(part: Part) -> str:
    """Its first word: which server it is about, other figures say."""
    return part.name.split(maxsplit=1)[0].lower()


def _machine() -> Iterator[Metric]:
    env = wiring.env()
    yield _gauge("livestatus_settings_problems", "Settings that cannot be used.", len(env.problems))
    if room := disk.room(env.data_dir):
        yield _gauge("livestatus_disk_free_bytes", "Room on the disk of DATA_DIR.", room.free)
        yield _gauge("livestatus_disk_size_bytes", "Size of the disk of DATA_DIR.", room.total)


def _broker(found: broker.Broker | None) -> Iterator[Metric]:
    if found is None:
        return
    yield _gauge("livestatus_broker_up", "1 if the broker answers.", found.answers)
    yield _gauge("livestatus_broker_tasks", "Tasks that wait in the broker.", found.tasks)
    yield _gauge("livestatus_workers", "Workers that answer.", found.workers or 0)


def _system(found: Report) -> Iterator[Metric]:
    live = dict.fromkeys((word.value for word in Word if word not in OVER), 0) | dict(found.runs_by_word)
    yield _by("livestatus_runs_live", "Runs that are not over, sub-agents too, by word.", "word", live)
    yield _gauge("livestatus_sessions_live", "Sessions with a run that is not over.", found.active_sessions or 0)
    yield _gauge("livestatus_posts_open", "Posts that do not say yet how their run ended.", found.posts_open or 0)
    yield _gauge("livestatus_posts_parked", "Posts that get no more updates, of a day.", found.posts_parked or 0)
    unread, bad = found.unread_sessions or 0, found.bad_lines or 0
    yield _gauge("livestatus_sessions_unread", "Sessions whose transcript cannot be read, in full or in part.", unread)
    yield _gauge("livestatus_transcript_lines_bad", "Lines of transcripts that could not be read.", bad)


def _destinations(destinations: Iterable[DestinationFigures]) -> Iterator[Metric]:
    every = tuple(destinations)
    for name, words, field in COUNTERS:
        counter = CounterMetricFamily(name, words, labels=["destination"])
        for one in every:
            counter.add_metric([one.base_url], getattr(one, field))
        yield counter
    updates = CounterMetricFamily(
        "livestatus_updates", "Posts brought up to date, or not.", labels=["destination", "outcome"]
    )
    for one in every:
        updates.add_metric([one.base_url, "sent"], one.updates_sent)
        updates.add_metric([one.base_url, "failed"], one.updates_failed)
    yield updates
    for name, words, field in GAUGES:
        yield _by(name, words, "destination", {one.base_url: getattr(one, field) for one in every})
    circuit = GaugeMetricFamily("livestatus_circuit", "1 for the state it is in.", labels=["destination", "state"])
    for one in every:
        for state in Circuit.values:
            circuit.add_metric([one.base_url, state], one.circuit == state)
    yield circuit


def _watchers(watchers: tuple[WatcherBeat, ...]) -> Iterator[Metric]:
    alive = sum(one.beat_age_s <= SILENT_AFTER_S for one in watchers)
    yield _gauge("livestatus_watchers_alive", "Watchers that give signs of life.", alive)
    ages = {one.name: one.beat_age_s for one in watchers}
    yield _by("livestatus_watcher_beat_age_seconds", "Since the last sign of life of a watcher.", "watcher", ages)
    lags = {one.name: one.lag_s for one in watchers}
    yield _by("livestatus_watcher_lag_seconds", "How old the newest line was when it was read.", "watcher", lags)


def _lately(found: Lately) -> Iterator[Metric]:
    hour, minutes = "in the last hour", "in the last 10 minutes"
    yield _by("livestatus_runs_ended_1h", f"Root runs that ended {hour}, by outcome.", "outcome", found.ended)
    yield _by("livestatus_steps_1h", f"Steps that began {hour}, by outcome.", "outcome", found.steps)
    yield _gauge("livestatus_tokens_1h", f"Tokens of runs that ended {hour}, sub-agents too.", found.tokens)
    yield _gauge("livestatus_cost_dollars_1h", f"Cost of runs that ended {hour}, sub-agents too.", found.cost)
    yield _gauge("livestatus_live_tokens", "Tokens of live runs so far.", found.live_tokens)
    yield _gauge("livestatus_live_cost_dollars", "Cost of live runs so far.", found.live_cost)
    yield _by("livestatus_deliveries_10m", f"Requests for posts {minutes}, by kind.", "kind", found.deliveries)
    waited = {str(q): value for q, value in found.waited.items()}
    yield _by("livestatus_delivery_wait_10m_seconds", f"From a change to its post {minutes}.", "quantile", waited)
    took = {str(q): value for q, value in found.took.items()}
    yield _by("livestatus_delivery_request_10m_seconds", f"Requests to Mattermost {minutes}.", "quantile", took)
