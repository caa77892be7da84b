"""A scrape: every figure from the rows, in Prometheus' format, at the same cost for any number of rows."""

import dataclasses
import re
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from sessions_app.health.broker import Broker
from sessions_app.health.lately import quantiles
from sessions_app.health.metrics import exposition
from sessions_app.models import Delivery, Post
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db
SERVER = (("destination", make.MATTERMOST),)
Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def scrape() -> Samples:
    families = text_string_to_metric_families(exposition(time.time()).decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def delivery(of: Post, *, ago: float = 1.0, kind: str = "edited", **fields: float) -> Delivery:
    return Delivery.objects.create(post=of, at=time.time() - ago, kind=kind, **fields)


def test_counters_are_the_columns_that_only_grow():
    make.watcher()
    make.destination(
        creates=1, edits=2, unchanged=3, coalesced=4, limited=5, retries=6, updates_sent=7, updates_failed=8
    )  # fmt: skip
    found = scrape()
    for name, value in (
        ("posts_created", 1), ("posts_edits", 2), ("posts_unchanged", 3), ("posts_coalesced", 4),
        ("mattermost_limited", 5), ("mattermost_retries", 6),
    ):  # fmt: skip
        assert found[f"livestatus_{name}_total", SERVER] == value
    assert found["livestatus_updates_total", (*SERVER, ("outcome", "sent"))] == 7
    assert found["livestatus_updates_total", (*SERVER, ("outcome", "failed"))] == 8


def test_what_is_live_and_what_waits():
    make.watcher(lag_s=1.5)
    one = make.destination(circuit="half-open", paused=True, quiet_until=time.time() + 30)
    make.post(make.run(Word.NEEDS_YOU, tokens=100, cost=0.5), destination=one, intent_at=1.0)
    make.post(make.run(), destination=one, sent_revision=1, behind_since=time.time() - 9, intent_at=1.0)
    make.post(make.run(), destination=one, parked="It was deleted.")
    make.checkpoint(make.session(problem="It is a directory."), bad_lines=3)
    found = scrape()
    assert found["livestatus_runs_live", (("word", "needs you"),)] == 1
    assert found["livestatus_runs_live", (("word", "queued"),)] == 0
    assert found["livestatus_posts_behind", SERVER] == 1
    assert found["livestatus_posts_live", SERVER] == 2
    assert found["livestatus_posts_oldest_waiting_seconds", SERVER] == pytest.approx(9, abs=1)
    assert found["livestatus_circuit", (*SERVER, ("state", "half-open"))] == 1
    assert found["livestatus_circuit", (*SERVER, ("state", "closed"))] == 0
    assert found["livestatus_destination_paused", SERVER] == 1
    assert found["livestatus_destination_quiet_seconds", SERVER] == pytest.approx(30, abs=1)
    assert found["livestatus_pace_seconds", SERVER] == 0.4
    assert found["livestatus_pace_reduced", SERVER] == 0
    assert found["livestatus_posts_parked", ()] == 1
    assert found["livestatus_sessions_unread", ()] == 1
    assert found["livestatus_transcript_lines_bad", ()] == 3
    assert found["livestatus_live_tokens", ()] == 100
    assert found["livestatus_live_cost_dollars", ()] == 0.5
    (watcher,) = [labels for name, labels in found if name == "livestatus_watcher_lag_seconds"]
    assert found["livestatus_watcher_lag_seconds", watcher] == 1.5
    assert found["livestatus_watcher_beat_age_seconds", watcher] < 2
    assert found["livestatus_health", ()] == 2, "the circuit is not closed"
    assert found["livestatus_part_health", (("part", "delivery"),)] == 2
    assert found["livestatus_part_health", (("part", "database"),)] == 0


def test_watchers_that_are_silent_are_not_alive():
    make.watcher()
    make.watcher(name="silent", beat_at=moment(time.time() - 60))
    assert scrape()["livestatus_watchers_alive", ()] == 1


def test_what_happened_lately():
    make.watcher()
    root = make.run(Word.DONE, tokens=100, cost=0.25)
    make.run(Word.FAILED, parent=root, tokens=50, cost=0.25)
    make.run(Word.DONE, ended_at=moment(time.time() - 4000), tokens=999)
    for ok, ago in ((True, 9), (False, 9), (None, 9), (True, 4000)):
        make.step(root, ok=ok, started_at=moment(time.time() - ago))
    post = make.post(root)
    for waited in (1.0, 2.0, 3.0):
        delivery(post, waited_s=waited, took_s=0.1)
    delivery(post, kind="failed", waited_s=99.0, took_s=5.0)
    delivery(post, ago=700, waited_s=50.0)
    found = scrape()
    assert found["livestatus_runs_ended_1h", (("outcome", "done"),)] == 1
    assert found["livestatus_runs_ended_1h", (("outcome", "failed"),)] == 0, "sub-agents fail for themselves"
    assert found["livestatus_runs_ended_1h", (("outcome", "lost"),)] == 0
    assert (found["livestatus_tokens_1h", ()], found["livestatus_cost_dollars_1h", ()]) == (150, 0.5)
    steps = {labels[0][1]: value for (name, labels), value in found.items() if name == "livestatus_steps_1h"}
    assert steps == {"ok": 1, "failed": 1, "open": 1}
    assert found["livestatus_deliveries_10m", (("kind", "edited"),)] == 3
    assert found["livestatus_deliveries_10m", (("kind", "failed"),)] == 1
    assert found["livestatus_delivery_wait_10m_seconds", (("quantile", "0.5"),)] == 2.0
    assert found["livestatus_delivery_wait_10m_seconds", (("quantile", "0.95"),)] == 3.0
    assert found["livestatus_delivery_request_10m_seconds", (("quantile", "0.99"),)] == 5.0


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([], {}),
        ([7.0], {0.5: 7.0, 0.95: 7.0, 0.99: 7.0}),
        ([float(n) for n in range(100, 0, -1)], {0.5: 51.0, 0.95: 96.0, 0.99: 100.0}),
    ],
)
def test_quantiles_of_a_sample(values, found):
    assert quantiles(values) == found


