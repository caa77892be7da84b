import json

import pytest

from sessions_app.events import AgentSaid, Restarted, ToolEnded, UserSaid
from sessions_app.sources import openclaw_sqlite
from sessions_app.sources.base import Mark
from sessions_app.sources.openclaw_sqlite import OpenClawSqlite
from tests.sources.databases import KEY, Database
from tests.sources.lines import header, ids, line, message, said

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
        assert source.survey(AGENTS).sessions[KEY].transcript == database.window("w2")
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
