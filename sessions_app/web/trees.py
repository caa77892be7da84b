"""The trees of the board, drawn: each is drawn again only when its root's revision, or a column beside it, changed.

Finding out costs one query whatever the number of runs; reading and drawing costs two for all that changed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.template.loader import get_template
from django.urls import reverse

from sessions_app.models import Post, Run
from sessions_app.render.labels import Labels
from sessions_app.render.text import one_line
from sessions_app.state.view import RunView
from sessions_app.web.filters import Facets, facets_of
from sessions_app.web.gaps import Gapped, GapPen
from sessions_app.web.rows import CHILDREN_SHOWN, NAME_CHARS, OPEN_UP_TO, Tree, summary_of

COLUMNS = (
    "id", "revision", "digest", "word", "title", "label", "reason", "no_post", "session__agent",
    "session__channel_name", "session__store", "post__post_id", "post__destination__base_url",
)  # fmt: skip


class Root(NamedTuple):
    """What is read of a root at every look. Two that are equal have trees that look equal, ages apart.

    The revision grows with everything that a reader would see in the tree; the columns beside it are what the digest
    does not cover, and what people may change by hand.
    """

    id: int
    revision: int
    digest: str
    word: str
    title: str
    label: str
    reason: str
    no_post: str
    agent: str
    channel: str
    store: str
    post_id: str | None
    base_url: str | None

    @property
    def address(self) -> str:
        """Where people can open its post; empty while it is not there."""
        if not (self.post_id and self.base_url):
            return ""
        return Post.address_of(self.base_url, self.post_id)

    @property
    def where(self) -> str:
        """Whose run it is, and in which channel."""
        agent, channel = one_line(self.agent, NAME_CHARS), one_line(self.channel, NAME_CHARS)
        return f"{agent} in ~{channel.lstrip('~')}" if channel else agent


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """A tree as values, as HTML with gaps for its ages, and as filters see it."""

    tree: Tree
    html: Gapped
    facets: Facets


class Shelf:
    """Keeps what was drawn of the trees of the last look. For one thread at a time."""

    def __init__(self) -> None:
        self._kept: dict[Root, Drawn] = {}

    def take(self, roots: Sequence[Root], labels: Labels) -> tuple[Drawn, ...]:
        """These trees in this order; what is not among them is forgotten. A root that is gone by now is left out."""
        if not settings.KEEP_DRAWINGS:
            self._kept = {}
        new = [root for root in roots if root not in self._kept]
        views = Run.objects.views([root.id for root in new]) if new else {}
        for root in new:
            if root.id in views:
                self._kept[root] = draw(root, views[root.id], labels)
        self._kept = {root: self._kept[root] for root in roots if root in self._kept}
        return tuple(self._kept.values())


def roots_of(found: "QuerySet[Run]", most: int) -> list[Root]:
    """What is read of these roots."""
    rows: Iterable[tuple[Any, ...]] = found.values_list(*COLUMNS)[:most]
    return [Root(*row) for row in rows]


def draw(root: Root, view: RunView, labels: Labels) -> Drawn:
    """One tree."""
    tree = _tree(root, view, GapPen(0.0, labels))
    runs = reverse("board") + "runs/"
    return Drawn(
        tree=tree,
        html=Gapped.of(get_template("livestatus/tree.html").render({"tree": tree, "runs": runs})),
        facets=facets_of(view, channel=root.channel, store=root.store, labels=labels),
    )


def _tree(root: Root, view: RunView, pen: GapPen) -> Tree:
    below = pen.children(view)
    children = tuple(islice(below, CHILDREN_SHOWN))
    return Tree(
        root=pen.root(view),
        where=root.where,
        summary=summary_of(view),
        children=children,
        hidden=sum(1 for _ in below),
        post=root.address,
        no_post="" if root.address else root.no_post,
        since=f"{pen.age(view.ended_at)} ago" if view.word.over and view.ended_at else "",
        unfolded=len(children) <= OPEN_UP_TO and not view.word.over,
    )
