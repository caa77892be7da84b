"""Tools in words."""

import json

import pytest
from hypothesis import given

from sessions_app.render.labels import Labels
from sessions_app.render.text import ZWSP
from tests.render.views import texts


@pytest.mark.parametrize(
    ("tool", "target", "words"),
    [
        ("exec", "npm test", "run npm test"),
        ("read", "ci.yml", "read ci.yml"),
        ("grep", "retry", 'search "retry"'),
        ("grep", "", "search"),
        ("web_search", "", "search the web"),
        ("web_fetch", "example.com", "open example.com"),
        ("sessions_spawn", "reviewer", "start sub-agent reviewer"),
        ("sessions_new_thing", "", "sessions"),  # by its prefix
        ("frobnicate", "", "use frobnicate"),
        ("frobnicate", "x", "use frobnicate x"),
        ("mcp__github__create_issue", "", "use create_issue (github)"),
        ("mcp__github", "", "use mcp\\_\\_github"),
        ("", "", "use a tool"),
        ("@all", "`x`", f"use @{ZWSP}all \\`x\\`"),
        ("exec", "deploy --token swordfish", "run deploy --token \\[redacted]"),
    ],
)
def test_words(tool, target, words):
    assert Labels.builtin().words(tool, target) == words


def load(tmp_path, content):
    path = tmp_path / "labels.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return Labels.load(path)


def test_a_file_goes_over_the_defaults(tmp_path):
    labels = load(
        tmp_path,
        {
            "exec": {"sign": "🔧", "words": "execute"},
            "db_*": "query",
            "db_write*": 'change "{target}" in the database',
            "mcp__github__*": {"words": "ask GitHub"},
        },
    )
    assert labels.words("exec", "ls") == "execute ls"
    assert labels.sign("exec") == "🔧"
    assert labels.sign("read") == labels.sign("unknown") == "▸"
    assert labels.words("db_read", "t") == "query t"
    assert labels.words("db_write_row", "t") == 'change "t" in the database'  # the longest prefix wins
    assert labels.words("mcp__github__create_issue") == "ask GitHub"
    assert labels.words("read", "a") == "read a"


def test_a_prefix_of_nothing_is_for_every_tool(tmp_path):
    assert load(tmp_path, {"*": "do"}).words("frobnicate", "x") == "do x"


def test_a_label_cannot_break_the_card(tmp_path):
    labels = load(tmp_path, {"exec": {"sign": "\n@all", "words": "**run**\n# x"}})
    assert labels.words("exec") == "\\*\\*run\\*\\* # x"
    assert labels.sign("exec") == f"@{ZWSP}all"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ([], "must be a JSON object"),
        ({"exec": 5}, 'The tool label "exec" in '),
        ({"exec": ""}, 'The tool label "exec" in '),
        ({"exec": {"sign": "x"}}, 'The tool label "exec" in '),
        ({"exec": {"words": "x", "colour": "red"}}, 'The tool label "exec" in '),
        ({"exec": {"words": ["x"]}}, 'The tool label "exec" in '),
    ],
)
def test_a_bad_file_is_refused_in_one_sentence(tmp_path, content, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        load(tmp_path, content)
    assert str(error.value).endswith(".")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"nothing\.json cannot be read: No such file"):
        Labels.load(tmp_path / "nothing.json")


@given(texts, texts)
def test_any_tool_has_words(tool, target):
    words = Labels.builtin().words(tool, target)
    assert words
    assert "\n" not in words
    assert len(words) < 400
