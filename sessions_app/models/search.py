"""Where words are searched: full text on PostgreSQL, LIKE on SQLite. What is stored is redacted, so what is found is.

Bounded: on SQLite only the newest rows are looked through, and everywhere only so many hits are kept, so that an answer
never takes longer the more there is. Every word must be there; none of ``without`` may.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import connection
from django.db.models import F, Func, Max, Model, Q, QuerySet, TextField, Value

from sessions_app.models.run import Run
from sessions_app.models.session import Session
from sessions_app.models.step import Step

RUN_FIELDS = ("title", "label", "prompt", "reason")
STEP_FIELDS = ("tool", "target", "error")
SESSION_FIELDS = ("key", "agent", "label", "channel_name")
STEPS_LOOKED = 300_000  # the newest, on SQLite: a scan of as many takes about a quarter of a second
RUNS_LOOKED = 30_000
SESSIONS_LOOKED = 50_000
KEPT = 300  # hits of each kind, and of steps in each of so many rounds:
ROUNDS = 4
CROWDED = 20  # hits in one run, of which no more are sought in the next round
SESSIONS_KEPT = 200
SEPARATORS = "/._:=@#-\\,;()[]{}<>'\"|&?!+*~^$%`"
M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Sought:
    """What somebody looks for: words or phrases, and what must not be there; filters, "" and None for none."""

    words: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    word: str = ""
    agent: str = ""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hits:
    """Ids, newest first. ``steps``: (step, its run, when it began); ``cut``: there is more that was not looked at."""

    runs: tuple[tuple[int, datetime | None], ...] = ()
    steps: tuple[tuple[int, int, datetime | None], ...] = ()
    sessions: tuple[int, ...] = ()
    cut: bool = False


class Spaced(Func):
    """Text with what separates the parts of a path or a name made blanks, so that each part is a word of its own."""

    function = "TRANSLATE"
    output_field = TextField()

    def __init__(self, text: Any, **extra: Any) -> None:
        super().__init__(text, Value(SEPARATORS), Value(" " * len(SEPARATORS)), **extra)


def vector(fields: Sequence[str]) -> SearchVector:
    """The words of these fields, in no language: what agents do is not prose. The indexes are made of the same."""
    return SearchVector(*(Spaced(F(name)) for name in fields), config="simple")


def find(sought: Sought) -> Hits:
    """Everything that has what is sought."""
    theirs = {word: _sessions(word) for word in (*sought.words, *sought.without)}
    runs, few_runs = _newest(_filtered(Run.objects.all(), sought, ""), Run, RUNS_LOOKED)
    runs = _matching(runs, RUN_FIELDS, sought, lambda word: Q(session_id__in=theirs[word]))
    run_ids = tuple(runs.order_by("-started_at", "-id").values_list("id", "started_at")[:KEPT])
    if not sought.words:
        return Hits(runs=run_ids, cut=few_runs or len(run_ids) == KEPT)
    steps, few_steps = _newest(_filtered(Step.objects.all(), sought, "run__"), Step, STEPS_LOOKED)
    steps = _matching(steps, STEP_FIELDS, sought, None)
    step_ids, more_steps = _by_rounds(steps)
    shared = set.intersection(*(set(theirs[word]) for word in sought.words))
    shared -= {one for word in sought.without for one in theirs[word]}
    return Hits(
        runs=run_ids,
        steps=step_ids,
        sessions=tuple(sorted(shared, reverse=True)),
        cut=few_runs or few_steps or more_steps or len(run_ids) == KEPT,
    )


def _by_rounds(steps: QuerySet[Step]) -> tuple[tuple[tuple[int, int, datetime | None], ...], bool]:
    """The newest of these steps, and whether there are more. A run that has very many does not hide the others."""
    found: list[tuple[int, int, datetime | None]] = []
    rows = steps
    for _ in range(ROUNDS):
        newest = list(rows.order_by("-id").values_list("id", "run_id", "started_at")[:KEPT])
        found += newest
        if len(newest) < KEPT:
            return tuple(found), rows is not steps
        numbers = Counter(run for _, run, _ in found)
        crowded = [run for run, number in numbers.items() if number >= CROWDED]
        rows = steps.filter(id__lt=newest[-1][0]).exclude(run_id__in=crowded)
    return tuple(found), True


def _filtered(rows: QuerySet[M], sought: Sought, above: str) -> QuerySet[M]:
    wanted: dict[str, object] = {}
    if sought.word:
        wanted[f"{above}word"] = sought.word
    if sought.agent:
        wanted[f"{above}session__agent"] = sought.agent
    if sought.since:
        wanted["started_at__gte"] = sought.since
    return rows.filter(**wanted)


def _sessions(word: str) -> list[int]:
    """Sessions that have this word in their key or their names."""
    rows, _ = _newest(Session.objects.all(), Session, SESSIONS_LOOKED)
    rows = _matching(rows, SESSION_FIELDS, Sought(words=(word,)), None)
    return list(rows.order_by("-id").values_list("id", flat=True)[:SESSIONS_KEPT])


def _newest(rows: QuerySet[M], model: type[M], most: int) -> tuple[QuerySet[M], bool]:
    """On SQLite only the newest rows; whether that leaves any out."""
    if connection.vendor == "postgresql":
        return rows, False
    newest = model._default_manager.aggregate(newest=Max("id"))["newest"] or 0
    return rows.filter(id__gt=newest - most), newest > most


def _matching(rows: QuerySet[M], fields: Sequence[str], sought: Sought, also: Callable[[str], Q] | None) -> QuerySet[M]:
    """Rows with every word in one of these fields, or where ``also`` says that it is."""
    has = _full_text if connection.vendor == "postgresql" else _like
    if connection.vendor == "postgresql":
        rows = cast("QuerySet[M]", rows.alias(sought_in=vector(fields)))
    for word in sought.words:
        rows = rows.filter(has(fields, word) | also(word) if also else has(fields, word))
    for word in sought.without:
        rows = rows.exclude(has(fields, word) | also(word) if also else has(fields, word))
    return rows


def _full_text(fields: Sequence[str], word: str) -> Q:
    parts = word.translate(str.maketrans(SEPARATORS, " " * len(SEPARATORS))).split()
    # A phrase in quotes: nothing in it is an operator.
    return Q(sought_in=SearchQuery(f'"{" ".join(parts)}"', search_type="websearch", config="simple"))


def _like(fields: Sequence[str], word: str) -> Q:
    """Django escapes what LIKE would take for a pattern. SQLite folds the case of ASCII only: the rest is tried."""
    found = Q()
    for form in {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}:
        for name in fields:
            found |= Q(**{f"{name}__icontains": form})
    return found
