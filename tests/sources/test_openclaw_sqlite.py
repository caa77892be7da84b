import json
import sqlite3
from itertools import pairwise

import pytest

from sessions_app.events import AgentSaid, Restarted, ToolEnded, UserSaid
from sessions_app.sources import openclaw_sqlite
from sessions_app.sources.base import Mark
from sessions_app.sources.openclaw_sqlite import OpenClawSqlite, has_session_nodes
from tests.sources.databases import KEY, Database
from tests.sources.lines import AT_S, header, ids, line, message, said
from tests.sources.strangers import as_nobody

AGENTS = ("main",)
MOST = 1000
WORD = {"type": "text", "text": "word " * 400}


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


def sayings(*names):
    return [said(name) for name in names]


class TestReading:
    def test_on_from_a_mark(self, database, source):
        database.events(header(), *sayings("a"))
        chunk = source.read(database.transcript, Mark(), -1)
        assert (ids(chunk), chunk.restarted, chunk.more) == (["head", "a"], False, False)
        database.events(*sayings("b"))
        again = source.read(database.transcript, chunk.mark, -1)
        assert (ids(again), again.restarted) == (["b"], False)
        assert source.read(database.transcript, again.mark, -1).mark == again.mark

    def test_packed_events_are_events(self, database, source):
        big = line(type="message", id="big", message={"role": "assistant", "content": [WORD], "stopReason": "stop"})
        spawn = message("toolResult", toolName="sessions_spawn", toolCallId="c",
                        details={"status": "accepted", "childSessionKey": "agent:main:subagent:1"})  # fmt: skip
        database.events(header())
        database.events(big, spawn, packed=True)
        _, answer, ended = source.read(database.transcript, Mark(), -1).events
        assert isinstance(answer, AgentSaid)
        assert isinstance(ended, ToolEnded)
        assert ended.spawned is not None

    @pytest.mark.parametrize(
        ("text", "frame"),
        [
            (None, None),
            (None, b"no frame"),
            (None, "text where bytes belong"),
            (7, None),
            ("{", None),
            ("[]", None),
            (b'{"type":"message"}', None),
        ],
        ids=repr,
    )
    def test_an_event_that_cannot_be_read_costs_only_itself_and_is_counted(self, database, source, text, frame):
        database.events(header())
        database.put("w1", 1, text, frame)
        database.events(*sayings("b"))
        chunk = source.read(database.transcript, Mark(), -1)
        assert ids(chunk) == ["head", "b"]
        assert chunk.problem == "1 events could not be read and were left out"
        database.events(*sayings("c"))
        again = source.read(database.transcript, chunk.mark, -1)
        assert (ids(again), again.problem) == (["c"], chunk.problem)

    def test_a_mark_may_end_at_an_event_that_cannot_be_read(self, database, source):
        database.events(header())
        database.put("w1", 1, None, None)
        chunk = source.read(database.transcript, Mark(), -1)
        database.events(*sayings("b"))
        again = source.read(database.transcript, chunk.mark, -1)
        assert (ids(again), again.restarted) == (["b"], False)

    def test_text_where_numbers_belong_is_no_event(self, database, source):
        database.events(header(), *sayings("a"))
        database.put("w1", "second", said("x").decode())
        database.put("w1", 2**60, said("y").decode())
        chunk = source.read(database.transcript, Mark(), -1)
        assert ids(chunk) == ["head", "a"]
        assert not source.read(database.transcript, chunk.mark, -1).restarted

    def test_a_reset_is_an_event_of_the_same_window(self, database, source):
        database.events(header(), *sayings("a"), line(type="reset", id="r", reason="reset"), *sayings("b"))
        assert [type(one) for one in source.read(database.transcript, Mark(), -1).events][2:] == [Restarted, UserSaid]

    def test_windows_that_are_no_longer_anybodys_are_not_read(self, database, source):
        database.row(window="w2")
        database.events(*sayings("stray"), window="w1")
        database.events(*sayings("a"), window="w2")
        assert facts(source).transcript == database.window("w2")
        assert ids(source.read(database.window("w2"), Mark(), -1)) == ["a"]


