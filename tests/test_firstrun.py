"""What `make run` says before the processes start."""

import dataclasses
import io
import re
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from tests import factories as make

pytestmark = pytest.mark.django_db
RECORDING = Path(__file__).parent / "data/openclaw/2026.7.1/nested"


@pytest.fixture
def say(settings):
    """Run it with these settings on top; returns what it printed."""

    def say(**changed) -> str:
        settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, **changed)
        out = io.StringIO()
        call_command("firstrun", stdout=out)
        return out.getvalue()

    return say


def test_it_makes_the_first_account_with_a_password_that_works(say):
    said = say()
    match = re.search(r"admin with the password (\S+) \(shown only now", said)
    assert match
    assert "manage.py changepassword admin" in said
    made = get_user_model().objects.get(username="admin")
    assert made.check_password(match.group(1))
    assert made.is_superuser


def test_it_makes_no_account_where_there_is_one(say):
    make.user("ada")
    said = say()
    assert "password" not in said.replace("changepassword", "").replace("forgotten the password", "")
    assert list(get_user_model().objects.values_list("username", flat=True)) == ["ada"]


def test_it_says_where_the_board_is(say):
    assert "Board       http://127.0.0.1:8000/" in say()
    assert "http://127.0.0.1:9000/, and under every other address" in say(host="0.0.0.0", port=9000)
    assert "http://[::1]:9000/" in say(host="::1")


def test_it_says_what_is_in_the_stores(say):
    assert re.search(
        r"nested: \d+ sessions of 1 agent \(main\), newest activity .+ ago", say(openclaw_state_dir=(RECORDING,))
    )


def test_it_says_why_a_store_shows_nothing(say, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    said = say(openclaw_state_dir=(empty, tmp_path / "missing"))
    assert f"No session is seen. {empty} is there, but is no state folder of OpenClaw" in said
    assert f"No session is seen. {tmp_path / 'missing'} is not there." in said


def test_it_says_whether_mattermost_is_configured(say):
    assert "Mattermost  not configured, so nothing is posted; set MM_BASE_URL and MM_BOT_TOKEN" in say()
    said = say(mm_base_url="https://chat.example.com", mm_bot_token="a-secret-token")
    assert "Mattermost  https://chat.example.com; runs asked for elsewhere get no post" in said
    assert "a-secret-token" not in said
    assert said.count("MM_DEFAULT_CHANNEL") == 1
    assert "MM_DEFAULT_CHANNEL" not in say(mm_default_channel="c" * 26)


def test_it_says_who_delivers(say):
    assert "by the watcher itself (no REDIS_URL)" in say()
    assert "by Celery workers" in say(redis_url="redis://localhost/0")


def test_bad_settings_stop_it(say):
    with pytest.raises(CommandError, match="- PORT is 'x'"):
        say(problems=("PORT is 'x'; set it to a number.",))
    assert not get_user_model().objects.exists()
