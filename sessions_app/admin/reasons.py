"""Why a run has its word: the evidence with its times, and how the word changed."""

import time

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app import wiring
from sessions_app.admin.columns import NOTHING, ago, moment_said, said, word
from sessions_app.ingest.trees import explain
from sessions_app.models import Judgement, Run
from sessions_app.state.evidence import Evidence

WORDS_SHOWN = 100
SENTENCE_CHARS = 500


def evidence(run: Run) -> str | SafeString:
    """A table, what decided first seen by its mark: where it comes from, what it says, when that came about."""
    pieces = explain(run, time.time(), wiring.limits())
    rows = format_html_join("", "<tr{}><td>{}</td><td>{}</td><td><bdi>{}</bdi></td><td>{}</td></tr>", map(_row, pieces))
    head = format_html("<tr><th></th><th>{}</th><th>{}</th><th>{}</th></tr>", "evidence", "says", "when")
    return format_html('<table class="evidence"><thead>{}</thead><tbody>{}</tbody></table>', head, rows)


def _row(piece: Evidence) -> tuple[str | SafeString, ...]:
    mark = format_html(' class="{}"', "decided") if piece.decided else ""
    decided = "decided" if piece.decided else ""
    return mark, decided, piece.basis.value, said(piece.says, SENTENCE_CHARS), _at(piece.at)


def _at(at: float) -> str | SafeString:
    return format_html("{} · {}", moment_said(at), ago(at)) if at else NOTHING


def words(run: Run) -> str | SafeString:
    """How its word changed, newest first. Thinking and working in turns count as one: the steps tell of those."""
    rows = list(run.judgements.order_by("-id")[: WORDS_SHOWN + 1])
    if not rows:
        return NOTHING
    shown = format_html_join("", "<tr><td>{}</td><td><bdi>{}</bdi></td><td>{}</td><td>{}</td></tr>", (
        (word(row.word), _why(row), _at(row.since), _at(row.at)) for row in rows[:WORDS_SHOWN]
    ))  # fmt: skip
    more = format_html('<tr><td colspan="4">{}</td></tr>', "and older ones") if len(rows) > WORDS_SHOWN else ""
    head = format_html("<tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr>", "word", "why", "since", "seen by us")
    return format_html('<table class="evidence"><thead>{}</thead><tbody>{}{}</tbody></table>', head, shown, more)


def _why(row: Judgement) -> str:
    return said("; ".join(filter(None, (row.reason, row.because))), SENTENCE_CHARS)