class TestRewritten:
    @pytest.fixture
    def mark(self, database, source):
        database.generation("g1")
        database.events(header(), *sayings("a", "b"))
        return source.read(database.transcript, Mark(), -1).mark

    def is_read_anew(self, database, source, mark, *expected):
        chunk = source.read(database.transcript, mark, 1)
        assert (ids(chunk), chunk.restarted, chunk.more) == (list(expected), True, False)
        assert chunk.mark.generation == mark.generation + 1
        after = source.read(database.transcript, chunk.mark, -1)
        assert (after.events, after.restarted) == ((), False)

    def test_a_new_generation(self, database, source, mark):
        database.generation("g2")
        self.is_read_anew(database, source, mark, "head", "a", "b")

    def test_a_number_that_is_used_again(self, database, source, mark):
        """As a yield does it: the aborted line goes, and its number gets another event."""
        database.events(*sayings("c"), start=2)
        self.is_read_anew(database, source, mark, "head", "a", "c")

    def test_the_last_event_is_gone(self, database, source, mark):
        database.forget(2)
        self.is_read_anew(database, source, mark, "head", "a")

    def test_the_last_event_is_gone_and_others_came_behind_it(self, database, source, mark):
        database.forget(2)
        database.events(*sayings("c"), start=3)
        self.is_read_anew(database, source, mark, "head", "a", "c")

    def test_all_are_gone(self, database, source, mark):
        database.forget(0)
        self.is_read_anew(database, source, mark)

    def test_bad_events_of_before_are_not_counted_twice(self, database, source, mark):
        database.put("w1", 3, None, None)
        mark = source.read(database.transcript, mark, -1).mark
        assert mark.bad_lines == 1
        database.generation("g2")
        assert source.read(database.transcript, mark, -1).mark.bad_lines == 1


class TestMuch:
    def test_small_events_come_in_parts_and_more_is_said(self, database, source, monkeypatch):
        monkeypatch.setattr(openclaw_sqlite, "MOST_EVENTS", MOST)
        database.live.execute("BEGIN")
        database.events(header(), *(said(f"e{number}") for number in range(3 * MOST)))
        database.live.execute("COMMIT")
        mark, read, parts, more = Mark(), list[str](), 0, True
        while more:
            chunk = source.read(database.transcript, mark, 10**9)
            assert len(chunk.events) < 2 * MOST
            assert not chunk.restarted
            read, mark, more, parts = [*read, *ids(chunk)], chunk.mark, chunk.more, parts + 1
        assert len(set(read)) == len(read) == 3 * MOST + 1
        assert parts == 4

    def test_big_events_keep_to_the_budget(self, database, source):
        big = json.dumps({"type": "custom", "id": "big", "data": "x" * 1_000_000}).encode()
        database.events(*([big] * 30), packed=True)
        first = source.read(database.transcript, Mark(), 2_000_000)
        assert (len(first.events), first.more) == (2, True)
        assert len(source.read(database.transcript, Mark(), -1).events) == 30

    def test_a_survey_does_not_look_at_every_event(self, database, source):
        database.row()
        database.events(*sayings("a"))
        steps = 0

        def count():
            nonlocal steps
            steps += 1

        def cost():
            nonlocal steps
            steps = 0
            with source._look("main") as look:
                look._connection.set_progress_handler(count, 100)
                assert look.windows()
            return steps

        before = cost()
        database.live.execute("BEGIN")
        database.events(*(said(f"e{number}") for number in range(5000)))
        database.live.execute("COMMIT")
        assert cost() <= before + 1


class TestForked:
    def fork(self, database, parent):
        database.events(header(), *sayings("a", "b"), window="w1")
        new = line(
            type="message", id="n", timestamp="2026-11-22T10:01:44.987Z", message={"role": "user", "content": "n"}
        )
        database.events(header(parentSession=parent), *sayings("a", "b"), new, *sayings("c"), window="w2")

    @pytest.mark.parametrize("parent", ["sqlite:main:w1:openclaw-agent.sqlite", "/home/x/2026-11-22T10-00_w1.jsonl"])
    @pytest.mark.parametrize("budget", [-1, 1])
    def test_copied_events_are_left_out_by_their_ids(self, database, source, parent, budget):
        self.fork(database, parent)
        assert ids(source.read(database.window("w2"), Mark(), budget)) == ["head", "n", "c"]

    def test_reading_on_in_the_middle_of_the_copied_ones(self, database, source):
        self.fork(database, "sqlite:main:w1")
        whole = database.live.execute(
            "SELECT seq, event_json FROM transcript_events WHERE session_id = 'w2'"
        ).fetchall()
        database.forget(2, window="w2")
        first = source.read(database.window("w2"), Mark(), -1)
        assert ids(first) == ["head"]
        for seq, text in whole[2:]:
            database.put("w2", seq, text)
        assert ids(source.read(database.window("w2"), first.mark, -1)) == ["n", "c"]

    def test_where_the_parent_is_gone_the_time_of_the_header_tells(self, database, source):
        old = line(type="message", id="old", timestamp="2026-11-22T09:00:00Z", message={"role": "user", "content": "o"})
        database.events(header(parentSession="sqlite:main:gone"), old, *sayings("n"), window="w2")
        assert ids(source.read(database.window("w2"), Mark(), -1)) == ["head", "n"]


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
