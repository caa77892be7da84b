"""The sub-agents of a run as a nested list: which of them are shown, in which order, and what is only counted.

Promises: nobody is dropped without being counted, whoever needs a person is shown before anybody else,
and neither depth nor width of a tree costs more than time in proportion to its size: no recursion.
"""

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sessions_app.state.view import RunView, Word

COUNT_CHARS = 20  # room for " · +123456 deeper"
BAD = frozenset({Word.FAILED, Word.STOPPED, Word.LOST})
NEVER = 10**9


@dataclass(slots=True, eq=False)
class Node:
    """A run in the tree. The root has depth 0; ``order`` is its place among all, parents before children."""

    view: RunView
    depth: int
    order: int
    parent: "Node | None"
    children: list["Node"] = field(default_factory=list)
    below: int = 0  # how many runs are below it
    calm: bool = True  # it and all below it are done
    rank: int = 3  # 0 somebody below or itself needs a person, 1 went wrong, 2 still going on, 3 done

    @property
    def sort_key(self) -> tuple[int, int]:
        return (self.rank, self.order)


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """Done siblings on one line."""

    nodes: list[Node]
    depth: int

    @property
    def below(self) -> int:
        return sum(node.below for node in self.nodes)


Item = Node | Fold


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """How much may be shown: levels, lines, code points, and from how many done siblings on they fold."""

    depth: int
    lines: int = NEVER
    chars: int = NEVER
    fold_from: int = NEVER


@dataclass(frozen=True, slots=True)
class Outline:
    """The lines of the list, and how many runs within the depth are counted only."""

    lines: list[str]
    hidden: int


def grow(view: RunView) -> list[Node]:
    """All nodes of the tree, parents before children, with what is known about each."""
    nodes: list[Node] = []
    waiting: list[tuple[RunView, Node | None]] = [(view, None)]
    while waiting:
        run, parent = waiting.pop()
        node = Node(run, parent.depth + 1 if parent else 0, len(nodes), parent)
        nodes.append(node)
        if parent:
            parent.children.append(node)
        waiting.extend((child, node) for child in reversed(run.children))
    for node in reversed(nodes):
        _sum_up(node)
    return nodes


def _sum_up(node: Node) -> None:
    """Called for children before parents."""
    word, children = node.view.word, node.children
    node.below = len(children) + sum(child.below for child in children)
    node.calm = word is Word.DONE and all(child.calm for child in children)
    own = 0 if word is Word.NEEDS_YOU else 1 if word in BAD else 3 if word is Word.DONE else 2
    node.rank = 0 if any(child.rank == 0 for child in children) else own
    children.sort(key=lambda child: child.sort_key)


def _items(node: Node, room: Room) -> list[Item]:
    """What stands below a node, in order; done siblings come last, folded when there are enough of them."""
    if node.depth >= room.depth:
        return []
    calm = [child for child in node.children if child.calm]
    if len(calm) < room.fold_from:
        return list(node.children)
    return [child for child in node.children if not child.calm] + [Fold(calm, node.depth + 1)]


def _key(item: Item) -> tuple[int, int, int]:
    """Who is taken first when not all fit: by rank, then the upper levels, then in order."""
    first = item.nodes[0] if isinstance(item, Fold) else item
    return (first.rank, item.depth, first.order)


def _choose(root: Node, room: Room, line: Callable[[Item], str]) -> dict[Node, list[tuple[Item, str]]]:
    """Under each shown node (and the root) the shown items with their lines, in the order they were taken."""
    shown: dict[Node, list[tuple[Item, str]]] = {root: []}
    heap = [(_key(item), item, root) for item in _items(root, room)]
    heapq.heapify(heap)
    lines, chars = room.lines, room.chars
    while heap:
        _, item, parent = heapq.heappop(heap)
        text = "  " * (item.depth - 1) + "- " + line(item)
        lines, chars = lines - 1, chars - len(text) - 1 - (COUNT_CHARS if item.below else 0)
        if lines < 0 or chars < 0:
            break
        shown[parent].append((item, text))
        if isinstance(item, Node):
            shown[item] = []
            for below in _items(item, room):
                heapq.heappush(heap, (_key(below), below, item))
    return shown


def _hidden(node: Node, shown: list[tuple[Item, str]]) -> int:
    """How many runs below a node are neither shown nor below one that is."""
    seen = sum(len(item.nodes) + item.below if isinstance(item, Fold) else 1 + item.below for item, _ in shown)
    return node.below - seen


def _lines(root: Node, room: Room, shown: dict[Node, list[tuple[Item, str]]]) -> Iterator[str]:
    waiting = [iter(shown[root])]
    while waiting:
        taken = next(waiting[-1], None)
        if taken is None:
            waiting.pop()
            continue
        item, text = taken
        yield text + _count(item, room, shown)
        if isinstance(item, Node):
            waiting.append(iter(shown[item]))


def _count(item: Item, room: Room, shown: dict[Node, list[tuple[Item, str]]]) -> str:
    if isinstance(item, Fold) or item.depth >= room.depth:
        return f" · +{item.below} deeper" if item.below else ""
    hidden = _hidden(item, shown[item])
    return f" · +{hidden} more" if hidden else ""


def outline(root: Node, room: Room, line: Callable[[Item], str]) -> Outline:
    """The list below a root. What does not fit is counted: on its parent's line, or on a last line."""
    if room.depth < 1:
        return Outline([], 0)
    shown = _choose(root, room, line)
    if _hidden(root, shown[root]):
        # The last line that counts the others needs a place too.
        less = Room(depth=room.depth, lines=room.lines - 1, chars=room.chars - COUNT_CHARS, fold_from=room.fold_from)
        shown = _choose(root, less, line)
    for taken in shown.values():
        taken.sort(key=lambda pair: _key(pair[0]))
    lines = list(_lines(root, room, shown))
    missing = _hidden(root, shown[root])
    if missing and room.lines > 0 and room.chars >= COUNT_CHARS:
        lines.append(f"- +{missing} more")
    hidden = sum(_hidden(node, taken) for node, taken in shown.items() if node.depth < room.depth)
    return Outline(lines, hidden)
