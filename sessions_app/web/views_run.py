"""The pages of a run and of a session. They show; they never publish."""

import time

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.http import urlencode

from sessions_app import wiring
from sessions_app.models import Run, Session
from sessions_app.web.acts import acts_for
from sessions_app.web.frame import Frame, frame
from sessions_app.web.looking import for_viewers
from sessions_app.web.rows import Pen
from sessions_app.web.run_page import run_page, settled, stamp
from sessions_app.web.session_page import session_page

NO_STORE = "private, no-store"
STOP_POLLING = 286  # htmx's word for "nothing more is coming"
HEAVY = ("parent__state", "parent__prompt", "root__state", "root__prompt")
NO_RUN = "There is no such run. It may have been forgotten with its session, or the address is not whole."
NO_SESSION = "There is no such session. It may have been forgotten, or the address is not whole."


@for_viewers
def run(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The whole page of a run, as it is now."""
    now, found = time.time(), _run(pk)
    before = request.GET.get("before", "")[:40]
    around = frame(request, "run", now)
    news = reverse("run-news", args=[pk]) + (f"?{urlencode({'before': before})}" if before else "")
    context = _context(request, found, now, before, around) | {
        "news": news,
        "live": not settled(found, now),
        "etag": _etag(found, now, before, around),
    }
    return _private(render(request, "livestatus/run.html", context))


@for_viewers
def run_news(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The part that changes; 304 while it would look the same. It says when nothing more is to come."""
    now, found = time.time(), _run(pk)
    before = request.GET.get("before", "")[:40]
    around = frame(request, "run", now)
    etag = _etag(found, now, before, around)
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = render(request, "livestatus/run_news.html", _context(request, found, now, before, around))
        if settled(found, now):
            response.status_code = STOP_POLLING
    response["ETag"] = etag
    return _private(response)


@for_viewers
def session(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The page of a session."""
    now = time.time()
    found = Session.objects.filter(pk=pk).defer("facts", "registered").first()
    if found is None:
        raise Http404(NO_SESSION)
    before = request.GET.get("before", "")
    page = session_page(
        found, Pen(now, wiring.labels()), int(before) if before.isdecimal() and len(before) < 10 else None
    )
    context = {
        "page": page,
        "acts": acts_for(request.user, found),
        "back": request.path,
        "frame": frame(request, "session", now),
    }
    return _private(render(request, "livestatus/session.html", context))


def _run(pk: int) -> Run:
    found = Run.objects.select_related("session", "parent", "root").defer(*HEAVY).filter(pk=pk).first()
    if found is None:
        raise Http404(NO_RUN)
    return found


def _context(request: HttpRequest, found: Run, now: float, before: str, around: Frame) -> dict[str, object]:
    staff = bool(getattr(request.user, "is_staff", False))
    return {
        "page": run_page(found, now, before=before, staff=staff),
        "acts": acts_for(request.user, found),
        "back": reverse("run", args=[found.pk]),
        "frame": around,
    }


def _etag(found: Run, now: float, before: str, around: Frame) -> str:
    return f'"{stamp(found, now, before, around.health)}"'


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Cache-Control"] = NO_STORE
    return response
