import json
import os
import sqlite3
from pathlib import Path

import pytest

from sessions_app.events import AgentSaid, Noted, Opened, Outcome, UserSaid
from sessions_app.sources.base import Mark, Touch
from sessions_app.sources.openclaw import OpenClaw
from sessions_app.sources.openclaw_jsonl import OpenClawJsonl
from tests.sources.lines import Store, header, said
from tests.sources.strangers import as_nobody

DATA = Path(__file__).parent.parent / "data" / "openclaw"


def test_a_store_that_is_not_there_yet_is_waited_for_and_never_made(store, source):
    survey = source.survey()
    assert not survey.complete
    assert "is not there yet" in survey.problems[0]
    assert source.folders() == ()
    assert not store.root.exists()


def test_a_store_that_is_a_file_says_so(store, source):
    store.root.write_text("x")
    assert "is not a folder" in source.survey().problems[0]


def test_an_empty_store_has_no_sessions_and_no_problem(store, source):
    store.root.mkdir()
    survey = source.survey()
    assert (survey.sessions, survey.problems, survey.complete) == ({}, (), True)
    assert source.folders() == (store.root,)
    assert store.everything() == set()


def test_sessions_of_all_agents_are_found(store, source):
    store.rows(main={"sessionId": "1"})
    store.rows("ops", main={"sessionId": "2"})
    (store.root / "agents" / "README").write_text("no agent")
    (store.root / "agents" / "new").mkdir()
    survey = source.survey()
    assert {key: (facts.agent, facts.transcript) for key, facts in survey.sessions.items()} == {
        "agent:main:main": ("main", "agents/main/sessions/1.jsonl"),
        "agent:ops:main": ("ops", "agents/ops/sessions/2.jsonl"),
    }
    assert survey.complete


def test_nothing_in_a_store_is_changed_by_looking_and_reading(store, source):
    store.rows(main={"sessionId": "1"})
    store.write("1.jsonl", header(), said("a"))
    before = store.everything()
    for facts in source.survey().sessions.values():
        source.read(facts.transcript, Mark(), -1)
    assert store.everything() == before


def test_a_bad_store_file_costs_only_its_agent(store, source):
    store.rows(main={"sessionId": "1"})
    (store.sessions("bad") / "sessions.json").write_text("{")
    survey = source.survey()
    assert list(survey.sessions) == ["agent:main:main"]
    assert "agents/bad/sessions/sessions.json is not whole JSON" in survey.problems[0]
    assert not survey.complete


def test_one_bad_row_does_not_make_all_others_uncertain(store, source):
    store.rows(main={"sessionId": "1"}, bad=7)
    survey = source.survey()
    assert list(survey.sessions) == ["agent:main:main"]
    assert survey.complete
    assert "1 rows could not be read" in survey.problems[0]


def test_a_link_among_the_agents_that_leads_in_a_circle_costs_only_itself(store, source):
    store.rows(main={"sessionId": "1"})
    (store.root / "agents" / "loop").symlink_to("loop")
    survey = source.survey()
    assert (list(survey.sessions), survey.complete) == (["agent:main:main"], True)


def test_an_agent_that_leads_out_of_the_store_is_refused(store, source, tmp_path):
    other = Store(tmp_path / "other")
    other.rows(main={"sessionId": "1"})
    store.sessions()
    (store.root / "agents" / "evil").symlink_to(other.root / "agents" / "main")
    survey = source.survey()
    assert survey.sessions == {}
    assert "leads out of the store" in survey.problems[0]


def test_a_store_that_is_a_link_itself_is_read(store, tmp_path):
    store.rows(main={"sessionId": "1", "sessionFile": str(store.sessions() / "a.jsonl")})
    linked = tmp_path / "linked"
    linked.symlink_to(store.root)
    (facts,) = OpenClawJsonl(linked).survey().sessions.values()
    assert facts.transcript == "agents/main/sessions/a.jsonl"


