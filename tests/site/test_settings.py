"""Settings as Django gets them, from processes of their own where the environment decides."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.core.checks import Error, Warning  # noqa: A004
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import override_settings

from livestatus_site import data_dir
from livestatus_site.checks import require_good_settings, settings_problems
from livestatus_site.database import database
from livestatus_site.env import load
from livestatus_site.parse import BASE_DIR

BAD = {"MM_BASE_URL": "nonsense", "THROTTLE_MS": "fast", "PORT": "-1"}


def manage(tmp_path: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {
        name: os.environ[name] for name in ("PATH", "HOME", "ENV_FILE", "DJANGO_SETTINGS_MODULE") if name in os.environ
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=BASE_DIR,
        env={**environ, "DATA_DIR": str(tmp_path / "data"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


def show(tmp_path: Path, expression: str, **variables: str) -> str:
    done = manage(
        tmp_path,
        "shell",
        "--no-imports",
        "-c",
        f"from django.conf import settings as s; print(({expression}))",
        **variables,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_bad_settings_keep_neither_help_nor_migrate_from_working(tmp_path):
    assert "Available subcommands" in manage(tmp_path, "help", **BAD).stdout
    done = manage(tmp_path, "migrate", "--verbosity", "0", **BAD)
    assert done.returncode == 0, done.stderr
    for name in BAD:
        assert f"\n{'?: (live_status.W001) '}{name} is" in f"\n{done.stderr}"


def test_migrate_does_not_fill_a_database_that_nobody_meant(tmp_path):
    done = manage(tmp_path, "migrate", DATABASE_URL="mysql://u:hush@db/live")
    assert done.returncode == 1
    assert "(live_status.E001) DATABASE_URL is neither SQLite nor PostgreSQL" in done.stderr
    assert "hush" not in done.stderr


def test_check_answers_with_its_exit_code(tmp_path):
    check = ("check", "--tag", "live_status", "--fail-level", "WARNING")
    assert manage(tmp_path, *check).returncode == 0
    assert manage(tmp_path, *check, **BAD).returncode == 1


def test_the_service_starts_where_data_cannot_be_kept(tmp_path):
    (tmp_path / "data").write_text("a file where the folder should be")
    done = manage(tmp_path, "check")
    assert done.returncode == 1
    assert "(live_status.E001) DATA_DIR is" in done.stderr
    assert manage(tmp_path, "help").returncode == 0


def test_the_deployment_check_is_clean_behind_https(tmp_path):
    done = manage(tmp_path, "check", "--deploy", HTTPS="1")
    # HSTS for sub-domains and preloading are for the owner of the domain to decide.
    warnings = {line.split("(")[1].split(")")[0] for line in done.stderr.splitlines() if line.startswith("?:")}
    assert warnings <= {"security.W005", "security.W021"}


def test_all_bad_settings_are_said_at_once():
    with override_settings(LIVE_STATUS=load(BAD)), pytest.raises(CommandError) as stopped:
        require_good_settings()
    assert [line.split()[1] for line in str(stopped.value).splitlines()[1:]] == ["MM_BASE_URL", "THROTTLE_MS", "PORT"]


def test_good_settings_stop_nobody():
    require_good_settings()
    assert settings_problems() == []


def test_problems_of_the_foundations_are_errors_and_others_warnings():
    with override_settings(LIVE_STATUS=load({"DATABASE_URL": "x", "PORT": "x"})):
        found = {type(message): message.msg.split()[0] for message in settings_problems()}
    assert found == {Error: "DATABASE_URL", Warning: "PORT"}


def test_the_data_folder_and_the_key_are_for_this_user_alone(tmp_path):
    key = show(tmp_path, "s.SECRET_KEY")
    assert len(key) >= 50
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "data" / "secret_key").stat().st_mode) == 0o600
    assert show(tmp_path, "s.SECRET_KEY") == key
    assert show(tmp_path, "s.SECRET_KEY", SECRET_KEY="k" * 50) == "k" * 50


def test_processes_that_start_at_once_agree_on_the_key(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(data_dir.kept_secret_key, [tmp_path] * 64))
    assert keys == {(tmp_path / "secret_key").read_text().strip()}
    assert [file.name for file in tmp_path.iterdir()] == ["secret_key"]


def test_an_empty_key_file_is_made_again(tmp_path):
    (tmp_path / "secret_key").touch()
    key = data_dir.kept_secret_key(tmp_path)
    assert len(key) >= 50
    assert data_dir.kept_secret_key(tmp_path) == key


@pytest.mark.django_db
def test_sqlite_is_set_for_several_writers():
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        read = {name: cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")}
    assert read == {"synchronous": 1, "foreign_keys": 1}
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_sqlite_file_is_written_ahead(tmp_path):
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    # Bytes 18 and 19 of the file: 2 means WAL.
    assert (tmp_path / "data" / "livestatus.sqlite3").read_bytes()[18:20] == b"\x02\x02"


def test_database_url_names_a_postgres():
    config = database(load({"DATABASE_URL": "postgres://u:p%40ss@db:5433/live?sslmode=require"}))
    assert config["ENGINE"] == "django.db.backends.postgresql"
    assert (config["USER"], config["PASSWORD"], config["HOST"], config["PORT"]) == ("u", "p@ss", "db", 5433)
    assert config["OPTIONS"] == {"connect_timeout": 5, "sslmode": "require"}


def test_without_redis_no_broker_is_ever_contacted():
    assert settings.CELERY_TASK_ALWAYS_EAGER is True
    assert settings.CELERY_BROKER_URL == "memory://"


def test_with_redis_tasks_go_there(tmp_path):
    shown = show(
        tmp_path,
        "s.CELERY_TASK_ALWAYS_EAGER, s.CELERY_BROKER_URL, s.CELERY_BROKER_TRANSPORT_OPTIONS['global_keyprefix']",
        REDIS_URL="redis://127.0.0.1:1/0",
    )
    assert shown == "(False, 'redis://127.0.0.1:1/0', 'livestatus:')"


def test_the_app_has_taken_the_settings():
    from livestatus_site.celery import app

    assert not app.conf.task_acks_late
    assert app.conf.worker_prefetch_multiplier == 1
    assert app.conf.accept_content == ["json"]


def test_cookies_are_secure_exactly_with_https(tmp_path):
    names = "s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 0"
    assert show(tmp_path, names) == "(False, False, False)"
    assert show(tmp_path, names, HTTPS="1") == "(True, True, True)"


def test_the_host_it_listens_on_may_be_asked_for(tmp_path):
    shown = show(tmp_path, "s.ALLOWED_HOSTS", HOST="::1", ALLOWED_HOSTS="live.example.com")
    assert shown == "['localhost', '127.0.0.1', '[::1]', 'live.example.com']"


@pytest.mark.django_db
def test_the_admin_is_served_under_a_strict_policy(admin_client):
    response = admin_client.get("/admin/")
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert b"<script>" not in response.content
    assert b"style=" not in response.content


def test_static_files_need_no_collecting(client):
    response = client.get("/static/admin/css/base.css")
    assert response.status_code == 200
    assert b"body" in b"".join(response.streaming_content)


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", "--verbosity", "0")


def test_tests_see_nothing_of_this_machine():
    env = settings.LIVE_STATUS
    assert "livestatus-tests-" in str(env.data_dir)
    assert env.openclaw_state_dir == (env.data_dir / "no-openclaw-here",)
    assert not env.posting
    assert env.redis_url is None
