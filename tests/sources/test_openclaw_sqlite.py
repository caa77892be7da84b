import sqlite3
from itertools import pairwise

import pytest

from sessions_app.sources.base import Mark
from sessions_app.sources.openclaw_sqlite import OpenClawSqlite, has_session_nodes
from tests.sources.databases import KEY, Database
from tests.sources.lines import AT_S, header, ids, said
from tests.sources.strangers import as_nobody

AGENTS = ("main",)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "openclaw"


@pytest.fixture
def database(root):
    made = Database(root)
    yield made
    made.close()


@pytest.fixture
def source(root):
    return OpenClawSqlite(root)


def facts(source, key=KEY):
    return source.survey(AGENTS).sessions[key]


class TestRows:
    def test_what_a_row_says(self, database, source):
        database.row(
            status="running", at=5, entry={"label": "child", "spawnedBy": "agent:main:X", "startedAt": AT_S * 1000}
        )
        seen = facts(source)
        assert (seen.session_id, seen.transcript, seen.agent) == ("w1", database.transcript, "main")
        assert (seen.running, seen.has_status, seen.started_at) == (True, True, AT_S)
        assert (seen.label, seen.parent_key, seen.spawned, seen.updated_at) == ("child", "agent:main:x", True, 0.005)

    def test_a_fresh_row_is_no_turn(self, database, source):
        database.row()
        assert (facts(source).running, facts(source).outcome) == (False, None)

    def test_the_column_of_the_status_counts(self, database, source):
        database.row(status="done", entry={"status": "running", "sessionId": "other"})
        assert (facts(source).running, facts(source).session_id) == (False, "w1")

    @pytest.mark.parametrize("entry", ["{", "7", b"\xff\xfe", "\x00", "null", '{"label": ' + "[" * 5000])
    def test_an_entry_that_is_broken_stays_as_it_was(self, database, source, entry):
        database.row(entry={"label": "child"}, status="running")
        database.row("agent:main:other")
        assert facts(source).label == "child"
        database.row(entry=entry, status="done")
        survey = source.survey(AGENTS)
        assert survey.complete
        assert "1 rows could not be read" in survey.problems[0]
        seen = survey.sessions[KEY]
        assert (seen.label, seen.running, seen.transcript) == ("child", False, database.transcript)
        assert len(survey.sessions) == 2

    def test_half_an_emoji_is_no_reason_to_lose_a_row(self, database, source):
        database.row(entry='{"label": "cut \\ud83d"}')
        assert facts(source).label == "cut \ufffd"

    def test_text_that_is_no_utf_8_costs_nobody_else(self, database, source):
        database.row()
        database.live.execute("UPDATE session_nodes SET entry_json = CAST(x'7b226c6162656c223a22ff227d' AS TEXT)")
        assert facts(source).label == "\ufffd"

    @pytest.mark.parametrize("at", ["text", None, 1.5, b"x", 10**18])
    def test_what_is_no_time_is_none(self, database, source, at):
        database.row(at=at, status=7)
        assert (facts(source).updated_at, facts(source).running) == (0.0, False)

    @pytest.mark.parametrize("window", ["w" * 600, "w\x00"])
    def test_an_id_that_fits_nowhere_is_not_read_and_told(self, database, source, window):
        database.row(window=window)
        assert facts(source).transcript == ""
        assert "is none that OpenClaw gives" in facts(source).problem

    def test_keys_are_stored_and_found_in_one_form(self, database, source):
        database.row("Agent:MAIN:" + "x" * 600)
        ((key, seen),) = source.survey(AGENTS).sessions.items()
        assert key == seen.key == ("agent:main:" + "x" * 600)[:500]

    def test_rows_without_a_key_or_a_window_are_no_reason_to_stumble(self, database, source):
        database.row(None)
        database.row(window=None)
        assert facts(source).transcript == ""

    def test_a_deleted_session_is_gone(self, database, source):
        database.row()
        database.row("agent:main:other")
        source.survey(AGENTS)
        database.live.execute("DELETE FROM session_nodes WHERE session_key = ?", (KEY,))
        survey = source.survey(AGENTS)
        assert (list(survey.sessions), survey.complete) == (["agent:main:other"], True)


class TestSignature:
    def test_it_differs_after_each_kind_of_change(self, database, source):
        def seen():
            source.survey(AGENTS)
            return source.signature(database.transcript)

        database.row()
        found = [seen()]
        database.events(header())
        found.append(seen())
        database.generation("g1")
        found.append(seen())
        database.live.execute("INSERT INTO session_windows VALUES ('w1', ?, 7)", (KEY,))
        found.append(seen())
        assert found[0] is None
        assert all(before != after for before, after in pairwise(found))
        assert seen() == found[-1]

    def test_there_is_none_of_what_nobody_knows(self, source):
        assert source.signature("agents/other/agent/openclaw-agent.sqlite#w1") is None


