"""The circuit and the budget of a destination: rows changed by compare-and-swap, so all processes share them."""

from django.db.models import F

from sessions_app.models import Circuit, Destination
from sessions_app.models.times import moment

OPENS_AFTER = 3  # failures in a row
FIRST_REST_S = 2.0
LONGEST_REST_S = 60.0
PROBE_S = 30.0  # a probe that has not answered by then counts as none


def may_send(destination: Destination, now: float) -> bool:
    """Whether a request may go out. While the circuit is open only one probe may, over all processes."""
    if destination.paused or destination.quiet_until > now:
        return False
    if destination.circuit == Circuit.CLOSED:
        return True
    if destination.open_until > now:
        return False
    claimed = Destination.objects.filter(id=destination.id, open_until=destination.open_until).update(
        circuit=Circuit.HALF_OPEN, open_until=now + PROBE_S
    )
    return bool(claimed)


def succeeded(destination: Destination, now: float, *, sent: bool) -> None:
    """The server answered as it should."""
    Destination.objects.filter(id=destination.id).update(
        circuit=Circuit.CLOSED,
        failures=0,
        open_until=0.0,
        last_ok_at=moment(now),
        updates_sent=F("updates_sent") + (1 if sent else 0),
    )


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
    Destination.objects.filter(id=destination.id).update(
        updates_failed=F("updates_failed") + 1, last_error=sentence, last_error_at=moment(now)
    )


def hold(destination: Destination, until: float, sentence: str, now: float) -> None:
    """The server asked everyone to wait."""
    Destination.objects.filter(id=destination.id, quiet_until__lt=until).update(
        quiet_until=until, last_error=sentence, last_error_at=moment(now)
    )


def take_slot(destination: Destination, now: float, per_s: float) -> float:
    """Take the next slot of the budget. Returns 0.0 if it is now, else when to ask again.

    Slots are evenly spaced, so that no second ever holds more than the budget.
    """
    for _ in range(5):
        destination.refresh_from_db(fields=["next_slot_at"])
        if destination.next_slot_at > now:
            return destination.next_slot_at
        taken = Destination.objects.filter(id=destination.id, next_slot_at=destination.next_slot_at).update(
            next_slot_at=now + 1.0 / per_s
        )
        if taken:
            return 0.0
    return now + 1.0 / per_s
