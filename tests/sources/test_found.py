from pathlib import Path

import pytest

from sessions_app.sources import found
from sessions_app.sources.found import Kind, open_sources
from sessions_app.sources.openclaw import OpenClaw
from tests.sources.ledger import Ledger


@pytest.fixture
def folders(tmp_path):
    for name in ("books", "claw", "empty"):
        (tmp_path / name).mkdir()
    (tmp_path / "books" / "ledger.toml").touch()
    (tmp_path / "claw" / "agents").mkdir()
    return [tmp_path / name for name in ("books", "claw", "empty", "absent")]


def test_openclaw_is_what_a_folder_is_taken_for(folders):
    assert [type(source) for source in open_sources(folders)] == [OpenClaw] * 4
    assert [source.name for source in open_sources(folders)] == [str(folder) for folder in folders]


@pytest.mark.parametrize("first", [True, False])
def test_each_kind_knows_its_own_in_whatever_order_they_stand(folders, monkeypatch, first):
    ledger = Kind(is_at=Ledger.is_at, source=Ledger)
    monkeypatch.setattr(found, "KINDS", (ledger, *found.KINDS) if first else (*found.KINDS, ledger))
    assert [type(source) for source in open_sources(folders)] == [Ledger, OpenClaw, OpenClaw, OpenClaw]


def test_each_folder_is_opened_once():
    assert len(open_sources([Path("/a"), Path("/b"), Path("/a")])) == 2
