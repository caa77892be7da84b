"""Reading posts and channels, who we are, and how the server says no."""

from typing import Any

import pytest

from tests.contract.conftest import Api, error
from tests.contract.servers import Server

FORBIDDEN = (403, "api.context.permissions.app_error")
GONE = (404, "app.post.get.app_error")


def test_a_deleted_post_is_gone(api: Api, server: Server, channel: str) -> None:
    post = api.made(channel)["id"]
    server.delete_post(post)
    assert error(api.get(f"/posts/{post}")) == GONE


def test_a_reply_is_gone_with_its_root(api: Api, server: Server, channel: str) -> None:
    root = server.human_post(channel, "root")
    reply = api.made(channel, root_id=root)["id"]
    server.delete_post(root)
    assert error(api.get(f"/posts/{reply}")) == GONE


@pytest.mark.parametrize(("private", "status"), [(True, 403), (False, 200)])
def test_a_removed_bot_still_reads_public_posts(api: Api, server: Server, private: bool, status: int) -> None:
    channel = server.channel(private=private)
    post = api.made(channel)["id"]
    server.kick(channel)
    assert api.get(f"/posts/{post}").status_code == status


def test_posts_of_an_archived_channel_can_be_read(api: Api, server: Server, channel: str) -> None:
    post = api.made(channel)["id"]
    server.archive(channel)
    assert api.get(f"/posts/{post}").status_code == 200


def test_a_list_of_ids_brings_the_deleted_ones_blanked(api: Api, server: Server, channel: str) -> None:
    live, deleted = api.made(channel)["id"], api.made(channel)["id"]
    server.delete_post(deleted)
    posts = {post["id"]: post for post in api.call("POST", "/posts/ids", [live, deleted, "z" * 26]).json()}
    assert posts.keys() == {live, deleted}
    assert (posts[live]["delete_at"], posts[live]["message"]) == (0, "hello")
    assert posts[deleted]["delete_at"] > 0
    assert posts[deleted]["message"] == ""


def test_a_list_of_unknown_ids_is_a_404(api: Api) -> None:
    assert api.call("POST", "/posts/ids", ["z" * 26]).status_code == 404


def test_a_channel_page_has_the_live_posts_with_their_props_newest_first(
    api: Api, server: Server, channel: str
) -> None:
    made = []
    for number in range(5):
        made.append(api.made(channel, str(number), props={"live_status": {"nonce": f"n{number}"}})["id"])
        server.pass_time(0.01)
    server.delete_post(made[1])
    api.patch(made[0], message="edited: its copy does not show, its place does not change")
    page = api.get(f"/channels/{channel}/posts?page=0&per_page=200").json()
    ours = [one for one in page["order"] if one in made]
    assert ours == [made[4], made[3], made[2], made[0]]
    assert [page["posts"][one]["props"]["live_status"]["nonce"] for one in ours] == ["n4", "n3", "n2", "n0"]
    assert {page["posts"][one]["original_id"] for one in ours} == {""}


def test_pages_follow_one_another(api: Api, server: Server, channel: str) -> None:
    for number in range(5):
        api.made(channel, str(number))
        server.pass_time(0.01)
    pages = [api.get(f"/channels/{channel}/posts?page={page}&per_page=2").json()["order"] for page in (0, 1)]
    assert [len(page) for page in pages] == [2, 2]
    assert not set(pages[0]) & set(pages[1])


def test_the_page_of_a_private_channel_is_for_members(api: Api, server: Server) -> None:
    assert error(api.get(f"/channels/{server.channel(private=True, bot_member=False)}/posts")) == FORBIDDEN


def test_two_people_have_one_direct_channel(api: Api, server: Server) -> None:
    pair = [server.bot_id, server.person()]
    first, second = api.call("POST", "/channels/direct", pair), api.call("POST", "/channels/direct", pair[::-1])
    assert (first.status_code, first.json()["type"]) == (201, "D")
    assert second.json()["id"] == first.json()["id"]
    assert api.made(first.json()["id"])["channel_id"] == first.json()["id"]


def test_a_channel_and_our_membership_can_be_read(api: Api, server: Server, channel: str) -> None:
    assert api.get(f"/channels/{channel}").json()["id"] == channel
    assert api.get(f"/channels/{channel}/members/me").json()["user_id"] == server.bot_id


def test_the_bot_knows_that_it_is_one(api: Api, server: Server) -> None:
    me = api.get("/users/me").json()
    assert (me["id"], me["is_bot"]) == (server.bot_id, True)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer " + "x" * 26}], ids=["no token", "a wrong one"])
def test_without_a_good_token_there_is_a_401(api: Api, headers: dict[str, str]) -> None:
    assert api.get("/users/me", headers=headers).status_code == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "Token"])
def test_the_schemes_of_the_token(api: Api, server: Server, scheme: str) -> None:
    assert api.get("/users/me", headers={"Authorization": f"{scheme} {server.bot_token}"}).status_code == 200


def test_a_token_in_the_query_is_a_401(api: Api, server: Server) -> None:
    assert api.get(f"/users/me?access_token={server.bot_token}", headers={}).status_code == 401


def test_a_cookie_beats_the_header(api: Api, server: Server, channel: str) -> None:
    headers = {"Authorization": f"Bearer {server.bot_token}", "Cookie": f"MMAUTHTOKEN={server.bot_token}"}
    assert api.get("/users/me", headers=headers).status_code == 200
    body = {"channel_id": channel, "message": "hello"}
    assert api.call("POST", "/posts", body, headers=headers).status_code == 401


def test_the_ping_needs_no_token_and_tells_of_the_database_when_asked(api: Api) -> None:
    assert "database_status" not in api.get("/system/ping", headers={}).json()
    answer = api.get("/system/ping?get_server_status=true", headers={})
    found: dict[str, Any] = answer.json()
    assert (answer.status_code, found["status"], found["database_status"]) == (200, "OK", "OK")


def test_the_configuration_tells_the_sizes_to_those_who_are_known(api: Api) -> None:
    found = api.get("/config/client?format=old").json()
    assert found["MaxPostSize"] == "16383"
    assert int(found["PostEditTimeLimit"]) >= -1
    assert "MaxPostSize" not in api.get("/config/client?format=old", headers={}).json()


def test_a_refusal_says_who_it_is(api: Api) -> None:
    answer = api.get(f"/posts/{'z' * 26}")
    found = answer.json()
    assert found.keys() >= {"id", "message", "detailed_error", "request_id", "status_code"}
    assert found["request_id"] == answer.headers["X-Request-Id"]
    assert found["status_code"] == answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["X-Version-Id"].count(".") >= 3


@pytest.mark.parametrize(("method", "path"), [("GET", "/nothing"), ("POST", "/posts/")])
def test_an_unknown_route_is_plain_text(api: Api, method: str, path: str) -> None:
    answer = api.call(method, path, {})
    assert error(answer) == (404, "api.context.404.app_error")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "X-Request-Id" not in answer.headers
