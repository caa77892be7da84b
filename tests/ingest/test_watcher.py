import threading
import time

import pytest
from django.db import DataError, OperationalError

from sessions_app.ingest import watcher as module
from sessions_app.ingest.apply import apply
from sessions_app.ingest.observer import Ears
from sessions_app.models import Run, Session, Watcher
from sessions_app.models.times import moment, seconds
from tests.ingest.watching import KEY, START, answered, asked, called, header, row, words

pytestmark = pytest.mark.django_db
MAIN = "agent:main:main"


@pytest.fixture
def two(watching, store):
    """Two sessions with a line each."""
    watching.rows({KEY: row("w", status="running", startedAt=START), MAIN: row("m", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "one"))
    store.write("m.jsonl", header(), asked(START, "two"))
    return watching


def run_until(watching, done):
    """Run the loop as the watcher does, until something is so."""
    rounds = []

    def hand_on():
        rounds.append(1)
        if done() or len(rounds) > 200:
            watching.loop.stop.set()
            watching.loop.dirty.bell.set()

    watching.loop.hand_on = hand_on
    watching.loop.run()
    assert done()
    return len(rounds)


def begin(watching):
    """Beat for the first time, as the loop does before anything else."""
    watching.loop.watching = True
    watching.loop.beat(started_at=moment(watching.now))


def failing(monkeypatch, error, times):
    """`apply` that fails so many times, then works."""
    left = [times]

    def applying(*args):
        if left[0]:
            left[0] -= 1
            raise error
        return apply(*args)

    monkeypatch.setattr(module, "apply", applying)
    return left


def test_a_watcher_beats_and_stops(two):
    run_until(two, lambda: Run.objects.count() == 2)
    watcher = Watcher.objects.get()
    assert (watcher.name, watcher.pid, seconds(watcher.beat_at), seconds(watcher.started_at)) == ("w", 1, START, START)
    assert watcher.stores == str(two.root)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("times", [1, 3])
def test_a_database_that_fails_during_the_first_scan_is_asked_again(two, monkeypatch, times):
    monkeypatch.setattr(module, "PATIENCE_S", 0)
    left = failing(monkeypatch, OperationalError("database is locked"), times)
    run_until(two, lambda: Run.objects.count() == 2)
    assert left == [0]
    assert two.loop.caught_up


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_in_a_round_loses_nothing(two, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0)
    two.read_all()
    two.store.write("w.jsonl", answered(START + 1))
    two.rows({KEY: row("w", status="done", endedAt=START + 1)})
    failing(monkeypatch, OperationalError("disk I/O error"), 2)
    run_until(two, lambda: words()[f"{KEY} 1"] == "done")


@pytest.mark.django_db(transaction=True)
def test_a_beat_that_fails_stops_nothing(two, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_S", 0)
    beat, left = Watcher.beat, [2]

    def beating(name, **fields):
        if left[0]:
            left[0] -= 1
            raise OperationalError("no")
        beat(name, **fields)

    monkeypatch.setattr(Watcher, "beat", beating)
    run_until(two, lambda: Run.objects.count() == 2 and Watcher.objects.exists())


@pytest.mark.parametrize("error", [DataError("value too long"), ValueError("a bug of ours"), OverflowError("int")])
def test_what_the_database_does_not_take_of_one_session_is_left_out_and_the_rest_goes_on(two, monkeypatch, error):
    def picky(store, news, now, limits):
        if MAIN in news.keys:
            raise error
        return apply(store, news, now, limits)

    Session.objects.create(store=str(two.root), key=MAIN)
    monkeypatch.setattr(module, "apply", picky)
    two.read_all()
    two.step()
    assert words() == {f"{KEY} 1": "thinking"}
    assert "could not be taken" in Session.objects.get(key=MAIN).problem
    monkeypatch.undo()
    two.store.write("m.jsonl", answered(START + 1))
    two.rows({KEY: row("w", status="running"), MAIN: row("m", status="done", endedAt=START + 1)})
    two.step()
    assert words() == {f"{KEY} 1": "thinking", f"{MAIN} 1": "done"}
    assert Session.objects.get(key=MAIN).problem == ""


def test_a_database_that_is_away_is_not_taken_for_a_bad_session(two, monkeypatch):
    failing(monkeypatch, OperationalError("away"), 1)
    with pytest.raises(OperationalError):
        two.read_all()
    assert not Session.objects.exists()


def test_problems_of_stores_stand_on_the_heartbeat(watching, store):
    store.sessions()
    (store.sessions() / "sessions.json").write_text("{")
    begin(watching)
    watching.read_all()
    watching.step(START + 10)
    assert "not whole JSON" in Watcher.objects.get().problems


def test_a_line_that_was_heard_of_is_read_without_a_sweep(two):
    two.read_all()
    two.step()
    path = two.store.write("w.jsonl", called(START + 1, "a"))
    two.loop.dirty._paths[str(path)] = None
    two.loop._next_sweep = two.now + 2
    two.loop.round()
    assert words()[f"{KEY} 1"] == "working"


def test_a_line_that_was_not_heard_of_is_found_by_the_sweep(two):
    two.read_all()
    two.step()
    two.store.write("w.jsonl", called(START + 1, "a"))
    two.now += 0.5
    two.loop.round()
    assert words()[f"{KEY} 1"] == "thinking"
    two.now += 2
    two.loop.round()
    assert words()[f"{KEY} 1"] == "working"


def test_a_lost_event_is_made_good_at_once(two):
    two.read_all()
    two.step()
    two.store.write("w.jsonl", called(START + 1, "a"))
    two.loop.dirty.overflowed = True
    two.loop.round()
    assert words()[f"{KEY} 1"] == "working"
    assert not two.loop.dirty.overflowed


def test_a_clock_that_was_set_back_stops_neither_sweeps_nor_beats(two):
    begin(two)
    two.read_all()
    two.loop.round()
    two.now -= 3600
    two.store.write("w.jsonl", called(START + 1, "a"))
    two.loop.round()
    assert words()[f"{KEY} 1"] == "working"
    assert seconds(Watcher.objects.get().beat_at) == two.now


def test_paths_of_another_store_with_a_longer_name_are_not_this_ones(two):
    two.read_all()
    two.step()
    two.loop._next_sweep = two.now + 2
    two.loop.dirty._paths[f"{two.root}-other/agents/main/sessions/sessions.json"] = None
    two.loop.round()
    assert not two.reader.look_due


def test_the_lag_is_that_of_live_lines_only(two):
    two.now = START + 5000
    two.read_all()
    assert two.loop.lag_s == 0
    two.store.write("w.jsonl", called(START + 5001, "a"))
    two.step(START + 5003)
    assert two.loop.lag_s == 2


def test_a_first_scan_can_be_stopped(two):
    two.loop.stop.set()
    two.read_all()
    assert not two.loop.caught_up
    assert Run.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_from_a_line_to_its_word_through_real_events(two):
    two.loop.ears = Ears(two.loop.dirty)
    del two.loop.listen
    two.loop.settings = module.Settings(
        name="w", host="h", pid=1, limits=two.loop.settings.limits, policy=two.loop.settings.policy, poll_s=3600
    )
    said, until = threading.Event(), time.monotonic() + 20

    def hand_on():
        if not two.loop.caught_up:
            return
        if not said.is_set():
            said.set()
            two.store.write("w.jsonl", called(START + 1, "a"))
        if words()[f"{KEY} 1"] == "working" or time.monotonic() > until:
            two.loop.stop.set()

    two.loop.hand_on = hand_on
    two.loop.run()
    assert words()[f"{KEY} 1"] == "working"
