"""Why a run has its word: the evidence with its times, and how the word changed."""

from dataclasses import dataclass

from sessions_app import wiring
from sessions_app.ingest.trees import explain
from sessions_app.models import Judgement, Run
from sessions_app.render.text import one_line
from sessions_app.state.view import Word
from sessions_app.web.rows import kind_of
from sessions_app.web.times import said

WORDS_SHOWN = 30
PIECES_SHOWN = 40
SENTENCE_CHARS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """One piece of evidence, in words. ``decided``: it is what the word rests on."""

    basis: str
    says: str
    at: str
    decided: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """A word that the run got: since when by the evidence, when we saw that, and why."""

    word: str
    kind: str
    since: str
    seen: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Reasons:
    """``older``: how the word changed before that is not shown."""

    pieces: tuple[Piece, ...]
    changes: tuple[Change, ...]
    older: bool


def reasons(run: Run, now: float) -> Reasons:
    """What speaks for the word of a run, and its words so far, newest first."""
    rows = list(run.judgements.order_by("-id")[: WORDS_SHOWN + 1])
    return Reasons(
        pieces=tuple(
            Piece(
                basis=one.basis.value,
                says=one_line(one.says, SENTENCE_CHARS),
                at=said(one.at, now),
                decided=one.decided,
            )
            for one in explain(run, now, wiring.limits())[:PIECES_SHOWN]
        ),
        changes=tuple(_change(row, now) for row in rows[:WORDS_SHOWN]),
        older=len(rows) > WORDS_SHOWN,
    )


def _change(row: Judgement, now: float) -> Change:
    why = "; ".join(part for part in (row.reason, row.because) if part)
    return Change(
        word=row.word,
        kind=kind_of(Word(row.word)),
        since=said(row.since, now),
        seen=said(row.at, now),
        why=one_line(why, SENTENCE_CHARS),
    )
