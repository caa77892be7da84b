"""The circuit and the budget of a destination: rows changed by compare-and-swap, so all processes share them."""

import logging

from django.db.models import F

from sessions_app.deliver.pace import budget
from sessions_app.models import Circuit, Destination
from sessions_app.models.times import moment

log = logging.getLogger(__name__)
OPENS_AFTER = 3  # failures in a row
FIRST_REST_S = 2.0
LONGEST_REST_S = 60.0
RAMPING_S = 30.0  # one outage that comes and goes begins one ramp
PROBE_S = 30.0  # a probe that has not answered by then counts as none


def rests(destination: Destination, now: float) -> bool:
    """Whether nothing may go out: paused, asked to wait, or the circuit is open and no probe is due yet."""
    probe_later = destination.circuit != Circuit.CLOSED and destination.open_until > now
    return destination.paused or destination.quiet_until > now or probe_later


def may_send(destination: Destination, now: float) -> bool:
    """Whether a request may go out; ask right before it. While the circuit is open one probe may, over all processes.

    A probe that is claimed and never sent would keep everybody waiting for its time.
    """
    if rests(destination, now):
        return False
    if destination.circuit == Circuit.CLOSED:
        return True
    claimed = Destination.objects.filter(id=destination.id, open_until=destination.open_until).update(
        circuit=Circuit.HALF_OPEN, open_until=now + PROBE_S
    )
    return bool(claimed)


def succeeded(destination: Destination, now: float, *, made: bool, coalesced: int) -> None:
    """The server made or edited a post. ``coalesced``: revisions before this one that were never sent."""
    answered(destination, now)
    kind = "creates" if made else "edits"
    Destination.objects.filter(id=destination.id).update(
        last_ok_at=moment(now),
        updates_sent=F("updates_sent") + 1,
        coalesced=F("coalesced") + coalesced,
        **{kind: F(kind) + 1},
    )


def unchanged(destination: Destination) -> None:
    """A revision looked the same as the one before, so that nothing was sent."""
    Destination.objects.filter(id=destination.id).update(unchanged=F("unchanged") + 1)


def tried_again(destination: Destination) -> None:
    """A request is made once more, a moment after it failed."""
    Destination.objects.filter(id=destination.id).update(retries=F("retries") + 1)


def answered(destination: Destination, now: float) -> None:
    """The server is there: the circuit closes, and after an outage the pace grows from here."""
    Destination.objects.filter(id=destination.id).exclude(circuit=Circuit.CLOSED, failures=0).update(
        circuit=Circuit.CLOSED, failures=0, open_until=0.0
    )
    if destination.circuit != Circuit.CLOSED:
        log.info("%s answers again.", destination)
        Destination.objects.filter(id=destination.id, ramp_from__lt=now - RAMPING_S).update(ramp_from=now)


def failed(destination: Destination, now: float, sentence: str, *, rest_s: float = 0.0) -> None:
    """The server did not answer as it should. ``rest_s`` opens the circuit at once, for that long at least."""
    Destination.objects.filter(id=destination.id).update(
        failures=F("failures") + 1,
        updates_failed=F("updates_failed") + 1,
        last_error=sentence,
        last_error_at=moment(now),
    )
    destination.refresh_from_db(fields=["failures", "circuit"])
    if rest_s or destination.failures >= OPENS_AFTER or destination.circuit != Circuit.CLOSED:
        doublings = max(0, min(destination.failures - OPENS_AFTER, 10))
        rest = max(rest_s, min(LONGEST_REST_S, FIRST_REST_S * 2.0**doublings))
        Destination.objects.filter(id=destination.id).update(circuit=Circuit.OPEN, open_until=now + rest)


def noted(destination: Destination, now: float, sentence: str) -> None:
    """Something about one post went wrong; the server itself answers."""
    answered(destination, now)
    Destination.objects.filter(id=destination.id).update(
        updates_failed=F("updates_failed") + 1, last_error=sentence, last_error_at=moment(now)
    )


def hold(destination: Destination, until: float, sentence: str, now: float) -> None:
    """The server asked everyone to wait."""
    Destination.objects.filter(id=destination.id, quiet_until__lt=until).update(
        quiet_until=until, ramp_from=until, last_error=sentence, last_error_at=moment(now)
    )
    Destination.objects.filter(id=destination.id).update(limited=F("limited") + 1)
    Destination.objects.filter(id=destination.id, circuit=Circuit.HALF_OPEN).update(open_until=until)


def take_slot(destination: Destination, now: float, per_s: float) -> float:
    """Take the next slot of the budget. Returns 0.0 if it is now, else when to ask again.

    Slots are evenly spaced, so that no second ever holds more than the budget.
    """
    for _ in range(5):
        destination.refresh_from_db(fields=["next_slot_at", "ramp_from"])
        if destination.next_slot_at > now:
            return destination.next_slot_at
        gap = 1.0 / budget(per_s, now, destination.ramp_from)
        taken = Destination.objects.filter(id=destination.id, next_slot_at=destination.next_slot_at).update(
            next_slot_at=now + gap
        )
        if taken:
            return 0.0
    return now + 1.0 / per_s
