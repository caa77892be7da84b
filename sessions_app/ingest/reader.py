"""One store, read: what changed since the last look, as news to apply. Knows no clock and no network."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sessions_app.ingest.apply import News
from sessions_app.ingest.conversations import Reading
from sessions_app.models import Checkpoint
from sessions_app.sources.base import ChildFact, Facts, Mark, Source, Survey

log = logging.getLogger(__name__)
PER_TRANSCRIPT = 1024 * 1024  # bytes of one transcript a round, so that a huge one does not hold up the others
PER_ROUND = 32 * 1024 * 1024
SESSIONS_AT_ONCE = 500


@dataclass
class Reader:
    """What is remembered of one store between two looks; all of it can be lost without harm."""

    source: Source
    facts: dict[str, Facts] = field(default_factory=dict)
    children: dict[str, tuple[ChildFact, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    look_due: bool = True
    pending: dict[str, None] = field(default_factory=dict)  # transcripts to read, in the order they were heard of
    _signatures: dict[str, object] = field(default_factory=dict)
    _missing: set[str] = field(default_factory=set)
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
        self.facts, self.children, self._signatures, self._missing = {}, {}, {}, set()
        self.look_due = True

    def _owners(self) -> dict[str, Facts]:
        return {facts.transcript: facts for facts in self.facts.values() if facts.transcript}

    def news(self) -> Iterator[News]:
        """What is new, in pieces that fit a transaction. A reset conversation is first read to its end."""
        if self.look_due:
            self.look_due = False
            yield from self._surveyed(self.source.survey())
        if self._compare:
            self._find_changed()
        while self.pending:
            readings = list(self._read_round())
            if readings:
                yield News(readings=readings, registry=self.children)

    def _surveyed(self, survey: Survey) -> Iterator[News]:
        if survey.problems != self.problems:
            for problem in survey.problems:
                log.warning(problem)
        self.problems = survey.problems
        changed = {key: facts for key, facts in survey.sessions.items() if self.facts.get(key) != facts}
        gone = self._gone(survey)
        last_words = [old for key in changed if (old := self.facts.get(key)) and _moved(old, changed[key])]
        last_words += [self.facts[key] for key in gone if self.facts[key].transcript]
        if last_words:
            yield News(readings=list(self._read(last_words, -1)), registry=self.children)
        children = {key: told for key, told in survey.children.items() if self.children.get(key) != told}
        self.children = dict(survey.children)
        for key in gone:
            self._signatures.pop(self.facts.pop(key).transcript, None)
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
        )
        marks = {point.transcript: point.mark for point in points}
        for facts in batch:
            name = facts.transcript
            self._signatures[name] = self.source.signature(name)
            mark = marks.get(name, Mark())
            chunk = self.source.read(name, mark, budget)
            if chunk.more:
                self.pending[name] = None
            if chunk.mark != mark or chunk.events or chunk.problem:
                yield Reading(key=facts.key, window=facts.session_id, transcript=name, chunk=chunk)


def _moved(old: Facts, new: Facts) -> bool:
    return bool(old.transcript) and old.transcript != new.transcript
