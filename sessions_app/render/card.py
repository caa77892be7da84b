"""A run tree as the text of its post.

Promises: the same view at the same time gives the same text; at most ``max_chars`` code points and, while
the run is live, at most `LINES` lines; every line is whole Markdown; nothing in it mentions anybody, holds
a secret that `redact` knows, or leaves its line. What does not fit is dropped in this order: names of done
sub-agents, finished steps, the agent's sentence, then sub-agents from the deepest done one up, counted as
"+N more". The first line stays.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sessions_app.render import lines
from sessions_app.render.labels import DEFAULT, Labels
from sessions_app.render.outline import BAD, NEVER, Node, Outline, Room, grow, outline
from sessions_app.state.view import RunView

LINES = 12  # more and Mattermost folds the post
MANY_DONE = 4  # done siblings from which on a live card folds them
FOLD = 2  # the same where there is not room for everybody
LEAST_ENTRY = 12  # code points; no entry of the list is shorter, so more than this many cannot fit
NAMES_CHARS = 200  # for the names of folded ones on a live card
NOTE_CHARS = 200
ERROR_CHARS = 200  # the error of a run that failed


@dataclass(frozen=True, kw_only=True, slots=True)
class _Card:
    """What is drawn, and what of it has been given up so far."""

    view: RunView
    nodes: list[Node]
    now: float
    labels: Labels
    note: str
    max_chars: int
    max_depth: int
    fold_from: int
    names_chars: int
    steps: bool = True
    sentence: bool = True
    sub_agents: bool = True
    footer: bool = True

    @property
    def over(self) -> bool:
        return self.view.word.over

    def above(self) -> list[str]:
        """Everything above the sub-agents."""
        view = self.view
        found = [lines.head(view, self.now), lines.said(self.note, NOTE_CHARS)]
        if self.sentence:
            found.append(lines.said(view.say, lines.SAY_CHARS))
        if view.running and not self.over:
            found.append(lines.running(view.running, self.labels, self.now))
        # A run that ended well is a summary; one that failed keeps what it did last.
        if self.steps and not (self.over and view.word not in BAD):
            chars = ERROR_CHARS if self.over else lines.ERROR_CHARS
            found.append(lines.finished(view.finished, self.labels, error_chars=chars))
        return [line for line in found if line]

    def below(self) -> list[str]:
        return [lines.footer(self.nodes)] if self.footer else []

    def outline(self, *, room_lines: int, room_chars: int) -> Outline:
        room = Room(depth=self.max_depth, lines=room_lines, chars=room_chars, fold_from=self.fold_from)
        return outline(
            self.nodes[0],
            room,
            lambda entry: lines.item(entry, self.labels, self.now, summary=self.over, names_chars=self.names_chars),
        )

    def compose(self, *, cut: bool = False) -> tuple[str, int]:
        """The text, and how many sub-agents within the depth it only counts; ``cut`` keeps it to the limit."""
        above, below = self.above(), self.below()
        if not (self.view.children and self.sub_agents):
            return "\n".join(above + below), 0
        above.append(lines.heading(self.view) + self._too_deep())
        used = len("\n".join(above + below)) + 2
        # One line is the empty one without which Markdown takes the footer into the last entry of the list.
        free = self.max_chars // LEAST_ENTRY if self.over else LINES - len(above) - len(below) - 1
        found = self.outline(room_lines=free, room_chars=self.max_chars - used if cut else NEVER)
        gap = [""] if found.lines and below else []
        return "\n".join(above + found.lines + gap + below), found.hidden

    def _too_deep(self) -> str:
        return f" · +{self.nodes[0].below} deeper" if self.max_depth < 1 else ""


def draw(
    view: RunView,
    *,
    now: float,
    max_chars: int = 12000,
    max_depth: int = 4,
    labels: Labels = DEFAULT,
    note: str = "",
) -> str:
    """The post of a root run at ``now`` (seconds since 1970).

    Tools, tokens and cost in the footer are those of the whole tree: that is what the run took. ``note``
    gets a line of its own below the first one and says that nobody is watching any more.
    """
    card = _Card(
        view=view,
        nodes=grow(view),
        now=now,
        labels=labels,
        note=f"⏸️ {note}" if note.strip() else "",
        max_chars=max_chars,
        max_depth=max_depth,
        fold_from=NEVER if view.word.over else MANY_DONE,
        names_chars=max_chars // 2 if view.word.over else NAMES_CHARS,
    )
    for smaller in _smaller(card):
        text, hidden = smaller.compose()
        enough = not hidden or (smaller.fold_from == FOLD and not card.over)
        if enough and len(text) <= max_chars:
            return text
    return _least(smaller, max_chars)


def _smaller(card: _Card) -> Iterator[_Card]:
    """The card with less and less in it."""
    yield card
    yield (card := replace(card, fold_from=FOLD))
    yield (card := replace(card, names_chars=0))
    yield (card := replace(card, steps=False))
    yield replace(card, sentence=False)


def _least(card: _Card, max_chars: int) -> str:
    """What fits when even that was too long."""
    bare = replace(card, sub_agents=False)
    last = (card, bare, replace(bare, footer=False))
    for text in (smaller.compose(cut=True)[0] for smaller in last):
        if len(text) <= max_chars:
            return text
    for limit in (lines.TITLE_CHARS, 40, 20, 8):
        text = lines.head(replace(card.view, reason=""), card.now, limit)
        if len(text) <= max_chars:
            return text
    return f"{lines.SIGNS[card.view.word]} {card.view.word.value}"[: max(0, max_chars)]
