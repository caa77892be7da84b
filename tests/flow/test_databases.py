"""The SQLite store of 2026.9 is only read. What its recordings give, also as they happened, is in test_truth.py."""

import pytest

from tests.flow.house import House
from tests.flow.recording import Recording

pytestmark = pytest.mark.django_db
RECORDINGS = Recording.all_databases()


def test_there_are_recordings():
    assert len(RECORDINGS) == 26


@pytest.mark.parametrize("recording", RECORDINGS, ids=repr)
def test_nothing_is_written_into_the_store(recording, mm, store):
    recording.copy_to(store)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in store.rglob("*")}
    House(store=store, mm=mm, recording=recording)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in store.rglob("*")} == before
