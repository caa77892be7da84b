"""Every variable, good and bad."""

import dataclasses
from pathlib import Path

import pytest

from livestatus_site.env import Env, load, read_environment
from livestatus_site.parse import BASE_DIR

CHANNEL = "abcdefghijklmnopqrstuvwx12"
TOKEN = "t0ken" * 5
MATTERMOST = {"MM_BASE_URL": "https://chat.example.com", "MM_BOT_TOKEN": TOKEN}


def test_it_has_the_documented_defaults():
    env = load({})
    assert env.problems == ()
    assert {name: value for name, value in dataclasses.asdict(env).items() if name != "problems"} == {
        "openclaw_state_dir": (Path("~/.openclaw").expanduser(),),
        "mm_base_url": None,
        "mm_allow_http": False,
        "mm_use_proxy": False,
        "mm_ca_file": None,
        "mm_bot_token": None,
        "mm_default_channel": None,
        "mm_max_connections": 4,
        "throttle_ms": 1000,
        "max_edits_per_s": 5.0,
        "max_message_chars": 12000,
        "max_retries": 3,
        "idle_timeout_s": 60,
        "lost_after_s": 3600,
        "session_poll_ms": 2000,
        "max_active_sessions": 50,
        "max_depth": 4,
        "deleted_post": "stop",
        "edit_limit": "stop",
        "post_max_age_s": 600,
        "tool_labels_file": None,
        "data_dir": BASE_DIR / "var",
        "database_url": None,
        "redis_url": None,
        "pid_file": BASE_DIR / "var" / "watcher.pid",
        "host": "127.0.0.1",
        "port": 8000,
        "health_port": None,
        "health_token": None,
        "https": False,
        "secret_key": None,
        "allowed_hosts": (),
        "log_level": "INFO",
        "log_format": "console",
    }


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("OPENCLAW_STATE_DIR", "/a:/b c:/a:", (Path("/a"), Path("/b c"))),  # each once, blanks kept, empty ones dropped
        ("OPENCLAW_STATE_DIR", "here", (BASE_DIR / "here",)),  # relative to manage.py, whoever starts it from where
        ("MM_ALLOW_HTTP", "Yes", True),
        ("MM_USE_PROXY", "1", True),
        ("MM_DEFAULT_CHANNEL", CHANNEL, CHANNEL),
        ("MM_MAX_CONNECTIONS", "1", 1),
        ("THROTTLE_MS", "0", 0),
        ("MAX_EDITS_PER_S", "0.5", 0.5),
        ("MAX_MESSAGE_CHARS", "200", 200),
        ("MAX_MESSAGE_CHARS", "16383", 16383),
        ("MAX_RETRIES", "0", 0),
        ("IDLE_TIMEOUT_S", "1", 1),
        ("LOST_AFTER_S", "7200", 7200),
        ("SESSION_POLL_MS", "100", 100),
        ("MAX_ACTIVE_SESSIONS", "1", 1),
        ("MAX_DEPTH", "1", 1),
        ("POST_MAX_AGE_S", "-1", -1),
        ("POST_MAX_AGE_S", "0", 0),
        ("DATA_DIR", "/srv/live status", Path("/srv/live status")),
        ("PID_FILE", "/run/live.pid", Path("/run/live.pid")),
        ("DATABASE_URL", "postgres://u:p@db:5432/live", "postgres://u:p@db:5432/live"),
        ("DATABASE_URL", "sqlite:////srv/live.sqlite3", "sqlite:////srv/live.sqlite3"),
        ("REDIS_URL", "rediss://:p@redis:6379/1", "rediss://:p@redis:6379/1"),
        ("REDIS_URL", "redis+socket:///run/redis.sock", "redis+socket:///run/redis.sock"),
        ("HOST", "0.0.0.0", "0.0.0.0"),
        ("HOST", "[::1]", "::1"),
        ("HOST", "live.example.com", "live.example.com"),
        ("PORT", "65535", 65535),
        ("HEALTH_PORT", "8001", 8001),
        ("HEALTH_TOKEN", "sixteen-letters!", "sixteen-letters!"),
        ("HTTPS", "1", True),
        ("SECRET_KEY", "k" * 32, "k" * 32),
        ("ALLOWED_HOSTS", "a.example.com, b.example.com,", ("a.example.com", "b.example.com")),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("LOG_FORMAT", "JSON", "json"),
        ("PORT", "  ", 8000),  # empty means unset
        ("PORT", " 80 ", 80),
    ],
)
def test_it_reads_a_good_value(name, text, value):
    env = load({name: text})
    assert env.problems == ()
    assert getattr(env, name.lower()) == value


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("OPENCLAW_STATE_DIR", ":", "names no folder"),
        ("MM_ALLOW_HTTP", "perhaps", "neither yes nor no"),
        ("MM_DEFAULT_CHANNEL", "town-square", "not its name"),
        ("MM_MAX_CONNECTIONS", "0", "between 1 and 64"),
        ("THROTTLE_MS", "-1", "between 0 and 600000"),
        ("THROTTLE_MS", "1s", "not a whole number"),
        ("THROTTLE_MS", "1.5", "not a whole number"),
        ("THROTTLE_MS", "9" * 5000, "not a whole number"),  # Python refuses to read it at all
        ("MAX_EDITS_PER_S", "0", "between 0.1 and 1000"),
        ("MAX_EDITS_PER_S", "nan", "between 0.1 and 1000"),
        ("MAX_EDITS_PER_S", "inf", "between 0.1 and 1000"),
        ("MAX_EDITS_PER_S", "many", "between 0.1 and 1000"),
        ("MAX_MESSAGE_CHARS", "199", "between 200 and 16383"),
        ("MAX_MESSAGE_CHARS", "16384", "between 200 and 16383"),
        ("MAX_RETRIES", "-1", "between 0 and 20"),
        ("IDLE_TIMEOUT_S", "0", "1 or more"),
        ("LOST_AFTER_S", "0", "1 or more"),
        ("SESSION_POLL_MS", "10", "between 100 and 600000"),
        ("MAX_ACTIVE_SESSIONS", "0", "1 or more"),
        ("MAX_DEPTH", "0", "between 1 and 16"),
        ("DELETED_POST", "always", "stop"),
        ("EDIT_LIMIT", "never", "continue"),
        ("POST_MAX_AGE_S", "-2", "-1 or more"),
        ("MM_CA_FILE", "/no/such/file", "No such file"),
        ("MM_CA_FILE", "/dev/null", "no certificate"),
        ("MM_CA_FILE", "/", "cannot be read"),
        ("TOOL_LABELS_FILE", "/no/such/file", "No such file"),
        ("TOOL_LABELS_FILE", "/", "Is a directory"),
        ("DATABASE_URL", "mysql://u:hush@db/live", "neither SQLite nor PostgreSQL"),
        ("DATABASE_URL", "live.sqlite3", "neither SQLite nor PostgreSQL"),
        ("REDIS_URL", "localhost:6379", "not a Redis address"),
        ("REDIS_URL", "redis://:hush@host:port", "not a Redis address"),
        ("HOST", "127.0.0.1:8000", "without a port"),
        ("HOST", "http://localhost", "not a host"),
        ("PORT", "0", "between 1 and 65535"),
        ("PORT", "65536", "between 1 and 65535"),
        ("HEALTH_PORT", "http", "not a whole number"),
        ("HEALTH_TOKEN", "fifteen-letters", "shorter than 16 characters"),
        ("HEALTH_TOKEN", "sixteen letters and more", "holds a blank"),
        ("HTTPS", "maybe", "neither yes nor no"),
        ("SECRET_KEY", "hush", "shorter than 32"),
        ("LOG_LEVEL", "loud", "DEBUG, INFO, WARNING, ERROR, CRITICAL"),
        ("LOG_FORMAT", "xml", "console, json"),
    ],
)
def test_a_bad_value_is_one_sentence_and_its_default(name, text, said):
    env = load({name: text})
    (problem,) = env.problems
    assert problem.startswith(f"{name} ")
    assert said in problem
    assert problem.endswith(".")
    assert "\n" not in problem
    assert "hush" not in problem
    assert dataclasses.replace(env, problems=()) == load({})


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("chat.example.com", "is not an address"),
        ("ftp://chat.example.com", "is not an address"),
        ("https://", "is not an address"),
        ("https://chat.example.com:port", "is not an address"),
        ("https://chat example.com", "is not an address"),
        ("https://bot:hush@chat.example.com", "user name or password"),
        ("https://chat.example.com/?a=b", "after '?' or '#'"),
        ("http://169.254.169.254/latest", "link-local"),
        ("http://chat.example.com", "MM_ALLOW_HTTP=1"),
        ("http://192.168.1.5:8065", "MM_ALLOW_HTTP=1"),
    ],
)
def test_a_bad_mattermost_address_turns_posting_off(address, said):
    env = load({**MATTERMOST, "MM_BASE_URL": address})
    (problem,) = env.problems
    assert problem.startswith("MM_BASE_URL ")
    assert said in problem
    assert "hush" not in problem
    assert env.mm_base_url is None
    assert not env.posting


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://chat.example.com/", "https://chat.example.com"),
        ("https://chat.example.com/team/api/v4", "https://chat.example.com/team"),  # pasted with the API's own path
        ("http://localhost:8065", "http://localhost:8065"),
        ("http://127.0.0.1:8065", "http://127.0.0.1:8065"),
        ("http://[::1]:8065", "http://[::1]:8065"),
    ],
)
def test_a_good_mattermost_address_turns_posting_on(address, kept):
    env = load({**MATTERMOST, "MM_BASE_URL": address})
    assert env.problems == ()
    assert env.mm_base_url == kept
    assert env.posting


