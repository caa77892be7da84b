"""Whether two views of a run look the same to a reader, ages apart."""

import hashlib
import json

from sessions_app.state.view import RunView, StepView


def digest(view: RunView) -> str:
    """SHA-256 in hex over everything a card or a board can show, the same in every process.

    What only changes an age is left out: when the present word began, and when something that still runs
    was started. How long something took is in it once it is over.
    """
    hashed = hashlib.sha256()
    waiting = [view]  # no recursion: a chain of sub-agents may be longer than Python's stack
    while waiting:
        run = waiting.pop()
        # The number of children makes the flat sequence unambiguous; JSON makes every field so.
        hashed.update(json.dumps(_fields(run), ensure_ascii=True, separators=(",", ":")).encode())
        waiting.extend(reversed(run.children))
    return hashed.hexdigest()


def _fields(run: RunView) -> list[object]:
    return [
        [run.title, run.label, run.agent, run.word.value, run.reason, run.say],
        [run.started_at, run.ended_at] if run.word.over else None,
        [_step(step) for step in run.running],
        [_step(step) for step in run.finished],
        [run.tools, run.failed_tools, run.tokens, run.cost, run.background, run.cut_off],
        len(run.children),
    ]


def _step(step: StepView) -> list[object]:
    took = None if step.ended_at is None else [step.started_at, step.ended_at]
    return [step.tool, step.target, step.ok, step.error, took]
