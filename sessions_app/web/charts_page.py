"""`/charts/`: what was asked for, in a time and of an agent that stand in the address."""

import hashlib
import time
from datetime import UTC, datetime
from typing import cast

from django.contrib.auth.decorators import login_required, permission_required
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sessions_app.web.chart_rows import DAY, SPANS, Span, agents, sums
from sessions_app.web.chart_shapes import Charts
from sessions_app.web.charts import charts
from sessions_app.web.frame import frame

GOOD_FOR_S = {"24h": 15, "7d": 60}
AGENTS_GOOD_FOR_S = 60
AGENT_CHARS = 200


@login_required
@permission_required("sessions_app.view_run", raise_exception=True)
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page. An address that names no span we know shows the usual one."""
    now = time.time()
    span = SPANS.get(request.GET.get("span", ""), DAY)
    agent = request.GET.get("agent", "")[:AGENT_CHARS].replace("\0", "")
    names = cast("tuple[str, ...]", cache.get_or_set("charts:agents", agents, AGENTS_GOOD_FOR_S))
    context = {
        "frame": frame(request, "charts", now),
        "charts": _kept(span, agent, datetime.fromtimestamp(now, UTC)),
        "span": span,
        "spans": tuple(SPANS.values()),
        "agent": agent,
        "agents": names if agent in names or not agent else (*names, agent),
    }
    response = render(request, "livestatus/charts.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _kept(span: Span, agent: str, now: datetime) -> Charts:
    """The charts as they were some seconds ago, if anybody asked then: many may look, and little changes."""
    key = f"charts:{span.name}:{hashlib.sha256(agent.encode()).hexdigest()}"
    found = cache.get_or_set(key, lambda: charts(sums(span, agent, now), span), GOOD_FOR_S[span.name])
    return cast("Charts", found)
