import pytest

from sessions_app.sources.base import Mark
from tests.sources.lines import header, ids, said


def read(source, name, mark=None, budget=-1):
    return source.read(f"agents/main/sessions/{name}", mark or Mark(), budget)


def fork(parent="/home/x/sessions/parent.jsonl", **fields):
    return header(parentSession=parent, timestamp="2026-11-22T12:00:00Z", **fields)


OLD = [said("p1", "2026-11-22T10:00:00Z"), said("p2", "2026-11-22T11:00:00Z")]
NEW = [said("n1", "2026-11-22T11:59:59.999Z"), said("n2", "2026-11-22T12:00:05Z")]


@pytest.mark.parametrize("archived", ["", ".reset.2026-11-22T12-30-00Z", ".deleted.2026-11-22T12-30-00Z"])
def test_a_fork_does_not_tell_its_parents_lines_again(store, source, archived):
    store.write(f"parent.jsonl{archived}", header(), *OLD)
    store.write("fork.jsonl", fork(), *OLD, *NEW)
    assert ids(read(source, "fork.jsonl")) == ["head", "n1", "n2"]


def test_a_fork_read_in_pieces_gives_the_same(store, source):
    store.write("parent.jsonl", header(), *OLD)
    mark, told = Mark(), []
    for one in (fork(), *OLD, *NEW):
        store.write("fork.jsonl", one)
        chunk = read(source, "fork.jsonl", mark)
        mark = chunk.mark
        told += ids(chunk)
    assert told == ["head", "n1", "n2"]
    assert mark.copying == ""


def test_a_fork_of_an_unknown_parent_goes_by_time(store, source):
    store.write("fork.jsonl", fork(), *OLD, *NEW)
    assert ids(read(source, "fork.jsonl")) == ["head", "n1", "n2"]


def test_a_fork_of_an_unknown_parent_read_in_pieces_goes_by_time_too(store, source):
    mark, told = Mark(), []
    for one in (fork(), *OLD, *NEW):
        store.write("fork.jsonl", one)
        chunk = read(source, "fork.jsonl", mark)
        mark = chunk.mark
        told += ids(chunk)
    assert told == ["head", "n1", "n2"]


def test_a_line_of_the_parent_that_comes_after_the_copy_is_told(store, source):
    store.write("parent.jsonl", header(), *OLD)
    store.write("fork.jsonl", fork(), OLD[0], NEW[0], OLD[1])
    assert ids(read(source, "fork.jsonl")) == ["head", "n1", "p2"]


@pytest.mark.parametrize("parent", ["..", ".", "/", "a\x00b", "x" * 400, "parent.jsonl"])
def test_a_parent_that_is_none_stops_nothing(store, source, parent):
    (store.sessions() / "parent.jsonl").mkdir()
    store.write("fork.jsonl", fork(parent), *NEW)
    assert ids(read(source, "fork.jsonl")) == ["head", "n1", "n2"]


def test_a_fork_that_names_itself_tells_nothing_of_old(store, source):
    store.write("fork.jsonl", fork("fork.jsonl"), *OLD)
    assert ids(read(source, "fork.jsonl")) == ["head"]