def test_plain_http_to_another_machine_has_to_be_asked_for():
    env = load({**MATTERMOST, "MM_BASE_URL": "http://mattermost:8065", "MM_ALLOW_HTTP": "1"})
    assert env.problems == ()
    assert env.mm_base_url == "http://mattermost:8065"


def test_an_address_without_a_token_is_a_problem_and_the_reverse():
    (no_token,) = load({"MM_BASE_URL": "https://chat.example.com"}).problems
    (no_address,) = load({"MM_BOT_TOKEN": TOKEN}).problems
    assert no_token.startswith("MM_BOT_TOKEN is not set")
    assert no_address.startswith("MM_BASE_URL is not set")


def test_a_bad_token_is_one_problem_and_never_shown():
    env = load({**MATTERMOST, "MM_BOT_TOKEN": "hush hush"})
    (problem,) = env.problems
    assert problem.startswith("MM_BOT_TOKEN holds a blank")
    assert "hush" not in problem
    assert not env.posting


def test_all_problems_are_reported_at_once_in_the_order_of_the_settings():
    env = load({"PORT": "0", "THROTTLE_MS": "x", "MM_BASE_URL": "y", "LOG_LEVEL": "z", "MM_BOT_TOKEN": TOKEN})
    assert [problem.split()[0] for problem in env.problems] == ["MM_BASE_URL", "THROTTLE_MS", "PORT", "LOG_LEVEL"]


