"""`make run` calls it before the processes start: makes the first account, and says what is there and what is not."""

import secrets
import time
from collections.abc import Iterator
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from livestatus_site.checks import require_good_settings
from livestatus_site.env import Env
from sessions_app import wiring
from sessions_app.doctor.stores import what_is_there, why_none
from sessions_app.sources.base import Source

NAME = "admin"
EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 - compared, not listened on


class Command(BaseCommand):
    help = "Makes the first admin account if there is none, and shows what is configured and what is found."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """A few lines, one per thing that people ask on the first day."""
        require_good_settings()
        env = wiring.env()
        lines = [
            ("Board", _board(env)),
            ("Sign in", self._account()),
            *(("Store", line) for source in wiring.sources() for line in _store(source)),
            ("Mattermost", _mattermost(env)),
            ("Delivery", _delivery(env)),
        ]
        self.stdout.write("Live Status")
        before = ""
        for name, line in lines:
            self.stdout.write(f"  {name if name != before else '':<12}{line}")
            before = name

    def _account(self) -> str:
        users = get_user_model()._default_manager
        if users.exists():
            return "with your account (forgotten the password? manage.py changepassword NAME)"
        password = secrets.token_urlsafe(12)
        users.create_superuser(NAME, "", password)
        return f"{NAME} with the password {password} (shown only now; change it: manage.py changepassword {NAME})"


def _board(env: Env) -> str:
    host = "127.0.0.1" if env.host in EVERYWHERE else env.host_in_url
    reach = ", and under every other address of this machine that ALLOWED_HOSTS names" if env.host in EVERYWHERE else ""
    return f"http://{host}:{env.port}/{reach}"


def _store(source: Source) -> Iterator[str]:
    survey = source.survey()
    if survey.sessions:
        yield f"{source.name}: {what_is_there(survey, time.time())}"
        yield from survey.problems
    else:
        yield why_none(source)


def _mattermost(env: Env) -> str:
    if not env.posting:
        return "not configured, so nothing is posted; set MM_BASE_URL and MM_BOT_TOKEN (see .env.example)"
    elsewhere = (
        "" if env.mm_default_channel else "; runs asked for elsewhere get no post (MM_DEFAULT_CHANNEL is not set)"
    )
    return f"{env.mm_base_url}{elsewhere}"


def _delivery(env: Env) -> str:
    return "by Celery workers, through Redis" if env.redis_url else "by the watcher itself (no REDIS_URL)"
