"""`/healthz` for whoever asks; `/health/` and `/metrics` for those who may know. The page for people is in `web`."""

import time

import django.db
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_app import wiring
from sessions_app.health.access import NOBODY_KNOWN, REFUSED, shows_token
from sessions_app.health.checks import database_answers, full_report
from sessions_app.health.metrics import CONTENT_TYPE, exposition


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """One word."""
    alive = database_answers()
    return HttpResponse("ok" if alive else "broken", content_type="text/plain", status=200 if alive else 503)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus. 200 even if all is broken: that is what the figures say."""
    if refused := refusal(request):
        return refused
    return HttpResponse(exposition(time.time()), content_type=CONTENT_TYPE)


def as_json(request: HttpRequest) -> HttpResponse:
    """Everything in one look, for programs."""
    if refused := refusal(request):
        return refused
    found = full_report(time.time())
    return JsonResponse(found.as_json(), status=found.http_status, json_dumps_params={"indent": 2})


def refusal(request: HttpRequest) -> HttpResponse | None:
    """None for who may know; else the answer: 401, or 503 where a login cannot be checked."""
    if shows_token(request.headers, wiring.env().health_token):
        return None
    try:
        if request.user.is_authenticated:
            return None
    except django.db.Error:
        return HttpResponse(NOBODY_KNOWN, content_type="text/plain; charset=utf-8", status=503)
    headers = {"WWW-Authenticate": 'Bearer realm="Live Status"'}
    return HttpResponse(REFUSED, content_type="text/plain; charset=utf-8", status=401, headers=headers)