class TestUnreadable:
    """What cannot be read is told in a sentence, what was seen stays, and absence means nothing."""

    def problem(self, source):
        survey = source.survey(AGENTS)
        assert not survey.complete
        (sentence,) = survey.problems
        return sentence

    def test_a_locked_database(self, database, source):
        database.row()
        source.survey(AGENTS)
        database.live.execute("PRAGMA locking_mode = EXCLUSIVE")
        database.live.execute("PRAGMA journal_mode = DELETE")
        database.live.execute("BEGIN EXCLUSIVE")
        database.path.with_name(database.path.name + "-wal").write_bytes(b"x" * 32)
        database.path.with_name(database.path.name + "-shm").write_bytes(b"")
        assert "cannot be read (database is locked)" in self.problem(source)
        assert list(source.survey(AGENTS).sessions) == [KEY]
        chunk = source.read(database.transcript, Mark(position=3), -1)
        assert (chunk.mark, chunk.events) == (Mark(position=3), ())
        assert "database is locked" in chunk.problem

    @pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\x00" + b"\xff" * 5000])
    def test_what_is_no_database(self, root, source, content):
        path = root / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        assert str(path) in self.problem(source)

    def test_a_damaged_file_tells_as_much_as_it_can(self, database, source):
        database.row()
        database.live.execute("BEGIN")
        database.events(*(said(f"e{number}") for number in range(2000)))
        database.live.execute("COMMIT")
        database.close()
        whole = database.path.read_bytes()
        half = len(whole) // 2 // 4096 * 4096
        database.path.write_bytes(whole[:half] + b"\xff" * (len(whole) - half))
        assert list(source.survey(AGENTS).sessions) in ([KEY], [])
        chunk = source.read(database.transcript, Mark(), -1)
        assert (chunk.events, chunk.mark) == ((), Mark())
        assert "malformed" in chunk.problem

    def test_links_are_not_followed(self, root, source, tmp_path):
        other = Database(tmp_path / "other")
        other.row()
        folder = root / "agents" / "main" / "agent"
        folder.mkdir(parents=True)
        (folder / other.path.name).symlink_to(other.path)
        assert "leads out of the store" in self.problem(source)
        (folder / other.path.name).unlink()
        folder.rmdir()
        folder.symlink_to(other.path.parent)
        assert "leads out of the store" in self.problem(source)
        assert "leads out of the store" in source.read(other.transcript, Mark(), -1).problem
        other.close()

    def test_it_is_gone(self, root, source):
        assert "is not a regular file" in self.problem(source)

    def test_another_agent_goes_on(self, root, database, source):
        database.row()
        broken = Database(root, "broken")
        broken.row("agent:broken:main")
        assert set(source.survey(("broken", "main")).sessions) == {KEY, "agent:broken:main"}
        broken.close()
        broken.path.write_bytes(b"broken")
        survey = source.survey(("broken", "main"))
        assert set(survey.sessions) == {KEY, "agent:broken:main"}
        assert (len(survey.problems), survey.complete) == (1, False)
        assert ids(source.read(database.transcript, Mark(), -1)) == []

    @pytest.mark.usefixtures("open_folders")
    def test_it_is_not_ours_to_read(self, database, source):
        database.row()
        database.path.chmod(0)

        def check():
            assert "cannot be read" in self.problem(source)

        as_nobody(check)


@pytest.mark.parametrize(
    ("schema", "lacking"),
    [
        ({"session_nodes": "session_key, current_session_id, entry_json, updated_at"}, "session_nodes.status"),
        ({"transcript_events": "session_id, seq, body"}, "transcript_events.event_json"),
        ({"transcript_events": ""}, "transcript_events.session_id"),
    ],
    ids=["a column", "another column", "a table"],
)
def test_an_unknown_schema_is_named_and_is_still_the_live_store(root, source, schema, lacking):
    made = Database(root, version=77, **schema)
    made.close()
    assert has_session_nodes(made.path)
    (problem,) = source.survey(AGENTS).problems
    assert "has schema 77, which this version does not know" in problem
    assert lacking in problem
    assert "Update Live Status" in problem


@pytest.mark.parametrize(
    "schema",
    [
        {"transcript_rewrite_watermarks": "", "session_windows": ""},
        {"transcript_events": "session_id, seq, event_json"},
        {"session_nodes": "icon, session_key, current_session_id, entry_json, status, updated_at, new_in_2027"},
    ],
    ids=["fewer tables", "nothing packed", "more columns"],
)
def test_columns_count_and_numbers_do_not(root, source, schema):
    made = Database(root, version=9999, **schema)
    made.row()
    made.live.execute(
        "INSERT INTO transcript_events (session_id, seq, event_json) VALUES ('w1', 0, ?)", (said("a").decode(),)
    )
    survey = source.survey(AGENTS)
    assert (list(survey.sessions), survey.problems) == ([KEY], ())
    assert ids(source.read(made.transcript, Mark(), -1)) == ["a"]
    made.close()


def test_a_database_for_other_things_is_no_store(tmp_path):
    path = tmp_path / "session_nodes" / "openclaw-agent.sqlite"
    path.parent.mkdir()
    assert not has_session_nodes(path)
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE other (a)")
    other.close()
    assert not has_session_nodes(path)
    path.write_bytes(b"damaged: nobody can tell, so the files beside it are not trusted")
    assert has_session_nodes(path)
