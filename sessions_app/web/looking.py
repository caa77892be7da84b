"""Who may look at runs, and what somebody may do with what they look at."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import resolve_url
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRedirect

RIGHT = "sessions_app.view_run"
LACKS = (
    "Your account lacks the right to see runs. Somebody who administers Live Status can put you into the group "
    "“viewer”, or give you the permission “can view run”."
)
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def for_viewers(view: View[P]) -> View[P]:
    """A page for people who have signed in and may see runs; it only shows.

    A poll is sent to the page for signing in as a whole: that page must not be swapped into another one.
    """

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not request.user.is_authenticated:
            if request.headers.get("HX-Request"):
                return HttpResponseClientRedirect(resolve_url("login"))
            return redirect_to_login(request.get_full_path())
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied(LACKS)
        return view(request, *args, **kwargs)

    return cast("View[P]", guarded)
