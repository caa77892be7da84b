"""Why a folder is not, or not yet, a store that we can read: each cause by its sentence and its next step."""

from pathlib import Path

import pytest

from sessions_app.sources import openclaw_reach
from sessions_app.sources.openclaw_about import about
from tests.sources.strangers import as_nobody

ELSEWHERE = "If OpenClaw keeps its state elsewhere"


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """The only home that there is; and no container."""
    monkeypatch.setattr(openclaw_reach, "HOMES", (str(tmp_path / "home"),))
    monkeypatch.setattr(openclaw_reach, "IN_CONTAINER", ())
    return tmp_path / "home"


def why(root):
    cause = about(root).why_none
    assert cause is not None
    return cause


def made(root):
    """A state folder with one agent."""
    (root / "agents/main/sessions").mkdir(parents=True)
    (root / "agents/main/sessions/sessions.json").write_text("{}")
    return root


def test_nothing_is_there(tmp_path):
    cause = why(tmp_path / "no")
    assert cause.sentence == f"{tmp_path}/no is not there."
    assert cause.next_step.startswith(ELSEWHERE)
    assert not cause.waiting
    assert not about(tmp_path / "no").found


@pytest.mark.parametrize("name", [".openclaw", ".openclaw-work", ".clawdbot"])
def test_it_is_in_another_place_that_we_can_see(tmp_path, home, name):
    made(home / name)
    assert why(tmp_path / "no").next_step == f"There is one in {home}/{name}: set OPENCLAW_STATE_DIR={home}/{name}."


def test_a_path_of_the_inside_of_openclaws_container(tmp_path):
    assert "inside OpenClaw's container" in why(Path("/home/node/.openclaw")).next_step


def test_we_are_in_a_container(monkeypatch, tmp_path):
    monkeypatch.setattr(openclaw_reach, "IN_CONTAINER", (str(tmp_path),))
    assert why(tmp_path / "no").next_step.startswith("Live Status runs in a container here: mount")


def test_a_link_that_leads_nowhere(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    assert why(tmp_path / "link").sentence == f"{tmp_path}/link is a link to {tmp_path}/gone, which is not there."


@pytest.mark.parametrize("looping", ["", "agents"])
def test_a_loop_of_links(tmp_path, looping):
    (tmp_path / "state").mkdir()
    loop = tmp_path / "state" / looping if looping else tmp_path / "loop"
    loop.symlink_to(loop)
    cause = why(tmp_path / "state" if looping else loop)
    assert str(loop) in cause.sentence
    assert "link" in cause.sentence


def test_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    assert why(tmp_path / "file").sentence == f"{tmp_path}/file is not a folder."
    assert why(tmp_path / "file/below").sentence == f"A part of {tmp_path}/file/below is not a folder."


@pytest.mark.parametrize("below", ["agents", "agents/main", "agents/main/sessions"])
def test_a_level_too_deep(tmp_path, below):
    made(tmp_path)
    cause = why(tmp_path / below)
    assert cause.sentence == f"{tmp_path}/{below} is only a part of OpenClaw's folder, which is {tmp_path}."
    assert cause.next_step == f"Set OPENCLAW_STATE_DIR={tmp_path}."


@pytest.mark.parametrize("below", ["agents", "agents/main", "agents/main/agent"])
def test_a_level_too_deep_in_a_store_of_sqlite(tmp_path, below):
    (tmp_path / "agents/main/agent").mkdir(parents=True)
    (tmp_path / "agents/main/agent/openclaw-agent.sqlite").write_bytes(b"")
    assert why(tmp_path / below).next_step == f"Set OPENCLAW_STATE_DIR={tmp_path}."


def test_a_level_too_high(home):
    made(home / ".openclaw")
    assert why(home).sentence == f"{home} is the folder above OpenClaw's, which is {home}/.openclaw."


def test_a_folder_of_something_else(tmp_path):
    assert "it has neither agents/ nor openclaw.json" in why(tmp_path).sentence


def test_openclaw_is_there_and_has_no_agents_yet(tmp_path):
    (tmp_path / "openclaw.json").write_text("{}")
    cause = why(tmp_path)
    assert cause.sentence == f"{tmp_path} has no agents yet."
    assert cause.waiting
    (tmp_path / "agents").mkdir()
    assert why(tmp_path).sentence == f"{tmp_path}/agents is empty."


def test_the_sessions_are_kept_elsewhere(tmp_path):
    (tmp_path / "openclaw.json").write_text(
        '{"session": {"store": "/data/oc/agents/{agentId}/sessions/sessions.json"}}'
    )
    cause = why(tmp_path)
    assert "session.store is /data/oc/agents/{agentId}/sessions/sessions.json" in cause.sentence
    assert cause.next_step == "Set OPENCLAW_STATE_DIR=/data/oc."


@pytest.mark.parametrize("closed", ["", "state", "state/agents"])
def test_a_folder_that_we_may_not_enter(tmp_path, open_folders, closed):
    made(tmp_path / "state")
    for folder in (tmp_path / "state", *(one for one in (tmp_path / "state").rglob("*") if one.is_dir())):
        folder.chmod(0o755)
    (tmp_path / closed).chmod(0o700 if (tmp_path).stat().st_uid == 0 else 0o000)

    def check() -> None:
        cause = why(tmp_path / "state")
        assert cause.sentence.startswith(f"{tmp_path / closed} "), cause
        assert "Run Live Status as" in cause.next_step or "chmod" in cause.next_step

    try:
        as_nobody(check)
    finally:
        (tmp_path / closed).chmod(0o755)
