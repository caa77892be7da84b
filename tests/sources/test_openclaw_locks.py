import os

import pytest

from sessions_app.sources.openclaw_locks import Lock, locks_in


def test_a_lock_names_its_process_and_its_time(tmp_path):
    (tmp_path / "a.jsonl.lock").write_text('{"pid": 12320, "createdAt": "2026-11-22T10:01:44.988Z"}')
    (tmp_path / "a.jsonl").touch()
    (tmp_path / "sessions.json.lock").write_text("{}")
    assert locks_in(tmp_path) == ({"a.jsonl": Lock(pid=12320, created_at=1795341704.988)}, "")


ODD = [
    b"",
    b"{",
    b"[]",
    b'{"pid": "x"}',
    b'{"pid": 5, "createdAt": 7}',
    b'{"createdAt": "never"}',
    b'{"x":' + b"[" * 5000,
    b"\xff\xd8",
]


@pytest.mark.parametrize("content", ODD)
def test_a_lock_that_cannot_be_read_still_is_one(tmp_path, content):
    (tmp_path / "a.jsonl.lock").write_bytes(content)
    assert locks_in(tmp_path) == ({"a.jsonl": Lock()}, "")


def test_a_lock_with_an_odd_time_keeps_its_process(tmp_path):
    (tmp_path / "a.jsonl.lock").write_text('{"pid": 5, "createdAt": "0001-01-01T00:00:00"}')
    assert locks_in(tmp_path)[0]["a.jsonl"].pid == 5


def test_what_is_no_file_is_no_lock(tmp_path):
    (tmp_path / "a.jsonl.lock").mkdir()
    os.mkfifo(tmp_path / "b.jsonl.lock")
    (tmp_path / "c.jsonl.lock").symlink_to("/etc/hostname")
    assert locks_in(tmp_path) == ({}, "")


def test_a_folder_that_cannot_be_listed_says_so(tmp_path):
    found, problem = locks_in(tmp_path / "none")
    assert found == {}
    assert "cannot be listed" in problem


def test_the_holder_of_a_lock_is_dead_when_no_process_has_its_pid():
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    assert Lock(pid=child).holder_dead()
    assert not Lock(pid=os.getpid()).holder_dead()
    assert not Lock(pid=1).holder_dead()


@pytest.mark.parametrize("pid", [0, -1, 2**31, 10**30])
def test_a_pid_that_cannot_be_one_says_nothing(pid):
    assert not Lock(pid=pid).holder_dead()
