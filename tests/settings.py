"""The service's own settings, read where nothing of this machine can be seen.

A developer's token, store or .env must never reach a test, and Django reads its settings before any conftest is
loaded; so this is the module that pytest names (`--ds` in pyproject.toml). TEST_DATABASE_URL names another database to
test on, as DATABASE_URL would.
"""

import atexit
import dataclasses
import os
import shutil
import tempfile

from livestatus_site.env import Env


def _forget_this_machine() -> None:
    for each in dataclasses.fields(Env):
        for name in (each.name.upper(), f"{each.name.upper()}_FILE"):
            os.environ.pop(name, None)
    if database := os.environ.get("TEST_DATABASE_URL"):
        os.environ["DATABASE_URL"] = database
    data_dir = tempfile.mkdtemp(prefix="livestatus-tests-")
    atexit.register(shutil.rmtree, data_dir, ignore_errors=True)
    os.environ |= {
        "ENV_FILE": os.devnull,
        "DATA_DIR": data_dir,
        # Not the home of whoever runs the tests, who may well have real sessions there.
        "OPENCLAW_STATE_DIR": f"{data_dir}/no-openclaw-here",
        # A process that a test starts shall see the environment it is given, so it does not come here again.
        "DJANGO_SETTINGS_MODULE": "livestatus_site.settings",
    }


_forget_this_machine()

from livestatus_site.settings import *  # noqa: E402, F403

KEEP_DRAWINGS = False
