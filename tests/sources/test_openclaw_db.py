import shutil
import sqlite3
from contextlib import closing

import pytest

from sessions_app.sources.openclaw_db import AgentDatabase, Stamp, UnreadableError, open_read_only
from tests.sources.databases import Database
from tests.sources.lines import said
from tests.sources.strangers import as_nobody

DB, WAL, SHM = (f"openclaw-agent.sqlite{ending}" for ending in ("", "-wal", "-shm"))


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path / "openclaw")
    made.row()
    made.events(said("a"))
    yield made
    made.close()


def copied(database, folder, *names):
    """A copy of some of its files, as a backup or a careless person makes it."""
    folder.mkdir(parents=True)
    for name in names:
        shutil.copy(database.path.with_name(name), folder / name)
    return folder / DB


def events(path):
    with AgentDatabase(path).look() as look:
        return [one.raw for one in look.events("w1", 0)]


class TestLeavingNothingBehind:
    def test_of_a_live_one(self, database):
        before = database.files()
        assert before == {DB, WAL, SHM}
        assert events(database.path) == [said("a")]
        assert database.files() == before

    def test_of_one_that_was_closed(self, database):
        database.close()
        before = database.path.stat()
        assert events(database.path) == [said("a")]
        assert database.files() == {DB}
        assert database.path.stat().st_mtime_ns == before.st_mtime_ns

    def test_of_one_with_an_empty_wal(self, database, tmp_path):
        database.close()
        path = copied(database, tmp_path / "copy", DB)
        (path.parent / WAL).touch()
        assert events(path) == [said("a")]
        assert {one.name for one in path.parent.iterdir()} == {DB, WAL}

    def test_of_half_a_copy(self, database, tmp_path):
        path = copied(database, tmp_path / "copy", DB, WAL)
        with pytest.raises(UnreadableError, match=r"has a -wal and no -shm.*as soon as OpenClaw has opened it"):
            events(path)
        assert {one.name for one in path.parent.iterdir()} == {DB, WAL}

    @pytest.mark.usefixtures("open_folders")
    @pytest.mark.parametrize("live", [True, False])
    def test_in_a_folder_that_is_read_only(self, database, live):
        if not live:
            database.close()
        before = database.files()
        for path in (*database.path.parent.iterdir(), database.path.parent):
            path.chmod(0o555)
        as_nobody(lambda: events(database.path))
        assert database.files() == before

    def test_nobody_waits_for_us(self, database):
        with AgentDatabase(database.path).look() as look:
            assert look.nodes()
            database.events(said("b"))
            busy, _, _ = database.live.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert not busy
        assert events(database.path) == [said("a"), said("b")]

    def test_the_last_close_removes_the_wal_although_we_have_looked(self, database):
        events(database.path)
        database.close()
        assert database.files() == {DB}


def test_nothing_can_be_written_through_it(database):
    with closing(open_read_only(database.path)) as connection, pytest.raises(sqlite3.OperationalError):
        connection.execute("DELETE FROM transcript_events")


def test_a_folder_in_its_place_is_refused(tmp_path):
    (tmp_path / DB).mkdir()
    with pytest.raises(UnreadableError, match="is not a regular file"):
        open_read_only(tmp_path / DB)


def test_a_name_with_signs_of_an_address(tmp_path):
    made = Database(tmp_path / "100% #1?mode=rw")
    made.events(said("a"))
    assert events(made.path) == [said("a")]
    made.close()


class TestStamp:
    def test_of_a_whole_one(self, database):
        database.live.execute("CREATE TABLE schema_meta (app_version)")
        database.live.execute("INSERT INTO schema_meta VALUES ('2026.9.6')")
        found = AgentDatabase(database.path).stamp()
        assert found == Stamp(schema=23, version="2026.9.6", has_sessions=True, sessions=1)

    def test_of_one_without_what_we_need(self, tmp_path):
        made = Database(tmp_path, version=5, session_nodes="session_key", transcript_events="")
        found = AgentDatabase(made.path).stamp()
        assert (found.schema, found.has_sessions, found.sessions) == (5, True, 0)
        assert "session_nodes.status" in found.lacks
        made.close()

    def test_of_what_is_none(self, tmp_path):
        path = tmp_path / DB
        path.write_bytes(b"no database at all")
        with pytest.raises(UnreadableError, match="cannot be read"):
            AgentDatabase(path).stamp()
        with pytest.raises(UnreadableError, match="cannot be read"):
            AgentDatabase(path).has_sessions()