def test_a_labels_file_has_to_hold_an_object(tmp_path):
    file = tmp_path / "labels.json"
    file.write_text('{"read": ["R", "read"]}')
    assert load({"TOOL_LABELS_FILE": str(file)}).tool_labels_file == file
    for content, said in [("[]", "not an object"), ("{", "not valid JSON"), ("[" * 100_000, "not valid JSON")]:
        file.write_text(content)
        env = load({"TOOL_LABELS_FILE": str(file)})
        assert said in env.problems[0]
        assert env.tool_labels_file is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MM_BOT_TOKEN", TOKEN),
        ("SECRET_KEY", "k" * 50),
        ("HEALTH_TOKEN", "h" * 16),
        ("DATABASE_URL", "postgres://u:p@db/live"),
        ("REDIS_URL", "redis://:p@redis/0"),
    ],
)
def test_a_secret_may_stand_in_a_file(tmp_path, name, value):
    file = tmp_path / "secret"
    file.write_text(f"{value}\n")
    env = load({"MM_BASE_URL": "https://chat.example.com", "MM_BOT_TOKEN_FILE": str(file), f"{name}_FILE": str(file)})
    assert env.problems == ()
    assert getattr(env, name.lower()) == value


def test_a_secret_file_that_cannot_be_read_is_a_problem(tmp_path):
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for file, said in [("missing", "No such file"), (".", "Is a directory"), ("binary", "not text")]:
        (problem,) = load({"SECRET_KEY_FILE": str(tmp_path / file)}).problems
        assert problem.startswith("SECRET_KEY is kept in ")
        assert said in problem


def test_a_secret_given_twice_is_a_problem(tmp_path):
    (problem,) = load({"SECRET_KEY": "k" * 40, "SECRET_KEY_FILE": str(tmp_path)}).problems
    assert problem == "SECRET_KEY is set and SECRET_KEY_FILE is too; keep one of them."


def test_only_secrets_are_read_from_files(tmp_path):
    file = tmp_path / "port"
    file.write_text("9000")
    assert load({"PORT_FILE": str(file)}).port == 8000


def test_a_repr_shows_no_secret():
    env = load({**MATTERMOST, "SECRET_KEY": "k" * 40, "DATABASE_URL": "postgres://u:hush@db/x"})
    shown = repr(env)
    assert env.problems == ()
    assert all(secret not in shown for secret in env.secrets)


def test_secrets_are_the_exact_texts_to_hide():
    others = {"SECRET_KEY": "k" * 40, "HEALTH_TOKEN": "h" * 16, "DATABASE_URL": "postgres://u:a%40b@db/x"}
    assert load({**MATTERMOST, **others}).secrets == (TOKEN, "k" * 40, "h" * 16, "a%40b", "a@b")


def test_the_pid_file_follows_data_dir():
    assert load({"DATA_DIR": "/srv/live"}).pid_file == Path("/srv/live/watcher.pid")


def test_the_environment_wins_over_the_env_file(tmp_path):
    file = tmp_path / "env"
    file.write_text("# words\nPORT=9000\nHOST='0.0.0.0'\nMM_BOT_TOKEN=a$PORT\nEMPTY\n")
    read = read_environment({"ENV_FILE": str(file), "PORT": "9001"})
    assert (read["PORT"], read["HOST"], read["MM_BOT_TOKEN"]) == ("9001", "0.0.0.0", "a$PORT")
    assert "EMPTY" not in read


def test_a_missing_env_file_is_fine(tmp_path):
    assert read_environment({"ENV_FILE": str(tmp_path / "none"), "PORT": "1"})["PORT"] == "1"


def test_the_example_file_names_every_variable_with_its_default():
    lines = (BASE_DIR / ".env.example").read_text().splitlines()
    shown = dict(line.removeprefix("#").split("=", 1) for line in lines if line.startswith("#") and "=" in line[:30])
    expected = {
        each.name.upper(): each.metadata["variable"].default or ""
        for each in dataclasses.fields(Env)
        if "variable" in each.metadata
    }
    documented = {"DATA_DIR": "./var", "PID_FILE": "./var/watcher.pid"}
    assert shown == expected | documented
