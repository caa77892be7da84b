"""Where there is something to see: the addresses of all pages, in the state that the database is in."""

from django.contrib.admin import site
from django.urls import Resolver404, resolve

from sessions_app.models import Run, Session


def pages() -> dict[str, str]:
    """Name → address. The pages of single rows are those of the oldest ones."""
    run, session = Run.objects.roots().order_by("id").first(), Session.objects.order_by("id").first()
    own = {
        "board": "/",
        "run": f"/runs/{run.id}/" if run else "",
        "session": f"/sessions/{session.id}/" if session else "",
        "search": "/search/",
        "found": "/search/?q=a",
        "charts": "/charts/",
        "health": "/health/",
        "sign-in": "/login/",
    }
    admin = {"admin": "/admin/"}
    for model in (each for each in site._registry if each._meta.app_label == "sessions_app"):
        name = model._meta.model_name or ""
        admin[f"admin-{name}s"] = f"/admin/sessions_app/{name}/"
        if row := model._default_manager.order_by("pk").first():
            admin[f"admin-{name}"] = f"/admin/sessions_app/{name}/{row.pk}/change/"
    return {name: address for name, address in (own | admin).items() if address and _is_there(address)}


def _is_there(address: str) -> bool:
    try:
        found = resolve(address.partition("?")[0])
    except Resolver404:
        return False
    return not found.func.__module__.startswith("sessions_app.health")  # those answer machines
