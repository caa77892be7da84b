"""Objects by the names that people have for them: addresses, keys, ids, numbers. Never a guess between two."""

from collections.abc import Callable

from django.db.models import Model, Q, QuerySet

from sessions_app.models import Destination, Post, Run, Session
from sessions_app.render.text import one_line

SHOWN = 10
BIGGEST = 2**63


class Unclear(Exception):
    """There is no such object, or there are several; the message is a sentence."""


def find(kind: str, what: str, *, store: str = "") -> Model:
    """The one object of this kind that a person means.

    Raises:
        Unclear: none, or more than one; then the candidates are listed.
    """
    rows = FINDERS[kind](what.strip(), store)
    found = list(rows[: SHOWN + 1])
    if len(found) == 1:
        return found[0]
    if not found:
        raise Unclear(f"There is no {kind} {one_line(what, 200)!r} here.{_hint(kind)}")
    names = "\n".join(f"  {_name(one)}" for one in found[:SHOWN])
    more = "\n  and more" if len(found) > SHOWN else ""
    raise Unclear(f"{one_line(what, 200)!r} is more than one {kind}; name one of them by its number:\n{names}{more}")


def _destinations(what: str, store: str) -> "QuerySet[Destination]":
    named = Destination.objects.filter(base_url=what.rstrip("/"))
    return named or Destination.objects.filter(_number(what))


def _posts(what: str, store: str) -> "QuerySet[Post]":
    """By the id at the end of a link, too."""
    last = what.rstrip("/").rpartition("/")[2]
    return Post.objects.filter(post_id=last) if last and not last.isdigit() else Post.objects.filter(_number(last))


def _sessions(what: str, store: str) -> "QuerySet[Session]":
    sessions = Session.objects.filter(store=store) if store else Session.objects.all()
    named = sessions.filter(key=what)
    return named or sessions.filter(_number(what))


def _runs(what: str, store: str) -> "QuerySet[Run]":
    if what.isdigit():
        return Run.objects.filter(_number(what)).select_related("session")
    live = Run.objects.filter(session__in=_sessions(what, store), over=False)
    return live.select_related("session").order_by("id")


FINDERS: dict[str, Callable[[str, str], "QuerySet[Model]"]] = {
    "destination": _destinations,
    "post": _posts,
    "run": _runs,
    "session": _sessions,
}


def _number(what: str) -> Q:
    number = int(what) if what.isascii() and what.isdigit() and len(what) < 20 else 0
    return Q(pk=number if number < BIGGEST else 0)


def _name(one: Model) -> str:
    if isinstance(one, Session):
        return f"{one.pk}: {one_line(one.key, 120)} in {one_line(one.store, 120)}"
    if isinstance(one, Run):
        return f"{one.pk}: {one_line(one.title, 80)} ({one.word}, {one_line(one.session.key, 120)})"
    return f"{one.pk}: {one_line(str(one), 120)}"


def _hint(kind: str) -> str:
    if kind == "destination":
        known = ", ".join(Destination.objects.values_list("base_url", flat=True)[:SHOWN])
        return f" Known: {known}." if known else " None is known yet: the watcher makes it at its first start."
    if kind == "run":
        return " A run is named by its number, or by the key of a session that has one live run."
    return " The admin lists all of them."
