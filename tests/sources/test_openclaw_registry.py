import json
import os

import pytest

from sessions_app.events import Outcome
from sessions_app.sources.base import ChildFact
from sessions_app.sources.openclaw_registry import MAX_REGISTRY, Registry

ENTRY = {
    "runId": "r1",
    "childSessionKey": "agent:main:subagent:A",
    "requesterSessionKey": "agent:main:MAIN",
    "label": "child-a",
    "createdAt": 1000,
    "startedAt": 2000,
    "endedAt": 3000,
    "outcome": {"status": "ok"},
    "cleanupCompletedAt": 4000,
}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.json"


@pytest.fixture
def registry(path):
    return Registry(path)


def write(path, *entries):
    path.write_text(json.dumps({"version": 2, "runs": {str(no): entry for no, entry in enumerate(entries)}}))


def test_a_spawn_is_read_with_its_times_and_its_end(path, registry):
    write(path, ENTRY)
    expected = ChildFact(
        key="agent:main:subagent:a",
        turn_id="r1",
        parent_key="agent:main:main",
        label="child-a",
        started_at=2.0,
        ended_at=3.0,
        outcome=Outcome.DONE,
        answered_at=4.0,
    )
    assert registry.look() == ({"agent:main:subagent:a": (expected,)}, "")


ENDS = [
    ({"status": "ok"}, Outcome.DONE, ""),
    ({"status": "error", "error": "no model"}, Outcome.FAILED, "no model"),
    ({"status": "timeout"}, Outcome.FAILED, "time limit reached"),
    ({"status": "of the future"}, None, ""),
    ({}, None, ""),
    (None, None, ""),
]


@pytest.mark.parametrize(("end", "outcome", "reason"), ENDS)
def test_the_end_of_a_spawn_is_told(path, registry, end, outcome, reason):
    write(path, {**ENTRY, "outcome": end})
    (told,) = registry.look()[0]["agent:main:subagent:a"]
    assert (told.outcome, told.reason) == (outcome, reason)


def test_a_session_spawned_twice_has_both_in_the_order_of_their_making(path, registry):
    write(path, {**ENTRY, "runId": "second", "createdAt": 9000}, {**ENTRY, "runId": "first"})
    told = registry.look()[0]["agent:main:subagent:a"]
    assert [one.turn_id for one in told] == ["first", "second"]


def test_a_torn_file_keeps_the_last_good_one_without_a_word(path, registry):
    write(path, ENTRY)
    before = registry.look()
    whole = path.read_bytes()
    for size in range(0, len(whole) - 1, 7):
        path.write_bytes(whole[:size])
        assert registry.look() == before
    write(path)
    assert registry.look() == ({}, "")


def test_a_torn_file_is_read_as_soon_as_it_is_whole_even_at_the_same_time(path, registry):
    write(path, ENTRY)
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + b" ")
    os.utime(path, ns=(1, 1))
    assert registry.look() == ({}, "")
    path.write_bytes(whole)
    os.utime(path, ns=(1, 1))
    assert list(registry.look()[0]) == ["agent:main:subagent:a"]


ODD = [7, [], None, {}, {"childSessionKey": 5}, {**ENTRY, "label": []}, {"runId": "no child"}]


@pytest.mark.parametrize("odd", ODD)
def test_an_odd_entry_costs_only_itself(path, registry, odd):
    write(path, odd, ENTRY)
    assert list(registry.look()[0]) == ["agent:main:subagent:a"]


def test_a_task_cut_inside_an_emoji_costs_nothing(path, registry):
    write(path, {**ENTRY, "task": "cut \ud83d"})
    assert list(registry.look()[0]) == ["agent:main:subagent:a"]


def test_a_time_that_is_none_is_not_kept(path, registry):
    path.write_text('{"runs":{"1":{"childSessionKey":"a","endedAt":1e300,"startedAt":"inf","createdAt":"nan"}}}')
    (told,) = registry.look()[0]["a"]
    assert (told.started_at, told.ended_at) == (0.0, 0.0)


def test_no_registry_is_no_problem(registry):
    assert registry.look() == ({}, "")


def test_a_huge_registry_is_not_read_and_says_so(path, registry):
    with path.open("wb") as file:
        file.truncate(MAX_REGISTRY + 1)
    assert "larger than 16 MB" in registry.look()[1]


def test_what_is_no_file_of_the_store_is_refused(tmp_path, path, registry):
    other = tmp_path / "other.json"
    write(other, ENTRY)
    path.symlink_to(other)
    assert registry.look()[0] == {}
    assert "cannot be read" in registry.look()[1]
    path.unlink()
    os.mkfifo(path)
    assert registry.look()[0] == {}


def test_secrets_are_redacted_in_labels_and_errors(path, registry):
    secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    write(path, {**ENTRY, "label": secret, "outcome": {"status": "error", "error": secret}})
    assert secret not in repr(registry.look())
