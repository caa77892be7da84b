"""Would a post arrive? Asks Mattermost as our bot, from the address down to the rights in each channel in use."""

import time
from collections.abc import Iterable, Iterator

import django.db
from django.db.models import Count

from livestatus_site.env import Env
from sessions_app import wiring
from sessions_app.deliver.mattermost import MattermostError, NotMattermost, TokenRefused
from sessions_app.deliver.mattermost_about import MattermostAbout
from sessions_app.deliver.mattermost_values import Bot, ServerAbout
from sessions_app.doctor.channels import Wanted, channels_in_use, examine_channels
from sessions_app.doctor.database import why_away
from sessions_app.doctor.finding import Finding, Part, broken, look, well
from sessions_app.doctor.watchers import of_health
from sessions_app.health.destinations import destination_problems, parked_problems, parked_reasons
from sessions_app.models import Destination, Post, Run
from sessions_app.models.times import moment
from sessions_app.render.text import count, duration

PART = Part.MATTERMOST
CALL_S = 4.0
ALL_S = 18.0  # for all channels together
DAY_S = 24 * 3600.0
REASONS_SHOWN = 3
BOTS = "Bots and their tokens are in Mattermost under Integrations → Bot Accounts."
UNLIMITED = "In its System Console, set Post Edit Time Limit (under Posts, or in the permission scheme) to no limit."


def mattermost() -> Iterator[Finding]:
    """Reachable, token, bot, limits, channels; then what the database knows of delivery."""
    env = wiring.env()
    if not env.posting:
        yield _not_configured(env)
        return
    with asking() as client:
        try:
            yield from _server(client, env)
        except MattermostError as error:
            yield _refused(error)
    yield from _delivered(env)


def asking() -> MattermostAbout:
    """A client that loses patience soon. Only where Mattermost is configured."""
    env = wiring.env()
    return MattermostAbout(
        str(env.mm_base_url),
        str(env.mm_bot_token),
        total_timeout_s=CALL_S,
        read_timeout_s=CALL_S,
        **wiring.way_out(),
    )


def _not_configured(env: Env) -> Finding:
    if any(problem.startswith("MM_") for problem in env.problems):
        return broken(PART, "Nothing is posted: its settings are no good (see above).")
    return look(
        PART,
        "Not configured, so nothing is posted; runs are only on the board.",
        "Set MM_BASE_URL and MM_BOT_TOKEN in .env (the README says how to make the bot).",
    )


def _server(client: MattermostAbout, env: Env) -> Iterator[Finding]:
    until = time.monotonic() + ALL_S
    status = client.ping()
    if status.database_trouble:
        step = "See that its database runs; posts catch up by themselves."
        yield broken(PART, f"{env.mm_base_url} answers, but its own database does not.", step)
        return
    bot = client.me()
    server = client.server()
    quick = duration(status.latency_s) if status.latency_s >= 0.5 else f"{status.latency_s * 1000:.0f} ms"
    yield well(PART, f"{env.mm_base_url} answers (Mattermost {server.version}, in {quick}).")
    yield _bot(bot)
    yield from _limits(server, env)
    yield from examine_channels(client, bot, _channels(env), until)


def _bot(bot: Bot) -> Finding:
    if "system_admin" in bot.roles:
        step = "Give the bot the role of a member: it needs no more than to post and to edit its own posts."
        return look(PART, f"@{bot.username} may do everything on that server.", step)
    if not bot.is_bot:
        step = f"Make a bot, and set MM_BOT_TOKEN to its token. {BOTS}"
        return look(PART, f"The token is that of a person, @{bot.username}, and not of a bot.", step)
    return well(PART, f"The token is good; posts are made by @{bot.username}.")


def _limits(server: ServerAbout, env: Env) -> Iterator[Finding]:
    size, limit, rate = server.max_post_size, server.edit_time_limit_s, server.rate_limit
    good = []
    if size is not None and size < env.max_message_chars:
        step = f"Set MAX_MESSAGE_CHARS={size}, or less."
        yield look(PART, f"It takes posts of {size} characters, and we make some of {env.max_message_chars}.", step)
    elif size is not None:
        good.append(f"posts of up to {size} characters (ours: {env.max_message_chars})")
    if limit is not None and limit >= 0:
        sentence = f"Posts can be edited for {limit} s only; after that a post of ours stands still."
        yield broken(PART, sentence, UNLIMITED)
    elif limit is not None:
        good.append("edits without a time limit")
    if rate is None:
        good.append("any number of requests")
    elif rate.left < rate.most // 2:
        step = "Lower MAX_EDITS_PER_S, or raise the limit in its System Console."
        yield look(PART, f"Its rate limit is nearly used up: {rate.left} of {rate.most} requests are left.", step)
    else:
        good.append(f"{rate.most} requests at once (ours: {env.max_edits_per_s:g} edits a second)")
    if good:
        yield well(PART, f"It allows {' and '.join(', '.join(good).rsplit(', ', 1))}.")


def _channels(env: Env) -> tuple[Wanted, ...]:
    default = env.mm_default_channel or ""
    if why_away():
        return channels_in_use(default, rows=False)
    try:
        return channels_in_use(default, str(env.mm_base_url))
    except django.db.Error:
        return channels_in_use(default, rows=False)


def _refused(error: MattermostError) -> Finding:
    step = ""
    if isinstance(error, TokenRefused):
        step = BOTS
    elif isinstance(error, NotMattermost):
        step = "MM_BASE_URL is the address that people type into their browser, up to the first slash."
    return broken(PART, error.sentence, step)


def _delivered(env: Env) -> Iterator[Finding]:
    """What the rows say of delivery: paused, resting, refused, parked, and runs without a post."""
    if why_away():
        return
    now = time.time()
    try:
        behind = dict(Post.objects.behind().order_by().values_list("destination").annotate(Count("id")))
        problems = [
            *destination_problems(Destination.objects.all(), behind, env.mm_base_url, now),
            *parked_problems(parked_reasons(now)),
        ]
        yield from (of_health(PART, problem) for problem in problems)
        yield well(PART, f"{_posts(behind.values())} {_without_post(now)}".strip())
    except django.db.Error:
        return  # the finding of the database says it


def _posts(behind: Iterable[int]) -> str:
    live = Post.objects.open().count()
    return f"{count(live, 'post')} live, {count(sum(behind), 'update')} waiting to be sent.".capitalize()


def _without_post(now: float) -> str:
    """How many runs of the last day have no post, and why."""
    runs = Run.objects.roots().filter(started_at__gte=moment(now - DAY_S)).exclude(no_post="").order_by()
    reasons = list(runs.values_list("no_post").annotate(number=Count("id")).order_by("-number", "no_post"))
    if not reasons:
        return ""
    shown = "; ".join(f"{reason} ({number})" for reason, number in reasons[:REASONS_SHOWN])
    total = sum(number for _, number in reasons)
    return f"{count(total, 'run')} of the last 24 hours {'has' if total == 1 else 'have'} none: {shown}."
