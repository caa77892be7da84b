"""PUT /api/v4/posts/{id}/patch."""

from typing import Any

import pytest

from tests.contract.conftest import Api, error
from tests.contract.servers import Server

FORBIDDEN = (403, "api.context.permissions.app_error")
MARK = {"live_status": {"nonce": "n"}, "from_bot": "true"}


@pytest.fixture
def post(api: Api, server: Server, channel: str) -> dict[str, Any]:
    made = api.made(channel, "before", props=MARK)
    server.pass_time(0.01)  # times are in milliseconds
    return made


def test_a_new_message_moves_both_times(api: Api, post: dict[str, Any]) -> None:
    answer = api.patch(post["id"], message="after")
    edited = answer.json()
    assert (answer.status_code, edited["message"], edited["props"]) == (200, "after", MARK)
    assert edited["edit_at"] == edited["update_at"] > post["update_at"]
    assert edited["create_at"] == post["create_at"]


@pytest.mark.parametrize(
    "patch", [{"message": "before"}, {}, {"props": {"other": 1}}], ids=["same message", "nothing", "props only"]
)
def test_without_a_new_message_a_post_is_updated_and_not_edited(
    api: Api, post: dict[str, Any], patch: dict[str, Any]
) -> None:
    edited = api.patch(post["id"], **patch).json()
    assert edited["edit_at"] == 0
    assert edited["update_at"] > post["update_at"]


def test_props_are_replaced_as_a_whole(api: Api, post: dict[str, Any]) -> None:
    api.patch(post["id"], props={"b": 2})
    found = api.get(f"/posts/{post['id']}").json()["props"]
    assert "live_status" not in found
    assert found["b"] == 2


def test_changed_attachments_are_an_edit(api: Api, post: dict[str, Any]) -> None:
    edited = api.patch(post["id"], props={**MARK, "attachments": [{"text": "new"}]}).json()
    assert edited["edit_at"] == edited["update_at"]


def test_fields_that_an_edit_may_not_change_are_ignored(api: Api, server: Server, post: dict[str, Any]) -> None:
    answer = api.patch(post["id"], channel_id=server.channel(), root_id="z" * 26, user_id="z" * 26, create_at=1)
    edited = answer.json()
    assert answer.status_code == 200
    assert all(edited[name] == post[name] for name in ("channel_id", "root_id", "user_id", "create_at"))


def test_a_deleted_post_is_a_403(api: Api, server: Server, post: dict[str, Any]) -> None:
    server.delete_post(post["id"])
    assert error(api.patch(post["id"], message="after")) == FORBIDDEN


def test_a_reply_to_a_deleted_root_is_a_403(api: Api, server: Server, channel: str) -> None:
    root = server.human_post(channel, "root")
    reply = api.made(channel, root_id=root)["id"]
    server.delete_post(root)
    assert error(api.patch(reply, message="after")) == FORBIDDEN


def test_an_unknown_post_is_a_403(api: Api) -> None:
    assert error(api.patch("z" * 26, message="after")) == FORBIDDEN


def test_the_post_of_another_is_a_403(api: Api, server: Server, channel: str) -> None:
    assert error(api.patch(server.human_post(channel, "mine"), message="yours")) == FORBIDDEN


@pytest.mark.parametrize("private", [True, False])
def test_a_bot_that_was_removed_from_the_channel_gets_a_403(api: Api, server: Server, private: bool) -> None:
    channel = server.channel(private=private)
    post = api.made(channel)["id"]
    server.kick(channel)
    assert error(api.patch(post, message="after")) == FORBIDDEN


def test_an_archived_channel_takes_no_edits_until_it_is_restored(
    api: Api, server: Server, channel: str, post: dict[str, Any]
) -> None:
    server.archive(channel)
    assert error(api.patch(post["id"], message="after")) == (
        400,
        "api.post.patch_post.can_not_update_post_in_deleted.error",
    )
    server.restore(channel)
    assert api.patch(post["id"], message="after").status_code == 200


def test_after_the_time_limit_the_message_stays_as_it_is(api: Api, server: Server, post: dict[str, Any]) -> None:
    server.set_edit_time_limit(1)
    try:
        server.pass_time(1.5)
        status, error_id = error(api.patch(post["id"], message="after"))
        props_only = api.patch(post["id"], props={"b": 2}).status_code
    finally:
        server.set_edit_time_limit(-1)
    assert (status, error_id) == (400, "api.post.update_post.permissions_time_limit.app_error")
    assert props_only == 200


def test_a_message_that_is_too_long_is_refused(api: Api, post: dict[str, Any]) -> None:
    status, error_id = error(api.patch(post["id"], message="x" * 16_384))
    assert (status, error_id.startswith("model.post.is_valid.m")) == (400, True)
    assert api.get(f"/posts/{post['id']}").json()["message"] == "before"


def test_a_nul_character_is_a_server_error(api: Api, post: dict[str, Any]) -> None:
    assert error(api.patch(post["id"], message="a\0b")) == (500, "app.post.update.app_error")


@pytest.mark.parametrize(("method", "suffix"), [("PATCH", ""), ("POST", "/patch"), ("PUT", "/patch/")])
def test_only_put_on_patch_edits(api: Api, post: dict[str, Any], method: str, suffix: str) -> None:
    assert api.call(method, f"/posts/{post['id']}{suffix}", {"message": "after"}).status_code == 404
