"""The database: away, old, full, and well."""

from types import SimpleNamespace
from unittest import mock

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from sessions_app.doctor import database as room
from sessions_app.doctor.database import database, why_away
from tests import factories as make
from tests.doctor.conftest import only, told, trouble

pytestmark = pytest.mark.django_db


def test_all_well():
    make.post(make.run())
    found = told(database())
    assert trouble(database()) == []
    assert found[0].startswith(("ok: SQLite 3.", "ok: PostgreSQL "))
    assert found[1] == "ok: Up to date; 1 session, 1 run, 1 post."


def test_a_file_that_is_not_there_is_not_made(monkeypatch, tmp_path):
    path = tmp_path / "x.sqlite3"
    monkeypatch.setattr(room, "_file", lambda: path)
    assert why_away() == f"there is no database yet in {path}"
    found = only(database())
    assert found.sentence == f"There is no database yet: {path}."
    assert "manage.py migrate" in found.next_step
    assert not path.exists()


def test_a_file_of_somebody_else(monkeypatch, tmp_path):
    path = tmp_path / "x.sqlite3"
    path.write_bytes(b"")
    monkeypatch.setattr(room, "_file", lambda: path)
    monkeypatch.setattr("os.access", lambda *_, **__: False)
    assert "may not write it. Run this as " in only(trouble(database()))


def test_it_does_not_answer():
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("connection refused")):
        said = only(trouble(database()))
    assert said.startswith("broken: The database does not answer as it should (connection refused).")


def test_migrations_that_are_not_applied():
    MigrationRecorder.Migration.objects.filter(app="sessions_app").latest("name").delete()
    said = only(trouble(database()))
    assert "not applied yet." in said
    assert "manage.py migrate" in said


def test_migrations_of_a_newer_one():
    MigrationRecorder(connection).record_applied("sessions_app", "0999_what_comes_later")
    said = only(trouble(database()))
    assert said.startswith("look: It was made by a newer Live Status (0999_what_comes_later).")


@pytest.fixture
def file(monkeypatch, tmp_path):
    """A file in WAL mode, as every process of ours sets it."""
    monkeypatch.setattr(room, "_journal", lambda: "wal")
    return tmp_path / "x.sqlite3"


def disk(free):
    return mock.patch("shutil.disk_usage", return_value=SimpleNamespace(free=free))


@pytest.mark.parametrize(
    ("free", "said"),
    [(10**12, None), (300 << 20, "look: Only 300 MiB are free"), (3 << 20, "broken: Only 3 MiB are free")],
)
def test_room_on_the_disk(file, free, said):
    with disk(free):
        found = trouble(room._file_findings(file))
    assert found == [] if said is None else only(found).startswith(said)


def test_a_disk_of_somebody_else(file, monkeypatch):
    monkeypatch.setattr(room, "file_system", lambda _: "nfs4")
    with disk(10**12):
        said = only(trouble(room._file_findings(file)))
    assert "is on a network file system (nfs4), where SQLite loses data" in said


def test_a_journal_that_is_not_wal(file, monkeypatch):
    monkeypatch.setattr(room, "_journal", lambda: "delete")
    with disk(10**12):
        assert only(trouble(room._file_findings(file))).startswith("look: Its journal is delete, not WAL")
