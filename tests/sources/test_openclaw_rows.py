import json
import os

import pytest

from sessions_app.events import Outcome
from sessions_app.sources.base import Address
from sessions_app.sources.openclaw_rows import MAX_ROWS, Row, Rows, facts_of
from tests.sources.lines import ALICE, CHANNEL, ROOT


@pytest.fixture
def path(tmp_path):
    return tmp_path / "sessions.json"


@pytest.fixture
def rows(path):
    return Rows(path)


def replace_with(path, text):
    """As OpenClaw does it: a new file, renamed."""
    new = path.with_suffix(".tmp")
    new.write_bytes(text if isinstance(text, bytes) else json.dumps(text).encode())
    new.replace(path)


def test_rows_are_read_by_key_in_lower_case(path, rows):
    replace_with(path, {"agent:main:A": {"sessionId": "1"}})
    found, problem = rows.look()
    assert {key: row.session_id for key, row in found.items()} == {"agent:main:a": "1"}
    assert (problem, rows.whole) == ("", True)


def test_a_torn_file_keeps_the_last_good_rows_until_it_is_whole(path, rows):
    replace_with(path, {"agent:main:a": {"sessionId": "1"}})
    before, _ = rows.look()
    for torn in (b'{"agent:main:a": {"sess', b"", b"[]", b"\x00" * 100):
        replace_with(path, torn)
        found, problem = rows.look()
        assert found == before
        assert "not whole JSON" in problem
        assert not rows.whole
    replace_with(path, {"agent:main:b": {}})
    found, problem = rows.look()
    assert (list(found), problem, rows.whole) == (["agent:main:b"], "", True)


def test_a_file_that_is_gone_for_a_moment_keeps_its_rows(path, rows):
    replace_with(path, {"agent:main:a": {}})
    rows.look()
    path.unlink()
    assert (list(rows.look()[0]), rows.look()[1]) == (["agent:main:a"], "")


def test_a_file_that_is_not_there_yet_has_no_rows(rows):
    assert rows.look() == ({}, "")


def test_an_unchanged_file_is_not_read_again(path, rows, monkeypatch):
    replace_with(path, {"agent:main:a": {}})
    rows.look()
    monkeypatch.setattr("sessions_app.sources.openclaw_rows.decoded", None)
    assert list(rows.look()[0]) == ["agent:main:a"]


def test_a_file_replaced_by_one_of_the_same_inode_and_size_is_read(path, rows):
    path.write_text('{"agent:main:a": {}}')
    os.utime(path, ns=(1, 1))
    rows.look()
    path.write_text('{"agent:main:b": {}}')
    os.utime(path, ns=(2, 2))
    assert list(rows.look()[0]) == ["agent:main:b"]


def test_a_huge_file_is_not_read_and_says_so(path, rows):
    with path.open("wb") as file:
        file.truncate(MAX_ROWS + 1)
    found, problem = rows.look()
    assert (found, rows.whole) == ({}, False)
    assert "larger than 64 MB" in problem


def test_a_bad_row_costs_only_itself_and_is_counted(path, rows):
    replace_with(path, {"agent:main:a": {"sessionId": "1"}, "agent:main:b": ["odd"], "agent:main:c": {"label": {}}})
    for _ in range(2):
        found, problem = rows.look()
        assert list(found) == ["agent:main:a"]
        assert "2 rows could not be read" in problem


def test_a_row_that_has_become_unreadable_stays_as_it_was(path, rows):
    replace_with(path, {"agent:main:a": {"sessionId": "1"}})
    rows.look()
    replace_with(path, {"agent:main:a": 7})
    assert rows.look()[0]["agent:main:a"].session_id == "1"
    assert rows.whole


def test_a_label_cut_inside_an_emoji_costs_nothing(path, rows):
    replace_with(
        path, b'{"agent:main:a":{"sessionId":"1","label":"fix \\ud83d"},"agent:main:b":{"displayName":"\\ud83d"}}'
    )
    found, problem = rows.look()
    assert (found["agent:main:a"].label, len(found), problem) == ("fix \ufffd", 2, "")


def test_deep_rows_cost_only_themselves(path, rows):
    deep = b"[" * 100_000
    replace_with(path, b'{"agent:main:a":{"x":' + deep + b"}}")
    assert rows.look()[0] == {}
    assert "not whole JSON" in rows.look()[1]


def test_hostile_keys_are_stored_harmlessly(path, rows):
    replace_with(path, {"A\x00B": {}, "k" * 10_000: {}, "": {}, "агент:main": {}})
    assert set(rows.look()[0]) == {"ab", "k" * 500, "", "агент:main"}


def test_a_symbolic_link_is_refused_with_a_sentence(tmp_path, path, rows):
    secret = tmp_path / "elsewhere.json"
    secret.write_text('{"agent:main:a": {}}')
    path.symlink_to(secret)
    found, problem = rows.look()
    assert (found, rows.whole) == ({}, False)
    assert "symbolic link" in problem


@pytest.mark.parametrize("kind", ["directory", "pipe"])
def test_what_is_no_file_is_refused_without_waiting(path, rows, kind):
    path.mkdir() if kind == "directory" else os.mkfifo(path)
    found, problem = rows.look()
    assert found == {}
    assert str(path) in problem


