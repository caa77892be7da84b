"""`manage.py doctor`: says why you see nothing."""

import json
import logging
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management.base import DjangoHelpFormatter
from django_rich.management import RichCommand
from rich.text import Text

from sessions_app.doctor.finding import Diagnosis, Level
from sessions_app.doctor.page import Line, lines, plain

HELP = """Say why you see nothing: examine everything between an agent's session and its post, and name the next step.

Settings, database, stores, watcher, delivery, Mattermost and clocks are looked at, within half a minute even where
something hangs. Nothing is changed anywhere, and nothing is posted. Run it where the watcher runs, as the same user.

  ✓ all well     ! something to look at     ✗ something is broken

Exit status: 0 all well, 1 something to look at, 2 something is broken.
"""
COLOURS = {Level.OK: "green", Level.LOOK: "yellow", Level.BROKEN: "bold red"}


class _Help(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Keeps the lines of the description as they are."""


class Command(RichCommand):
    """Prints what was found, and ends with the status that says how bad it is."""

    help = HELP
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """With the help text in the lines that it was written in."""
        return super().create_parser(prog_name, subcommand, formatter_class=_Help, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to print it."""
        parser.add_argument(
            "--json",
            action="store_true",
            help="print one JSON object: shape, status, exit_status, counts, and findings, each with part, level (ok, "
            "look, broken), sentence and next_step",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Examine, print, and end with 0, 1 or 2."""
        with _silence():
            # Here, not above: --help needs none of these rooms.
            from sessions_app.doctor.examine import examine

            diagnosis = examine()
        if options["json"]:
            self.stdout.write(json.dumps(diagnosis.as_json(), indent=2, ensure_ascii=False))
        else:
            self._print(diagnosis)
        raise SystemExit(diagnosis.exit_status)

    def _print(self, diagnosis: Diagnosis) -> None:
        width = self.console.width if self.console.is_terminal else None
        for line in lines(diagnosis, width):
            self.console.print(self._text(line), soft_wrap=True)

    def _text(self, line: Line) -> Text:
        text = Text(line.text if self._has_signs() else plain(line.text))
        if line.heading:
            text.stylize("bold")
        elif line.level is not None:
            text.stylize(COLOURS[line.level], 0, line.signed or len(text))
        return text

    def _has_signs(self) -> bool:
        try:
            "✓✗→".encode(self.console.encoding)
        except UnicodeError:
            return False
        return True


@contextmanager
def _silence() -> Iterator[None]:
    """What is logged meanwhile would stand among the findings, and in the JSON."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)
