"""What there may be to show: nothing, one run, fifty, very long names, and names that somebody chose to do harm."""

import time
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from sessions_app.models import Destination, Run
from sessions_app.state.codec import to_json
from sessions_app.state.run_state import Step
from sessions_app.state.view import Word
from tests import factories as make

LONG = "Reconcile the quarterly figures of all subsidiaries with what the ledger says, then tell everybody " * 4
UNBROKEN = "/srv/builds/" + "a-very-long-name-without-any-place-to-break-it" * 8
TASKS = (
    "Fix flaky CI test", "Draft the release notes", "Triage new bugs", "Why is checkout slow?",
    "Rotate the signing keys", "Translate the help pages", "Upgrade PostgreSQL on staging", "Clean up feature flags",
    "Answer ticket 4711", "Compare three vendors",
)  # fmt: skip
LIVE = (Word.WORKING, Word.THINKING, Word.WAITING, Word.NEEDS_YOU, Word.QUIET, Word.QUEUED)
OVER = (Word.DONE, Word.FAILED, Word.STOPPED, Word.LOST)
AGENTS = ("main", "ops", "writer")
CHANNELS = ("platform", "support", "release")
REASONS = {
    Word.FAILED: "the model did not answer: 529 overloaded", Word.STOPPED: "stopped by a person",
    Word.LOST: "nothing was heard for 1 h", Word.NEEDS_YOU: "approve `git push --force`",
}  # fmt: skip
COMMANDS = ("npm test", "pytest -x tests/checkout", "psql -f report.sql", "grep -rn retry src")


def empty() -> None:
    """A watcher, and no session ever."""
    make.watcher()
    make.destination()


def one() -> None:
    """A run with two levels of sub-agents."""
    empty()
    root = _root(Word.WAITING, 0)
    of = make.session(parent_key=root.session.key)
    child = _used(make.run(Word.WORKING, parent=root, label="tests", session=of, steps=(_running(0),)), 1)
    _used(make.run(Word.THINKING, parent=child, label="bisect"), 2)
    _used(make.run(Word.DONE, parent=root, label="docs"), 3)
    make.run(Word.NEEDS_YOU, parent=root, label="reviewer", reason=REASONS[Word.NEEDS_YOU])


def fifty() -> None:
    """Fifty live runs with all words, some with trees, and a dozen that are over."""
    empty()
    for number in range(50):
        root = _root(LIVE[number % len(LIVE)], number)
        if root.word == Word.WAITING:
            for below in range(number % 5 + 1):
                word = (Word.WORKING, Word.DONE, Word.FAILED)[below % 3]
                _used(make.run(word, parent=root, label=f"part {below + 1}", reason=REASONS.get(word, "")), below)
    for number in range(12):
        _root(OVER[number % len(OVER)], number)


def long_names() -> None:
    """Names, paths and sentences as long as they are kept."""
    empty()
    _filled(LONG, UNBROKEN)


def hostile() -> None:
    """Markup, marks that turn the direction of writing, and ten thousand characters wherever something is kept."""
    empty()
    _filled(make.HOSTILE, make.HOSTILE)


STATES: MappingProxyType[str, Callable[[], None]] = MappingProxyType(
    {"empty": empty, "one": one, "fifty": fifty, "long": long_names, "hostile": hostile}
)


def _root(word: Word, number: int) -> Run:
    of = make.session(agent=AGENTS[number % 3], channel_name=CHANNELS[number // 2 % 3])
    steps = (_running(number),) if word in (Word.WORKING, Word.QUIET) else ()
    say = "Reproducing the failure under load before changing the retry." if number % 2 else ""
    root = make.run(
        word, session=of, title=TASKS[number % len(TASKS)], ago=40.0 + 97 * number, steps=steps, say=say,
        reason=REASONS.get(word, ""),
    )  # fmt: skip
    _used(root, number)
    make.judgement(root)
    make.checkpoint(of)
    make.step(root, target=COMMANDS[number % len(COMMANDS)])
    make.step(root, tool="read", target="ci.yml", ended_at=root.started_at, ok=True)
    make.step(root, tool="exec", target="make lint", ended_at=root.started_at, ok=False, error="exit 1")
    if number % 7 == 6:
        Run.objects.filter(id=root.id).update(no_post="It was asked for outside Mattermost.")
    else:
        make.post(root)
    return root


def _running(number: int) -> Step:
    began = time.time() - 20 - number
    return Step(call_id="1", tool="exec", target=COMMANDS[number % len(COMMANDS)], started_at=began)


def _used(run: Run, number: int) -> Run:
    """The run, with what it has used so far."""
    tools, tokens, cost = 3 + number, 1234 * (number + 1), 0.0371 * (number + 1)
    run.state = to_json(replace(run.value, tools=tools, tokens=tokens, cost=cost))
    run.tools, run.tokens, run.cost = tools, tokens, cost
    run.save()
    return run


def _filled(text: str, name: str) -> None:
    to = Destination.objects.get()
    of = make.session(
        key=name[:500], agent=name[:200], label=text[:300], channel_name=name[:120], problem=text,
        parent_key=text[:400], store=name[:400],
    )  # fmt: skip
    running = Step(call_id="1", tool=name[:100], target=text[:300], started_at=time.time() - 20)
    root = make.run(
        Word.WORKING, session=of, title=text[:300], reason=text[:400], because=text[:200], say=text, steps=(running,),
        prompt=text,
    )  # fmt: skip
    child = make.run(Word.FAILED, parent=root, label=name[:300], reason=text[:400], no_post=text[:200])
    make.run(Word.NEEDS_YOU, parent=child, label=text[:300], reason=name[:400])
    make.run(Word.DONE, title=name[:300], reason=text[:400], no_post=text[:200])
    make.judgement(root, because=text[:200])
    make.step(root, tool=text[:120], target=name[:300], error=text[:400], child_key=name[:500], ok=False)
    make.checkpoint(of, transcript=name[:500], copying=text[:300], bad_lines=3)
    Destination.objects.filter(id=to.id).update(bot_name=text[:100], last_error=text)
    make.post(root, destination=to, last_error=text, parked=text[:400])
    make.watcher(name=name[:400], host=text[:200], stores=name, problems=text)
