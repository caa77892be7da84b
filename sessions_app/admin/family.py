"""The tree that a run belongs to, as a list of links."""

from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app.admin.columns import word
from sessions_app.models import Run
from sessions_app.render.text import one_line
from sessions_app.state.view import RunView

SHOWN = 200
DEEPEST = 10


def tree(run: Run) -> str | SafeString:
    """All runs of the tree, each below its parent, with ``run`` marked. Two queries."""
    root = run.root_id or run.pk
    view = Run.objects.views([root]).get(root)
    if view is None:
        return "–"
    rows = list(_flat(view, 0))
    shown = format_html_join("", '<li class="depth-{}{}">{} <a href="{}"><bdi>{}</bdi></a></li>', (
        (min(depth, DEEPEST), " here" if one.id == run.pk else "", word(one.word.value), _url(one), _name(one))
        for one, depth in rows[:SHOWN]
    ))  # fmt: skip
    more = format_html("<li>and {} more</li>", len(rows) - SHOWN) if len(rows) > SHOWN else ""
    return format_html('<ul class="family">{}{}</ul>', shown, more)


def _flat(view: RunView, depth: int) -> list[tuple[RunView, int]]:
    return [(view, depth), *(row for child in view.children for row in _flat(child, depth + 1))]


def _url(view: RunView) -> str:
    return reverse("admin:sessions_app_run_change", args=[view.id])


def _name(view: RunView) -> str:
    return one_line(view.label or view.title or view.agent, 80) or f"run {view.id}"
