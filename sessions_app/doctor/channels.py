"""The channels in use, and whether the bot may post and edit in each of them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from sessions_app.deliver.mattermost import ChannelForbidden, MattermostError
from sessions_app.deliver.mattermost_about import MattermostAbout
from sessions_app.deliver.mattermost_values import Bot, SeenChannel
from sessions_app.doctor.finding import Finding, Part, broken, look, well
from sessions_app.models import Post, Session
from sessions_app.models.times import moment
from sessions_app.render.text import count, one_line
from sessions_app.sources.base import Address
from sessions_app.state.codec import facts_from

PART = Part.MATTERMOST
WEEK_S = 7 * 24 * 3600.0
MOST = 20  # channels that are asked about
NEEDED = {"create_post": "make posts", "edit_post": "edit its own posts"}
NAME_CHARS = 60
DEFAULT = "MM_DEFAULT_CHANNEL"
COPY_ID = "Copy the id from the channel's menu, View Info; it is not its name."
ELSEWHERE = "It was deleted for good, or OpenClaw talks to another Mattermost than MM_BASE_URL."


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """A channel that posts go to, or will: since when, and whether somebody gets nothing while it fails."""

    id: str
    why: str
    urgent: bool


def channels_in_use(default: str, base_url: str = "", *, rows: bool = True) -> tuple[Wanted, ...]:
    """``MM_DEFAULT_CHANNEL``, channels of live runs and sessions, and those of posts of the last week; each once.

    ``rows`` False: the database is away, only the setting counts.
    """
    found = [Wanted(id=default, why=DEFAULT, urgent=True)] if default else []
    if rows:
        found += [Wanted(id=one, why="a live run", urgent=True) for one in _of_live_runs(base_url)]
        week = moment(time.time() - WEEK_S)
        recent = _channels(Q(created_at__gte=week), base_url)
        found += [Wanted(id=one, why="posts of the last 7 days", urgent=False) for one in recent]
    first: dict[str, Wanted] = {}
    for one in found:
        first.setdefault(one.id, one)
    return tuple(first.values())


def _of_live_runs(base_url: str) -> Iterator[str]:
    yield from _channels(Q(run__over=False), base_url)
    live = Session.objects.filter(in_store=True, runs__over=False, runs__parent=None).distinct()
    for text in live.values_list("facts", flat=True):
        facts = facts_from(text)
        addresses: tuple[Address, ...] = (facts.from_key, facts.from_row) if facts else ()
        yield from (address.channel_id for address in addresses if address.channel_id)


def _channels(posts: Q, base_url: str) -> list[str]:
    rows = Post.objects.filter(posts, destination__base_url=base_url).exclude(channel_id="").order_by("-created_at")
    return list(dict.fromkeys(rows.values_list("channel_id", flat=True)))


def examine_channels(
    client: MattermostAbout, bot: Bot, channels: tuple[Wanted, ...], until: float
) -> Iterator[Finding]:
    """One finding for all that are good, one for each that is not. ``until`` on the monotonic clock.

    Raises:
        MattermostError: the server does not answer any more.
    """
    if not channels:
        step = "Invite the bot to the channels where people talk to agents; MM_DEFAULT_CHANNEL is for all other runs."
        yield look(PART, "No channel is in use yet, so whether the bot may post there cannot be told.", step)
        return
    good, asked = [], 0
    for wanted in channels[:MOST]:
        if time.monotonic() >= until:
            break
        asked += 1
        finding = _examine(client, bot, wanted)
        if isinstance(finding, Finding):
            yield finding
        else:
            good.append(f"{_name(finding)} ({wanted.why})")
    if good:
        yield well(PART, f"The bot may post and edit in {count(len(good), 'channel')}: {', '.join(good)}.")
    if left := len(channels) - asked:
        yield look(PART, f"There was no time to ask about {count(left, 'more channel')} in use.")


def _examine(client: MattermostAbout, bot: Bot, wanted: Wanted) -> Finding | SeenChannel:
    """The channel if all is well there, else what is not."""
    problem = broken if wanted.urgent else look
    try:
        channel = client.channel(wanted.id)
    except ChannelForbidden as error:
        if error.status == 404:
            sentence = f"There is no channel with the id {wanted.id} ({wanted.why})."
            return problem(PART, sentence, COPY_ID if wanted.why == DEFAULT else ELSEWHERE)
        return problem(PART, f"The bot is not in the private channel {wanted.id} ({wanted.why}).", _invite(bot))
    name = f"{_name(channel)} ({wanted.why})"
    if channel.archived:
        return problem(PART, f"{name} is archived, so nothing can be posted there.", "Restore it, or name another one.")
    try:
        roles = client.membership(wanted.id)
    except ChannelForbidden:
        return problem(PART, f"The bot is not in {name}.", _invite(bot))
    if missing := _missing(client, (*roles, *bot.roles)):
        step = "In the System Console, under Permissions, give it back to members (or to this bot's role)."
        return problem(PART, f"The bot is in {name}, but may not {' or '.join(missing)}.", step)
    return channel


def _missing(client: MattermostAbout, roles: tuple[str, ...]) -> list[str]:
    """What these roles do not permit and we need. A server that does not tell is believed to permit it."""
    try:
        may = client.permissions(roles)
    except MattermostError:
        return []
    return [words for name, words in NEEDED.items() if may and name not in may]


def _invite(bot: Bot) -> str:
    return f"Invite it there: /invite @{bot.username}"


def _name(channel: SeenChannel) -> str:
    if channel.kind == "D":
        return "a direct channel"
    return f"~{one_line(channel.name, NAME_CHARS)}"
