import os

import pytest

from sessions_app.events import UserSaid
from sessions_app.sources.base import Mark
from tests.sources.lines import Store, header, ids, message, said
from tests.sources.strangers import as_nobody


def read(source, name, mark=None, budget=-1):
    return source.read(f"agents/main/sessions/{name}", mark or Mark(), budget)


FILES = [
    ("/elsewhere/openclaw/agents/main/sessions/a.jsonl", "agents/main/sessions/a.jsonl"),
    ("{root}/agents/other/sessions/a.jsonl", "agents/other/sessions/a.jsonl"),
    ("{root}/agents/main/../../../etc/a.jsonl", "agents/main/sessions/a.jsonl"),
    ("../../a.jsonl", "agents/main/sessions/a.jsonl"),
    ("{root}-other/a.jsonl", "agents/main/sessions/a.jsonl"),
]


@pytest.mark.parametrize(("file", "transcript"), FILES)
def test_a_path_that_is_not_in_this_store_stands_for_its_base_name(store, source, file, transcript):
    store.rows(main={"sessionId": "1", "sessionFile": file.format(root=store.root)})
    (facts,) = source.survey().sessions.values()
    assert facts.transcript == transcript


@pytest.mark.parametrize("file", ["{root}/" + "x" * 600 + ".jsonl", "{root}/a\x00b.jsonl"])
def test_a_transcript_with_a_name_that_no_file_can_have_is_reported(store, source, file):
    store.rows(main={"sessionId": "1", "sessionFile": file.format(root=store.root)})
    (facts,) = source.survey().sessions.values()
    assert facts.transcript == ""
    assert "none that a file can have" in facts.problem


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../../etc/passwd", "agents/../../x", "a\x00b", "agents/main/sessions/../../../../x"]
)
def test_a_name_that_leads_out_of_the_store_is_refused(store, source, name):
    store.sessions()
    chunk = source.read(name, Mark(), -1)
    assert chunk.events == ()
    assert "leads out of the store" in chunk.problem


def test_a_folder_beside_the_store_with_a_longer_name_is_not_the_store(store, source, tmp_path):
    beside = Store(tmp_path / "openclaw-evil")
    beside.write("1.jsonl", said("a"))
    store.sessions()
    (store.root / "link").symlink_to(beside.sessions())
    assert "leads out of the store" in source.read("link/1.jsonl", Mark(), -1).problem


def test_bad_lines_are_counted_once_and_the_others_go_on(store, source):
    store.write("1.jsonl", header(), b"broken", said("a"), b"[]", b"", b"\x00\x00" + said("b"))
    chunk = read(source, "1.jsonl")
    assert ids(chunk) == ["head", "a", "b"]
    assert "2 lines could not be read" in chunk.problem
    store.write("1.jsonl", said("c"))
    chunk = read(source, "1.jsonl", chunk.mark)
    assert (ids(chunk), chunk.mark.bad_lines) == (["c"], 2)


def test_a_line_beyond_the_limit_is_counted_and_the_others_go_on(store, source):
    store.write("1.jsonl", header(), b"x" * (8 * 1024 * 1024 + 1), said("a"))
    chunk = read(source, "1.jsonl")
    assert (ids(chunk), chunk.mark.bad_lines) == (["head", "a"], 1)
    assert "1 lines could not be read" in chunk.problem


@pytest.mark.parametrize("kind", ["directory", "pipe", "link", "device", "long name"])
def test_what_is_no_transcript_is_reported_and_nothing_else(store, source, kind):
    path = store.sessions() / "1.jsonl"
    name = "1.jsonl"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        name = "x" * 300 + ".jsonl"
    chunk = read(source, name, Mark(position=5))
    assert (chunk.events, chunk.mark) == ((), Mark(position=5))
    assert "cannot be read" in chunk.problem or "is a" in chunk.problem or "not a regular" in chunk.problem


def test_a_transcript_that_is_not_there_yet_is_no_problem(store, source):
    store.sessions()
    chunk = read(source, "1.jsonl")
    assert (chunk.events, chunk.problem, chunk.mark) == ((), "", Mark())
    assert source.signature("agents/main/sessions/1.jsonl") is None
    assert source.signature("a\x00b") is None


@pytest.mark.parametrize("kind", ["reset", "deleted"])
def test_an_archived_transcript_is_read_to_its_end(store, source, kind):
    path = store.write("1.jsonl", header(), said("a"))
    mark = read(source, "1.jsonl").mark
    store.write("1.jsonl", said("b"))
    path.rename(path.with_name(f"1.jsonl.{kind}.2026-11-22T10-01-44.988Z"))
    store.write("11.jsonl.reset.2026-11-22T10-01-44.988Z", said("other"))
    store.write("1.jsonl.bak-12-1", said("other"))
    chunk = read(source, "1.jsonl", mark)
    assert (ids(chunk), chunk.restarted, chunk.problem) == (["b"], False, "")


def test_a_name_with_wildcards_finds_only_its_own_archive(store, source):
    store.write("1.jsonl.reset.2026-11-22T10-01-44.988Z", said("other"))
    assert ids(read(source, "*.jsonl")) == []
    assert ids(read(source, "?.jsonl")) == []


def test_a_rewritten_transcript_begins_anew(store, source):
    path = store.write("1.jsonl", header(), said("a"), said("b"))
    mark = read(source, "1.jsonl").mark
    path.write_bytes(header() + b"\n" + said("a") + b"\n")
    chunk = read(source, "1.jsonl", mark, budget=1)
    assert (ids(chunk), chunk.restarted) == (["head", "a"], True)


@pytest.mark.usefixtures("open_folders")
def test_a_transcript_that_is_not_ours_to_read_is_reported_and_read_once_it_is(store, source):
    path = store.write("1.jsonl", header(), said("a"))
    path.chmod(0)

    def check():
        chunk = read(source, "1.jsonl")
        assert (chunk.events, chunk.mark) == ((), Mark())
        assert "1.jsonl cannot be read (Permission denied)" in chunk.problem
        assert "1.jsonl" not in read(source, "2.jsonl").problem

    as_nobody(check)
    path.chmod(0o644)
    as_nobody(lambda: ids(read(source, "1.jsonl")) == ["head", "a"] or 1 / 0)


def test_a_message_line_is_what_a_person_said(store, source):
    store.write("1.jsonl", message("user", content="hello"))
    (event,) = read(source, "1.jsonl").events
    assert isinstance(event, UserSaid)
