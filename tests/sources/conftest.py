"""Stores of files, made by hand."""

import os

import pytest

from sessions_app.sources.openclaw_jsonl import OpenClawJsonl
from tests.sources.lines import Store


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "openclaw")


@pytest.fixture
def source(store):
    return OpenClawJsonl(store.root)


@pytest.fixture
def open_folders(tmp_path):
    """Everybody may enter the folders above the store."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.geteuid() and str(folder).startswith("/tmp/"):
            folder.chmod(folder.stat().st_mode | 0o055)
