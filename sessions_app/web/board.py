"""The board as a value, for one set of filters: what lives, what ended, whether the system is well, and if there is
nothing to show, why. It looks the same for everybody who may see it.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.safestring import SafeString, mark_safe

from sessions_app.state.view import Word
from sessions_app.web.choices import Choice, choices
from sessions_app.web.filters import Filters
from sessions_app.web.gaps import fill
from sessions_app.web.header import Health
from sessions_app.web.look import Look, look
from sessions_app.web.nothing import Nothing
from sessions_app.web.rows import Tree, kind_of
from sessions_app.web.trees import Drawn

LIVE_SHOWN = 500
ENDED_SHOWN = 50
# What wants a person first. Those of live runs always have a place, the others when there is one.
LIVE_WORDS = (Word.NEEDS_YOU, Word.QUIET, Word.WORKING, Word.THINKING, Word.WAITING, Word.QUEUED)
ENDED_WORDS = (Word.FAILED, Word.STOPPED, Word.LOST)


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many trees have a run with this word. ``on``: they are what is shown."""

    word: str
    kind: str
    number: int
    on: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Board:
    """Everything on the page that changes."""

    filters: Filters
    health: Health
    live: tuple[Tree, ...] = ()
    live_html: str = ""  # safe, as is the other
    number_live: int = 0
    all_live: int = 0  # whatever their word
    more_live: int = 0
    unsearched: int = 0
    ended: tuple[Tree, ...] = ()
    ended_html: str = ""
    more_ended: int = 0
    counts: tuple[Count, ...] = ()
    choices: tuple[Choice, ...] = ()
    nothing: Nothing | None = None
    bare: bool = False

    @property
    def no_match(self) -> bool:
        """Whether the filters are why nothing is shown."""
        return bool(self.filters) and not self.live and not self.ended


def board(now: float, filters: Filters | None = None) -> Board:
    """The board at ``now``, as the newest look has it."""
    return board_of(look(), filters or Filters(), now)


def board_of(found: Look, filters: Filters, now: float) -> Board:
    """What these filters leave of a look."""
    rest = filters.without("word")
    live = [one for one in found.live if rest.keeps(one.facets, found.places)]
    ended = [one for one in found.ended if rest.keeps(one.facets, found.places)]
    counts, all_live = _counts(live, ended, filters.word), len(live)
    if filters.word:
        live, ended = _with(filters.word, live), _with(filters.word, ended)
    return Board(
        filters=filters,
        health=found.health,
        live=tuple(one.tree for one in live[:LIVE_SHOWN]),
        live_html=_html(live[:LIVE_SHOWN], now),
        number_live=len(live) + (0 if filters else found.uncounted),
        all_live=all_live + (0 if rest else found.uncounted),
        more_live=max(0, len(live) - LIVE_SHOWN) + (0 if filters else found.uncounted),
        unsearched=found.uncounted if filters else 0,
        ended=tuple(one.tree for one in ended[:ENDED_SHOWN]),
        ended_html=_html(ended[:ENDED_SHOWN], now),
        more_ended=max(0, len(ended) - ENDED_SHOWN),
        counts=counts,
        choices=choices((*found.live, *found.ended), found.places, filters),
        nothing=None if filters else found.nothing,
        bare=not filters and not found.live and not found.ended,
    )


def _html(trees: Iterable[Drawn], now: float) -> SafeString:
    return mark_safe(fill((one.html for one in trees), now))  # noqa: S308 - a template drew and escaped each


def _with(word: str, trees: Iterable[Drawn]) -> list[Drawn]:
    return [one for one in trees if word in one.facets.words]


def _counts(live: list[Drawn], ended: list[Drawn], chosen: str) -> tuple[Count, ...]:
    """By trees, since those are what a word leaves; sub-agents count: one of them may be who needs you."""
    here = Counter(word for one in live for word in one.facets.words)
    past = Counter(word for one in ended for word in one.facets.words)
    numbers = {word: here[word] for word in LIVE_WORDS} | {word: here[word] + past[word] for word in ENDED_WORDS}
    if chosen in frozenset(Word) - numbers.keys():
        numbers[Word(chosen)] = here[chosen] + past[chosen]
    return tuple(
        Count(word=word.value, kind=kind_of(word), number=number, on=word.value == chosen)
        for word, number in numbers.items()
        if number or word in LIVE_WORDS or word.value == chosen
    )
