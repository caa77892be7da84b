"""Everything that may happen to a window of a database, in any order, against a model that is a list of events."""

import tempfile
import uuid
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from sessions_app.sources.base import Mark
from sessions_app.sources.openclaw import OpenClaw
from tests.sources.databases import Database
from tests.sources.lines import ids, line, said

WORDS = "word " * 400
COUNT = st.integers(1, 4)


class Window(RuleBasedStateMachine):
    """``heard`` is what a reader that starts anew at each `restarted` has: at every end, what one reading finds."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database = Database(Path(self.folder.name))
        self.database.row()
        self.names: list[str] = []
        self.written = 0
        self.start_anew()
        self.mark = Mark()
        self.heard: list[str] = []
        self.appended_only = True

    def teardown(self) -> None:
        self.database.close()
        self.folder.cleanup()

    def _write(self, count: int, start: int | None = None) -> None:
        """One event in three is packed; one in five cannot be read."""
        begin = len(self.names) if start is None else start
        for seq in range(begin, begin + count):
            self.written += 1
            name = f"e{self.written}"
            if self.written % 5 == 0:
                self.database.put("w1", seq, None, None)
                name = ""
            else:
                self.database.events(said(name), start=seq, packed=self.written % 3 == 0)
            self.names[seq : seq + 1] = [name]

    def _rewritten(self) -> None:
        self.appended_only = False

    @rule(count=COUNT)
    def append(self, count: int) -> None:
        self._write(count)

    @rule()
    def append_one_that_is_big(self) -> None:
        self.written += 1
        name = f"big{self.written}"
        self.database.events(line(type="message", id=name, message={"role": "user", "content": WORDS}), packed=True)
        self.names.append(name)

    @precondition(lambda self: self.names and self.names[-1])
    @rule()
    def use_the_last_number_again(self) -> None:
        """As a yield does it. The id alone tells: OpenClaw's generation may be seen only later."""
        seq = len(self.names) - 1
        self.written += self.written % 5 == 4  # one that can be read
        self._write(1, seq)
        self._rewritten()

    @precondition(lambda self: self.names)
    @rule(data=st.data())
    def cut_off_the_end(self, data: st.DataObject) -> None:
        kept = data.draw(st.integers(0, len(self.names) - 1))
        self.database.forget(kept)
        del self.names[kept:]
        self.database.generation(uuid.uuid4().hex)
        self._rewritten()

    @rule(count=COUNT)
    def replace_the_whole_history(self, count: int) -> None:
        self.database.forget(0)
        self.names.clear()
        self._write(count)
        self.database.generation(uuid.uuid4().hex)
        self._rewritten()

    @rule()
    def a_rewrite_that_changes_nothing(self) -> None:
        self.database.generation(uuid.uuid4().hex)
        self._rewritten()

    @rule()
    def start_anew(self) -> None:
        """The watcher forgets all but its mark."""
        self.source = OpenClaw(Path(self.folder.name))
        self.source.survey()

    @rule(budget=st.sampled_from([-1, 0, 1, 200, 5000]))
    def read(self, budget: int) -> None:
        before = self.mark
        chunk = self.source.read(self.database.transcript, self.mark, budget)
        if chunk.restarted:
            self.heard = []
            assert not self.appended_only, "nothing but appending happened"
            assert not chunk.more, "what is read anew is read whole: half of a history means something else"
        self.heard += ids(chunk)
        self.mark = chunk.mark
        self.appended_only = True
        assert chunk.restarted or chunk.mark.position >= before.position
        assert not chunk.more or chunk.mark.position > before.position

    @rule()
    def reading_on_finds_what_one_reading_finds(self) -> None:
        before = None
        while before != self.mark:
            before = self.mark
            self.read(1)
        once = self.source.read(self.database.transcript, Mark(), -1)
        assert self.heard == ids(once) == [name for name in self.names if name]
        assert self.mark.bad_lines == once.mark.bad_lines == self.names.count("")
        assert (self.mark.position, self.mark.tail) == (once.mark.position, once.mark.tail)

    @precondition(lambda self: self.appended_only)
    @rule()
    def the_signature_tells_of_news(self) -> None:
        self.source.survey()
        before = self.source.signature(self.database.transcript)
        self.append(1)
        self.source.survey()
        assert self.source.signature(self.database.transcript) != before


TestWindow = Window.TestCase
TestWindow.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
