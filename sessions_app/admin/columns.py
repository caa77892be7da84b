"""Cells: words with their signs, ages, links. All text that came from outside is escaped here, and only here."""

import json
import time
from datetime import datetime

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from sessions_app.models import Run
from sessions_app.models.times import seconds
from sessions_app.render.lines import SIGNS
from sessions_app.render.text import age, duration, one_line
from sessions_app.state.view import Word

NOTHING = "–"
CELL_CHARS = 120
JSON_CHARS = 100_000
KINDS = {Word.NEEDS_YOU: "needs"}


def said(text: str, chars: int = CELL_CHARS) -> str:
    """Text from outside in a cell: one line of it, without what only confuses; the template escapes it."""
    return one_line(text, chars) or NOTHING


def word(value: str) -> SafeString:
    """A word with its sign, in its colour."""
    one = Word(value)
    return format_html('<span class="word {}">{} {}</span>', KINDS.get(one, one.value), SIGNS[one], one.value)


def state(kind: str, sign: str, words: str) -> SafeString:
    """Any other state, in the same way."""
    return format_html('<span class="word {}">{} {}</span>', kind, sign, words)


def ago(when: datetime | float | None) -> str | SafeString:
    """How long ago, with the time itself to be seen by pointing at it."""
    at = when if isinstance(when, float) else seconds(when)
    if not at:
        return NOTHING
    left = at - time.time()
    text = f"in {age(left)}" if left >= 1 else f"{age(-left)} ago"
    return format_html('<span class="num" title="{}">{}</span>', moment_said(at), text)


def moment_said(at: float) -> str:
    """A time as the clock of this machine shows it."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def took(started: datetime | None, ended: datetime | None) -> str:
    """How long it took, or has been going on."""
    if started is None:
        return NOTHING
    if ended is None:
        return age(time.time() - seconds(started))
    return duration(seconds(ended) - seconds(started))


def link(to: Model | None, text: str = "") -> str | SafeString:
    """To an object's page."""
    if to is None:
        return NOTHING
    url = reverse(f"admin:{to._meta.app_label}_{to._meta.model_name}_change", args=[to.pk])
    return format_html('<a href="{}"><bdi>{}</bdi></a>', url, said(text or str(to), 80))


def run_name(run: Run) -> str:
    """A run as a person would call it."""
    return run.label if run.parent_id and run.label else run.title or run.label or f"run {run.no}"


def no_post(run: Run) -> str | SafeString:
    """Why it has no post, to be seen by pointing at it."""
    return format_html('<span title="{}">no post</span>', run.no_post) if run.no_post else NOTHING


def muted(is_muted: bool) -> SafeString:
    """Whether somebody stilled its posts."""
    return state("quiet", "🔇", "muted") if is_muted else state("done", "✅", "as ever")


def outside(url: str, text: str) -> str | SafeString:
    """To a page of another server."""
    return format_html('<a href="{}" target="_blank" rel="noopener">{}</a>', url, text) if url else NOTHING


def revisions(wanted: int, sent: int) -> SafeString:
    """What a post should say, and what it says."""
    kind = "" if wanted == sent else "quiet"
    return format_html('<span class="num {}">{} / {}</span>', kind, wanted, sent)


def listing(url: str, number: int, words: str) -> str | SafeString:
    """A link to the rows below."""
    return format_html('<a href="{}">{} {}</a>', url, number, words) if number else NOTHING


def pretty(text: str) -> SafeString:
    """Stored JSON, to be read by a person."""
    try:
        shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False) if text else ""
    except ValueError:
        shown = text
    cut = f"\n… {len(shown) - JSON_CHARS} more characters" if len(shown) > JSON_CHARS else ""
    return format_html('<pre class="state">{}{}</pre>', shown[:JSON_CHARS], cut)


def yes_no(value: bool) -> str:
    """A word; a red cross for a good "no" would only frighten."""
    return "yes" if value else "no"


def lines(texts: list[str]) -> str | SafeString:
    """Sentences, one per line."""
    if not texts:
        return NOTHING
    return format_html(
        "<ul class='sentences'>{}</ul>", format_html_join("", "<li><bdi>{}</bdi></li>", ((t,) for t in texts))
    )
