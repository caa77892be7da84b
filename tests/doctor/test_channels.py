"""Channels in use, and what may keep the bot from posting in one."""

import time

import pytest

from sessions_app.deliver.mattermost_about import MattermostAbout
from sessions_app.doctor import channels as room
from sessions_app.doctor.channels import Wanted, channels_in_use, examine_channels
from sessions_app.models import Post
from sessions_app.models.times import moment
from sessions_app.sources.base import Address, Facts
from sessions_app.state.codec import to_json
from sessions_app.state.view import Word
from tests import factories as make
from tests.doctor.conftest import only, told

MINE = make.MATTERMOST


def ids(*found):
    return [(one.id[0], one.why, one.urgent) for one in channels_in_use(*found)]


@pytest.mark.django_db
def test_channels_in_use_each_once_the_urgent_ones_first():
    facts = Facts(key="k", agent="main", session_id="s", from_key=Address(channel_id="f" * 26))
    make.run(session=make.session(facts=to_json(facts)))
    over = Facts(key="o", agent="main", session_id="s", from_key=Address(channel_id="o" * 26))
    make.run(Word.DONE, session=make.session(facts=to_json(over)))
    make.post(make.run(), channel_id="l" * 26)
    make.post(make.run(Word.DONE), channel_id="w" * 26)
    make.post(make.run(Word.DONE), channel_id="d" * 26)
    old = make.post(make.run(Word.DONE), channel_id="x" * 26)
    Post.objects.filter(id=old.id).update(created_at=moment(time.time() - 8 * 24 * 3600))
    make.post(make.run(), channel_id="y" * 26, destination=make.destination(base_url="https://other.example.com"))
    assert ids("d" * 26, MINE) == [
        ("d", "MM_DEFAULT_CHANNEL", True),
        ("l", "a live run", True),
        ("f", "a live run", True),
        ("w", "posts of the last 7 days", False),
    ]


def test_without_rows_only_the_setting_counts():
    assert channels_in_use("d" * 26, rows=False) == (Wanted(id="d" * 26, why="MM_DEFAULT_CHANNEL", urgent=True),)
    assert channels_in_use("", rows=False) == ()


@pytest.fixture
def examined(mm):
    """What is found in channels."""

    def examined(*channels, why="a live run", urgent=True, patience_s=60.0):
        wanted = tuple(Wanted(id=one, why=why, urgent=urgent) for one in channels)
        with MattermostAbout(mm.url, mm.token) as client:
            return told(examine_channels(client, client.me(), wanted, time.monotonic() + patience_s))

    return examined


def test_the_bot_may_post(mm, examined):
    direct = mm.add_channel("a__b")
    mm.world.channels[direct].type = "D"
    assert only(examined(mm.add_channel("town"), mm.add_channel("secret", private=True), direct)) == (
        "ok: The bot may post and edit in 3 channels: ~town (a live run), ~secret (a live run), "
        "a direct channel (a live run)."
    )


def test_no_channel_is_in_use_yet(examined):
    assert only(examined()).startswith("look: No channel is in use yet")


@pytest.mark.parametrize("private", [True, False])
def test_the_bot_is_not_in_it(mm, examined, private):
    channel = mm.add_channel("town", private=private, bot_member=False)
    name = f"the private channel {channel}" if private else "~town"
    assert only(examined(channel)) == (
        f"broken: The bot is not in {name} (a live run). Invite it there: /invite @live-status"
    )


def test_a_channel_of_last_week_is_less_urgent(mm, examined):
    assert only(examined(mm.add_channel("town", bot_member=False), urgent=False)).startswith("look: The bot is not in")


def test_there_is_no_such_channel(examined):
    said = only(examined("z" * 26))
    assert said.startswith(f"broken: There is no channel with the id {'z' * 26} (a live run).")
    assert "talks to another Mattermost" in said
    assert "it is not its name" in only(examined("z" * 26, why="MM_DEFAULT_CHANNEL"))


def test_it_is_archived(mm, examined):
    channel = mm.add_channel("town")
    mm.archive(channel)
    assert only(examined(channel)).startswith("broken: ~town (a live run) is archived")


@pytest.mark.parametrize(
    ("taken", "said"),
    [
        (("create_post",), "may not make posts."),
        (("edit_post",), "may not edit its own posts."),
        (("create_post", "edit_post"), "may not make posts or edit its own posts."),
    ],
)
def test_a_right_is_missing(mm, examined, taken, said):
    channel = mm.add_channel("town")
    mm.forbid(*taken)
    assert f"broken: The bot is in ~town (a live run), but {said}" in only(examined(channel))


def test_a_server_that_does_not_tell_rights_is_believed(mm, examined):
    channel = mm.add_channel("town")
    mm.faults.fail_next(status=501, where=lambda request: request.path.endswith("/roles/names"))
    assert only(examined(channel)).startswith("ok: The bot may post")


def test_more_than_can_be_asked(mm, examined, monkeypatch):
    monkeypatch.setattr(room, "MOST", 2)
    good, rest = examined(*(mm.add_channel(name) for name in "abc"))
    assert "2 channels: ~a (a live run), ~b" in good
    assert rest == "look: There was no time to ask about 1 more channel in use."
    assert examined(mm.add_channel("d"), patience_s=-1) == [
        "look: There was no time to ask about 1 more channel in use."
    ]
