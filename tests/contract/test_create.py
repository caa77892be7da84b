"""POST /api/v4/posts: measured on 6.7.0; differences of 11.2, read in its source, are allowed for by the ids."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.contract.conftest import Api, error
from tests.contract.servers import Server

UNKNOWN = "z" * 26
FORBIDDEN = (403, "api.context.permissions.app_error")
LONGEST = 16_383


def test_a_create_gives_the_whole_post_marked_as_from_a_bot(api: Api, server: Server, channel: str) -> None:
    answer = api.create(channel, "hello", props={"live_status": {"nonce": "n", "v": 1}})
    post = answer.json()
    assert answer.status_code == 201
    assert post["props"] == {"live_status": {"nonce": "n", "v": 1}, "from_bot": "true"}
    assert (post["message"], post["user_id"], post["root_id"]) == ("hello", server.bot_id, "")
    assert post["edit_at"] == 0
    assert post["create_at"] == post["update_at"] > 1_500_000_000_000


@pytest.mark.parametrize("letter", ["a", "ü", "😀"])
def test_the_longest_message_is_counted_in_code_points(api: Api, channel: str, letter: str) -> None:
    assert api.create(channel, letter * LONGEST).status_code == 201
    status, error_id = error(api.create(channel, letter * (LONGEST + 1)))
    assert status == 400
    assert error_id in ("model.post.is_valid.msg.app_error", "model.post.is_valid.message_length.app_error")


@pytest.mark.parametrize("message", ["", "  "])
def test_an_empty_message_is_accepted(api: Api, channel: str, message: str) -> None:
    assert api.made(channel, message)["message"] == message


def test_a_nul_character_is_a_server_error(api: Api, channel: str) -> None:
    assert error(api.create(channel, "a\0b")) == (500, "app.post.save.app_error")


def test_half_an_emoji_is_replaced(api: Api, channel: str) -> None:
    assert api.made(channel, "cut \ud83d here")["message"] == "cut \ufffd here"


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"message": 7}'], ids=["broken", "a list", "a number as message"])
def test_a_body_of_another_shape_is_refused(api: Api, data: bytes) -> None:
    assert error(api.call("POST", "/posts", data=data)) == (400, "api.context.invalid_body_param.app_error")


@pytest.mark.parametrize("where", ["missing", "malformed", "unknown", "public, not a member", "private, not a member"])
def test_every_channel_that_is_not_ours_is_the_same_403(api: Api, server: Server, where: str) -> None:
    if where.endswith("not a member"):
        channel = server.channel(private=where.startswith("private"), bot_member=False)
    else:
        channel = {"missing": "", "malformed": "x!", "unknown": UNKNOWN}[where]
    assert error(api.create(channel)) == FORBIDDEN


def test_an_archived_channel_takes_no_posts(api: Api, server: Server, channel: str) -> None:
    server.archive(channel)
    assert error(api.create(channel)) == (400, "api.post.create_post.can_not_post_to_deleted.error")


@pytest.mark.parametrize("kind", ["a reply", "unknown", "malformed", "deleted"])
def test_a_root_has_to_be_a_live_root(api: Api, server: Server, channel: str, kind: str) -> None:
    root = server.human_post(channel, "root")
    match kind:
        case "a reply":
            root = server.human_post(channel, "reply", root)
        case "deleted":
            server.delete_post(root)
        case _:
            root = {"unknown": UNKNOWN, "malformed": "x!"}[kind]
    assert error(api.create(channel, root_id=root)) == (400, "api.post.create_post.root_id.app_error")


def test_a_root_has_to_be_in_the_same_channel(api: Api, server: Server, channel: str) -> None:
    root = server.human_post(server.channel(), "root")
    assert error(api.create(channel, root_id=root)) == (400, "api.post.create_post.channel_root_id.app_error")


def test_a_reply_goes_into_the_thread(api: Api, server: Server, channel: str) -> None:
    root = server.human_post(channel, "root")
    assert api.made(channel, root_id=root)["root_id"] == root


def test_the_client_does_not_choose_the_id(api: Api, channel: str) -> None:
    assert error(api.create(channel, id=UNKNOWN)) == (400, "app.post.save.existing.app_error")


def test_props_have_a_limit(api: Api, channel: str) -> None:
    answer = api.create(channel, props={"x": "y" * 800_001})
    assert answer.status_code in (400, 413)  # 11.x refuses the whole body before it looks at props


def test_asking_for_silence_does_no_harm(api: Api, channel: str) -> None:
    answer = api.call("POST", "/posts?silent=true", {"channel_id": channel, "message": "hush"})
    assert (answer.status_code, answer.json()["message"]) == (201, "hush")


def test_a_repeated_pending_id_gives_the_first_post(api: Api, channel: str) -> None:
    first = api.made(channel, "first", pending_post_id=f"{channel}:again")
    second = api.made(channel, "second", pending_post_id=f"{channel}:again")
    assert (second["id"], second["message"]) == (first["id"], "first")


def test_a_pending_id_is_kept_for_28_s_and_forgotten_after_31_s(api: Api, server: Server, channel: str) -> None:
    first = api.made(channel, pending_post_id=f"{channel}:time")
    server.pass_time(28)
    assert api.made(channel, pending_post_id=f"{channel}:time")["id"] == first["id"]
    server.pass_time(3)
    assert api.made(channel, pending_post_id=f"{channel}:time")["id"] != first["id"]


def test_a_failed_create_frees_its_pending_id(api: Api, channel: str) -> None:
    assert api.create(channel, "x" * (LONGEST + 1), pending_post_id=f"{channel}:freed").status_code == 400
    assert api.made(channel, "shorter", pending_post_id=f"{channel}:freed")["message"] == "shorter"


def test_a_pending_id_whose_post_was_deleted_is_a_server_error(api: Api, server: Server, channel: str) -> None:
    server.delete_post(api.made(channel, pending_post_id=f"{channel}:deleted")["id"])
    assert error(api.create(channel, pending_post_id=f"{channel}:deleted")) == (
        500,
        "api.post.deduplicate_create_post.failed_to_get",
    )


def test_many_creates_with_one_pending_id_make_one_post(api: Api, server: Server, channel: str) -> None:
    def create(_: int) -> tuple[int, str]:
        own = Api(server)  # a session is not for several threads
        answer = own.create(channel, pending_post_id=f"{channel}:many")
        own.close()
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(create, range(16)))
    posts = {post_id for status, post_id in answers if status == 201}
    assert len(posts) == 1
    assert answers - {(201, *posts)} <= {(500, "api.post.deduplicate_create_post.pending")}
    assert api.get(f"/channels/{channel}/posts").json()["order"].count(posts.pop()) == 1
