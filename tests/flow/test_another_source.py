"""A third kind of store through the whole house: what stands right of sources does not know which one it was.

All that it took is tests/sources/ledger.py and one more kind in `found`: see docs/adding-a-source.md.
"""

import pytest

from sessions_app.models import Post, Session
from sessions_app.sources import found
from sessions_app.sources.openclaw import OpenClaw
from tests.flow.house import DEFAULT_CHANNEL, House, outline
from tests.sources.ledger import Ledger

pytestmark = pytest.mark.django_db
CHANNEL, ASKED = "chan1chan1chan1chan1chan1a", "askedaskedaskedaskedaskeda"
T0 = 1_795_300_000.0


class Books:
    """A writer of Ledger's books. ``now`` is the time of the next entry."""

    def __init__(self, folder):
        self.folder = folder / "books"
        (folder / "ledger.toml").write_text('version = "3.1"\n')
        self.folder.mkdir()
        self.now = T0
        self.entries = 0

    def path(self, name, ending="book"):
        return self.folder / f"{name}.{ending}"

    def open(self, name, place="-", parent="-", label=""):
        self.write(name, "book", "clerk", place, parent, label)

    def write(self, name, *fields):
        self.entries += 1
        self.raw(name, "\t".join([f"e{self.entries}", str(self.now), *fields]).encode() + b"\n")

    def raw(self, name, data):
        with self.path(name).open("ab") as file:
            file.write(data)

    def take_pen(self, name):
        self.path(name, "pen").write_text(str(self.now))

    def put_pen_down(self, name):
        self.path(name, "pen").unlink()


@pytest.fixture(autouse=True)
def _known(monkeypatch):
    monkeypatch.setattr(found, "KINDS", (found.Kind(is_at=Ledger.is_at, source=Ledger), *found.KINDS))


@pytest.fixture
def books(store):
    return Books(store)


@pytest.fixture
def house(db, books, store, mm):
    for channel in (DEFAULT_CHANNEL, CHANNEL):
        mm.add_channel(channel, id=channel)
    mm.add_post(CHANNEL, "please", id=ASKED)
    return House(store=store, mm=mm, now=T0)


@pytest.fixture
def after(books, house):
    """Let some seconds pass, write, look, and give the one post's text."""

    def pass_(seconds, *writes):
        books.now = house.now = house.now + seconds
        for write, *arguments in writes:
            write(*arguments)
        house.step()
        return [post.message for post in house.mm.bot_posts()]

    return pass_


def card(text):
    """The lines of the only post."""
    (message,) = text
    return message.split("\n")


def ask(books, text="Fix the build"):
    books.open("b1", place=f"{CHANNEL}/{ASKED}")
    books.take_pen("b1")
    books.write("b1", "ask", "alice", ASKED, text)


def test_a_folder_is_told_by_what_is_in_it(store, tmp_path):
    (tmp_path / "other").mkdir()
    assert [type(one) for one in found.open_sources([store, tmp_path / "other"])] == [OpenClaw] * 2
    Books(store)
    assert [type(one) for one in found.open_sources([store, tmp_path / "other"])] == [Ledger, OpenClaw]