def test_broker_and_workers_where_there_are_any(monkeypatch):
    make.watcher()
    assert ("livestatus_workers", ()) not in scrape()
    monkeypatch.setattr("sessions_app.health.broker.ASKED.broker", lambda: Broker("r:1", True, tasks=4, workers=2))
    found = scrape()
    assert found["livestatus_broker_up", ()] == 1
    assert (found["livestatus_broker_tasks", ()], found["livestatus_workers", ()]) == (4, 2)


def test_the_cost_is_the_same_for_any_number_of_rows():
    def queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            exposition(time.time())
        return len(queries)

    make.watcher()
    before = queries()
    for number in range(5):
        post = make.post(make.run(), destination=make.destination(base_url=f"https://{number}.example.com"))
        delivery(post)
        make.step(make.run(Word.FAILED))
    assert queries() == before


def test_names_and_labels_are_ours():
    """Never titles, keys or tools: they say too much, and there is no end to them."""
    make.watcher()
    make.destination()
    run = make.run(title="a-title", label="a-label", prompt="a-prompt")
    make.step(run, tool="a-tool", target="a-target")
    make.post(run, last_error="an-error")
    make.session(key="a-key", agent="an-agent", problem="a-problem")
    text = exposition(time.time()).decode()
    for hidden in ("a-title", "a-label", "a-prompt", "a-tool", "a-target", "an-error", "a-key", "an-agent", "a-prob"):
        assert hidden not in text
    labels = set(re.findall(r'[{,](\w+)="', text))
    assert labels <= {"part", "word", "outcome", "kind", "quantile", "destination", "state", "watcher"}
    names = {name for name, _ in scrape()}
    assert all(re.fullmatch(r"livestatus_[a-z0-9_]+", name) for name in names)
    assert all(line.split(maxsplit=3)[3] for line in text.splitlines() if line.startswith("# HELP"))


def test_text_in_a_label_cannot_break_out_of_its_line():
    make.watcher(name='evil"} 1\nlivestatus_health 0', stores="/x")
    assert scrape()["livestatus_health", ()] == 0
    names = [labels for name, labels in scrape() if name == "livestatus_watcher_lag_seconds"]
    assert names == [(("watcher", 'evil"} 1\nlivestatus_health 0'),)]


def test_settings_that_cannot_be_used_are_counted(settings):
    make.watcher()
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, problems=("PORT is 'x'.", "HOST is 'y'."))
    assert scrape()["livestatus_settings_problems", ()] == 2
