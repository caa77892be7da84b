"""`manage.py runwatcher`: watch the stores and keep the posts live. The process that everything else is about."""

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from livestatus_site.env import Env
from sessions_app.control import process
from sessions_app.control.process import CannotStartError, Standing

HELP = """Watch OpenClaw's sessions and keep one live Mattermost post per run.

First all that is there is read, then every change as it comes. Settings come from the environment; .env.example
lists them. Ctrl-C or SIGTERM ends it cleanly: posts of live runs then say that nobody is watching.
"""


class Command(BaseCommand):
    """Starts, asks after, or ends the watcher. Without valid settings it only refuses to start."""

    help = HELP
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Ways to run."""
        how = parser.add_mutually_exclusive_group()
        how.add_argument(
            "--once",
            action="store_true",
            help="read all there is, deliver what is due, and exit: 0 if all was delivered, else 1 naming what was not",
        )
        how.add_argument(
            "--dry-run", action="store_true", help="show the posts there would be; deliver and keep nothing"
        )
        how.add_argument(
            "--status", action="store_true", help="say whether it runs: exit 0 running, 3 stopped, 1 stopped, stale pid"
        )
        how.add_argument("--stop", action="store_true", help="end the running watcher and wait for its clean end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do what was asked for."""
        env: Env = settings.LIVE_STATUS
        if options["status"]:
            self._status(env)
            return
        try:
            self._run(env, options)
        except CannotStartError as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database cannot be used ({error}). Has manage.py migrate been run?") from error

    def _run(self, env: Env, options: dict[str, Any]) -> None:
        if options["stop"]:
            self._stop(env)
            return
        if env.problems:
            raise CommandError("The settings are not usable yet:\n" + "\n".join(f"  {one}" for one in env.problems))
        self._work(env, options)

    def _work(self, env: Env, options: dict[str, Any]) -> None:
        # Here, not above: --status, --stop and --help need neither the database nor what these rooms import.
        from sessions_app import running

        if options["dry_run"]:
            for shown in running.dry_run():
                self.stdout.write(shown)
            return
        stores = [str(path) for path in env.openclaw_state_dir]
        with process.stores_held(env.data_dir, stores):
            if options["once"]:
                missing = running.once()
                for sentence in missing:
                    self.stderr.write(sentence)
                if missing:
                    raise SystemExit(1)
                return
            with process.pid_file_held(env.pid_file, health_address(env)):
                running.watch()

    def _status(self, env: Env) -> None:
        found = process.look(env.pid_file)
        if found.standing is Standing.RUNNING:
            self.stdout.write(f"running, pid {found.pid}, health at {found.health}")
        elif found.standing is Standing.STALE:
            self.stdout.write(f"stopped; {env.pid_file} is stale (pid {found.pid} ended without cleaning up)")
        else:
            self.stdout.write("stopped")
        raise SystemExit(found.standing.value)

    def _stop(self, env: Env) -> None:
        found = process.look(env.pid_file)
        if found.standing is not Standing.RUNNING:
            self.stdout.write("It was not running.")
            return
        began = time.monotonic()
        if not process.stop(env.pid_file):
            raise CommandError(f"The watcher (pid {found.pid}) was asked to end and still runs; look at its log.")
        self.stdout.write(f"Stopped pid {found.pid} after {time.monotonic() - began:.1f} s.")


def health_address(env: Env) -> str:
    """Where the health of this watcher can be read: its own port, else the web process."""
    port = env.health_port or env.port
    return f"http://{env.host_in_url}:{port}/health/"
