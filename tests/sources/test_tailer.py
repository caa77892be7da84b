import os
from pathlib import Path

import pytest

from sessions_app.sources import tailer
from sessions_app.sources.base import Mark
from sessions_app.sources.tailer import CannotReadError, read_lines


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.jsonl"


def append(path, data):
    with path.open("ab") as file:
        file.write(data)


def test_only_whole_lines_are_read_and_only_once(path):
    path.write_bytes(b"one\ntwo\nthr")
    first = read_lines(path, Mark(), -1)
    assert (first.lines, first.mark.position, first.restarted) == ((b"one", b"two"), 8, False)
    assert read_lines(path, first.mark, -1).lines == ()
    append(path, b"ee\n")
    second = read_lines(path, first.mark, -1)
    assert (second.lines, second.restarted) == ((b"three",), False)


def test_an_empty_file_has_nothing_and_is_no_problem(path):
    path.touch()
    empty = read_lines(path, Mark(), -1)
    assert (empty.lines, empty.mark, empty.more) == ((), Mark(), False)


def test_empty_lines_are_kept_for_the_reader_to_judge(path):
    path.write_bytes(b"\n\na\n\n")
    assert read_lines(path, Mark(), -1).lines == (b"", b"", b"a", b"")


def test_only_newlines_end_a_line(path):
    path.write_bytes("a\u2028b\x85c\rd\x0be\n".encode())
    assert read_lines(path, Mark(), -1).lines == ("a\u2028b\x85c\rd\x0be".encode(),)


def test_a_budget_is_kept_and_what_is_left_is_told(path, monkeypatch):
    monkeypatch.setattr(tailer, "CHUNK", 10)
    path.write_bytes(b"12345\n" * 10)
    mark, lines = Mark(), list[bytes]()
    while True:
        part = read_lines(path, mark, 10)
        assert len(part.lines) <= 3
        lines += part.lines
        mark = part.mark
        if not part.more:
            break
    assert lines == [b"12345"] * 10


def test_a_line_longer_than_the_budget_is_read_whole(path, monkeypatch):
    monkeypatch.setattr(tailer, "CHUNK", 10)
    path.write_bytes(b"x" * 95 + b"\nnext\n")
    assert read_lines(path, Mark(), 10).lines[0] == b"x" * 95


@pytest.mark.parametrize("chunk", [1, 7, 10, 64, 1000])
@pytest.mark.parametrize("pieces", [[60], [1] * 60, [19, 1, 40], [30, 30]])
def test_a_line_that_is_too_long_is_left_out_however_it_comes(path, monkeypatch, chunk, pieces):
    monkeypatch.setattr(tailer, "CHUNK", chunk)
    whole = b"before\n" + b"x" * 40 + b"\nafter\n1234567890\n" + b"y"
    mark, lines, too_long, start = Mark(), list[bytes](), 0, 0
    for size in [*pieces, len(whole)]:
        append(path, whole[start : start + size])
        start += size
        more = True
        while more:
            part = read_lines(path, mark, 5, max_line=10)
            mark, more = part.mark, part.more
            lines += part.lines
            too_long += part.too_long
            assert not part.restarted
    assert (lines, too_long) == ([b"before", b"after", b"1234567890"], 1)


def test_skipping_a_line_without_end_keeps_to_the_budget(path, monkeypatch):
    monkeypatch.setattr(tailer, "CHUNK", 10)
    path.write_bytes(b"x" * 1000)
    first = read_lines(path, Mark(), 50, max_line=20)
    assert first.mark.skipping
    assert first.mark.position <= 60
    assert first.more
    append(path, b"\nnext\n")
    rest = read_lines(path, first.mark, -1, max_line=20)
    assert (rest.lines, rest.too_long) == ((b"next",), 1)


