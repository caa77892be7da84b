"""What of the board somebody wants to see: the filters in the address, and what of a tree they look at.

A tree is kept whole when every filter finds something in it. A value that nobody has is no error: it finds nothing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Self
from urllib.parse import urlencode

from sessions_app.render.labels import Labels
from sessions_app.render.text import fold
from sessions_app.state.view import RunView

VALUE_CHARS = 400  # as long as the longest name of a store
TERMS = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Facets:
    """What filters look at in one tree: all runs of it, so that a sub-agent is found too."""

    words: frozenset[str] = frozenset()
    agents: frozenset[str] = frozenset()
    channel: str = ""
    store: str = ""
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Which kind of store each store is, and the hosts of those who watch it."""

    kinds: Mapping[str, str]
    hosts: Mapping[str, frozenset[str]]

    def sources_of(self, store: str) -> set[str]:
        """What a store is called as a source: by itself and by its kind."""
        return {store, self.kinds.get(store, "")} - {""}


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """Empty ones keep everything. ``source``: a store, or a kind of store. ``q``: words that must all occur."""

    word: str = ""
    agent: str = ""
    channel: str = ""
    source: str = ""
    host: str = ""
    q: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Self:
        """From the parameters of an address; where one stands twice the last counts."""
        return cls(**{name: clean(given.get(name, "")) for name in NAMES})

    @property
    def query(self) -> str:
        """The shortest address that says the same, from its question mark on."""
        said = {name: value for name in NAMES if (value := getattr(self, name))}
        return f"?{urlencode(said)}" if said else ""

    @property
    def said(self) -> list[tuple[str, str]]:
        """What is looked for: the filter's name in words, and its value."""
        return [(SAID.get(name, name), value) for name in NAMES if (value := getattr(self, name))]

    def __bool__(self) -> bool:
        """Whether anything is filtered."""
        return self != EVERYTHING

    def without(self, name: str) -> Self:
        """The same, and this one open."""
        return replace(self, **{name: ""})

    def keeps(self, tree: Facets, places: Places) -> bool:
        """Whether this tree is wanted."""
        return (
            (not self.word or self.word in tree.words)
            and (not self.agent or self.agent in tree.agents)
            and (not self.channel or self.channel == tree.channel)
            and (not self.source or self.source in places.sources_of(tree.store))
            and (not self.host or self.host in places.hosts.get(tree.store, ()))
            and (not self.q or all(term in tree.text for term in self.q.casefold().split()[:TERMS]))
        )


NAMES = tuple(field.name for field in fields(Filters))
SAID = {"q": "text"}
EVERYTHING = Filters()


def clean(text: str) -> str:
    """A value as it is compared: on one line, nothing invisible in it, not endless."""
    return fold(text)[:VALUE_CHARS].strip()


def facets_of(view: RunView, *, channel: str, store: str, labels: Labels) -> Facets:
    """What filters look at in the tree of a root."""
    tree = list(view.tree())
    return Facets(
        words=frozenset(run.word.value for run in tree),
        agents=frozenset(clean(run.agent) for run in tree) - {""},
        channel=clean(channel.lstrip("~")),
        store=clean(store),
        text=fold("\n".join(_told(tree, labels))).casefold(),
    )


def _told(tree: Iterable[RunView], labels: Labels) -> Iterable[str]:
    for run in tree:
        yield from (run.title, run.label, run.agent)
        yield from (labels.bare(step.tool, step.target) for step in run.running)
