"""A browser for all tests, a database and a server for each, and pages that fail the test for what no page may do."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from tests import factories as make
from tests.browser.chrome import CHROMIUM, chromium
from tests.browser.guard import Guard
from tests.browser.served import Server, copy_of, migrate, serving, sign_in

PATIENCE_MS = 15_000  # for machines that are busy; what is there is seen at once
WIDE = {"width": 1440, "height": 900}
expect.set_options(timeout=PATIENCE_MS)
Look = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}: apt-get install chromium")
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def migrated(tmp_path_factory, django_db_blocker) -> Path:
    with django_db_blocker.unblock():
        return migrate(tmp_path_factory.mktemp("migrated") / "livestatus.sqlite3")


@pytest.fixture
def quick_passwords(settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def server(migrated, tmp_path, django_db_blocker, quick_passwords) -> Iterator[Server]:
    with django_db_blocker.unblock(), serving(copy_of(migrated, tmp_path)) as running:
        yield running


@pytest.fixture
def guard(browser, server) -> Iterator[Guard]:
    """Who looks after all pages of a test, and fails it for what they must not do."""
    guard = Guard(server.url)
    yield guard
    guard.close()
    assert not guard.complaints, "A page did what none may do:\n" + "\n".join(guard.complaints)


@pytest.fixture
def look(browser, server, guard) -> Look:
    """``look(user, **options)``: a page of somebody who has signed in, in a browser without any memory."""

    def open_(user: User | None = None, **options: Any) -> Page:
        context = browser.new_context(base_url=server.url, **{"viewport": WIDE, "color_scheme": "light"} | options)
        context.set_default_timeout(PATIENCE_MS)
        guard.watch(context)
        if user is not None:
            sign_in(context, server.url, user)
        return context.new_page()

    return open_


def viewer(name: str = "ada") -> User:
    """Somebody who may look at everything, and change nothing."""
    models = apps.get_app_config("sessions_app").get_models()
    return make.user(name, permissions=tuple(f"view_{model._meta.model_name}" for model in models))


@pytest.fixture
def page(look) -> Page:
    """A page of a viewer, 1440 px wide, light."""
    return look(viewer())


@pytest.fixture
def root_page(look) -> Page:
    """A page of somebody who may do everything."""
    return look(make.admin())
