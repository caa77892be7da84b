"""Times as pages say them: in UTC, since a server does not know the clock of whoever looks."""

from datetime import UTC, datetime

from sessions_app.models.times import FIRST, LAST


def at(seconds: float) -> datetime:
    """The time of a number of seconds since 1970, whatever a clock gone mad has written."""
    return datetime.fromtimestamp(min(max(seconds if seconds == seconds else FIRST, FIRST), LAST), UTC)


def clock(seconds: float) -> str:
    """``14:02:31``; nothing for 0, which means "not known"."""
    return at(seconds).strftime("%H:%M:%S") if seconds else ""


def said(seconds: float, now: float) -> str:
    """``14:02:31`` for a time of today, else with its day: ``3 Nov 14:02:31``, ``3 Nov 2025 14:02``."""
    if not seconds:
        return ""
    then, today = at(seconds), at(now)
    if then.date() == today.date():
        return clock(seconds)
    day = f"{then.day} {then:%b}"
    return f"{day} {clock(seconds)}" if then.year == today.year else f"{day} {then.year} {then:%H:%M}"
