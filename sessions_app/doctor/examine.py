"""Examines all parts side by side, and is back in time whatever happens to any of them."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from django.db import connections

from sessions_app import wiring
from sessions_app.doctor.clocks import clocks
from sessions_app.doctor.database import database
from sessions_app.doctor.delivery import delivery
from sessions_app.doctor.finding import Diagnosis, Finding, Part, broken
from sessions_app.doctor.mattermost import mattermost
from sessions_app.doctor.settings import settings
from sessions_app.doctor.stores import stores
from sessions_app.doctor.watchers import watchers
from sessions_app.redact import redact, register_secrets
from sessions_app.render.text import cut, fold

Examination = Callable[[], Iterable[Finding]]
log = logging.getLogger(__name__)
PATIENCE_S = 25.0
SENTENCE_CHARS = 1000
PARTS: Mapping[Part, Examination] = {
    Part.SETTINGS: settings,
    Part.DATABASE: database,
    Part.STORES: stores,
    Part.WATCHERS: watchers,
    Part.DELIVERY: delivery,
    Part.MATTERMOST: mattermost,
    Part.CLOCKS: clocks,
}
SILENT = "No answer within {patience:g} s: a disk, the network or a server hangs. What was found before stands above."
SURPRISE = "This part could not be examined ({kind}: {error})."
REPORT = "That is a defect of Live Status: report it with this line."


def examine(parts: Mapping[Part, Examination] = PARTS, patience_s: float = PATIENCE_S) -> Diagnosis:
    """Look at every part at once, each in a thread of its own; what hangs is left behind."""
    register_secrets(wiring.env().secrets)
    until = time.monotonic() + patience_s
    looks = [_Look(part, examination) for part, examination in parts.items()]
    for one in looks:
        one.start()
    findings = [finding for one in looks for finding in one.result(until, patience_s)]
    return Diagnosis(findings=tuple(_fit_to_show(finding) for finding in findings))


class _Look(threading.Thread):
    """One part. What it has found counts even if it never comes to its end."""

    def __init__(self, part: Part, examination: Examination) -> None:
        super().__init__(name=f"doctor-{part.name.lower()}", daemon=True)
        self._part, self._examination = part, examination
        self._found: list[Finding] = []

    def run(self) -> None:
        try:
            self._found.extend(self._examination())
        except Exception as error:
            log.debug("%s", self._part, exc_info=True)
            sentence = SURPRISE.format(kind=type(error).__name__, error=error)
            self._found.append(broken(self._part, sentence, REPORT))
        finally:
            connections.close_all()

    def result(self, until: float, patience_s: float) -> list[Finding]:
        self.join(max(0.0, until - time.monotonic()))
        found = list(self._found)
        return [*found, broken(self._part, SILENT.format(patience=patience_s))] if self.is_alive() else found


def _fit_to_show(finding: Finding) -> Finding:
    """Parts of it may come from a store or a server: one line, not endless, and no secret in it."""
    sentence, step = (cut(fold(redact(text)), SENTENCE_CHARS) for text in (finding.sentence, finding.next_step))
    return replace(finding, sentence=sentence, next_step=step)
