"""Mattermost: each thing that keeps a post from arriving, against the stand-in."""

import time

import pytest

from sessions_app.doctor import mattermost as room
from sessions_app.doctor.mattermost import mattermost
from sessions_app.state.view import Word
from tests import factories as make
from tests.doctor.conftest import told, trouble
from tests.standin import RateLimit

pytestmark = pytest.mark.django_db


@pytest.fixture
def mm(posting, change):
    """With a channel for all runs."""
    change(mm_default_channel=posting.add_channel("town"))
    return posting


def test_not_configured():
    (said,) = told(mattermost())
    assert said.startswith("look: Not configured, so nothing is posted")
    assert "Set MM_BASE_URL and MM_BOT_TOKEN" in said


def test_badly_configured(change):
    change(problems=("MM_BASE_URL is http, which shows the token.",))
    assert told(mattermost()) == ["broken: Nothing is posted: its settings are no good (see above)."]


def test_all_well(mm):
    found = told(mattermost())
    assert trouble(mattermost()) == []
    assert found[0].startswith(f"ok: {mm.url} answers (Mattermost 6.7.0, in ")
    allows = "posts of up to 16383 characters (ours: 12000), edits without a time limit and any number of requests"
    assert found[1:] == [
        "ok: The token is good; posts are made by @live-status.",
        f"ok: It allows {allows}.",
        "ok: The bot may post and edit in 1 channel: ~town (MM_DEFAULT_CHANNEL).",
        "ok: No posts live, no updates waiting to be sent.",
    ]


def test_nothing_is_changed_there(mm):
    list(mattermost())
    assert mm.bot_posts() == []
    assert {request.path for request in mm.requests if request.method != "GET"} == {"/api/v4/roles/names"}


def test_it_refuses_connections(mm):
    with mm.down():
        (said,) = trouble(mattermost())
    assert said.startswith(f"broken: Mattermost at {mm.url} refuses connections")


def test_a_black_hole_is_left_soon(mm, monkeypatch):
    monkeypatch.setattr(room, "CALL_S", 0.3)
    began = time.monotonic()
    with mm.faults.black_hole:
        (said,) = trouble(mattermost())
    assert "did not answer in time" in said
    assert time.monotonic() - began < 5


def test_something_else_answers(mm):
    mm.faults.fail_next(status=404)
    (said,) = trouble(mattermost())
    assert "check MM_BASE_URL" in said


def test_its_database_is_away(mm):
    with mm.faults.database_down:
        (said,) = trouble(mattermost())
    assert said.startswith(f"broken: {mm.url} answers, but its own database does not.")


def test_the_token_is_refused(mm):
    mm.revoke_token()
    (said,) = trouble(mattermost())
    assert "refuses the bot's token" in said
    assert "Integrations → Bot Accounts" in said
    assert mm.token not in said


def test_the_token_of_a_person(mm, change):
    mm.world.tokens["a-persons-token"] = mm.human_id
    change(mm_bot_token="a-persons-token")
    assert trouble(mattermost())[0].startswith("look: The token is that of a person, @human, and not of a bot.")


def test_edits_have_a_time_limit(mm):
    mm.options.post_edit_time_limit_s = 300
    (said,) = trouble(mattermost())
    assert said.startswith("broken: Posts can be edited for 300 s only")


def test_posts_are_smaller_than_ours(mm):
    mm.options.max_post_size = 4000
    (said,) = trouble(mattermost())
    assert said.startswith("look: It takes posts of 4000 characters, and we make some of 12000.")
    assert "MAX_MESSAGE_CHARS=4000" in said


def test_a_rate_limit_is_said_and_a_full_one_is_trouble(mm):
    mm.set_rate_limit(RateLimit(vary="user"))
    assert "101 requests at once (ours: 5 edits a second)" in " ".join(told(mattermost()))
    assert trouble(mattermost()) == []
    mm.set_rate_limit(RateLimit(burst=9, per_s=0.1))
    assert any(
        "nearly used up" in said or "slow down" in said for said in trouble(mattermost()) + trouble(mattermost())
    )


def test_what_the_rows_know_of_delivery(mm):
    to = make.destination(base_url=mm.url, paused=True)
    make.post(make.run(), destination=to, sent_revision=1)
    make.post(make.run(), destination=to, parked="It was deleted.")
    for _ in range(2):
        make.run(Word.DONE, no_post="It was too old.")
    found = told(mattermost())
    assert any("is paused by hand (1 post behind)" in said for said in found)
    assert any("1 post gets no more updates: It was deleted." in said for said in found)
    assert found[-1] == (
        "ok: 1 post live, 1 update waiting to be sent. 2 runs of the last 24 hours have none: It was too old. (2)."
    )


def test_without_a_database_the_channel_of_the_settings_is_still_looked_at(mm, monkeypatch):
    monkeypatch.setattr(room, "why_away", lambda: "there is no database yet in /x")
    assert any("~town (MM_DEFAULT_CHANNEL)" in said for said in told(mattermost()))
