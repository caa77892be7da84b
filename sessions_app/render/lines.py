"""The single lines of a card. Each is one line of safe Markdown; none of them ends with a line break."""

from collections.abc import Sequence

from sessions_app.redact import redact
from sessions_app.render.labels import Labels
from sessions_app.render.outline import BAD, Fold, Item, Node
from sessions_app.render.text import CUT, age, count, duration, money, one_line, plain, prose, tokens
from sessions_app.state.view import RunView, StepView, Word

SIGNS = {
    Word.QUEUED: "🕓",
    Word.THINKING: "💭",
    Word.WORKING: "⚙️",
    Word.WAITING: "⏳",
    Word.NEEDS_YOU: "✋",
    Word.QUIET: "🟠",
    Word.DONE: "✅",
    Word.FAILED: "❌",
    Word.STOPPED: "⛔",
    Word.LOST: "⚠️",
}
CUT_OFF = "cut off at the length limit"
TITLE_CHARS = 80
NAME_CHARS = 40
REASON_CHARS = 160
SAY_CHARS = 280
ERROR_CHARS = 60
STEPS = 4  # finished steps shown
RECENT = 50  # looked at for them
PARALLEL = 3  # running steps shown
DOT = " · "


def name(text: str, limit: int) -> str:
    """A title or a name, literally."""
    return plain(one_line(redact(text), limit))


def said(text: str, limit: int) -> str:
    """A sentence in which code may stay code."""
    return prose(redact(text), limit)


def word(view: RunView) -> str:
    """The word with its reason, without its sign: ``failed: exit 1``."""
    text = view.word.value
    if view.word.over and view.cut_off:
        text += ", " + CUT_OFF
    reason = said(view.reason, REASON_CHARS)
    return f"{text}: {reason}" if reason else text


def elapsed(view: RunView, now: float) -> str:
    """How long a run took, or how long it has been going on."""
    if not view.word.over:
        return age(now - view.started_at)
    ended = view.ended_at if view.ended_at is not None else max(view.since, view.started_at)
    return duration(ended - view.started_at)


def head(view: RunView, now: float, limit: int = TITLE_CHARS) -> str:
    """Line 1: sign, title, agent, word, elapsed."""
    title = name(view.title, limit) or name(view.label, limit) or "Untitled"
    agent = name(view.agent, min(limit, NAME_CHARS))
    parts = [f"{SIGNS[view.word]} **{title}**", agent, word(view), elapsed(view, now)]
    return DOT.join(part for part in parts if part)


def running(steps: Sequence[StepView], labels: Labels, now: float) -> str:
    """The steps that run, the one that has run longest first."""
    oldest = sorted(steps, key=lambda step: step.started_at)
    parts = [
        f"{labels.sign(step.tool)} {labels.words(step.tool, step.target)}{DOT}{age(now - step.started_at)}"
        for step in oldest[:PARALLEL]
    ]
    if len(oldest) > PARALLEL:
        parts.append(f"+{len(oldest) - PARALLEL} more")
    return DOT.join(parts)


def finished(steps: Sequence[StepView], labels: Labels, *, most: int = STEPS, error_chars: int = ERROR_CHARS) -> str:
    """The last steps in the order of time, repeats as ×N. When not all fit, failures keep their place."""
    times: dict[str, tuple[int, bool]] = {}
    for step in steps[-RECENT:]:
        text = _ended(step, labels, error_chars)
        repeats, _ = times.pop(text, (0, False))  # taken out, so that it moves to its last place
        times[text] = (repeats + 1, step.ok is False)
    newest = list(times)[::-1]
    kept = set(sorted(newest, key=lambda text: not times[text][1])[:most])
    return DOT.join(text + (f" ×{n}" if n > 1 else "") for text, (n, _) in times.items() if text in kept)


def _ended(step: StepView, labels: Labels, error_chars: int) -> str:
    mark = "✗" if step.ok is False else "✓" if step.ok else "•"
    error = said(step.error, error_chars) if step.ok is False else ""
    return f"{mark} {labels.words(step.tool, step.target)}" + (f" ({error})" if error else "")


def heading(view: RunView) -> str:
    """``Sub-agents 1/3 done, 1 failed``: the run's own sub-agents, not those below them."""
    words = [child.word for child in view.children]
    bad = [f", {words.count(one)} {one.value}" for one in (Word.FAILED, Word.STOPPED, Word.LOST) if one in words]
    return f"Sub-agents {words.count(Word.DONE)}/{len(words)} done" + "".join(bad)


def child(view: RunView, labels: Labels, now: float, *, summary: bool) -> str:
    """A sub-agent in the list. While its parents run, what it does stands for its word where that says more."""
    who = name(view.label, NAME_CHARS) or name(view.title, NAME_CHARS) or name(view.agent, NAME_CHARS) or "sub-agent"
    parts = [f"{SIGNS[view.word]} **{who}**", _doing(view, labels, summary), _child_time(view, now)]
    if view.tools and (summary or view.word is not Word.DONE):
        parts.append(count(view.tools, "tool"))
    if summary and view.word in BAD:
        parts.append(finished(view.finished, labels, most=2))
    return DOT.join(part for part in parts if part)


def _doing(view: RunView, labels: Labels, summary: bool) -> str:
    if view.word is Word.DONE and not summary and not (view.cut_off or view.reason):
        return ""  # it stands under "1/3 done"
    if not (view.running and view.word in (Word.WORKING, Word.QUIET)):
        return word(view)
    step = min(view.running, key=lambda step: step.started_at)
    doing = labels.words(step.tool, step.target)
    if len(view.running) > 1:
        doing += f" +{len(view.running) - 1}"
    return doing if view.word is Word.WORKING else word(view) + DOT + doing


def _child_time(view: RunView, now: float) -> str:
    # How long somebody has been waited for matters more than how long the whole run takes.
    if view.word is Word.NEEDS_YOU and view.since > view.started_at:
        return age(now - view.since)
    return elapsed(view, now)


def folded(fold: Fold, names_chars: int) -> str:
    """Done siblings on one line, by name as far as there is room: ``✅ 5 done: docs, api, …``."""
    text, room = "", names_chars
    for node in fold.nodes:
        who = name(node.view.label or node.view.title or node.view.agent, NAME_CHARS)
        room -= len(who) + 2
        if room < 0:
            text += CUT
            break
        text += f"{who}, "
    names = text.removesuffix(", ")
    return f"{SIGNS[Word.DONE]} {len(fold.nodes)} done" + (f": {names}" if names not in ("", CUT) else "")


def item(entry: Item, labels: Labels, now: float, *, summary: bool, names_chars: int) -> str:
    """One entry of the list of sub-agents."""
    if isinstance(entry, Fold):
        return folded(entry, names_chars)
    return child(entry.view, labels, now, summary=summary)


def footer(nodes: Sequence[Node]) -> str:
    """Tools, tokens and cost of the whole tree, since that is what the run took, and what still runs behind it."""
    views = [node.view for node in nodes]
    background = sum(view.background for view in views)
    parts = [
        count(sum(view.tools for view in views), "tool"),
        tokens(sum(view.tokens for view in views)),
        money(sum(view.cost for view in views)),
        f"{count(background, 'background command')} running" if background > 0 else "",
    ]
    return DOT.join(part for part in parts if part)
