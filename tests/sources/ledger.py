"""A source for an agent product that does not exist: the smallest whole example of one.

"Ledger" keeps one append-only book per session, in text: one entry per line, fields separated by tabs.

    <folder>/ledger.toml          the product's settings, with its version
    <folder>/books/<name>.book    a session: `id  seconds  word  fields…`
    <folder>/books/<name>.pen     there while a turn goes on; holds when it began

The first entry of a book is its cover: `book  agent  channel/thread or -  book that hired it, ? or -  label`.
"""

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from sessions_app.events import (
    AgentSaid,
    AnyEvent,
    Call,
    Opened,
    Origin,
    Outcome,
    Spawned,
    Stop,
    ToolEnded,
    Usage,
    UserSaid,
)
from sessions_app.sources.base import About, Address, Cause, Chunk, Facts, Mark, Survey, Touch
from sessions_app.sources.tailer import read_lines
from sessions_app.sources.text import clean, plain

SETTINGS = "ledger.toml"
COVER_BYTES = 4096
PLACE = re.compile(r"([a-z0-9]{26})(?:/([a-z0-9]{26}))?\Z")
BOOK = re.compile(r"books/[\w-]{1,80}\.book\Z", re.ASCII)
Fields = list[str]


class Ledger:
    """Reads the books of one folder. Safe for one thread at a time."""

    kind = "ledger"

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.name = str(self.folder)

    @staticmethod
    def is_at(folder: Path) -> bool:
        """Whether this is a folder of Ledger's."""
        return (folder / SETTINGS).is_file()

    def survey(self) -> Survey:
        """One session for each book that has a cover."""
        try:
            names = sorted(path.name for path in (self.folder / "books").iterdir() if BOOK.match(f"books/{path.name}"))
        except FileNotFoundError:
            return Survey(complete=False)
        except OSError as error:
            return Survey(problems=(f"{self.name}/books cannot be listed ({error.strerror}).",), complete=False)
        found = [self._facts(name.removesuffix(".book")) for name in names]
        return Survey(sessions={facts.key: facts for facts in found if facts is not None})

    def _facts(self, name: str) -> Facts | None:
        """What the cover and the pen say; None while the cover is not whole."""
        cover = self._cover(name)
        if len(cover) < 7 or cover[2] != "book":
            return None
        parent = "" if cover[5] in {"-", "?"} else cover[5]
        began = self._pen(name)
        return Facts(
            key=f"book:{name}",
            agent=clean(cover[3], 200),
            session_id=name,
            transcript=f"books/{name}.book",
            parent_key=f"book:{plain(parent, 80)}" if parent else "",
            spawned=cover[5] != "-",
            label=clean(cover[6], 300),
            from_key=_place(cover[4]),
            running=began is not None,
            has_status=True,
            started_at=began or 0.0,
        )

    def _cover(self, name: str) -> Fields:
        try:
            handle = os.open(self.folder / "books" / f"{name}.book", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return []
        try:
            line, newline, _ = os.read(handle, COVER_BYTES).partition(b"\n")
        except OSError:
            return []
        finally:
            os.close(handle)
        return line.decode("utf-8", "replace").split("\t") if newline else []

    def _pen(self, name: str) -> float | None:
        try:
            return _seconds((self.folder / "books" / f"{name}.pen").read_text()[:40]) or 0.0
        except (OSError, ValueError):
            return None

    def read(self, transcript: str, mark: Mark, budget: int) -> Chunk:
        """Read on in a book; a line that is no entry is counted and left out."""
        if not BOOK.match(transcript):
            return Chunk(mark=mark, problem=f"{transcript!r} is no book, so it is not read")
        try:
            lines = read_lines(self.folder / transcript, mark, budget)
        except FileNotFoundError:
            return Chunk(mark=mark)
        except OSError as error:
            return Chunk(mark=mark, problem=str(error))
        events = [_event(line.decode("utf-8", "replace").split("\t")) for line in lines.lines]
        bad = lines.mark.bad_lines + lines.too_long + events.count(None)
        return Chunk(
            events=tuple(event for event in events if event is not None),
            mark=Mark(**{name: getattr(lines.mark, name) for name in Mark.__dataclass_fields__} | {"bad_lines": bad}),
            more=lines.more,
            restarted=lines.restarted,
            problem=f"{transcript}: {bad} lines could not be read and were left out" if bad else "",
        )

    def signature(self, transcript: str) -> object:
        """Size and time of the book."""
        try:
            seen = (self.folder / transcript).stat()
        except (OSError, ValueError):
            return None
        return seen.st_size, seen.st_mtime_ns

    def folders(self) -> tuple[Path, ...]:
        """The books, or what is there of the way to them."""
        return tuple(path for path in (self.folder / "books", self.folder) if path.is_dir())[:1]

    def touched(self, path: str) -> Touch:
        """A book has news; a pen says that a turn begins or ends."""
        name = os.path.relpath(path, self.folder)
        if BOOK.match(name):
            return Touch(survey=True, transcript=name)
        return Touch(survey=name.endswith(".pen") or name == "books")

    def about(self) -> About:
        """The version is in the settings."""
        try:
            settings = tomllib.loads((self.folder / SETTINGS).read_text())
        except (OSError, ValueError) as error:
            step = f"Start Ledger once: it makes {SETTINGS}."
            return About(kind="books", why_none=Cause(sentence=f"{self.name}: {error}.", next_step=step))
        cause = Cause(sentence=f"{self.name} has no book yet.", next_step="Ask Ledger for something.", waiting=True)
        sessions = self.survey().sessions
        return About(
            found=True, kind="books", version=str(settings.get("version", "")), why_none=None if sessions else cause
        )


def _place(text: str) -> Address:
    found = PLACE.match(text)
    return Address(channel_id=found[1], thread_id=found[2] or "") if found else Address()


def _seconds(text: str) -> float:
    """Raises ValueError for what is no time."""
    when = float(text)
    if not 0 < when < 1e11:
        raise ValueError(text)
    return when


def _event(fields: Fields) -> AnyEvent | None:
    """The event of one line; None where it is none that Ledger writes."""
    try:
        id_, at, word, *rest = fields
        return WORDS[word](plain(id_, 200), _seconds(at), iter([*rest, ""]))
    except (ValueError, KeyError, StopIteration):
        return None


def _book(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    return Opened(id=id_, at=at)


def _ask(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    sender, post, text = next(rest), next(rest), next(rest)
    return UserSaid(
        id=id_, at=at, origin=Origin.PROMPT, text=clean(text, 2000), sender=clean(sender, 100),
        message_id=post if PLACE.match(post) else "", from_mattermost=True,
    )  # fmt: skip


def _task(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    return UserSaid(id=id_, at=at, origin=Origin.TASK, text=clean(next(rest), 2000))


def _call(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    call = Call(id=plain(next(rest), 200), tool=clean(next(rest), 120), target=clean(next(rest), 80))
    return AgentSaid(id=id_, at=at, stop=Stop.TOOLS, calls=(call,), text=clean(next(rest), 600))


def _result(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    call, tool, error = plain(next(rest), 200), clean(next(rest), 120), next(rest)
    ok = error == "ok"
    return ToolEnded(id=id_, at=at, call_id=call, tool=tool, ok=ok, error="" if ok else clean(error, 400))


def _hired(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    call, book = plain(next(rest), 200), plain(next(rest), 80)
    return ToolEnded(id=id_, at=at, call_id=call, tool="hire", ok=True, spawned=Spawned(key=f"book:{book}"))


def _report(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    """The end of a hired one, brought back to whoever hired it."""
    book, end = plain(next(rest), 80), next(rest)
    return UserSaid(
        id=id_, at=at, origin=Origin.ANNOUNCEMENT, child_key=f"book:{book}",
        child_outcome=Outcome.DONE if end == "ok" else Outcome.FAILED,
        child_error="" if end == "ok" else clean(end, 400),
    )  # fmt: skip


def _say(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    usage, text = Usage(output=min(int(next(rest)), 10**9)), clean(next(rest), 600)
    return AgentSaid(id=id_, at=at, stop=Stop.STOP, text=text, usage=usage)


def _fail(id_: str, at: float, rest: Iterator[str]) -> AnyEvent:
    return AgentSaid(id=id_, at=at, stop=Stop.ERROR, error=clean(next(rest), 400))


WORDS: dict[str, Callable[[str, float, Iterator[str]], AnyEvent]] = {
    "book": _book,
    "ask": _ask,
    "task": _task,
    "call": _call,
    "result": _result,
    "hired": _hired,
    "report": _report,
    "say": _say,
    "fail": _fail,
}
