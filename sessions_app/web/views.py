"""The board, its part that changes, and signing in and out. Pages only show; they never publish."""

import time
from typing import Any

from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django_htmx.middleware import HtmxDetails

from sessions_app.models import Run
from sessions_app.web.acts import acts_for, may_act
from sessions_app.web.filters import NAMES, Filters
from sessions_app.web.frame import frame
from sessions_app.web.gallery import Picture, picture
from sessions_app.web.looking import for_viewers

NO_STORE = "private, no-store"


class SignIn(LoginView):
    """Our own page for Django's sign-in. Somebody who is signed in may come here to be somebody else."""

    template_name = "livestatus/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Somebody who was sent here although signed in lacks a right: the page says so."""
        sent = self.request.user.is_authenticated and bool(self.get_redirect_url())
        return super().get_context_data(**kwargs) | {"lacks_right": sent}


@for_viewers
def page(request: HttpRequest) -> HttpResponseBase:
    """The whole page, with the board as it is now. An address that says more than it must is put right first."""
    filters = Filters.read(request.GET)
    if _is_wordy(request, filters):
        return redirect(f"{reverse('board')}{filters.query}")
    now = time.time()
    found = picture(filters, now)
    context = {
        "board": found.board,
        "etag": found.etag,
        "frame": frame(request, "board", now),
        "acting": may_act(request.user),
    }
    response = render(request, "livestatus/board.html", context)
    response["Cache-Control"] = NO_STORE
    return response


@for_viewers
def news(request: HttpRequest) -> HttpResponseBase:
    """The part that changes; 304 while it looks as the asker says it does."""
    found = picture(Filters.read(request.GET), time.time())
    response = get_conditional_response(request, etag=found.etag) or _sent(request, found)
    response["ETag"] = found.etag
    response["Vary"] = "Accept-Encoding"
    response["Cache-Control"] = NO_STORE
    return response


@for_viewers
def acts(request: HttpRequest, pk: int) -> HttpResponseBase:
    """What the asker may do with a run, for the menu of its row. Opened as a page it is the page of the run."""
    htmx: HtmxDetails = request.htmx  # type: ignore[attr-defined]
    if not htmx:
        return redirect("run", pk=pk)
    run = get_object_or_404(Run.objects.select_related("session", "post__destination"), pk=pk)
    context = {"acts": acts_for(request.user, run), "back": htmx.current_url_abs_path or reverse("board")}
    response = render(request, "livestatus/menu.html", context)
    response["Cache-Control"] = NO_STORE
    return response


def _sent(request: HttpRequest, found: Picture) -> HttpResponse:
    """A board of 500 runs is half a megabyte, and a tenth of that packed."""
    packs = any(part.split(";")[0].strip() == "gzip" for part in request.headers.get("Accept-Encoding", "").split(","))
    return HttpResponse(found.packed, headers={"Content-Encoding": "gzip"}) if packs else HttpResponse(found.body)


def _is_wordy(request: HttpRequest, filters: Filters) -> bool:
    """Whether our parameters stand in the address otherwise than we would write them, as a form without JS does."""
    said = [(name, value) for name in NAMES for value in request.GET.getlist(name)]
    return said != [(name, value) for name in NAMES if (value := getattr(filters, name))]
