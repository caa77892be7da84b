"""The page for who has guessed too often: how long to wait, and who can help."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

TOO_MANY_REQUESTS = 429


def locked_out(request: HttpRequest, response: object, credentials: dict[str, Any] | None) -> HttpResponse:
    """Instead of the page for signing in, whatever the password."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    answer = render(request, "livestatus/lockout.html", {"minutes": minutes}, status=TOO_MANY_REQUESTS)
    answer["Retry-After"] = str(minutes * 60)
    answer["Cache-Control"] = "no-store"
    return answer
