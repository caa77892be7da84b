"""Bad settings as Django sees them, and the one call for commands that insist on good ones.

Every problem is shown by every command that runs system checks. Problems with what the site itself stands on
(DATA_DIR, DATABASE_URL, SECRET_KEY) are errors: `migrate` must not fill a database that nobody meant. All the others
are warnings, because a default stands in for the bad value: `migrate`, `createsuperuser`, the board and the health
page go on, so that one can look. What would act on a wrong setting, as `runwatcher` does, calls
`require_good_settings()` and stops with every sentence at once.

`manage.py check --tag live_status --fail-level WARNING` answers with the exit code.
"""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's name for it
from django.core.management.base import CommandError

TAG = "live_status"
FOUNDATIONS = {"DATA_DIR", "DATABASE_URL", "SECRET_KEY"}


@register(TAG)
def settings_problems(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """One message per problem: `live_status.E001` for the foundations, `live_status.W001` for the rest."""
    problems: tuple[str, ...] = settings.LIVE_STATUS.problems
    return [
        Error(problem, id=f"{TAG}.E001")
        if variable_of(problem) in FOUNDATIONS
        else Warning(problem, hint="The default is used meanwhile; the watcher does not start.", id=f"{TAG}.W001")
        for problem in problems
    ]


def require_good_settings() -> None:
    """Stop the command that calls this if any setting is bad."""
    problems: tuple[str, ...] = settings.LIVE_STATUS.problems
    if problems:
        raise CommandError("\n".join(("The settings need a correction:", *(f"- {problem}" for problem in problems))))


def variable_of(problem: str) -> str:
    return problem.split(maxsplit=1)[0]
