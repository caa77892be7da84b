"""What people can do from a page: buttons that lead to, or are, requests to `control`. Only for those who may."""

import time
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser, User
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from sessions_app.control.actions import KINDS, By, Source, Verb, kind_of, verbs_of
from sessions_app.models import Post, Run
from sessions_app.web.frame import frame

VIEW = "sessions_app.view_run"  # the question names what it is about
RIGHTS = ("sessions_app.change_run", "sessions_app.change_session", "sessions_app.change_post")
NO_STORE = "private, no-store"
REFUSED = "You may look, and not do this. Ask somebody with the role operator or admin."
REFUSED_FORGETTING = "You may not remove anything. Ask somebody with the role admin."


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """A button. ``asks``: it leads to a page that asks first; else it is a form that acts at once."""

    url: str
    words: str
    asks: bool


def acts_for(user: User | AnonymousUser, obj: Model) -> tuple[Act, ...]:
    """What this user can do to a run, a session, a post or a destination, and to what belongs to it, at this moment."""
    return tuple(
        Act(url=url_of(verb, one), words=verb.label, asks=verb.asks is not None)
        for verb, one in _possible(obj)
        if verb.offered(one) and user.has_perm(verb.permission)
    )


def may_act(user: User | AnonymousUser) -> bool:
    """Whether rows of the board have a menu for this user."""
    return any(user.has_perm(right) for right in RIGHTS)


def url_of(verb: Verb, one: Model) -> str:
    """The address of an act."""
    return reverse("act", kwargs={"kind": verb.kind, "pk": one.pk, "verb": verb.name})


def _possible(obj: Model) -> list[tuple[Verb, Any]]:
    """The verbs for an object, and those for its post, its run or its session that people look for beside it."""
    found: list[tuple[Verb, Any]] = [(verb, obj) for verb in verbs_of(kind_of(obj))]
    if isinstance(obj, Run):
        if (post := getattr(obj, "post", None)) is not None:
            found += [(verb, post) for verb in verbs_of("post")]
        if obj.parent_id is None:  # a sub-agent is told of in the post of its root
            found += [(verb, obj.session) for verb in verbs_of("session") if verb.name in {"mute", "unmute"}]
    if isinstance(obj, Post) and obj.run is not None:
        found += [(verb, obj.run) for verb in verbs_of("run") if verb.name == "post-again"]
    return found


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, kind: str, pk: int, verb: str) -> HttpResponse:
    """Ask, or act. Whoever follows a link is only asked; a verb that cannot be undone wants ``sure`` as well."""
    chosen = next((one for one in verbs_of(kind) if one.name == verb), None)
    if chosen is None:
        raise Http404("There is no such act.")
    if not request.user.has_perms((chosen.permission, VIEW)):
        return _refused(request, chosen)
    obj = KINDS[kind]._default_manager.filter(pk=pk).first()
    if obj is None:
        raise Http404("It is not there any more.")
    back = reverse("board") if chosen.right == "delete" else _back(request)  # what is removed has no page any more
    if not chosen.offered(obj):
        messages.warning(request, chosen.nothing(obj))
        return HttpResponseRedirect(back)
    if request.method != "POST" or (chosen.asks and "sure" not in request.POST):
        return _page(request, {"question": chosen.question(obj), "asks": chosen.asks is not None, "back": back})
    if chosen.act(obj, by=By.account(request.user, Source.PAGE)):
        messages.success(request, chosen.did(obj))
    else:
        messages.warning(request, chosen.nothing(obj))
    return HttpResponseRedirect(back)


def _refused(request: HttpRequest, verb: Verb) -> HttpResponse:
    why = REFUSED_FORGETTING if verb.right == "delete" else REFUSED
    return _page(request, {"refused": why, "back": _back(request)}, status=403)


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    around = frame(request, "", time.time())
    response = render(request, "livestatus/ask.html", {**context, "frame": around}, status=status)
    response["Cache-Control"] = NO_STORE
    return response


def _back(request: HttpRequest) -> str:
    """Where to go afterwards: only ever an address of our own."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    local = wanted.startswith("/") and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if local else reverse("board")
