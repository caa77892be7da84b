"""Seconds since 1970, as the pure rooms count, to the times that a database keeps, and back."""

from datetime import UTC, datetime

FIRST = 0.0
LAST = 253_402_300_799.0  # the end of the year 9999: what a clock gone mad may write


def moment(seconds: float | None) -> datetime | None:
    """The time of a number of seconds; None for None and for 0, which means "not known"."""
    if not seconds:
        return None
    return datetime.fromtimestamp(min(max(seconds, FIRST), LAST), UTC)


def seconds(when: datetime | None) -> float:
    """The number of seconds of a time; 0.0 for None."""
    return when.timestamp() if when else 0.0
