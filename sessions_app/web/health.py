"""`/health/`: a page for people who have signed in, JSON for programs."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import django.db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_app.health import views
from sessions_app.health.checks import full_report
from sessions_app.health.parts import delivery_to
from sessions_app.health.report import Part, Problem, Report, Status
from sessions_app.models import Destination
from sessions_app.web.acts import Act, acts_for
from sessions_app.web.frame import frame
from sessions_app.web.header import HEADLINES, KINDS, header

NO_ACTS: Mapping[str, tuple[Act, ...]] = MappingProxyType({})
HTML, JSON = "text/html", "application/json"
SUMMARIES = {
    Status.OK: "Everything that people rely on works.",
    Status.DEGRADED: "It works, and somebody should look at the parts that say so.",
    Status.BROKEN: "Something that people rely on does not work. Begin with the first part that is broken.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Trouble:
    """One thing that is wrong. Every second piece of a text is code."""

    sentence: tuple[str, ...]
    next_step: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A part of the service as a row of the page."""

    name: str
    word: str
    kind: str
    sentence: str
    troubles: tuple[Trouble, ...]
    acts: tuple[Act, ...] = ()


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """The page, if a browser asks; a browser that is not signed in is shown the way."""
    if not _wants_page(request):
        return views.as_json(request)
    if refused := views.refusal(request):
        return _closed(request, refused)
    if not _signed_in(request):
        return views.as_json(request)  # a token is no person: it has no page around it
    now = time.time()
    found = full_report(now)
    around = replace(frame(request, "health", now), health=header(found))
    context = {
        "frame": around,
        "headline": HEADLINES[found.status],
        "kind": KINDS[found.status],
        "summary": SUMMARIES[found.status],
        "lines": lines(found, _acts(request)),
        "back": reverse("health"),
    }
    return render(request, "livestatus/health_page.html", context, status=found.http_status)


def lines(found: Report, acts: Mapping[str, tuple[Act, ...]] = NO_ACTS) -> tuple[Line, ...]:
    """The rows of the page, in the order in which one part needs the other; ``acts``: buttons by the part's name."""
    return tuple(_line(part, acts.get(part.name, ())) for part in found.parts)


def _acts(request: HttpRequest) -> dict[str, tuple[Act, ...]]:
    """What this user may do with the servers; without a database there is nothing to be done."""
    try:
        return {delivery_to(one.base_url): acts_for(request.user, one) for one in Destination.objects.all()}
    except django.db.Error:
        return {}


def _line(part: Part, acts: tuple[Act, ...]) -> Line:
    return Line(
        name=part.name,
        word=part.status.value,
        kind=KINDS[part.status],
        sentence=part.sentence,
        troubles=tuple(_trouble(problem) for problem in part.problems),
        acts=acts,
    )


def _trouble(problem: Problem) -> Trouble:
    step = tuple(problem.next_step.split("`")) if problem.next_step else ()
    return Trouble(sentence=tuple(problem.sentence.split("`")), next_step=step)


def _wants_page(request: HttpRequest) -> bool:
    if request.GET.get("format") == "json":
        return False
    return request.get_preferred_type([JSON, HTML]) == HTML


def _signed_in(request: HttpRequest) -> bool:
    try:
        return request.user.is_authenticated
    except django.db.Error:
        return False


def _closed(request: HttpRequest, refused: HttpResponse) -> HttpResponse:
    """The same refusal for a person, without anything that needs the database."""
    context = {"away": refused.status_code == 503, "here": reverse("health")}
    page = render(None, "livestatus/health_closed.html", context, status=refused.status_code)
    for name in refused.headers:
        if name != "Content-Type":
            page[name] = refused[name]
    return page
