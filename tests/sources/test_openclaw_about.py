"""A store seen from outside: who wrote it, and why no session is seen in it."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sessions_app.sources.openclaw import OpenClaw
from sessions_app.sources.openclaw_about import about, nothing_to_see
from tests.sources.strangers import as_nobody

DATA = Path(__file__).parents[1] / "data/openclaw"
ROW = {"sessionId": "s1", "updatedAt": 1795341704988}


@pytest.fixture(autouse=True)
def _nobody_elses_stores(monkeypatch, tmp_path):
    """Not those of whoever runs the tests."""
    monkeypatch.setattr("sessions_app.sources.openclaw_reach.HOMES", (str(tmp_path / "home"),))
    monkeypatch.setattr("sessions_app.sources.openclaw_reach.IN_CONTAINER", ())


def database(root, agent="main", *, statement="", version=23):
    """An agent's database without a session, of today's shape unless a statement changes it."""
    path = root / "agents" / agent / "agent/openclaw-agent.sqlite"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE session_nodes (session_key, current_session_id, entry_json, status, updated_at)")
        file.execute("CREATE TABLE transcript_events (session_id, seq, event_json)")
        file.execute(f"PRAGMA user_version = {version}")
        for one in filter(None, statement.split(";")):
            file.execute(one)
        file.commit()
    return path


@pytest.mark.parametrize(
    ("recording", "kind", "version", "schema"),
    [
        ("2026.2.26/nested", "files", "before 2026.3", "rows without status, so locks tell"),
        ("2026.7.1/nested", "files", "2026.3 to 2026.7", "rows with status"),
        ("2026.9.6/nested", "SQLite", "2026.9.6", "schema 23"),
    ],
)
def test_a_recording_says_who_wrote_it(recording, kind, version, schema):
    found = about(DATA / recording)
    assert (found.found, found.kind, found.version, found.schema) == (True, kind, version, schema)
    assert found.problems == ()
    assert found.why_none is None


def test_the_settings_of_openclaw_name_the_release(store):
    store.rows(one=ROW)
    (store.root / "openclaw.json").write_text('{"meta": {"lastTouchedVersion": "2026.7.1"}}')
    assert about(store.root).version == "2026.7.1"


def test_the_newest_number_counts_whoever_left_it(store):
    database(
        store.root, statement="CREATE TABLE schema_meta (app_version); INSERT INTO schema_meta VALUES ('2026.10.2')"
    )
    (store.root / "openclaw.json").write_text('{"meta": {"lastTouchedVersion": "2026.9.6"}}')
    assert about(store.root).version == "2026.10.2"


def test_both_kinds_side_by_side(store):
    store.rows(agent="old", one=ROW)
    database(store.root, "new")
    assert about(store.root).kind == "SQLite and files"


def test_a_store_that_openclaw_sees_elsewhere(store):
    store.rows(one={**ROW, "sessionFile": "/home/node/.openclaw/agents/main/sessions/s1.jsonl"})
    (note,) = about(store.root).notes
    assert note.startswith("OpenClaw sees this store as /home/node/.openclaw (a container, or a copy).")


def test_old_files_beside_the_database_are_dead(store):
    store.rows(one=ROW, two=ROW)
    path = database(store.root)
    found = about(store.root)
    assert "its old sessions.json is still there and is not read" in found.notes[0]
    assert found.why_none is not None
    assert "The 2 in sessions.json are from before the move" in found.why_none.sentence
    assert found.why_none.waiting
    with closing(sqlite3.connect(path)) as file:
        file.execute("INSERT INTO session_nodes VALUES ('agent:main:main', 's1', '{}', 'done', 1)")
        file.commit()
    assert about(store.root).why_none is None


def test_agents_without_a_session_are_only_waited_for(store):
    store.sessions()
    cause = about(store.root).why_none
    assert cause is not None
    assert cause.sentence == f"{store.root} has the agent main, and no session yet."
    assert cause.waiting
    assert nothing_to_see(store.root) == ()


@pytest.mark.parametrize(
    ("statement", "lacks"),
    [
        ("ALTER TABLE session_nodes DROP COLUMN entry_json", "it lacks session_nodes.entry_json"),
        ("ALTER TABLE transcript_events DROP COLUMN seq", "it lacks transcript_events.seq"),
        ("DROP TABLE session_nodes", "it lacks session_nodes.session_key"),
    ],
)
def test_a_schema_that_nobody_knows(store, statement, lacks):
    database(store.root, statement=statement, version=99)
    cause = about(store.root).why_none
    assert cause is not None
    assert "has schema 99, which this version does not know" in cause.sentence
    assert lacks in cause.sentence
    assert not cause.waiting


def test_a_database_of_2026_7_is_for_other_things(store):
    store.rows(one=ROW)
    database(store.root, statement="DROP TABLE session_nodes", version=1)
    found = about(store.root)
    assert (found.kind, found.problems, found.why_none) == ("files", (), None)


def test_a_database_that_is_none(store):
    database(store.root).write_bytes(b"no database at all, but long enough to be read as one" * 100)
    cause = about(store.root).why_none
    assert cause is not None
    assert "cannot be read (file is not a database)" in cause.sentence


def test_rows_that_are_no_json(store):
    (store.sessions() / "sessions.json").write_text("{")
    cause = about(store.root).why_none
    assert cause is not None
    assert "sessions.json is not whole JSON" in cause.sentence


def test_one_bad_agent_does_not_hide_the_good_one(store):
    store.rows(one=ROW)
    (store.sessions("bad") / "sessions.json").write_text("{")
    found = about(store.root)
    assert found.why_none is None
    assert len(found.problems) == 1


def test_files_of_somebody_else(store, open_folders):
    store.rows(one=ROW)
    for folder in (store.root, *(path for path in store.root.rglob("*") if path.is_dir())):
        folder.chmod(0o755)
    (store.sessions() / "sessions.json").chmod(0o000)

    path = store.sessions() / "sessions.json"
    as_nobody(lambda: _says(store.root, f"{path} ", "Run Live Status as" if path.stat().st_uid == 0 else "chmod"))


def _says(root, sentence, step):
    cause = about(root).why_none
    assert cause is not None
    assert sentence in cause.sentence, cause
    assert step in cause.next_step


def test_a_database_of_somebody_else(store, open_folders):
    path = database(store.root)
    for folder in (store.root, *(one for one in store.root.rglob("*") if one.is_dir())):
        folder.chmod(0o755)
    path.chmod(0o000)
    as_nobody(lambda: _says(store.root, f"{path} ", "Run Live Status as" if path.stat().st_uid == 0 else "chmod"))


def test_a_survey_that_finds_nothing_says_why_and_that_it_is_not_all(store):
    source = OpenClaw(store.root / "agents/main")
    store.rows(one=ROW)
    seen = source.survey()
    (sentence,) = seen.problems
    assert sentence.endswith(
        f"is only a part of OpenClaw's folder, which is {store.root}. Set OPENCLAW_STATE_DIR={store.root}."
    )
    assert not seen.complete, "sessions that were there before are not gone"


def test_looking_leaves_no_trace(tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(DATA / "2026.9.6/nested", root)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert OpenClaw(root).about().version == "2026.9.6"
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before


def test_what_the_settings_say_of_the_place_counts_where_nothing_is_here(store, tmp_path):
    store.sessions()
    (store.root / "openclaw.json").write_text(json.dumps({"session": {"store": "/data/{agentId}.json"}}))
    assert "keeps the sessions elsewhere: session.store is /data/{agentId}.json" in str(about(store.root).why_none)
    store.rows(one=ROW)
    assert about(store.root).why_none is None
