"""One store, read: what changed since the last look, as news to apply. Knows no clock and no network."""

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from sessions_app.ingest.apply import News
from sessions_app.ingest.conversations import Reading
from sessions_app.models import Checkpoint, Session
from sessions_app.sources.base import ChildFact, Chunk, Facts, Mark, Source, Survey
from sessions_app.state.codec import facts_from

log = logging.getLogger(__name__)
PER_TRANSCRIPT = 1024 * 1024  # bytes of one transcript a round, so that a huge one does not hold up the others
PER_ROUND = 32 * 1024 * 1024
SESSIONS_AT_ONCE = 500
UNREAD = object()  # a signature like no other: what could not be read is tried again at every sweep


@dataclass
class Reader:
    """What is remembered of one store between two looks; all of it can be lost without harm."""

    source: Source
    facts: dict[str, Facts] = field(default_factory=dict)  # as they stand in the database
    children: dict[str, tuple[ChildFact, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    look_due: bool = True
    pending: dict[str, None] = field(default_factory=dict)  # transcripts to read, in the order they were heard of
    _signatures: dict[str, object] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)
    _said: dict[str, str] = field(default_factory=dict)  # what was wrong with a transcript when it was read last
    _owned: dict[str, Facts] | None = None
    _recalled: bool = False
    _compare: bool = False  # after the next look, read whatever ends elsewhere

    def heard(self, path: str) -> None:
        """A file of the store changed."""
        touch = self.source.touched(path)
        self.look_due = self.look_due or touch.survey
        self._compare = self._compare or touch.any_transcript
        if touch.transcript:
            self.pending[touch.transcript] = None
            if touch.transcript not in self._owners():
                self.look_due = True

    def sweep(self) -> None:
        """Look at everything: whatever was missed is found here."""
        self.look_due = self._compare = True

    def _find_changed(self) -> None:
        self._compare = False
        for transcript in self._owners():
            if self.source.signature(transcript) != self._signatures.get(transcript):
                self.pending[transcript] = None

    def forget(self) -> None:
        """What was handed out did not reach the database: look at everything again."""
        self.children, self._signatures, self._missing, self._said = {}, {}, set(), {}
        self._recalled = False
        self.sweep()

    def unread(self) -> set[str]:
        """Keys of the sessions whose transcripts have not been read to their end."""
        owners = self._owners()
        return {owners[transcript].key for transcript in self.pending if transcript in owners}

    def _recall(self) -> None:
        """What the database knows of this store; a row that has gone while nobody watched is missed by that."""
        self._recalled, self._owned = True, None
        self.facts = {}
        rows = Session.everything.filter(store=self.source.name, in_store=True).values_list("key", "facts")
        for key, text in rows.iterator():
            known = facts_from(text)
            if known is not None:
                self.facts[key] = known

    def _owners(self) -> dict[str, Facts]:
        """Who each transcript belongs to: where several rows name the same one, the first."""
        if self._owned is None:
            self._owned = {}
            for facts in self.facts.values():
                if facts.transcript:
                    self._owned.setdefault(facts.transcript, facts)
        return self._owned

    def news(self) -> Iterator[News]:
        """What is new, in pieces that fit a transaction. A reset conversation is first read to its end.

        One round: what is left then stays in ``pending``, so that no transcript keeps the others waiting.
        """
        if not self._recalled:
            self._recall()
        again = self._asked_again() if self._compare else []
        if self.look_due:
            self.look_due = False
            yield from self._surveyed(self._survey(), {point.session.key for point in again})
        if self._compare:
            self._find_changed()
        for readings in self._read_again(again):
            yield News(readings=readings, registry=self.children)
        readings = list(self._read_round())
        if readings:
            yield News(readings=readings, registry=self.children)

    def _survey(self) -> Survey:
        try:
            return self.source.survey()
        except Exception:
            # Whatever a store holds, it costs only itself.
            log.exception("Looking at %s failed.", self.source.name)
            return Survey(problems=(f"{self.source.name} could not be looked at; the log says why.",), complete=False)

    def _surveyed(self, survey: Survey, again: Collection[str] = ()) -> Iterator[News]:
        """What differs from what the database knows; of sessions that are read again all that there is."""
        if survey.problems != self.problems:
            for problem in survey.problems:
                log.warning(problem)
        self.problems = survey.problems
        changed = {key: facts for key, facts in survey.sessions.items() if self.facts.get(key) != facts or key in again}
        gone = self._gone(survey)
        last_words = [old for key in changed if (old := self.facts.get(key)) and _moved(old, changed[key])]
        last_words += [self.facts[key] for key in gone if self.facts[key].transcript]
        if last_words:
            yield News(readings=list(self._read(last_words, -1)), registry=self.children)
        children = {key: told for key, told in survey.children.items() if self.children.get(key) != told}
        self.children = dict(survey.children)
        for key in gone:
            self._signatures.pop(self.facts.pop(key).transcript, None)
        self._owned = None
        for facts in changed.values():
            if facts.transcript and self._signatures.get(facts.transcript) is None:
                self.pending[facts.transcript] = None
        keys = list(changed)
        for start in range(0, max(1, len(keys)), SESSIONS_AT_ONCE):
            part = {key: changed[key] for key in keys[start : start + SESSIONS_AT_ONCE]}
            news = News(facts=part, gone=gone, children=children, registry=self.children)
            if news:
                yield news
            self.facts.update(part)
            self._owned = None
            gone, children = frozenset(), {}

    def _gone(self, survey: Survey) -> frozenset[str]:
        """Rows that two whole looks in a row did not find."""
        if not survey.complete:
            return frozenset()
        missing = self.facts.keys() - survey.sessions.keys()
        gone = missing & self._missing
        self._missing = set(missing)
        return frozenset(gone)

    def _read_round(self) -> Iterator[Reading]:
        owners = self._owners()
        batch = []
        for transcript in list(self.pending)[: PER_ROUND // PER_TRANSCRIPT]:
            del self.pending[transcript]
            if transcript in owners:
                batch.append(owners[transcript])
        yield from self._read(batch, PER_TRANSCRIPT)

    def _read(self, batch: Iterable[Facts], budget: int) -> Iterator[Reading]:
        batch = list(batch)
        points = Checkpoint.objects.filter(
            session__store=self.source.name, transcript__in=[facts.transcript for facts in batch]
        ).select_related("session")
        known = {(point.session.key, point.transcript): point for point in points.defer("session__facts")}
        for facts in batch:
            name = facts.transcript
            point = known.get((facts.key, name))
            mark = point.mark if point else Mark()
            told = self._said.get(name, point.session.problem if point else "")
            self._signatures[name] = self.source.signature(name)
            chunk = self._chunk(name, mark, budget)
            if chunk.more:
                self.pending[name] = None
            if chunk.problem and chunk.mark == mark:
                self._signatures[name] = UNREAD
            if chunk.problem and chunk.problem != told:
                log.warning("%s: %s", facts.key, chunk.problem)
            self._said[name] = chunk.problem
            if chunk.mark != mark or chunk.events or chunk.problem != told:
                yield Reading(key=facts.key, window=facts.session_id, transcript=name, chunk=chunk)

    def _asked_again(self) -> list[Checkpoint]:
        """Transcripts that somebody wants to be read again."""
        asked = Checkpoint.objects.filter(session__store=self.source.name, again=True).order_by("id")
        return list(asked.select_related("session").defer("session__facts"))

    def _read_again(self, asked: Iterable[Checkpoint]) -> Iterator[list[Reading]]:
        """Session by session, whole: its windows in the order in which they began, each from its first line."""
        by_session: dict[int, list[Reading]] = defaultdict(list)
        gone: list[int] = []
        for point in asked:
            chunk = self._chunk(point.transcript, Mark(generation=point.generation + 1), -1)
            if chunk.mark.position:
                self._signatures[point.transcript] = self.source.signature(point.transcript)
                self.pending.pop(point.transcript, None)
                by_session[point.session_id].append(
                    Reading(
                        key=point.session.key, window=point.window, transcript=point.transcript, chunk=chunk,
                        by_hand=True,
                    )
                )  # fmt: skip
            elif not chunk.problem:
                gone.append(point.id)
        Checkpoint.objects.filter(id__in=gone).update(again=False)
        yield from by_session.values()

    def _chunk(self, name: str, mark: Mark, budget: int) -> Chunk:
        try:
            return self.source.read(name, mark, budget)
        except Exception:
            # Whatever a transcript holds, it costs only itself.
            log.exception("Reading %s in %s failed.", name, self.source.name)
            return Chunk(mark=mark, problem=f"{name} could not be read; the log says why")


def _moved(old: Facts, new: Facts) -> bool:
    return bool(old.transcript) and old.transcript != new.transcript
