"""The search. It shows what is stored, which is redacted; what was typed is redacted before it is shown again."""

import time

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode

from sessions_app import wiring
from sessions_app.state.view import Word
from sessions_app.web.frame import frame
from sessions_app.web.looking import for_viewers
from sessions_app.web.rows import Pen
from sessions_app.web.search import TIMES, agents, asked
from sessions_app.web.search import search as look
from sessions_app.web.terms import read

PAGES = 50


@for_viewers
def search(request: HttpRequest) -> HttpResponseBase:
    """How to search, or what was found."""
    now = time.time()
    terms = read(request.GET.get("q", ""))
    word, agent, since = (request.GET.get(name, "")[:200] for name in ("word", "agent", "since"))
    sought = asked(terms, now, word, agent, since)
    some = bool(sought.words or sought.without or sought.word or sought.agent or sought.since)
    kept = {"q": terms.text, "word": sought.word, "agent": sought.agent, "since": since if sought.since else ""}
    context = {
        "terms": terms,
        "found": look(sought, Pen(now, wiring.labels()), _page(request.GET.get("page", ""))) if some else None,
        "chosen": kept,
        "words": [each.value for each in Word],
        "agents": agents(),
        "times": [(name, words) for name, (words, _) in TIMES.items()],
        "link": "?" + urlencode({name: value for name, value in kept.items() if value}),
        "frame": frame(request, "search", now),
    }
    response = render(request, "livestatus/search.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


def _page(text: str) -> int:
    return min(PAGES, max(1, int(text))) if text.isdecimal() and len(text) < 6 else 1
