"""Stores: what is there, and why nothing is."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from sessions_app.doctor import stores as room
from sessions_app.doctor.stores import stores, why_none
from sessions_app.sources.base import About, Facts, Survey
from sessions_app.sources.found import source_at
from tests.doctor.conftest import told, trouble
from tests.sources.lines import Store

DATA = Path(__file__).parents[1] / "data/openclaw"
ROW = {"sessionId": "s1", "updatedAt": 1795341704988}


def test_what_is_found_in_each_kind(change):
    change(openclaw_state_dir=tuple(DATA / f"{version}/nested" for version in ("2026.2.26", "2026.7.1", "2026.9.6")))
    found = told(stores())
    assert trouble(stores()) == []
    said = " ".join(found)
    assert "2026.2.26/nested: 5 sessions of 1 agent (main), newest activity" in said
    assert "OpenClaw before 2026.3; kept in files, rows without status, so locks tell." in said
    assert "OpenClaw 2026.3 to 2026.7; kept in files, rows with status." in said
    assert "OpenClaw 2026.9.6; kept in SQLite, schema 23." in said
    assert "OpenClaw sees this store as /home/" in said
    assert " folders to listen to; the kernel allows " in found[-1]


def test_every_store_that_shows_nothing_says_why(change, tmp_path):
    young, moved = tmp_path / "young", tmp_path / "moved"
    for folder, text in ((young, "{}"), (moved, '{"session": {"store": "/data/x.json"}}')):
        folder.mkdir()
        (folder / "openclaw.json").write_text(text)
    change(openclaw_state_dir=(tmp_path / "no", young, moved))
    missing, waiting, elsewhere, *_ = trouble(stores())
    assert missing.startswith(f"broken: No session is seen. {tmp_path}/no is not there. If OpenClaw keeps its state")
    assert waiting.startswith(f"look: No session yet. {young} has no agents yet.")
    assert elsewhere.startswith(f"broken: No session is seen. {moved}/openclaw.json keeps the sessions elsewhere")


def test_the_release_is_said_even_where_nothing_is_to_be_seen_yet(change, tmp_path):
    (tmp_path / "openclaw.json").write_text('{"meta": {"lastTouchedVersion": "2026.7.1"}}')
    change(openclaw_state_dir=(tmp_path,))
    assert f"{tmp_path} has no agents yet. OpenClaw 2026.7.1." in trouble(stores())[0]


def test_a_part_that_cannot_be_read_is_named_beside_what_can(change, tmp_path):
    store = Store(tmp_path)
    store.rows(one=ROW)
    (store.sessions("bad") / "sessions.json").write_text("{")
    change(openclaw_state_dir=(tmp_path,))
    assert trouble(stores()) == [
        f"look: {tmp_path}/agents/bad/sessions/sessions.json is not whole JSON; the last good one counts until it is."
    ]


def odd(**survey):
    """A store of a kind that explains little."""
    made = SimpleNamespace(survey=lambda: Survey(**survey), about=lambda: About(found=True))
    made.name = made.kind = "odd"
    return made


def test_a_store_that_gives_no_cause_still_gets_a_sentence():
    assert why_none(odd()) == "No session is seen in odd. Ask an agent for something, and look again."


def test_a_problem_explains_more_than_waiting():
    assert why_none(odd(problems=("It is on fire.",))) == "No session is seen. It is on fire."


def test_rows_of_the_future_tell_of_another_clock():
    facts = Facts(key="k", agent="main", session_id="s", updated_at=1000.0)
    found = trouble(room.store(odd(sessions={"k": facts}), now=900.0))
    assert found[0].startswith("look: The newest row in odd is 1m 40s in the future: OpenClaw's clock is not ours.")


@pytest.mark.parametrize("below", ["agents", "agents/main/agent"])
def test_a_store_of_sqlite_named_a_level_too_deep(tmp_path, below):
    shutil.copytree(DATA / "2026.9.6/plain", tmp_path / "state")
    assert why_none(source_at(tmp_path / "state" / below)).endswith(f"Set OPENCLAW_STATE_DIR={tmp_path}/state.")
