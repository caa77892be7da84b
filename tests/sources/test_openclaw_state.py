"""What an installation's agents share: 2026.9 keeps it in a payload, 2026.7 in columns; other releases have neither."""

import json
import sqlite3

import pytest

from sessions_app.events import Ask, Outcome
from sessions_app.sources.base import ChildFact
from sessions_app.sources.openclaw import OpenClaw
from sessions_app.sources.openclaw_state import Shared, SharedState

AT = 1_795_468_400_000
CHILD, PARENT = "agent:main:subagent:1", "agent:main:main"
NEW = """CREATE TABLE subagent_runs (run_id TEXT PRIMARY KEY, child_session_key TEXT, requester_session_key TEXT,
    created_at INTEGER, payload_json TEXT)"""
OLD = """CREATE TABLE subagent_runs (run_id TEXT PRIMARY KEY, child_session_key TEXT, requester_session_key TEXT,
    created_at INTEGER, payload_json TEXT, label TEXT, started_at INTEGER, ended_at INTEGER, outcome_json TEXT,
    cleanup_completed_at INTEGER)"""
APPROVALS = """CREATE TABLE operator_approvals (approval_id TEXT, kind TEXT, status TEXT, presentation_json TEXT,
    source_session_key TEXT, created_at_ms INTEGER, expires_at_ms INTEGER)"""


@pytest.fixture
def state(tmp_path):
    return SharedState(tmp_path)


def database(root, *statements):
    (root / "state").mkdir(exist_ok=True)
    with sqlite3.connect(root / "state" / "openclaw.sqlite") as connection:
        for statement, *values in statements:
            connection.execute(statement, values)
    connection.close()


def spawn(payload, name="run-1", at=AT):
    text = payload if isinstance(payload, str) else json.dumps(payload)
    names = "run_id, child_session_key, requester_session_key, created_at, payload_json"
    return (f"INSERT INTO subagent_runs ({names}) VALUES (?, ?, ?, ?, ?)", name, CHILD, PARENT, at, text)


def approval(status="pending", session=PARENT, shown='{"commandText": "git push origin main"}', name="a1"):
    return (
        "INSERT INTO operator_approvals VALUES (?, 'exec', ?, ?, ?, ?, ?)",
        name,
        status,
        shown,
        session,
        AT,
        AT + 1000,
    )


def fact(**fields):
    return ChildFact(key=CHILD, turn_id="run-1", parent_key=PARENT, **{"started_at": AT / 1000, **fields})


PAYLOADS = [
    ("it runs", {"execution": {"status": "running", "startedAt": AT + 500}}, fact(started_at=AT / 1000 + 0.5)),
    (
        "it ended well and was answered",
        {
            "label": "docs",
            "execution": {"startedAt": AT, "endedAt": AT + 4000, "outcome": {"status": "ok"}},
            "cleanupCompletedAt": AT + 5000,
        },
        fact(label="docs", ended_at=AT / 1000 + 4, outcome=Outcome.DONE, answered_at=AT / 1000 + 5),
    ),
    (
        "it failed",
        {"execution": {"endedAt": AT + 4000, "outcome": {"status": "error", "error": "400"}}},
        fact(ended_at=AT / 1000 + 4, outcome=Outcome.FAILED, reason="400"),
    ),
    (
        "it was stopped by a person",
        {
            "execution": {"endedAt": AT + 4000, "outcome": {"status": "error", "error": "subagent run terminated"}},
            "suppressAnnounceReason": "killed",
        },
        fact(ended_at=AT / 1000 + 4, outcome=Outcome.STOPPED),
    ),
    (
        "it took too long",
        {"execution": {"endedAt": AT + 4000, "outcome": {"status": "timeout"}}},
        fact(ended_at=AT / 1000 + 4, outcome=Outcome.FAILED, reason="time limit reached"),
    ),
    ("nothing is told", {}, fact()),
    ("odd values", {"execution": 7, "outcome": [], "cleanupCompletedAt": -1}, fact()),
    ("no JSON", "{", fact()),
]


@pytest.mark.parametrize(("payload", "expected"), [case[1:] for case in PAYLOADS], ids=[case[0] for case in PAYLOADS])
def test_a_spawn_of_2026_9(state, tmp_path, payload, expected):
    database(tmp_path, (NEW,), spawn(payload))
    assert state.look() == (Shared(children={CHILD: (expected,)}), "")


def test_a_sub_agent_that_is_woken_has_a_new_row_and_keeps_the_name_of_its_spawn(state, tmp_path):
    woken = {"taskRunId": "run-1", "execution": {"startedAt": AT}}
    database(tmp_path, (NEW,), spawn(woken, name=f"announce:v1:{CHILD}:x:wake"))
    assert state.look()[0].children[CHILD] == (fact(),)


