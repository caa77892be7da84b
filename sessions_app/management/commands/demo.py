"""`manage.py demo`: what this is, in a minute, without OpenClaw and without Mattermost."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

HELP = """Show what Live Status does, without OpenClaw and without Mattermost.

Recordings of real OpenClaw sessions happen again, some quicker and some slower than they were: the real watcher reads
them and posts to a small server on this machine, which shows the posts as a channel would. The board is there, too.
All of it lives in a folder of its own that is removed at the end; nothing of yours is changed. Ctrl-C ends it.
"""


class Command(BaseCommand):
    """Plays until Ctrl-C or SIGTERM; exit 0 then, 1 if a part of it ended by itself."""

    help = HELP
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen."""
        for name in ("board", "channel"):
            parser.add_argument(
                f"--{name}-port", type=port, default=0, metavar="PORT", help=f"port of the {name} (default: a free one)"
            )

    def handle(self, *args: Any, **options: Any) -> None:
        """Play."""
        from sessions_app.demo import stage

        try:
            stage.run(self.stdout.write, board_port=options["board_port"], channel_port=options["channel_port"])
        except stage.DemoError as error:
            raise CommandError(str(error)) from error


def port(text: str) -> int:
    """A port, or 0 for any."""
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise ArgumentTypeError(f"{text} is no port; name one from 1 to 65535, or 0 for any free one.")
    return int(text)
