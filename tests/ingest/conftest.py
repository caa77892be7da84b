"""A store and a watch loop for every test that wants them."""

import pytest

from tests.ingest.watching import Watching


@pytest.fixture
def watching(db, tmp_path):
    return Watching(tmp_path / "openclaw")


@pytest.fixture
def store(watching):
    return watching.store