def test_from_the_prompt_to_the_end_with_a_sub_agent_and_a_restart(books, house, after):
    after(0, (ask, books))
    assert card(after(2)) == ["💭 **Fix the build** · clerk · thinking · 2s", "no tools"]
    calls = (books.write, "b1", "call", "c1", "shell", "make test", "I will look first.")
    assert card(after(3, calls)) == [
        "⚙️ **Fix the build** · clerk · working · 5s",
        "I will look first.",
        "▸ run make test · 0s",
        "1 tool",
    ]
    hires = (books.write, "b1", "call", "c2", "hire", "tester")
    after(1, (books.write, "b1", "result", "c1", "shell", "exit 2"), hires)
    after(1, (books.write, "b1", "hired", "c2", "b2"), (books.write, "b1", "say", "40", "Somebody looks into it."))
    child = [(books.open, "b2", "-", "b1", "tester"), (books.take_pen, "b2"), (books.write, "b2", "task", "Find it")]
    after(1, (books.put_pen_down, "b1"), *child)
    house.start()
    text = card(after(4, (books.write, "b2", "call", "c1", "shell", "git bisect")))
    assert text[0] == "⏳ **Fix the build** · clerk · waiting · 12s"
    assert text[2] == "✗ run make test (exit 2) · ✓ use hire tester"
    assert text[4] == "- ⚙️ **tester** · run git bisect · 4s · 1 tool"
    assert [outline(view) for view in house.trees()] == ["Fix the build=waiting(tester=working)"]
    after(5, (books.write, "b2", "result", "c1", "shell", "ok"), (books.write, "b2", "say", "60", "Found."))
    after(1, (books.put_pen_down, "b2"), (books.take_pen, "b1"), (books.write, "b1", "report", "b2", "ok"))
    after(1, (books.write, "b1", "say", "100", "It was a typo."), (books.put_pen_down, "b1"))
    text = card(after(3))
    assert text[:2] == ["✅ **Fix the build** · clerk · done · 19s", "It was a typo."]
    assert text[3:] == ["- ✅ **tester** · done · 9s · 1 tool", "", "3 tools · 200 tokens"]
    assert house.words == {
        "book:b1 1": ["thinking", "working", "thinking", "waiting", "thinking", "waiting", "done"],
        "book:b2 1": ["queued", "thinking", "working", "thinking", "done"],
    }
    house.finish()
    assert house.troubles() == []
    (post,) = house.mm.bot_posts()
    assert (post.channel_id, post.root_id) == (CHANNEL, ASKED)


def test_a_prompt_from_elsewhere_goes_to_the_default_channel(books, house, after):
    books.open("b1")
    after(3, (books.write, "b1", "ask", "cron", "-", "Nightly"), (books.write, "b1", "say", "1", "Done."))
    house.finish()
    assert [post.channel_id for post in house.mm.bot_posts()] == [DEFAULT_CHANNEL]


def test_a_sub_agent_gets_no_post_while_its_parent_is_unknown(books, house, after):
    books.open("b9", place=CHANNEL, parent="?")
    books.take_pen("b9")
    assert after(10, (books.write, "b9", "task", "Find it")) == []
    assert house.words == {"book:b9 1": ["thinking"]}
    assert not Post.objects.exists()


def test_a_broken_line_costs_only_itself_and_is_told(books, house, after):
    after(0, (ask, books))
    after(2, (books.raw, "b1", b"\xff\xfe\x00 no entry\n"), (books.write, "b1", "call", "c1", "shell", "ls"))
    half = (books.raw, "b1", b"x1\t1795300004.0\tsa")
    assert card(after(1, half))[0].startswith("⚙️ **Fix the build** · clerk · working")
    after(1, (books.raw, "b1", b"y\t7\tAll well.\n"), (books.put_pen_down, "b1"))
    assert card(after(3))[:2] == ["✅ **Fix the build** · clerk · done · 4s", "All well."]
    assert Session.objects.get(key="book:b1").problem == "books/b1.book: 1 lines could not be read and were left out"


def test_a_failure_says_why(books, house, after):
    after(2, (ask, books))
    text = card(after(3, (books.write, "b1", "fail", "no credit left"), (books.put_pen_down, "b1")))
    assert text[0] == "❌ **Fix the build** · clerk · failed: no credit left · 3s"


def test_a_session_that_is_deleted_in_the_middle_is_stopped(books, house, after):
    after(2, (ask, books))
    after(3, (books.path("b1").unlink,), (books.put_pen_down, "b1"))
    (text,) = after(1)
    assert text.startswith("⛔ **Fix the build** · clerk · stopped")
    assert "session deleted" in text


def test_secrets_do_not_get_into_the_database(books, house, after):
    secret = "xoxb-" + "1234567890-abcdefghijklmnop"
    after(2, (ask, books, f"Use {secret} please"))
    (text,) = after(2)
    assert "Use" in text
    assert secret not in text
    (session,) = Session.objects.all()
    assert secret not in session.runs.get().state


def test_it_says_what_it_is(books, house):
    (source,) = (reader.source for reader in house.loop.readers)
    assert (source.about().version, str(source.about().why_none)) == (
        "3.1", f"{source.name} has no book yet. Ask Ledger for something.",
    )  # fmt: skip