def facts(**fields):
    row = Row(**fields)
    return facts_of("agent:main:main", row, agent="main", transcript="t")


STATUSES = [
    (None, None, False, None, ""),
    ("running", True, True, None, ""),
    ("done", False, True, Outcome.DONE, ""),
    ("failed", False, True, Outcome.FAILED, ""),
    ("killed", False, True, Outcome.STOPPED, ""),
    ("interrupted", False, True, Outcome.STOPPED, ""),
    # a time limit is a failure, with its reason
    ("timeout", False, True, Outcome.FAILED, "time limit reached"),
    ("of the future", False, True, None, ""),
]


@pytest.mark.parametrize(("status", "running", "has", "outcome", "reason"), STATUSES)
def test_a_status_says_whether_a_turn_goes_on_and_how_it_ended(status, running, has, outcome, reason):
    told = facts(status=status)
    assert (told.running, told.has_status, told.outcome, told.reason) == (running, has, outcome, reason)


def test_the_error_of_a_row_is_the_reason_without_secrets():
    told = facts(status="failed", last_run_error="bad key ghp_16C7e42F292c6912E7710c838347Ae178B4a")
    assert told.reason == "bad key [redacted]"


TIMES = [(1795341704988, 1795341704.988), (None, 0.0), (0, 0.0), (-5, 0.0), (float("inf"), 0.0), (float("nan"), 0.0)]


@pytest.mark.parametrize(("written", "seconds"), [*TIMES, (1e300, 0.0)])
def test_times_are_seconds_and_nonsense_is_none(written, seconds):
    told = facts(updated_at=written, started_at=written, ended_at=written)
    assert (told.updated_at, told.started_at, told.ended_at) == (seconds,) * 3


def test_either_name_of_a_parent_is_read():
    assert facts(spawned_by="agent:main:A").parent_key == "agent:main:a"
    assert facts(spawned_by="x", parent_session_key="agent:main:b").parent_key == "agent:main:b"
    assert facts().parent_key == ""


def test_the_channel_name_loses_its_sign():
    assert facts(group_channel="#town-square").channel_name == "town-square"


TO_CHANNEL = {"channel": "mattermost", "to": f"channel:{CHANNEL}", "threadId": ROOT}
TO_ALICE = {"lastChannel": "mattermost", "lastTo": f"user:{ALICE}", "lastThreadId": ROOT}
DELIVERIES = [
    # 2026.2 and 2026.7
    ({"deliveryContext": TO_CHANNEL}, Address(channel_id=CHANNEL, thread_id=ROOT)),
    ({"deliveryContext": {"channel": "telegram", "to": "user:1"}, **TO_ALICE}, Address()),
    (TO_ALICE, Address(user_id=ALICE, thread_id=ROOT)),
    ({**TO_ALICE, "lastChannel": "webchat"}, Address()),
    # a sub-agent of 2026.2 has lost its address
    ({"deliveryContext": {"channel": "mattermost"}}, Address()),
    # 2026.9
    ({"delivery": {"kind": "external", "context": TO_CHANNEL}}, Address(channel_id=CHANNEL, thread_id=ROOT)),
    ({"delivery": {"kind": "none"}, **TO_ALICE}, Address()),
    ({}, Address()),
]


@pytest.mark.parametrize(("row", "address"), DELIVERIES)
def test_a_delivery_through_mattermost_is_an_address(path, rows, row, address):
    replace_with(path, {"agent:main:main": row})
    found = rows.look()[0]["agent:main:main"]
    assert facts_of("agent:main:main", found, agent="main", transcript="").from_row == address


NAMES = [
    # (sessionFile, base name)
    ("/home/x/.openclaw/agents/main/sessions/cb3c.jsonl", "cb3c.jsonl"),
    ("C:\\openclaw\\cb3c-topic-1.jsonl", "cb3c-topic-1.jsonl"),
    (None, "sid.jsonl"),
    ("", "sid.jsonl"),
    ("/x/cb3c.trajectory.jsonl", "sid.jsonl"),
    ("/etc/passwd", "sid.jsonl"),
    ("/x/..", "sid.jsonl"),
]


@pytest.mark.parametrize(("file", "name"), NAMES)
def test_a_transcript_is_found_by_its_base_name(file, name):
    assert Row(session_id="sid", session_file=file).base_name() == name


def test_a_session_id_that_climbs_is_a_base_name_too():
    assert Row(session_id="../../../etc/x").base_name() == "x.jsonl"


BELOW = [
    ("{root}/agents/main/sessions/a.jsonl", ("agents/main/sessions/a.jsonl", True)),
    ("{root}/moved/a.jsonl", ("moved/a.jsonl", True)),
    ("{root}/agents/../../a.jsonl", ("", False)),
    ("{root}-evil/a.jsonl", ("", False)),
    ("{root}/a.trajectory.jsonl", ("", False)),
    ("{root}/a.txt", ("", False)),
    ("/elsewhere/a.jsonl", ("", False)),
    (None, ("", False)),
]


@pytest.mark.parametrize(("file", "expected"), BELOW)
def test_a_path_below_the_store_shows_that_openclaw_sees_it_where_we_do(tmp_path, file, expected):
    row = Row(session_file=file and file.format(root=tmp_path))
    assert row.below((tmp_path,)) == expected
