"""An installation in a folder of its own, a stand-in, and nobody else's stores."""

import dataclasses
import json
import subprocess
from collections.abc import Iterable
from typing import Any, TypeVar

import pytest

from livestatus_site.parse import BASE_DIR
from tests.flow.conftest import database, mm, site  # noqa: F401
from tests.flow.process import MANAGE, Site

One = TypeVar("One")


@pytest.fixture(autouse=True)
def _nobody_elses_stores(monkeypatch, tmp_path):
    """Not those of whoever runs the tests."""
    monkeypatch.setattr("sessions_app.sources.openclaw_reach.HOMES", (str(tmp_path / "home"),))
    monkeypatch.setattr("sessions_app.sources.openclaw_reach.IN_CONTAINER", ())


@pytest.fixture
def change(settings):
    """Change the settings of this process."""

    def change(**fields: Any) -> None:
        settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, **fields)

    return change


@pytest.fixture
def posting(change, mm):  # noqa: F811
    """Mattermost is configured, and is the stand-in."""
    change(mm_base_url=mm.url, mm_bot_token=mm.token)
    return mm


def told(findings: Any) -> list[str]:
    """Findings as people see them, each on one line."""
    return [f"{one.level}: {one.sentence} {one.next_step}".strip() for one in findings]


def only(findings: Iterable[One]) -> One:
    """The one that there is."""
    (found,) = findings
    return found


def trouble(findings: Any) -> list[str]:
    """Those that are not well."""
    return [text for text in told(findings) if not text.startswith("ok: ")]


def doctor(site: Site, *arguments: str, **variables: str) -> tuple[int, Any]:  # noqa: F811
    """The command as people start it: its exit status, and its JSON."""
    done = subprocess.run(
        (*MANAGE, "doctor", "--json", *arguments),
        cwd=BASE_DIR, env=site.env | variables, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("{"), done.stdout + done.stderr
    return done.returncode, json.loads(done.stdout)
