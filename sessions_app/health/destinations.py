"""Do posts reach Mattermost? Each answer that is no is a sentence with the next step."""

from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Count, Q

from sessions_app.health.report import Problem
from sessions_app.models import Circuit, Destination, Post
from sessions_app.models.times import moment, seconds
from sessions_app.render.text import age, count

PARKED_NEWS_S = 24 * 3600.0  # a parked post of a run that is over is no news after that
REASONS_SHOWN = 3
FULL_PACE_S = 10.0  # as often as a post may move, once its run is a minute old
PAUSED = (
    "Delivery to {url} is paused by hand ({waiting} behind). "
    "It goes on when somebody resumes it: in the admin, under Destinations."
)
CIRCUIT = "Nothing is sent to {url} for now: {error} {next_try}"
QUIET = "{url} asked everybody to wait; it goes on by itself in {age}."
ERROR = "The last thing that went wrong with {url}: {error}"
SLOW = (
    "The pace is reduced: {posts} share {rate:g} requests a second to {url}, so each moves about every {every}. "
    "Raise MAX_EDITS_PER_S if the server allows more."
)
NOT_OURS = (
    "{url} is not the server of MM_BASE_URL any more, so what belongs there is not delivered ({waiting} behind). "
    "Set MM_BASE_URL back to deliver it."
)


def pace_problems(destinations: Iterable[Destination], live: Mapping[int, int], per_s: float) -> Iterator[Problem]:
    """More live posts than the budget can move as they should. ``live``: how many there are, by destination."""
    for one in destinations:
        posts = live.get(one.id, 0)
        if posts / per_s > FULL_PACE_S:
            every = age(posts / per_s)
            sentence = SLOW.format(posts=count(posts, "live post"), rate=per_s, url=one.base_url, every=every)
            yield Problem(sentence=sentence)


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
                yield Problem(sentence=NOT_OURS.format(waiting=waiting, url=one.base_url))
            continue
        if one.paused:
            yield Problem(sentence=PAUSED.format(url=one.base_url, waiting=waiting))
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


def parked_problems(now: float) -> Iterator[Problem]:
    """Posts that nothing more is tried for, with the reasons that most of them have."""
    news = Q(run_over=False) | Q(created_at__gte=moment(now - PARKED_NEWS_S))
    parked = Post.objects.filter(news).exclude(parked="").order_by()
    reasons = list(parked.values_list("parked").annotate(number=Count("id")).order_by("-number", "parked"))
    if not reasons:
        return
    total = sum(number for _, number in reasons)
    shown = " ".join(f"{reason} ({number})" for reason, number in reasons[:REASONS_SHOWN])
    more = " And other reasons." if len(reasons) > REASONS_SHOWN else ""
    verb = "gets" if total == 1 else "get"
    yield Problem(sentence=f"{count(total, 'post')} {verb} no more updates: {shown}{more}")
