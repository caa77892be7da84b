"""A stand-in and an empty store for every test."""

import os
import subprocess
from dataclasses import dataclass

import pytest
from django.db import transaction

from livestatus_site.parse import BASE_DIR
from tests.flow.house import END, House, outline
from tests.flow.process import MANAGE, Site
from tests.standin import MattermostStandIn


@pytest.fixture
def mm():
    with MattermostStandIn() as server:
        server.add_user("alice", id="aliceaaaaaaaaaaaaaaaaaaa1a")
        yield server


@pytest.fixture
def store(tmp_path):
    folder = tmp_path / "openclaw"
    folder.mkdir()
    return folder


@pytest.fixture
def house(db, mm, store):
    return House(store=store, mm=mm)


@dataclass(frozen=True)
class Result:
    """How a recording ends: the posts, and the trees they were drawn from."""

    posts: list[tuple[str, str, str]]
    trees: list[str]


@pytest.fixture(scope="session")
def results():
    return {}


@pytest.fixture
def reference(db, results, tmp_path):
    """Read a recording in one go, hours after it was made, and forget that again."""

    def read(recording):
        if recording.name not in results:
            store = tmp_path / "reference"
            store.mkdir()
            recording.copy_to(store)
            with transaction.atomic(), MattermostStandIn() as mm:
                mm.add_user("alice", id="aliceaaaaaaaaaaaaaaaaaaa1a")
                house = House(store=store, mm=mm, now=END, recording=recording)
                house.finish()
                results[recording.name] = Result(house.posts(), [outline(view) for view in house.trees()])
                transaction.set_rollback(True)
        return results[recording.name]

    return read


@pytest.fixture(scope="session")
def database(tmp_path_factory):
    """A migrated database file, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    env = {**os.environ, "ENV_FILE": os.devnull, "DATA_DIR": str(folder)}
    subprocess.run((*MANAGE, "migrate", "-v0"), cwd=BASE_DIR, env=env, check=True)
    return folder / "livestatus.sqlite3"


@pytest.fixture
def site(tmp_path, database, mm):
    return Site(tmp_path, database, mm)
