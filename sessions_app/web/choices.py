"""What the filters offer: names that trees on the board have, and the chosen one even if none has it any more."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sessions_app.render.text import cut
from sessions_app.web.filters import Facets, Filters, Places
from sessions_app.web.trees import Drawn

OFFERED = 200
NAME_CHARS = 48
ALL = {"agent": "All agents", "channel": "All channels", "source": "All sources", "host": "All hosts"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One name. ``value`` is what stands in the address."""

    value: str
    words: str
    on: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """One filter that offers names; not shown where there is nothing to choose."""

    name: str
    label: str
    all: str
    options: tuple[Option, ...]


def choices(trees: Iterable[Drawn], places: Places, filters: Filters) -> tuple[Choice, ...]:
    """Those with two names or more, or with one that is chosen."""
    found: dict[str, set[str]] = {name: set() for name in ALL}
    for one in trees:
        for name, value in _names(one.facets, places):
            found[name].add(value)
    if len(set(places.kinds.values())) < 2:
        found["source"] -= set(places.kinds.values())
    return tuple(
        _choice(name, values, chosen)
        for name, values in found.items()
        if (chosen := getattr(filters, name)) or len(values) > 1
    )


def _names(tree: Facets, places: Places) -> Iterator[tuple[str, str]]:
    yield from (("agent", agent) for agent in tree.agents)
    yield from (("source", source) for source in places.sources_of(tree.store))
    yield from (("host", host) for host in places.hosts.get(tree.store, ()))
    if tree.channel:
        yield "channel", tree.channel


def _choice(name: str, values: set[str], chosen: str) -> Choice:
    offered = sorted({*sorted(values, key=str.casefold)[:OFFERED], chosen} - {""}, key=str.casefold)
    sign = "~" if name == "channel" else ""
    return Choice(
        name=name,
        label=name.capitalize(),
        all=ALL[name],
        options=tuple(
            Option(value=value, words=f"{sign}{cut(value, NAME_CHARS)}", on=value == chosen) for value in offered
        ),
    )
