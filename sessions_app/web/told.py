"""The post of a run as people see it, and how it got there."""

from dataclasses import dataclass

from django.db.models import Count, Max, Q
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from sessions_app import wiring
from sessions_app.models import Delivery, Post, Run
from sessions_app.render.card import draw
from sessions_app.render.html import as_html
from sessions_app.render.text import count, duration, one_line
from sessions_app.state.view import RunView
from sessions_app.web.rows import Pen
from sessions_app.web.times import said

DELIVERIES = 20
ERROR_CHARS = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """One request for the post. ``kind`` in words, ``colour`` where it is one of state."""

    at: str
    what: str
    colour: str
    word: str
    took: str
    waited: str
    error: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """``html``: the post, safe to stand in a page; ``why_not``: a sentence where there is none."""

    html: SafeString | None = None
    why_not: str = ""
    unsent: bool = False
    notes: tuple[str, ...] = ()
    edits: str = ""
    address: str = ""
    deliveries: tuple[Sent, ...] = ()
    more: int = 0
    more_url: str = ""


def told(run: Run, view: RunView, pen: Pen, *, staff: bool) -> Told:
    """What is known of the post of a root run. Three queries."""
    post = Post.objects.select_related("destination").filter(run=run).first()
    if post is None:
        return Told(why_not=run.no_post or ("It has no post." if run.over else "It has no post yet."))
    of_post = Delivery.objects.filter(post=post)
    rows = list(of_post.order_by("-at", "-id")[:DELIVERIES])
    known = of_post.aggregate(
        number=Count("id"),
        edits=Count("id", filter=Q(kind=Delivery.Kind.EDITED)),
        last=Max("at", filter=Q(kind__in=(Delivery.Kind.EDITED, Delivery.Kind.CREATED))),
    )
    text = post.sent_text or _drawn(view, pen.now)
    return Told(
        html=mark_safe(as_html(text)),  # noqa: S308 - fit to stand in a page
        unsent=not post.sent_text,
        notes=tuple(_notes(post)),
        edits=_edits(known["edits"], known["last"] or post.sent_at, pen),
        address=post.address,
        deliveries=tuple(_sent(row, pen.now) for row in rows),
        more=max(0, known["number"] - len(rows)),
        more_url=_more_url(post) if staff else "",
    )


def _drawn(view: RunView, now: float) -> str:
    manner = wiring.manner()
    return draw(view, now=now, max_chars=manner.max_chars, max_depth=manner.max_depth, labels=manner.labels)


def _notes(post: Post) -> list[str]:
    """Why it does not say the newest, if so."""
    notes = []
    if post.parked:
        notes.append(f"Nothing more is sent: {one_line(post.parked, ERROR_CHARS)}")
    elif post.muted:
        notes.append("Its session is muted: it moves again when the run ends.")
    elif post.destination.paused:
        notes.append("Delivery to its server is paused.")
    if post.last_error and not post.parked:
        notes.append(f"The last try failed: {one_line(post.last_error, ERROR_CHARS)}")
    if post.wanted_revision > post.sent_revision and post.sent_text:
        notes.append("Something newer waits to be sent.")
    return notes


def _edits(edits: int, last: float, pen: Pen) -> str:
    """``Edited 41 times, last 3s ago.``"""
    if not last:
        return ""
    ago = f"last {pen.age(last)} ago"
    return f"Edited {count(edits, 'time')}, {ago}." if edits else f"Not edited yet, {ago.replace('last', 'made')}."


def _sent(row: Delivery, now: float) -> Sent:
    bad = row.kind == Delivery.Kind.FAILED
    return Sent(
        at=said(row.at, now),
        what=row.kind,
        colour="failed" if bad else "",
        word=row.word,
        took=_length(row.took_s),
        waited=_length(row.waited_s),
        error=one_line(row.error, ERROR_CHARS),
    )


def _length(seconds: float) -> str:
    """Requests are short: to the millisecond below a second."""
    if not seconds > 0:
        return ""
    if seconds < 1:
        return f"{max(1, round(seconds * 1000))} ms"
    return f"{seconds:.1f} s" if seconds < 60 else duration(seconds)


def _more_url(post: Post) -> str:
    """The list of all its deliveries, where the admin has one."""
    try:
        return f"{reverse('admin:sessions_app_delivery_changelist')}?post__id__exact={post.pk}"
    except NoReverseMatch:
        return reverse("admin:sessions_app_post_change", args=[post.pk])
