"""Everything that may happen to a transcript, in any order, against a model that is a list of lines."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sessions_app.sources import tailer
from sessions_app.sources.base import Mark
from sessions_app.sources.tailer import read_lines

LONGEST = 40
LINE = st.one_of(
    st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")),
    st.text(min_size=1, max_size=8).map(lambda text: text.replace("\n", "").encode()),
    st.sampled_from([b"", b"{}", b"same", "größe 😀".encode(), b"x" * LONGEST]),
)
TOO_LONG = st.integers(LONGEST + 1, 300).map(lambda size: b"L" * size)


class Transcript(RuleBasedStateMachine):
    """``heard`` is what a reader that starts anew at each `restarted` has; it has to be what the file says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "a.jsonl"
        self.path.touch()
        self.mark = Mark()
        self.heard: list[bytes] = []
        self.too_long = 0
        self.appended_only = True

    def teardown(self) -> None:
        self.folder.cleanup()

    @property
    def content(self) -> bytes:
        return self.path.read_bytes() if self.path.exists() else b""

    def _append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    def _write(self, data: bytes) -> None:
        """Other content in the same file: same name, same inode. What is like the old counts as appended to it."""
        self.appended_only = self.appended_only and data.startswith(self.content[: self.mark.position])
        self.path.write_bytes(data)

    @rule(line=LINE)
    def append_a_line(self, line: bytes) -> None:
        self._append(line + b"\n")

    @rule(line=LINE, data=st.data())
    def append_part_of_a_line(self, line: bytes, data: st.DataObject) -> None:
        self._append(line[: data.draw(st.integers(0, len(line)))])

    @rule()
    def end_the_line(self) -> None:
        self._append(b"\n")

    @rule(line=TOO_LONG, ended=st.booleans())
    def append_a_line_beyond_the_limit(self, line: bytes, ended: bool) -> None:
        self._append(line + (b"\n" if ended else b""))

    @rule(data=st.data())
    def truncate(self, data: st.DataObject) -> None:
        self._write(self.content[: data.draw(st.integers(0, len(self.content)))])

    @rule(lines=st.lists(LINE, max_size=8), data=st.data())
    def truncate_and_grow_again(self, lines: list[bytes], data: st.DataObject) -> None:
        kept = self.content[: data.draw(st.integers(0, len(self.content)))]
        self._write(kept + b"".join(line + b"\n" for line in lines))

    @rule(lines=st.lists(LINE, max_size=8))
    def replace_the_content(self, lines: list[bytes]) -> None:
        self._write(b"".join(line + b"\n" for line in lines))

    @rule(lines=st.lists(LINE, max_size=8))
    def delete_and_make_again(self, lines: list[bytes]) -> None:
        content = b"".join(line + b"\n" for line in lines)
        self.appended_only = self.appended_only and content.startswith(self.content[: self.mark.position])
        self.path.unlink()
        self.path.write_bytes(content)

    @rule(budget=st.sampled_from([-1, 0, 1, 30, 200]))
    def read(self, budget: int) -> None:
        before = self.mark
        part = read_lines(self.path, self.mark, budget, max_line=LONGEST)
        if part.restarted:
            self.heard, self.too_long = [], 0
            assert not self.appended_only, "nothing but appending happened"
        self.heard += part.lines
        self.too_long += part.too_long
        self.mark = part.mark
        self.appended_only = True
        assert part.restarted or part.mark.position >= before.position
        assert not part.more or part.mark.position > before.position or part.restarted

    @precondition(lambda self: self.appended_only)
    @invariant()
    def nothing_was_read_twice_or_skipped(self) -> None:
        read = self.content[: self.mark.position]
        lines = read.split(b"\n")
        rest = lines.pop()
        short = [line for line in lines if len(line) <= LONGEST]
        assert self.heard == short
        assert self.too_long == len(lines) - len(short)
        assert self.mark.skipping == bool(rest)
        assert not rest or len(rest) > LONGEST

    @precondition(lambda self: self.appended_only)
    @rule()
    def reading_on_finds_all_whole_lines(self) -> None:
        more = True
        while more:
            before = self.mark
            self.read(7)
            more = self.mark != before
        whole = self.content[: self.mark.position]
        assert b"\n" not in self.content[len(whole) :] or self.mark.skipping


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(tailer, "CHUNK", 16)
    # A change in the middle of a long file is beyond what a mark can see; here the head is all of it.
    monkeypatch.setattr(tailer, "HEAD", 1 << 20)


TestTranscript = Transcript.TestCase
TestTranscript.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_the_same_inode_is_no_sign_of_the_same_file(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"one\n")
    inode = path.stat().st_ino
    mark = read_lines(path, Mark(), -1).mark
    path.write_bytes(b"two\n")
    assert path.stat().st_ino == inode
    assert read_lines(path, mark, -1).lines == (b"two",)
