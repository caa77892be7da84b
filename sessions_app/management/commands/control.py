"""Act from the command line: what the buttons of admin and pages do, through the same `control`."""

import sys
import textwrap
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Model

from sessions_app.control.actions import VERBS, By, Verb, pause_all, resume_all
from sessions_app.management.named import Unclear, find
from sessions_app.render.text import count

NOTHING_TO_DO, CANNOT = 1, 2
EVERYTHING = {"pause": (pause_all, "Paused"), "resume": (resume_all, "Resumed")}
WHAT = {
    "destination": "the address of a Mattermost server, or --all",
    "post": "the id of a post in Mattermost, a link to it, or our number of it",
    "run": "the number of a run, or the key of a session that has one live run",
    "session": "the key of a session, or its number",
}


class Command(BaseCommand):
    help = "Acts on destinations, posts, runs and sessions, as the buttons of the pages do."
    requires_system_checks = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """With a help text that keeps its lines, and options wherever people put them."""
        parser = super().create_parser(
            prog_name, subcommand, epilog=_epilog(), formatter_class=RawDescriptionHelpFormatter, **kwargs
        )
        parser.parse_args = parser.parse_intermixed_args  # type: ignore[method-assign]
        return parser

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One verb and what it is done to."""
        parser.add_argument("verb", metavar="VERB", choices=[verb.name for verb in VERBS], help="see below")
        parser.add_argument("what", metavar="WHAT", nargs="?", help="what it is done to, see below")
        parser.add_argument("--all", action="store_true", help="pause and resume: every destination")
        parser.add_argument("--store", default="", help="the store of a session, where its key is in more than one")
        parser.add_argument("--yes", action="store_true", help="do not ask before what cannot be undone")

    def handle(self, *args: Any, **options: Any) -> None:
        """Exit status: 0 done, 1 there was nothing to do, 2 it cannot be done as it was asked for."""
        verb = next(verb for verb in VERBS if verb.name == options["verb"])
        if options["all"]:
            self._all(verb, options["what"])
            return
        if not options["what"]:
            raise CommandError(f"Say what to {verb.name}: {WHAT[verb.kind]}.", returncode=CANNOT)
        try:
            one = find(verb.kind, options["what"], store=options["store"])
        except Unclear as error:
            raise CommandError(str(error), returncode=CANNOT) from None
        if not verb.offered(one):
            raise CommandError(verb.nothing(one), returncode=NOTHING_TO_DO)
        if verb.asks:
            self._ask(verb, one, sure=options["yes"])
        self._act(verb, one)

    def _all(self, verb: Verb, what: str | None) -> None:
        if verb.name not in EVERYTHING or what:
            raise CommandError("--all goes with pause and resume, and without anything else.", returncode=CANNOT)
        act, words = EVERYTHING[verb.name]
        changed = act(by=By.command())
        if not changed:
            raise CommandError(f"There was nothing to {verb.name}.", returncode=NOTHING_TO_DO)
        self.stdout.write(f"{words} {count(changed, 'destination')}.")

    def _ask(self, verb: Verb, one: Model, *, sure: bool) -> None:
        if sure:
            return
        question = verb.question(one)
        self.stdout.write("\n".join([question.headline, *(f"  {said}" for said in question.sentences)]))
        if not sys.stdin.isatty():
            raise CommandError("There is no terminal to ask at. Add --yes if you are sure.", returncode=CANNOT)
        self.stdout.write(f"{question.button}? Type yes: ", ending="")
        self.stdout.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError("Nothing was done.", returncode=NOTHING_TO_DO)

    def _act(self, verb: Verb, one: Model) -> None:
        if not verb.act(one, by=By.command()):
            raise CommandError(verb.nothing(one), returncode=NOTHING_TO_DO)
        self.stdout.write(verb.did(one))


def _epilog() -> str:
    lines = ["verbs, and what they are done to:"]
    for kind, what in WHAT.items():
        lines += ["", f"  WHAT is {what}:"]
        for verb in VERBS:
            if verb.kind == kind:
                lines += textwrap.wrap(
                    f"{verb.name:<14} {verb.does}", 100, initial_indent="    ", subsequent_indent=" " * 19
                )
    lines += [
        "",
        "Before what cannot be undone it asks; without a terminal it refuses, unless --yes is given.",
        "Everything stands in the audit log of the admin, under your name on this system.",
        "Exit status: 0 done, 1 there was nothing to do, 2 it cannot be done as it was asked for.",
    ]
    return "\n".join(lines)
