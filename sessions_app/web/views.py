"""The board, its part that changes, and signing in and out. Pages only show; they never publish."""

import time
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

from sessions_app.web.board import Board, board
from sessions_app.web.frame import frame

NO_STORE = "private, no-store"


class SignIn(LoginView):
    """Our own page for Django's sign-in. Somebody who is signed in may come here to be somebody else."""

    template_name = "livestatus/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Somebody who was sent here although signed in lacks a right: the page says so."""
        sent = self.request.user.is_authenticated and bool(self.get_redirect_url())
        return super().get_context_data(**kwargs) | {"lacks_right": sent}


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The whole page, with the board as it is now."""
    found = _board(request)
    around = frame(request, "board", time.time())
    response = render(request, "livestatus/board.html", {"board": found, "etag": _etag(found), "frame": around})
    response["Cache-Control"] = NO_STORE
    return response


@require_safe
def news(request: HttpRequest) -> HttpResponseBase:
    """The part that changes; 304 while it looks as the asker says it does. Drawn only if it does not."""
    if not request.user.is_authenticated:
        return HttpResponseClientRedirect(resolve_url("login"))
    found = _board(request)
    same = get_conditional_response(request, etag=_etag(found))
    response = same or render(request, "livestatus/news.html", {"board": found})
    response["ETag"] = _etag(found)
    response["Cache-Control"] = NO_STORE
    return response


def _board(request: HttpRequest) -> Board:
    may_look = request.user.is_active and request.user.has_perm("sessions_app.view_run")
    staff = getattr(request.user, "is_staff", False)
    return board(time.time(), links=reverse("admin:sessions_app_run_changelist") if staff and may_look else "")


def _etag(found: Board) -> str:
    return f'"{found.fingerprint}"'
