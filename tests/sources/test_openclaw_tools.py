import time

import msgspec
import pytest

from sessions_app.sources.openclaw_tools import TARGET_CHARS, target_of

TARGETS = [
    # a command: the program and its sub-command, never a value
    ({"command": "git push origin main"}, "git push"),
    ({"command": "/usr/bin/git status"}, "git status"),
    ({"cmd": "ls"}, "ls"),
    ({"command": "npm test && rm -rf x"}, "npm test"),
    ({"command": "cd /x; ls"}, "cd /x"),
    ({"command": "ls -la"}, "ls"),
    ({"command": "TOKEN=abc curl -H 'x: y' z"}, "curl"),
    ({"command": 'echo "hello"'}, "echo"),
    ({"command": "   "}, ""),
    ({"command": "A=1 B=2"}, ""),
    # a file: its name
    ({"path": "/home/x/src/ci.yml"}, "ci.yml"),
    ({"file_path": "C:\\src\\ci.yml"}, "ci.yml"),
    ({"filePath": "src/"}, "src"),
    # a page: its host, never what is in the address
    ({"url": "https://user:pass@example.org/a?token=b#c"}, "example.org"),
    ({"url": "git+ssh://user:pass@example.org/a"}, "example.org"),
    ({"url": "example.org/a\nsecond"}, "example.org/a"),
    # a query, a label, a task: the first line
    ({"query": "how to\nretry"}, "how to"),
    ({"task": "Fix it", "label": "fixer"}, "fixer"),
    ({"pattern": "retry"}, "retry"),
    # of any shape
    ({"command": ["git", "push"], "path": "a/b"}, "b"),
    ({"command": None, "query": 7, "url": {}, "to": "bob"}, "bob"),
    ({"unknown": "x"}, ""),
    ({}, ""),
    ([], ""),
    ("text", ""),
    (None, ""),
]


@pytest.mark.parametrize(("arguments", "target"), TARGETS)
def test_a_target_says_in_a_few_characters_what_a_call_is_about(arguments, target):
    assert target_of(msgspec.Raw(msgspec.json.encode(arguments))) == target


def test_a_target_is_short_whatever_it_is_made_of():
    for name in ("command", "path", "url", "query"):
        began = time.process_time()
        target = target_of(msgspec.Raw(msgspec.json.encode({name: "a" * 8_000_000})))
        assert len(target) <= TARGET_CHARS
        assert time.process_time() - began < 2


def test_a_secret_is_redacted_in_any_target():
    secret = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    for name in ("command", "path", "url", "query", "label"):
        assert secret not in target_of(msgspec.Raw(msgspec.json.encode({name: secret})))
