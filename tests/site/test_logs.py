"""What reaches stdout, and what never does."""

import json
import logging
import logging.config

import pytest
import structlog

from livestatus_site.env import Env, load
from livestatus_site.logs import HIDDEN, logging_config, spellings

TOKEN = "tok3ntok3ntok3ntok3ntok3nt"
KEY = 'a key with "quotes", a \\ and an é in it'


@pytest.fixture(autouse=True)
def _logging_as_before():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


@pytest.fixture
def configure():
    def configure(**variables: str) -> Env:
        env = load({"MM_BASE_URL": "https://chat.example.com", "MM_BOT_TOKEN": TOKEN, "SECRET_KEY": KEY, **variables})
        assert env.problems == ()
        logging.config.dictConfig(logging_config(env))
        return env

    return configure


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_secret_is_hidden_wherever_it_stands(configure, capsys, log_format):
    configure(LOG_FORMAT=log_format)
    logging.getLogger("library").warning("sent with %s and %r", TOKEN, KEY)
    structlog.get_logger("ours").warning("sent", header=f"Bearer {TOKEN}", key=KEY, nested={"key": [KEY]})
    try:
        raise ValueError(f"refused {TOKEN} {KEY}")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("library").exception("failed")
    out = capsys.readouterr().out
    assert out.count(HIDDEN) >= 7
    assert not any(text in out for text in spellings((TOKEN, KEY)))


def test_a_password_of_an_address_is_hidden(configure, capsys):
    configure(REDIS_URL="redis://:p%40ssword@redis:6379/0")
    logging.getLogger("kombu").error("cannot connect to redis://:p%40ssword@redis:6379/0 with p@ssword")
    assert capsys.readouterr().out.count(HIDDEN) == 2


def test_a_very_short_secret_does_not_spoil_the_log():
    assert spellings(("a", "abc", "")) == ()


def test_json_is_one_object_per_line_for_our_lines_and_a_librarys(configure, capsys):
    configure(LOG_FORMAT="json")
    structlog.get_logger("ours").info("read", session="s1", lines=3)
    logging.getLogger("library").info("two\nlines")
    ours, library = map(json.loads, capsys.readouterr().out.splitlines())
    assert ours.items() >= {"event": "read", "session": "s1", "lines": 3, "level": "info", "logger": "ours"}.items()
    assert library.items() >= {"event": "two\nlines", "level": "info", "logger": "library"}.items()
    assert ours["timestamp"].endswith("Z")


def test_bound_context_is_on_every_line(configure, capsys):
    configure(LOG_FORMAT="json")
    with structlog.contextvars.bound_contextvars(session="s1"):
        structlog.get_logger("ours").info("read")
        logging.getLogger("library").info("read")
    assert [json.loads(line)["session"] for line in capsys.readouterr().out.splitlines()] == ["s1", "s1"]


def test_the_level_is_the_least_that_is_logged(configure, capsys):
    configure(LOG_LEVEL="WARNING")
    structlog.get_logger("ours").info("quiet")
    logging.getLogger("django.request").info("quiet")
    structlog.get_logger("ours").warning("loud")
    out = capsys.readouterr().out
    assert "loud" in out
    assert "quiet" not in out