@pytest.mark.usefixtures("open_folders")
def test_an_agent_that_is_not_ours_to_read_costs_only_itself(store, source):
    store.rows(main={"sessionId": "1"})
    store.rows("closed", main={"sessionId": "2"})
    store.rows("shut", main={"sessionId": "3"})
    (store.root / "agents" / "closed").chmod(0)
    store.sessions("shut").chmod(0)

    def check():
        survey = source.survey()
        assert list(survey.sessions) == ["agent:main:main"]
        assert not survey.complete
        assert "agents/closed/sessions cannot be looked at (Permission denied)" in "".join(survey.problems)
        assert "run the watcher as" in "".join(survey.problems)
        assert "agents/shut/sessions" in "".join(survey.problems)

    as_nobody(check)


@pytest.mark.usefixtures("open_folders")
@pytest.mark.parametrize("closed", ["", "agents"])
def test_a_store_that_is_not_ours_to_read_says_what_to_do(store, source, closed):
    store.rows(main={"sessionId": "1"})
    (store.root / closed).chmod(0)

    def check():
        survey = source.survey()
        assert (survey.sessions, survey.complete) == ({}, False)
        assert "run the watcher as" in survey.problems[0]

    as_nobody(check)


@pytest.mark.usefixtures("open_folders")
def test_a_store_below_a_closed_folder_says_what_to_do(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)

    def check():
        survey = OpenClawJsonl(closed / "openclaw").survey()
        assert "cannot be looked at (Permission denied)" in survey.problems[0]
        assert OpenClawJsonl(closed / "openclaw").folders() == ()

    as_nobody(check)


def test_a_lock_shows_a_turn_where_there_is_no_status(store, source):
    store.rows(a={"sessionId": "1"}, b={"sessionId": "2"})
    facts = source.survey().sessions
    assert [one.running for one in facts.values()] == [None, None]
    lock = store.sessions() / "1.jsonl.lock"
    lock.write_text('{"pid": 1, "createdAt": "2026-11-22T10:01:44.988Z"}')
    facts = source.survey().sessions
    assert [one.running for one in facts.values()] == [True, False]
    assert facts["agent:main:a"].started_at == 1795341704.988
    lock.unlink()
    assert [one.running for one in source.survey().sessions.values()] == [False, False]


def test_a_status_counts_more_than_a_lock(store, source):
    store.rows(a={"sessionId": "1", "status": "done"})
    (store.sessions() / "1.jsonl.lock").write_text('{"pid": 1}')
    (facts,) = source.survey().sessions.values()
    assert (facts.running, facts.outcome) == (False, Outcome.DONE)


def test_a_lock_that_was_only_heard_of_shows_that_locks_are_made(store, source):
    store.rows(a={"sessionId": "1"})
    source.survey()
    assert source.touched(str(store.sessions() / "1.jsonl.lock")) == Touch(survey=True)
    (facts,) = source.survey().sessions.values()
    assert facts.running is False


def dead_pid():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    return child


def test_a_lock_of_a_dead_process_of_this_host_says_so(store, source):
    store.rows(a={"sessionId": "1", "sessionFile": str(store.sessions() / "1.jsonl")})
    (store.sessions() / "1.jsonl.lock").write_text(json.dumps({"pid": dead_pid()}))
    (facts,) = source.survey().sessions.values()
    assert (facts.running, facts.holder_dead) == (False, True)


def test_a_lock_of_another_host_says_nothing_about_processes(store, source):
    store.rows(a={"sessionId": "1", "sessionFile": "/home/x/.openclaw/agents/main/sessions/1.jsonl"})
    (store.sessions() / "1.jsonl.lock").write_text(json.dumps({"pid": dead_pid()}))
    (facts,) = source.survey().sessions.values()
    assert (facts.running, facts.holder_dead) == (True, False)


def test_the_registry_is_part_of_a_look(store, source):
    store.rows(a={"sessionId": "1"})
    (store.root / "subagents").mkdir()
    runs = {"r": {"childSessionKey": "agent:main:subagent:1", "runId": "r"}}
    (store.root / "subagents" / "runs.json").write_text(json.dumps({"runs": runs}))
    survey = source.survey()
    assert [told.turn_id for told in survey.children["agent:main:subagent:1"]] == ["r"]
    assert survey.sessions["agent:main:a"].running is False
    assert source.folders() == (store.root / "agents", store.root / "subagents")