def test_a_spawn_of_2026_7(state, tmp_path):
    ended = "UPDATE subagent_runs SET label = 'docs', ended_at = ?, outcome_json = ?, cleanup_completed_at = ?"
    database(tmp_path, (OLD,), spawn("{}"), (ended, AT + 4000, '{"status": "ok"}', AT + 5000))
    expected = fact(label="docs", ended_at=AT / 1000 + 4, outcome=Outcome.DONE, answered_at=AT / 1000 + 5)
    assert state.look()[0].children == {CHILD: (expected,)}


def test_a_session_that_is_spawned_twice_has_both_the_older_first(state, tmp_path):
    database(tmp_path, (NEW,), spawn({}, "second", AT + 9000), spawn({}, "first"))
    assert [one.turn_id for one in state.look()[0].children[CHILD]] == ["first", "second"]


APPROVED = [
    ("pending", approval(), {PARENT: (Ask(id="a1", what="approve `git push`", at=AT / 1000, until=AT / 1000 + 1),)}),
    ("allowed", approval("allowed"), {}),
    ("expired", approval("expired"), {}),
    ("of nobody", approval(session=None), {}),
]


@pytest.mark.parametrize(("row", "asks"), [case[1:] for case in APPROVED], ids=[case[0] for case in APPROVED])
def test_what_waits_for_a_person(state, tmp_path, row, asks):
    database(tmp_path, (APPROVALS,), row)
    assert state.look() == (Shared(asks=asks), "")


SHOWN = [
    ('{"commandText": "TOKEN=secret /usr/bin/deploy --password hunter2"}', "approve `deploy`"),
    ('{"commandText": "echo `id`"}', "approve `echo`"),
    ('{"title": "Send the mail"}', "approve `Send the mail`"),
    ("{}", "approve what it asks for"),
    ("no JSON", "approve what it asks for"),
]


@pytest.mark.parametrize(("shown", "what"), SHOWN)
def test_an_ask_is_short_and_holds_no_secret(state, tmp_path, shown, what):
    database(tmp_path, (APPROVALS,), approval(shown=shown))
    assert [ask.what for ask in state.look()[0].asks[PARENT]] == [what]


def test_it_looks_again_after_a_write_and_only_then(state, tmp_path):
    database(tmp_path, (APPROVALS,), approval())
    first = state.look()[0]
    assert state.look()[0] is first
    database(tmp_path, ("UPDATE operator_approvals SET status = 'denied'",))
    assert state.look()[0].asks == {}


def test_a_write_into_a_wal_that_keeps_its_size_is_seen(state, tmp_path):
    database(tmp_path, (APPROVALS,), approval(), ("PRAGMA journal_mode = WAL",))
    live = sqlite3.connect(tmp_path / "state" / "openclaw.sqlite", isolation_level=None)
    try:
        for status in ("denied", "pending", "denied", "pending"):
            live.execute("UPDATE operator_approvals SET status = ?", (status,))
            assert bool(state.look()[0].asks) is (status == "pending")
    finally:
        live.close()


@pytest.mark.parametrize(
    "there", [[], [("CREATE TABLE subagent_runs (run_id TEXT)",)]], ids=["no tables", "other columns"]
)
def test_a_release_that_keeps_other_things_there_tells_nothing(state, tmp_path, there):
    database(tmp_path, ("CREATE TABLE task_runs (id TEXT)",), *there)
    assert state.look() == (Shared(), "")


def test_what_was_seen_stays_while_the_file_cannot_be_read(state, tmp_path):
    database(tmp_path, (APPROVALS,), approval())
    seen = state.look()[0]
    (tmp_path / "state" / "openclaw.sqlite").write_bytes(b"no database at all" * 100)
    found, problem = state.look()
    assert found == seen
    assert "cannot be read" in problem


def test_nothing_there(state):
    assert state.look() == (Shared(), "")


def test_an_installation_hears_of_it_and_gives_it_to_the_session_that_asks(tmp_path):
    store = OpenClaw(tmp_path)
    sessions = tmp_path / "agents" / "main" / "sessions"
    sessions.mkdir(parents=True)
    (sessions / "sessions.json").write_text(
        json.dumps({PARENT: {"sessionId": "w", "updatedAt": AT, "status": "running"}})
    )
    assert tmp_path / "state" not in store.folders()
    database(tmp_path, (APPROVALS,), approval(), (NEW,), spawn({}))
    assert tmp_path / "state" in store.folders()
    assert store.touched(str(tmp_path / "state" / "openclaw.sqlite-wal")).survey
    assert not store.touched(str(tmp_path / "state" / "openclaw.sqlite")).survey
    survey = store.survey()
    assert [ask.what for ask in survey.sessions[PARENT].asks] == ["approve `git push`"]
    assert [one.turn_id for one in survey.children[CHILD]] == ["run-1"]
