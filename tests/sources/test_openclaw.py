import pytest

from sessions_app.sources.base import Mark, Touch
from sessions_app.sources.openclaw import OpenClaw
from tests.sources.databases import KEY, Database
from tests.sources.lines import Store, header, ids, said


@pytest.fixture
def source(store):
    return OpenClaw(store.root)


@pytest.fixture
def database(store):
    made = Database(store.root)
    yield made
    made.close()


def sessions(source):
    return {key: facts.transcript for key, facts in source.survey().sessions.items()}


def test_agents_of_both_kinds_side_by_side(store, source, database):
    database.row()
    database.events(said("row"))
    store.rows("old", main={"sessionId": "1"})
    store.write("1.jsonl", said("line"), agent="old")
    found = sessions(source)
    assert found == {KEY: database.transcript, "agent:old:main": "agents/old/sessions/1.jsonl"}
    read = [ids(source.read(name, Mark(), -1)) for name in found.values()]
    assert sorted(read) == [["line"], ["row"]]
    assert all(source.signature(name) is not None for name in found.values())


def test_an_agent_that_moves_keeps_its_sessions(store, source):
    store.rows(main={"sessionId": "w1", "status": "running"})
    store.write("w1.jsonl", header(), said("a"))
    before = source.survey().sessions[KEY]
    database = Database(store.root)
    assert sessions(source) == {}
    database.row(status="running")
    database.events(header(), said("a"), said("b"))
    after = source.survey().sessions[KEY]
    assert (after.session_id, after.running) == (before.session_id, before.running)
    assert ids(source.read(before.transcript, Mark(), -1)) == ["head", "a"]
    assert ids(source.read(after.transcript, Mark(), -1)) == ["head", "a", "b"]
    database.close()


@pytest.mark.parametrize(
    "schema", [{"session_nodes": "session_key"}, {"transcript_events": ""}], ids=["column", "table"]
)
def test_an_unknown_schema_is_told_and_its_dead_files_stay_dead(store, source, schema):
    made = Database(store.root, **schema)
    store.rows(main={"sessionId": "dead"})
    store.rows("other", main={"sessionId": "1"})
    survey = source.survey()
    assert list(survey.sessions) == ["agent:other:main"]
    assert not survey.complete
    assert "has schema 23, which this version does not know" in "".join(survey.problems)
    made.close()


def test_a_database_that_is_broken_costs_only_its_agent(store, source, database):
    database.row()
    bad = Database(store.root, "bad")
    bad.close()
    bad.path.write_bytes(b"SQLite format 3\x00 and nothing more")
    store.rows("other", main={"sessionId": "1"})
    survey = source.survey()
    assert set(survey.sessions) == {KEY, "agent:other:main"}
    assert not survey.complete
    assert str(bad.path) in "".join(survey.problems)


def test_an_agent_that_leads_out_of_the_store_is_refused_whichever_store_it_has(store, source, tmp_path):
    other = Database(tmp_path / "other")
    other.row()
    store.sessions()
    (store.root / "agents" / "evil").symlink_to(tmp_path / "other" / "agents" / "main")
    survey = source.survey()
    assert survey.sessions == {}
    assert "leads out of the store" in "".join(survey.problems)
    other.close()


def test_names_with_a_sharp_are_names(store, source):
    made = Database(store.root, "c#")
    made.row("agent:c#:main")
    made.events(said("row"))
    store.rows("f#", main={"sessionId": "1#2"})
    store.write("1#2.jsonl", said("line"), agent="f#")
    read = {key: ids(source.read(name, Mark(), -1)) for key, name in sessions(source).items()}
    assert read == {"agent:c#:main": ["row"], "agent:f#:main": ["line"]}
    made.close()


def test_only_a_wal_brings_news(store, source):
    folder = store.root / "agents" / "main" / "agent"
    news = Touch(survey=True, any_transcript=True)
    assert source.touched(f"{folder}/openclaw-agent.sqlite-wal") == news
    assert source.touched(f"{folder}/openclaw-agent.sqlite-shm") == Touch()
    assert source.touched(f"{folder}/openclaw-agent.sqlite") == Touch()
    assert source.touched(f"{store.sessions()}/1.jsonl") == Touch(transcript="agents/main/sessions/1.jsonl")


@pytest.mark.parametrize(
    ("made", "expected"), [("agents", True), ("openclaw.json", True), ("other", False), ("", False)]
)
def test_a_state_folder_is_known_by_what_openclaw_makes_first(tmp_path, made, expected):
    if made:
        (tmp_path / made).mkdir()
    assert OpenClaw.is_at(tmp_path) is expected
    assert not OpenClaw.is_at(tmp_path / "nowhere")


def test_nothing_is_made_by_looking(store, source, database):
    database.row()
    database.events(said("a"))
    Store(store.root).rows("old", main={"sessionId": "1"})
    before = store.everything()
    for name in sessions(source).values():
        source.read(name, Mark(), -1)
    assert store.everything() == before