CHANGES = [
    # truncated below the mark
    (b"one\n", (b"one",)),
    # truncated to nothing
    (b"", ()),
    # truncated, and grown past the mark again
    (b"ONE\ntwo\nthree\nfour\n", (b"ONE", b"two", b"three", b"four")),
    # replaced by something of the same size
    (b"one\nTWO\n", (b"one", b"TWO")),
    # replaced by something that begins the same and then differs just before the mark
    (b"one\ntwO\nthree\n", (b"one", b"twO", b"three")),
]


@pytest.mark.parametrize(("content", "lines"), CHANGES)
@pytest.mark.parametrize("way", ["in place", "new file"])
def test_other_content_is_read_from_its_beginning_and_announced(path, content, lines, way):
    path.write_bytes(b"one\ntwo\n")
    mark = read_lines(path, Mark(), -1).mark
    if way == "new file":
        path.unlink()
    path.write_bytes(content)
    again = read_lines(path, mark, 1)
    assert (again.lines, again.restarted) == (lines, True)
    assert again.mark.generation == mark.generation + 1
    assert not read_lines(path, again.mark, -1).restarted


def test_a_long_file_that_was_changed_at_its_head_is_noticed(path):
    path.write_bytes(b"0123456789abcde\n" * 200)
    mark = read_lines(path, Mark(), -1).mark
    with path.open("r+b") as file:
        file.seek(500)
        file.write(b"X")
    assert read_lines(path, mark, -1).restarted


def test_a_long_file_that_was_truncated_and_has_grown_past_the_mark_again_is_noticed(path):
    same = b"0123456789abcde\n" * 200
    path.write_bytes(same + b"old end\n")
    mark = read_lines(path, Mark(), -1).mark
    path.write_bytes(same + b"NEW end\nand more\n")
    again = read_lines(path, mark, -1)
    assert again.restarted
    assert again.lines[-2:] == (b"NEW end", b"and more")


def test_the_head_grows_with_what_was_read(path):
    path.write_bytes(b"a\n")
    mark = read_lines(path, Mark(), -1).mark
    assert mark.head_size == 2
    append(path, b"0123456789abcde\n" * 200)
    mark = read_lines(path, mark, -1).mark
    assert mark.head_size == tailer.HEAD


def test_a_character_of_many_bytes_may_be_cut_anywhere(path):
    whole = "größe 😀\n".encode()
    mark, lines = Mark(), list[bytes]()
    for byte in whole:
        append(path, bytes([byte]))
        part = read_lines(path, mark, -1)
        mark = part.mark
        lines += part.lines
    assert lines == [whole[:-1]]


def test_a_file_that_is_not_there_is_told_apart(path):
    with pytest.raises(FileNotFoundError):
        read_lines(path, Mark(), -1)


def test_a_directory_is_refused(path):
    path.mkdir()
    with pytest.raises(CannotReadError, match="is a directory"):
        read_lines(path, Mark(), -1)


def test_a_pipe_is_refused_without_waiting(path):
    os.mkfifo(path)
    with pytest.raises(CannotReadError, match="not a regular file"):
        read_lines(path, Mark(), -1)


def test_a_device_is_refused():
    with pytest.raises(CannotReadError, match="not a regular file"):
        read_lines(Path("/dev/zero"), Mark(), -1)


@pytest.mark.parametrize("target", ["/etc/hostname", "nowhere", "a.jsonl"])
def test_a_symbolic_link_is_refused_wherever_it_leads(path, target):
    path.symlink_to(target)
    with pytest.raises(CannotReadError, match="symbolic link"):
        read_lines(path, Mark(), -1)


def test_a_name_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(CannotReadError, match="cannot be read"):
        read_lines(tmp_path / ("x" * 300), Mark(), -1)


def test_no_file_stays_open(path):
    path.write_bytes(b"a\n")
    before = set(Path("/proc/self/fd").iterdir())
    for _ in range(20):
        read_lines(path, Mark(), -1)
    path.unlink()
    path.mkdir()
    for _ in range(20):
        with pytest.raises(CannotReadError):
            read_lines(path, Mark(), -1)
    assert len(list(Path("/proc/self/fd").iterdir())) <= len(before) + 1
