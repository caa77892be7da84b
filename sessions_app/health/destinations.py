"""Do posts reach Mattermost? Each answer that is no is a sentence with the next step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Count, Min, Q

from sessions_app.deliver.pace import WAITS
from sessions_app.health.report import DestinationFigures, Problem
from sessions_app.models import Circuit, Destination, Post
from sessions_app.models.times import moment, seconds
from sessions_app.render.text import age, count

PARKED_NEWS_S = 24 * 3600.0  # a parked post of a run that is over is no news after that
REASONS_SHOWN = 3
FULL_PACE_S = 10.0  # as often as a post may move, once its run is a minute old
STUCK_AFTER_S = 120.0  # what may be sent and is not for so long, nobody sends
SENT_LATELY_S = 60.0  # somebody who sends anything at all is only slow
RESUME = "It goes on when somebody resumes it: on the page of health, or by `manage.py control resume`."
RAISE = "Raise MAX_EDITS_PER_S if the server allows more."
PAUSED = "Delivery to {url} is paused by hand ({waiting} behind)."
CIRCUIT = "Nothing is sent to {url} for now: {error} {next_try}"
QUIET = "{url} asked everybody to wait; it goes on by itself in {age}."
ERROR = "The last thing that went wrong with {url}: {error}"
SLOW = "The pace is reduced: {posts} share {rate:g} requests a second to {url}, so each moves about every {every}."
NOT_OURS = "{url} is not the server of MM_BASE_URL any more, so what belongs there is not delivered ({waiting} behind)."
SET_BACK = "Set MM_BASE_URL back to deliver it."
STUCK = "A change has waited {age} for {url}, and nobody sends anything ({waiting} behind)."
WHO_SENDS = "See the log of whoever publishes: the workers if REDIS_URL is set, else the watcher."
COUNTED = (
    "updates_sent", "updates_failed", "creates", "edits", "unchanged", "coalesced", "limited", "retries",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """Posts of one destination that do not say the newest. Times are seconds since 1970, 0.0 for none."""

    posts: int = 0
    since: float = 0.0  # of the oldest change
    ready_since: float = 0.0  # of the oldest one that nothing is known to be in the way of


def waiting_posts() -> dict[int, Waiting]:
    """What waits, by destination. One query."""
    known, ready = Q(behind_since__gt=0.0), Q(muted=False, attempts=0) & ~Q(last_error=WAITS)
    found = Post.objects.behind().order_by().values_list("destination").annotate(
        posts=Count("id"), since=Min("behind_since", filter=known), ready=Min("behind_since", filter=known & ready)
    )  # fmt: skip
    return {
        destination: Waiting(posts=posts, since=since or 0.0, ready_since=ready_since or 0.0)
        for destination, posts, since, ready_since in found
    }


def live_posts() -> dict[int, int]:
    """How many posts of live runs there are, by destination. One query."""
    live = Post.objects.holding_a_place().filter(run_over=False).order_by()
    return dict(live.values_list("destination").annotate(Count("id")))


def figures(one: Destination, waiting: Waiting, live: int, per_s: float, now: float) -> DestinationFigures:
    """A destination in figures. ``per_s``: the budget of requests a second."""
    return DestinationFigures(
        base_url=one.base_url,
        circuit=str(one.circuit),
        paused=one.paused,
        quiet_s=round(max(0.0, one.quiet_until - now), 1),
        live_posts=live,
        posts_behind=waiting.posts,
        oldest_waiting_s=round(max(0.0, now - waiting.since), 1) if waiting.since else 0.0,
        pace_s=round(live / per_s, 1),
        pace_reduced=live / per_s > FULL_PACE_S,
        **{name: getattr(one, name) for name in COUNTED},
    )


def pace_problems(destinations: Iterable[Destination], live: Mapping[int, int], per_s: float) -> Iterator[Problem]:
    """More live posts than the budget can move as they should. ``live``: how many there are, by destination."""
    for one in destinations:
        posts = live.get(one.id, 0)
        if posts / per_s > FULL_PACE_S:
            every = age(posts / per_s)
            sentence = SLOW.format(posts=count(posts, "live post"), rate=per_s, url=one.base_url, every=every)
            yield Problem(sentence=sentence, next_step=RAISE)


def has_open_error(destination: Destination) -> bool:
    """Whether nothing has worked since the last error."""
    return bool(destination.last_error) and seconds(destination.last_error_at) > seconds(destination.last_ok_at)


def destination_problems(
    destinations: Iterable[Destination], behind: Mapping[int, int], configured: str | None, now: float
) -> Iterator[Problem]:
    """For each server what keeps posts from it. One that is not configured any more counts while posts wait for it."""
    for one in destinations:
        waiting = count(behind.get(one.id, 0), "post")
        if configured and one.base_url != configured:
            if behind.get(one.id):
                sentence = NOT_OURS.format(waiting=waiting, url=one.base_url)
                yield Problem(sentence=sentence, next_step=SET_BACK)
            continue
        if one.paused:
            yield Problem(sentence=PAUSED.format(url=one.base_url, waiting=waiting), next_step=RESUME)
        yield from _trouble(one, now)


def _trouble(destination: Destination, now: float) -> Iterator[Problem]:
    error = destination.last_error or "it did not answer as it should."
    if destination.circuit != Circuit.CLOSED:
        left = destination.open_until - now
        next_try = f"The next try is in {age(left)}." if left >= 1 else "The next try is due."
        sentence = CIRCUIT.format(url=destination.base_url, error=error, next_try=next_try)
        yield Problem(sentence=sentence, breaks=True)
    elif destination.quiet_until > now:
        yield Problem(sentence=QUIET.format(url=destination.base_url, age=age(destination.quiet_until - now)))
    elif has_open_error(destination):
        yield Problem(sentence=ERROR.format(url=destination.base_url, error=error))


def stuck_problems(one: Destination, waiting: Waiting, now: float) -> Iterator[Problem]:
    """Nothing is in the way, something waits, and nobody sends: whoever should publish is not there, or hangs."""
    in_the_way = one.paused or one.circuit != Circuit.CLOSED or one.quiet_until > now or has_open_error(one)
    waited = now - waiting.ready_since
    if in_the_way or not waiting.ready_since or waited < STUCK_AFTER_S:
        return
    if now - seconds(one.last_ok_at) > SENT_LATELY_S:
        sentence = STUCK.format(age=age(waited), url=one.base_url, waiting=count(waiting.posts, "post"))
        yield Problem(sentence=sentence, next_step=WHO_SENDS, breaks=True)


def parked_reasons(now: float) -> list[tuple[str, int]]:
    """Why nothing more is tried for posts, and for how many; what most of them have first. One query."""
    news = Q(run_over=False) | Q(created_at__gte=moment(now - PARKED_NEWS_S))
    parked = Post.objects.parked().filter(news).order_by()
    return list(parked.values_list("parked").annotate(number=Count("id")).order_by("-number", "parked"))


def parked_problems(reasons: list[tuple[str, int]]) -> Iterator[Problem]:
    """One sentence for all of them."""
    if not reasons:
        return
    total = sum(number for _, number in reasons)
    shown = " ".join(f"{reason} ({number})" for reason, number in reasons[:REASONS_SHOWN])
    more = " And other reasons." if len(reasons) > REASONS_SHOWN else ""
    verb = "gets" if total == 1 else "get"
    yield Problem(sentence=f"{count(total, 'post')} {verb} no more updates: {shown}{more}")
