"""Do the clocks agree? Ages, pauses and the search for lost posts compare times of several machines."""

import time
from collections.abc import Iterator

import django.db
from django.db import connection

from sessions_app import wiring
from sessions_app.deliver.mattermost import MattermostError
from sessions_app.doctor.database import why_away
from sessions_app.doctor.finding import Finding, Part, look, well
from sessions_app.doctor.mattermost import asking
from sessions_app.models import Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import age

PART = Part.CLOCKS
TOLERATED_S = 5.0  # Mattermost tells whole seconds, and an answer takes a while
STEP = "Keep both machines on time, with chrony or systemd-timesyncd."


def clocks() -> Iterator[Finding]:
    """Ours against those of Mattermost, of the database, and of watchers elsewhere."""
    others = {"Mattermost": _mattermost(), "the database": _database(), **_watchers()}
    off = {name: ahead for name, ahead in others.items() if ahead is not None and abs(ahead) > TOLERATED_S}
    for name, ahead in off.items():
        way = "ahead of" if ahead > 0 else "behind"
        yield look(PART, f"The clock of {name} is {age(abs(ahead))} {way} ours: ages and pauses will be off.", STEP)
    agree = [name for name, ahead in others.items() if ahead is not None and name not in off]
    if agree:
        yield well(PART, f"Ours agrees with {' and '.join(', '.join(agree).rsplit(', ', 1))}.")
    elif not off:
        yield well(PART, "There is no other clock to compare ours with.")


def _mattermost() -> float | None:
    """Seconds that its clock is ahead of ours; None where it cannot be told."""
    if not wiring.env().posting:
        return None
    with asking() as client:
        try:
            server = client.server()
        except MattermostError:
            return None
    now = time.time() - server.latency_s / 2
    return server.server_time + 0.5 - now if server.server_time else None


def _database() -> float | None:
    """The same of the database's; SQLite has ours."""
    if why_away() or connection.vendor == "sqlite":
        return None
    try:
        with connection.cursor() as cursor:
            began = time.time()
            cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
            there = float(cursor.fetchone()[0])
    except django.db.Error:
        return None
    return there - (began + time.time()) / 2


def _watchers() -> dict[str, float | None]:
    """Watchers on other hosts whose last sign is of the future."""
    if why_away():
        return {}
    try:
        beats = [(one.host, seconds(one.beat_at)) for one in Watcher.objects.all()]
    except django.db.Error:
        return {}
    now = time.time()
    return {f"the watcher on {host}": at - now for host, at in beats if at - now > TOLERATED_S}
