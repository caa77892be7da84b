"""What was read → the parts of the service, each with its problems."""

from collections.abc import Iterable

import django.db
from django.db.models import Count, Max

from sessions_app import wiring
from sessions_app.health import disk
from sessions_app.health.destinations import (
    Waiting,
    destination_problems,
    pace_problems,
    parked_problems,
    stuck_problems,
)
from sessions_app.health.report import DestinationFigures, Part, Problem
from sessions_app.health.rows import Rows
from sessions_app.health.watching import is_alive, session_problems, sight_problems, watcher_problems
from sessions_app.models import Destination, Session, Watcher
from sessions_app.models.times import seconds
from sessions_app.render.text import age, count, duration

STORES = "Stores"
NOTHING_SENT = "Nothing has been sent yet."
NOT_CONFIGURED = "Mattermost is not configured: nothing is sent."


def parts_of(rows: Rows, sent_to: tuple[DestinationFigures, ...], now: float) -> Iterable[Part]:
    """Every part that rows, settings and the disk tell of."""
    yield Part(name="Database", sentence=f"{django.db.connection.display_name} answers.")
    yield disk_part()
    yield from settings_part()
    yield Part(
        name="Watchers",
        sentence=_watching(rows.watchers, now),
        problems=tuple(watcher_problems(rows.watchers, now)),
    )
    sight = (*sight_problems(rows.watchers, now), *session_problems(rows.unread))
    stores = {store for one in rows.watchers if is_alive(one, now) for store in one.stores.splitlines()}
    yield Part(name=STORES, sentence=f"{count(len(stores), 'store').capitalize()} watched.", problems=sight)
    for one, sent in zip(rows.destinations, sent_to, strict=True):
        yield Part(name=delivery_to(one.base_url), sentence=_sending(sent), problems=_delivery_problems(one, rows, now))
    if not rows.destinations:
        yield Part(name="Delivery", sentence=NOTHING_SENT if wiring.env().posting else NOT_CONFIGURED)
    yield Part(
        name="Posts",
        sentence=f"{count(rows.open_posts, 'post').capitalize()} open; every other one says how its run ended.",
        problems=tuple(parked_problems(rows.parked)),
    )


def delivery_to(base_url: str) -> str:
    """The name of the part that delivers to this server."""
    return f"Delivery to {base_url}"


def _delivery_problems(one: Destination, rows: Rows, now: float) -> tuple[Problem, ...]:
    configured, waiting = wiring.env().mm_base_url, rows.waiting.get(one.id, Waiting())
    publishing = wiring.env().redis_url or any(is_alive(watcher, now) for watcher in rows.watchers)
    ours = wiring.env().posting and one.base_url == configured
    return (
        *destination_problems([one], {one.id: waiting.posts}, configured, now),
        *pace_problems([one], rows.live, wiring.env().max_edits_per_s),
        *(stuck_problems(one, waiting, now) if ours and publishing else ()),
    )


def settings_part() -> Iterable[Part]:
    """What is wrong with the settings."""
    problems = tuple(Problem(sentence=sentence) for sentence in wiring.env().problems)
    yield Part(name="Settings", sentence="" if problems else "All can be used.", problems=problems)


def disk_part() -> Part:
    """Room for our own files."""
    folder = wiring.env().data_dir
    return disk.disk(folder, disk.room(folder))


def _watching(watchers: list[Watcher], now: float) -> str:
    alive = [one for one in watchers if is_alive(one, now)]
    if not alive:
        return ""
    beat = min(now - seconds(one.beat_at) for one in alive)
    lag = max(one.lag_s for one in alive)
    return f"{count(len(alive), 'watcher')}; a sign {age(beat)} ago, at most {duration(lag)} behind."


def _sending(sent: DestinationFigures) -> str:
    waits = f", the oldest change for {age(sent.oldest_waiting_s)}" if sent.oldest_waiting_s else ""
    return (
        f"Circuit {sent.circuit}; {count(sent.live_posts, 'live post')}, {sent.posts_behind} behind{waits}; "
        f"{sent.creates} created, {sent.edits} edited, {sent.unchanged} unchanged, {sent.coalesced} coalesced, "
        f"{sent.limited} asked to wait (429), {sent.retries} tried again, {sent.updates_failed} failed."
    )


def stores_told(bad_lines: int, now: float) -> str:
    """What is known of the sessions of each store, and how many lines could not be read."""
    rows = Session.objects.filter(in_store=True).order_by("store").values_list("store")
    stores = list(rows.annotate(Count("id"), Max("seen_at"))[:10])
    told = [
        f"{store}: {count(number, 'session')}" + (f", seen {age(now - seconds(seen))} ago" if seen else "")
        for store, number, seen in stores
    ]
    bad = [f"{count(bad_lines, 'line')} could not be read"] if bad_lines else []
    return "; ".join((*told, *bad)) + "." if told or bad else ""
