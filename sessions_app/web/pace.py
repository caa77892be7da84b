"""How much goes out at present, for the header."""

from sessions_app import wiring
from sessions_app.models import Delivery

STEP_S = 10.0
# Each of these took one place in the budget; a post that is read back changes nothing.
COUNTED = (Delivery.Kind.CREATED, Delivery.Kind.EDITED, Delivery.Kind.FAILED)


def pace(now: float) -> str:
    """``3.2 of 5 edits/s``: the mean of the last whole step of ten seconds; nothing if nothing went out.

    Whole steps, as for ages: a figure that moves at every look would be news at every look.
    """
    end = now // STEP_S * STEP_S
    sent = Delivery.objects.filter(at__gte=end - STEP_S, at__lt=end, kind__in=COUNTED).count()
    return f"{sent / STEP_S:.1f} of {wiring.env().max_edits_per_s:g} edits/s" if sent else ""
