"""A database of an earlier version, with rows in it, becomes one of this version."""

import json

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

APP = "sessions_app"
BEFORE = (APP, "0002_evidence_and_delivery")
PLACE = {"channel_id": "c" * 26, "post_id": "p" * 26, "nonce": "n" * 26}


def migrate(*targets):
    executor = MigrationExecutor(connection)
    executor.loader.build_graph()
    executor.migrate(list(targets) or executor.loader.graph.leaf_nodes())
    return MigrationExecutor(connection).loader.project_state(list(targets) or None).apps


@pytest.fixture
def of_before(transactional_db):
    """The models of the version before; whatever a test does, the database is one of this version afterwards."""
    yield migrate(BEFORE)
    migrate()


def test_what_was_kept_stays_and_what_was_asked_can_be_searched(of_before):
    session = of_before.get_model(APP, "Session").objects.create(store="/s", key="agent:main:main")
    runs = of_before.get_model(APP, "Run").objects
    asked = runs.create(session=session, no=1, title="Fix it", state=json.dumps({"prompt": "Fix it, please"}))
    runs.create(session=session, no=2, state="no JSON")
    runs.create(session=session, no=3, state="[]")
    to = of_before.get_model(APP, "Destination").objects.create(base_url="https://chat.example.com")
    of_before.get_model(APP, "Post").objects.create(run=asked, destination=to, **PLACE)

    now = migrate()
    assert list(now.get_model(APP, "Run").objects.order_by("no").values_list("prompt", flat=True)) == [
        "Fix it, please", "", "",
    ]  # fmt: skip
    post = now.get_model(APP, "Post").objects.get()
    assert (post.run.title, post.post_id, post.sent_text, post.muted) == ("Fix it", "p" * 26, "", False)
    assert not now.get_model(APP, "Session").objects.get().muted
    assert set(now.get_model("auth", "Group").objects.values_list("name", flat=True)) >= {"viewer", "operator", "admin"}