def test_changes_of_files_say_what_to_do(store, source):
    folder = store.root / "agents" / "main" / "sessions"
    survey, nothing = Touch(survey=True), Touch()
    table = {
        folder / "1.jsonl": Touch(transcript="agents/main/sessions/1.jsonl"),
        folder / "1.trajectory.jsonl": nothing,
        folder / "1.trajectory-path.json": nothing,
        folder / "sessions.json": survey,
        folder / "sessions.json.12.ab.tmp": nothing,
        folder / "sessions.json.lock": nothing,
        folder / "1.jsonl.lock": survey,
        folder / "1.jsonl.reset.2026-11-22T10-01-44.988Z": survey,
        folder / "1.jsonl.deleted.2026-11-22T10-01-44.988Z": survey,
        store.root / "subagents" / "runs.json": survey,
        store.root / "runs.json": nothing,
        store.root / "agents" / "new": survey,
        folder / "skills-prompts" / "x.md": nothing,
    }
    assert {path: source.touched(str(path)) for path in table} == table


def recordings():
    return sorted(
        {path.parent.parent.parent.parent for path in DATA.glob("2026.[27]*/*/agents/*/sessions/sessions.json")}
    )


def _is_mirror(event):
    return isinstance(event, Noted) and event.kind == "delivery-mirror"


@pytest.mark.parametrize("root", recordings(), ids=lambda path: "/".join(path.parts[-2:]))
def test_a_recorded_store_is_read_without_a_word(root):
    source = OpenClawJsonl(root)
    survey = source.survey()
    assert survey.sessions
    assert (survey.problems, survey.complete) == ((), True)
    for facts in survey.sessions.values():
        chunk = source.read(facts.transcript, Mark(), -1)
        assert (chunk.problem, chunk.mark.bad_lines) == ("", 0)
        if chunk.events:
            assert isinstance(chunk.events[0], Opened)
            # A channel that jobs report to has nothing but what they sent there.
            assert any(isinstance(event, UserSaid | AgentSaid) or _is_mirror(event) for event in chunk.events)
        assert all(event.at > 1_795_000_000 for event in chunk.events)


def test_trajectories_are_no_transcripts():
    names = [facts.transcript for root in recordings() for facts in OpenClawJsonl(root).survey().sessions.values()]
    assert names
    assert not [name for name in names if "trajectory" in name]


@pytest.mark.parametrize("other", ["none", "loop"])
def test_the_dead_rows_of_an_agent_that_has_moved_to_sqlite_are_ignored(store, other):
    store.rows(old={"sessionId": "1"})
    store.rows("files", main={"sessionId": "2"})
    if other == "loop":
        (store.root / "agents" / "loop").symlink_to("loop")
    folder = store.root / "agents" / "main" / "agent"
    folder.mkdir()
    database = sqlite3.connect(folder / "openclaw-agent.sqlite")
    database.execute("CREATE TABLE session_nodes (session_key, current_session_id, entry_json, status, updated_at)")
    database.execute("CREATE TABLE transcript_events (session_id, seq, event_json)")
    database.execute("CREATE TABLE session_windows (session_id)")
    database.commit()
    database.close()
    assert list(OpenClaw(store.root).survey().sessions) == ["agent:files:main"]


def test_a_database_without_sessions_leaves_the_files_alive(store):
    store.rows(old={"sessionId": "1"})
    folder = store.root / "agents" / "main" / "agent"
    folder.mkdir()
    sqlite3.connect(folder / "openclaw-agent.sqlite").execute("CREATE TABLE other (a)").connection.close()
    assert list(OpenClaw(store.root).survey().sessions) == ["agent:main:old"]


@pytest.mark.usefixtures("open_folders")
def test_an_agent_that_is_not_ours_to_read_costs_only_itself_whichever_store_it_has(store):
    store.rows(main={"sessionId": "1"})
    store.rows("closed", main={"sessionId": "2"})
    (store.root / "agents" / "closed").chmod(0)

    def check():
        survey = OpenClaw(store.root).survey()
        assert list(survey.sessions) == ["agent:main:main"]
        assert not survey.complete

    as_nobody(check)
