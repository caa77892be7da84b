"""``python -m sessions_app.demo.prepare``: the demo's database and somebody who may look, as one line of JSON.

A process of its own, since its settings are the demo's and not those of whoever starts the demo.
"""

import json
import os
import secrets
import sys
from typing import Any

import django


def main() -> None:
    """Print the name, the password, and the cookie of a session."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "livestatus_site.settings")
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    sys.stdout.write(json.dumps(somebody()) + "\n")


def somebody() -> dict[str, Any]:
    """An account with a one-time password, signed in once."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
    from django.contrib.sessions.backends.db import SessionStore

    password = secrets.token_urlsafe(6)
    user = get_user_model()._default_manager.create_superuser("demo", "", password)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    cookie = f"{settings.SESSION_COOKIE_NAME}={session.session_key}"
    return {"name": user.get_username(), "password": password, "cookie": cookie}


if __name__ == "__main__":
    main()
