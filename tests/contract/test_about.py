"""What the server says of itself, of the bot and of its channels: what the doctor asks. Nothing here makes a post of
the doctor's; the creates and edits show what the rights mean."""

import time
from email.utils import parsedate_to_datetime

import pytest

from tests.contract.conftest import Api, error
from tests.contract.servers import Server

UNKNOWN = "z" * 26
FORBIDDEN = (403, "api.context.permissions.app_error")


def test_every_answer_has_the_date_of_the_clock_that_posts_are_stamped_with(api: Api, channel: str) -> None:
    answer = api.create(channel)
    date = parsedate_to_datetime(answer.headers["Date"])
    assert abs(date.timestamp() - answer.json()["create_at"] / 1000) < 2
    assert "Date" in api.get("/config/client?format=old").headers


def test_the_configuration_is_texts(api: Api) -> None:
    found = api.get("/config/client?format=old").json()
    assert found["Version"].count(".") == 2
    assert all(isinstance(found[name], str) for name in ("Version", "MaxPostSize", "PostEditTimeLimit"))


def test_a_changed_time_limit_for_edits_is_told(api: Api, server: Server) -> None:
    server.set_edit_time_limit(300)
    try:
        assert api.get("/config/client?format=old").json()["PostEditTimeLimit"] == "300"
    finally:
        server.set_edit_time_limit(-1)


def test_a_bot_has_roles_on_the_server_and_in_a_channel(api: Api, channel: str) -> None:
    assert "system_user" in api.get("/users/me").json()["roles"].split()
    assert "channel_user" in api.get(f"/channels/{channel}/members/me").json()["roles"].split()


def test_the_roles_tell_what_they_permit(api: Api) -> None:
    answer = api.call("POST", "/roles/names", ["channel_user", "no_such_role"])
    roles = answer.json()
    assert answer.status_code == 200
    assert [role["name"] for role in roles] == ["channel_user"]
    assert {"create_post", "edit_post"} <= set(roles[0]["permissions"])


def test_no_names_are_refused(api: Api) -> None:
    assert api.call("POST", "/roles/names", []).status_code == 400


@pytest.mark.parametrize("private", [True, False])
def test_who_is_not_in_a_channel_has_no_membership_to_read(api: Api, server: Server, private: bool) -> None:
    channel = server.channel(private=private, bot_member=False)
    assert api.get(f"/channels/{channel}/members/me").status_code in (403, 404)


def test_an_unknown_channel_has_no_membership_to_read(api: Api) -> None:
    assert api.get(f"/channels/{UNKNOWN}/members/me").status_code in (403, 404)


def test_a_private_channel_is_a_403_to_others_a_public_one_is_not(api: Api, server: Server) -> None:
    assert error(api.get(f"/channels/{server.channel(private=True, bot_member=False)}")) == FORBIDDEN
    assert api.get(f"/channels/{server.channel(bot_member=False)}").status_code == 200


def test_an_unknown_channel_is_a_404(api: Api) -> None:
    assert error(api.get(f"/channels/{UNKNOWN}")) == (404, "app.channel.get.existing.app_error")


def test_an_archived_channel_says_since_when(api: Api, server: Server, channel: str) -> None:
    assert api.get(f"/channels/{channel}").json()["delete_at"] == 0
    server.archive(channel)
    assert api.get(f"/channels/{channel}").json()["delete_at"] > (time.time() - 3600) * 1000


def test_without_the_right_to_create_there_is_no_post(api: Api, server: Server, channel: str) -> None:
    server.forbid("create_post")
    try:
        assert error(api.create(channel)) == FORBIDDEN
    finally:
        server.permit("create_post")
    assert api.create(channel).status_code == 201


def test_without_the_right_to_edit_there_is_no_edit(api: Api, server: Server, channel: str) -> None:
    post = api.made(channel)["id"]
    server.forbid("edit_post")
    try:
        assert error(api.patch(post, message="after")) == FORBIDDEN
    finally:
        server.permit("edit_post")
    assert api.patch(post, message="after").status_code == 200
