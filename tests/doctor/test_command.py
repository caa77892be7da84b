"""The command as people and programs start it."""

import io
import re
import subprocess

import pytest
from django.core.management import call_command
from rich.console import Console

from livestatus_site.parse import BASE_DIR
from sessions_app.doctor import examine as room
from sessions_app.doctor.finding import Part, broken, well
from sessions_app.management.commands.doctor import Command
from tests.doctor.conftest import doctor
from tests.flow.process import MANAGE, begin


def by_part(found, part):
    return [one["sentence"] for one in found["findings"] if one["part"] == part]


@pytest.fixture
def nothing(site, tmp_path):
    """A machine where nothing has been done yet."""
    site.database.unlink()
    site.env |= {"MM_BASE_URL": "", "MM_BOT_TOKEN": "", "HOME": str(tmp_path)}
    return site


def test_on_an_empty_machine(nothing):
    before = {path for path in nothing.data.rglob("*") if path.is_file()}
    status, found = doctor(nothing)
    assert status == found["exit_status"] == 2
    assert by_part(found, "Database") == [f"There is no database yet: {nothing.database}."]
    assert f"No session is seen. {nothing.store_path} is not there." in by_part(found, "Stores")
    assert {path.name for path in nothing.data.rglob("*") if path.is_file()} - {path.name for path in before} == {
        "secret_key"  # which every command makes
    }


def test_where_everything_is_well_and_nothing_is_changed(site):
    begin(site.store(), site.key(), "s1", "Fix the build")
    with site.watching():
        assert site.mm.wait_for(site.mm.bot_posts, 20)
        site.until("SELECT COUNT(*) FROM sessions_app_delivery", 1)
        site.until("SELECT lease_until FROM sessions_app_post", 0.0)
        rows, posts = site.rows(), len(site.mm.bot_posts())
        status, found = doctor(site)
        assert [one for one in found["findings"] if one["level"] != "ok"] == []
        assert (status, found["status"]) == (0, "ok")
        assert [one["part"] for one in found["findings"]] == sorted(
            (one["part"] for one in found["findings"]), key=[part.value for part in Part].index
        )
        assert "~town (a live run)" in str(found)
        assert (site.rows(), len(site.mm.bot_posts())) == (rows, posts)


def test_bad_settings_and_a_dead_database_keep_it_from_nothing(site):
    status, found = doctor(
        site, PORT="x", MM_BASE_URL="http://chat.example.com", DATABASE_URL="postgres://ada:swordfish@127.0.0.1:1/none"
    )
    assert status == 2
    first, second, _ = by_part(found, "Settings")
    assert first.startswith("PORT is 'x'")
    assert second.startswith("MM_BASE_URL is http")
    assert by_part(found, "Database")[0].startswith("The database does not answer as it should")
    assert by_part(found, "Stores")
    assert "swordfish" not in str(found)
    assert site.mm.token not in str(found)


def test_for_people_in_a_pipe(nothing):
    done = subprocess.run(
        (*MANAGE, "doctor"), cwd=BASE_DIR, env=nothing.env, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2
    lines = done.stdout.splitlines()
    assert lines[0] == "Settings"
    assert f"  ✗ There is no database yet: {nothing.database}." in lines
    assert re.fullmatch(r"\d broken, \d to look at, \d well\.", lines[-1])
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@pytest.fixture
def two(monkeypatch):
    """Two findings, whatever there is."""
    parts = {
        Part.SETTINGS: lambda: [well(Part.SETTINGS, "Good.")],
        Part.STORES: lambda: [broken(Part.STORES, "Bad.", "Mend it.")],
    }
    monkeypatch.setattr(room.examine, "__defaults__", (parts, 5.0))


def shown(**options):
    out = io.StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("doctor", stdout=out, **options)
    assert end.value.code == 2
    return out.getvalue()


def test_colour_is_for_those_who_want_it(two, monkeypatch):
    assert "\x1b" not in shown()
    assert "\x1b" not in shown(no_color=True)
    assert "\x1b[32m" in shown(force_color=True)
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in shown(force_color=True)


def test_a_terminal_without_signs_gets_words(two, monkeypatch):
    monkeypatch.setattr(Console, "encoding", "ascii")
    assert shown().splitlines()[:4] == ["Settings", "  ok Good.", "Stores", "  BROKEN Bad."]


def test_the_help_says_what_the_exit_status_means():
    said = Command().create_parser("manage.py", "doctor").format_help()
    assert "Exit status: 0 all well, 1 something to look at, 2 something is broken." in said
    assert "shape, status, exit_status, counts, and findings" in " ".join(said.split())
