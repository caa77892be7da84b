"""`/healthz` for whoever asks; `/health/` with sentences and names for those who may know them."""

import time

import django.db
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from sessions_app.health.checks import database_answers, report
from sessions_app.health.strangers import is_local


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """One word."""
    alive = database_answers()
    return HttpResponse("ok" if alive else "broken", content_type="text/plain", status=200 if alive else 503)


@never_cache
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Everything in one look, as JSON."""
    found = report(time.time())
    return JsonResponse(
        found.as_json(details=_may_know(request)), status=found.http_status, json_dumps_params={"indent": 2}
    )


def _may_know(request: HttpRequest) -> bool:
    if is_local(request.META.get("REMOTE_ADDR", ""), request.headers):
        return True
    try:
        return request.user.is_authenticated
    except django.db.Error:
        return False
