"""What is found in each store; and when no session is, why."""

import time
from collections.abc import Iterator

from sessions_app import wiring
from sessions_app.doctor.finding import Finding, Part, broken, look, well
from sessions_app.doctor.watches import listening
from sessions_app.render.text import age, count, fold
from sessions_app.sources.base import About, Source, Survey

PART = Part.STORES
AGENTS_NAMED = 5
TOLERATED_S = 5.0
PROBLEMS_SHOWN = 10


def stores() -> Iterator[Finding]:
    """The findings of each store, in the order of the settings, and whether all of them can be listened to."""
    sources = wiring.sources()
    for source in sources:
        yield from store(source, time.time())
    yield from listening([folder for source in sources for folder in source.folders()])


def store(source: Source, now: float) -> Iterator[Finding]:
    """One store: found, kind, version, sessions, and what is wrong with it."""
    about, survey = source.about(), source.survey()
    if survey.sessions:
        yield well(PART, f"{source.name}: {what_is_there(survey, now)} {_written_by(about)}".strip())
        yield from _in_the_future(source, survey, now)
        problems = (*about.problems, *survey.problems)
        yield from (look(PART, sentence) for sentence in list(dict.fromkeys(problems))[:PROBLEMS_SHOWN])
    else:
        yield _nothing(source, about, survey)
    yield from (well(PART, note) for note in about.notes)


def _in_the_future(source: Source, survey: Survey, now: float) -> Iterator[Finding]:
    ahead = max(facts.updated_at for facts in survey.sessions.values()) - now
    if ahead > TOLERATED_S:
        sentence = f"The newest row in {source.name} is {age(ahead)} in the future: OpenClaw's clock is not ours."
        yield look(PART, sentence, "Keep both machines on time, with chrony or systemd-timesyncd.")


def why_none(source: Source) -> str:
    """Why no session is seen in this store and what to do, in one line, for other screens."""
    found = _nothing(source, source.about(), source.survey())
    return f"{found.sentence} {found.next_step}".strip()


def what_is_there(survey: Survey, now: float) -> str:
    """How many sessions of which agents, and how old the newest sign of life is."""
    agents = sorted({facts.agent for facts in survey.sessions.values() if facts.agent})
    named = fold(", ".join(agents[:AGENTS_NAMED])) + (", …" if len(agents) > AGENTS_NAMED else "")
    newest = max(facts.updated_at for facts in survey.sessions.values())
    when = f", newest activity {age(now - newest)} ago" if newest else ""
    return f"{count(len(survey.sessions), 'session')} of {count(len(agents), 'agent')} ({named}){when}."


def _written_by(about: About) -> str:
    kept = ", ".join(part for part in (about.kind and f"kept in {about.kind}", about.schema) if part)
    by = f"OpenClaw {about.version}" if about.version else ""
    text = "; ".join(part for part in (by, kept) if part)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _nothing(source: Source, about: About, survey: Survey) -> Finding:
    """Zero sessions always have a cause. What is wrong explains more than what is yet to come."""
    cause = about.why_none
    if cause is not None and not cause.waiting:
        return broken(PART, f"No session is seen. {cause.sentence}", cause.next_step)
    if problems := (*about.problems, *survey.problems):
        return broken(PART, f"No session is seen. {problems[0]}")
    if cause is not None:
        return look(PART, f"No session yet. {cause.sentence} {_written_by(about)}".strip(), cause.next_step)
    return look(PART, f"No session is seen in {source.name}.", "Ask an agent for something, and look again.")
