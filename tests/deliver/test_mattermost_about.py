"""What Mattermost says of itself, as values; and what of it is nonsense."""

import time

import pytest

from sessions_app.deliver.mattermost import ChannelForbidden, NotMattermost, ServerTrouble, TokenRefused, Unreachable
from sessions_app.deliver.mattermost_about import MattermostAbout
from sessions_app.deliver.mattermost_values import RateLimit, SeenChannel
from tests import standin
from tests.standin import Answer

UNKNOWN = "z" * 26
JSON = (("Content-Type", "application/json"),)


@pytest.fixture
def about(mm):
    with MattermostAbout(mm.url, mm.token, read_timeout_s=1.0, total_timeout_s=2.0) as client:
        yield client


def test_the_server(mm, about):
    mm.options.post_edit_time_limit_s = 60
    found = about.server()
    assert (found.version, found.max_post_size, found.edit_time_limit_s) == ("6.7.0", 16_383, 60)
    assert found.rate_limit is None
    assert abs(found.server_time - time.time()) < 2
    assert 0 < found.latency_s < 2


@pytest.mark.parametrize("vary", ["address", "user"])
def test_the_rate_limit_also_where_headers_come_twice(mm, about, vary):
    mm.set_rate_limit(standin.RateLimit(vary=vary))
    assert about.server().rate_limit == RateLimit(most=101, left=100)


@pytest.mark.parametrize("headers", [(), (("Date", "yesterday"),), (("X-Ratelimit-Limit", "many"),)])
def test_a_server_that_tells_little(mm, about, headers):
    mm.faults.answer_next(Answer(headers=(*JSON, *headers), body=b'{"Version": "11.2.0", "MaxPostSize": "big"}'))
    found = about.server()
    assert (found.version, found.max_post_size, found.edit_time_limit_s) == ("11.2.0", None, None)
    assert (found.rate_limit, found.server_time) == (None, None)


@pytest.mark.parametrize("body", [b"[]", b"{}", b"7", b'{"Version": 7}'])
def test_a_configuration_of_another_shape(mm, about, body):
    mm.faults.answer_next(Answer(headers=JSON, body=body))
    with pytest.raises(NotMattermost):
        about.server()


def test_a_channel(mm, about):
    channel = mm.add_channel("town")
    assert about.channel(channel) == SeenChannel(id=channel, name="town", kind="O", archived=False)
    mm.archive(channel)
    assert about.channel(channel).archived


def test_a_channel_that_is_not_ours(mm, about):
    with pytest.raises(ChannelForbidden) as private:
        about.channel(mm.add_channel("secret", private=True, bot_member=False))
    with pytest.raises(ChannelForbidden) as unknown:
        about.channel(UNKNOWN)
    assert (private.value.status, unknown.value.status) == (403, 404)


def test_membership_and_what_it_permits(mm, about):
    channel = mm.add_channel("town")
    assert about.membership(channel) == ("channel_user",)
    assert {"create_post", "edit_post"} <= about.permissions(about.membership(channel))
    mm.forbid("edit_post")
    assert "edit_post" not in about.permissions(("channel_user",))
    mm.kick(channel)
    with pytest.raises(ChannelForbidden):
        about.membership(channel)


@pytest.mark.parametrize("body", [b"{}", b"7"])
def test_roles_of_another_shape(mm, about, body):
    mm.faults.answer_next(Answer(headers=JSON, body=body))
    with pytest.raises(NotMattermost):
        about.permissions(("channel_user",))


@pytest.mark.parametrize("body", [b"[]", b"[7]", b'[{"permissions": null}]', b'[{"permissions": [7]}]'])
def test_roles_that_permit_nothing(mm, about, body):
    mm.faults.answer_next(Answer(headers=JSON, body=body))
    assert about.permissions(("channel_user",)) == frozenset()


def test_a_person_is_no_bot(mm, about):
    assert about.me().is_bot
    mm.world.tokens["of-a-person"] = mm.human_id
    with MattermostAbout(mm.url, "of-a-person") as person:
        assert not person.me().is_bot


def test_errors_are_those_of_every_call(mm, about):
    with mm.faults.black_hole, pytest.raises(Unreachable):
        about.server()
    about.me()  # the session is known, so the database's trouble is no 401
    with mm.faults.database_down, pytest.raises(ServerTrouble):
        about.channel(UNKNOWN)
    mm.revoke_token()
    with pytest.raises(TokenRefused):
        about.membership(UNKNOWN)
