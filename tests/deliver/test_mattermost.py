"""The calls of the client, and what each refusal of the server becomes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from sessions_app.deliver import mattermost
from sessions_app.deliver.mattermost import (
    AnswerTooLarge,
    BodyRefused,
    ChannelArchived,
    ChannelForbidden,
    EditTimeLimit,
    Mattermost,
    NotMattermost,
    PostGone,
    RootRefused,
    Scope,
    TokenRefused,
)
from tests.deliver.steps import SECRET, UNKNOWN, create, raised
from tests.standin import Answer, Clock, MattermostStandIn


class TestCalls:
    def test_me_says_whom_the_token_belongs_to(self, client: Mattermost, mm: MattermostStandIn) -> None:
        assert client.me() == mattermost.Bot(user_id=mm.bot_id, username="live-status", roles=("system_user",))

    def test_a_post_is_created_silently_with_nonce_and_root(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        root = mm.add_post(channel, "do it").id
        post = create(client, channel, root_id=root)
        request = mm.requests[-1]
        assert request.query == {"silent": "true"}
        assert request.body["pending_post_id"] == "n1"
        assert mm.thread(root)[1].id == post.id
        assert (post.message, post.root_id, post.user_id) == ("hello", root, mm.bot_id)
        assert post.props == {"live_status": {"nonce": "n1", "v": 1}, "from_bot": "true"}
        assert (post.edit_at, post.delete_at) == (0, 0)

    def test_an_edit_sends_message_and_complete_props(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        post = create(client, channel)
        edited = client.edit_post(post.id, message="new", props={"live_status": {"nonce": "n1", "v": 2}})
        assert mm.requests[-1].path.endswith(f"/posts/{post.id}/patch")
        assert edited.message == mm.post(post.id).message == "new"
        assert mm.post(post.id).props == {"live_status": {"nonce": "n1", "v": 2}, "from_bot": "true"}

    def test_get_post_reads_what_others_did(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel)
        mm.edit_post_by_hand(post.id, "by hand")
        seen = client.get_post(post.id)
        assert seen.message == "by hand"
        assert seen.edit_at >= seen.create_at > 0

    def test_a_direct_channel_is_made_once(self, client: Mattermost, mm: MattermostStandIn) -> None:
        assert client.direct_channel(mm.bot_id, mm.human_id) == client.direct_channel(mm.bot_id, mm.human_id)

    def test_ping_tells_of_server_and_database(self, client: Mattermost, mm: MattermostStandIn) -> None:
        status = client.ping()
        assert (status.healthy, status.database_ok) == (True, True)
        assert 0 < status.latency_s < 5
        with mm.faults.database_down:
            status = client.ping()
        assert (status.healthy, status.database_ok, status.database_trouble) == (False, False, True)

    def test_what_would_fail_for_ever_is_taken_out(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        post = client.create_post(
            channel_id=channel,
            message="a\0b\ud83dc 😀",
            root_id="",
            props={"x\0": ["\0y\udc00", ("z",), 1, None]},
            pending_post_id="n",
        )
        assert mm.post(post.id).message == "ab\ufffdc 😀"
        assert mm.post(post.id).props["x"] == ["y\ufffd", ["z"], 1, None]
        assert "😀".encode() in mm.requests[-1].raw  # not escaped: the body has a limit too

    def test_the_headers_say_who_we_are(self, client: Mattermost, mm: MattermostStandIn) -> None:
        client.me()
        headers = mm.requests[-1].headers
        assert headers["authorization"] == f"Bearer {SECRET}"
        assert headers["user-agent"] == f"live-status/{mattermost.VERSION}"

    def test_the_version_is_that_of_the_project(self) -> None:
        project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())["project"]
        assert project["version"] == mattermost.VERSION

    @pytest.mark.parametrize("suffix", ["", "/", "/api/v4", "/api/v4/"])
    def test_the_address_may_be_given_with_or_without_its_end(self, mm: MattermostStandIn, suffix: str) -> None:
        client = Mattermost(mm.url + suffix, mm.token)
        assert client.me().user_id == mm.bot_id
        client.close()

    @pytest.mark.parametrize("token", ["two words", "line\nend", "ümlaut"])
    def test_a_token_that_cannot_be_one_is_refused_unseen(self, token: str) -> None:
        with pytest.raises(ValueError, match="copy it again") as caught:
            Mattermost("http://127.0.0.1:1", token)
        assert token not in str(caught.value)


class TestFindByNonce:
    def test_it_finds_our_live_post(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel, nonce="mine")
        create(client, channel, nonce="another")
        found = client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=0)
        assert found == post

    def test_it_does_not_take_a_deleted_post_or_anothers(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        mm.delete_post(create(client, channel, nonce="mine").id)
        create(client, channel, nonce="theirs")
        assert client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=0) is None
        assert client.find_by_nonce(channel, "theirs", bot_id=mm.human_id, since_ms=0) is None

    @pytest.mark.parametrize("field", ["delete_at", "original_id"])
    def test_a_row_of_the_history_is_not_a_post(
        self, client: Mattermost, mm: MattermostStandIn, channel: str, field: str
    ) -> None:
        create(client, channel, nonce="mine")
        page = _page(mm, channel)
        for post in page["posts"].values():
            post[field] = {"delete_at": 1, "original_id": UNKNOWN}[field]
        mm.faults.answer_next(Answer(body=json.dumps(page).encode()))
        assert client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=0) is None

    def test_it_pages_back_as_far_as_it_must_and_no_further(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        clock = mm.clock
        assert isinstance(clock, Clock)
        post = create(client, channel, nonce="mine")
        for number in range(450):
            clock.advance(1)
            mm.add_post(channel, f"chatter {number}")
        asked = len(mm.requests)
        assert client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=post.create_at) == post
        assert [request.query["page"] for request in mm.requests[asked:]] == ["0", "1", "2"]
        asked = len(mm.requests)
        since = post.create_at + 300_000
        assert client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=since) is None
        assert len(mm.requests) - asked == 1

    def test_pages_that_are_too_large_are_asked_for_in_smaller_ones(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        for _ in range(30):
            mm.add_post(channel, "before")
        post = create(client, channel, nonce="mine")
        for _ in range(220):
            mm.add_post(channel, "😀" * 16_000)
        asked = len(mm.requests)
        assert client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=0) == post
        pages = [(request.query["page"], request.query["per_page"]) for request in mm.requests[asked:]]
        assert pages == [("0", "200"), *((str(page), "50") for page in range(5))]

    def test_one_post_that_is_too_large_to_read_is_an_error(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        mm.add_post(channel, "x" * 8_000_000)
        raised(AnswerTooLarge, lambda: client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=0))

    def test_a_server_that_always_gives_the_same_page_is_not_believed(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        for _ in range(200):
            mm.add_post(channel, "chatter")
        page = json.dumps(_page(mm, channel)).encode()
        mm.faults.answer_next(Answer(body=page), 2)
        raised(NotMattermost, lambda: client.find_by_nonce(channel, "mine", bot_id=mm.bot_id, since_ms=0))


def _page(mm: MattermostStandIn, channel: str) -> dict[str, Any]:
    posts = {post.id: post.json() for post in mm.world.posts.values() if post.channel_id == channel}
    return {"order": list(posts), "posts": posts}


class TestRefusals:
    def test_a_post_deleted_by_a_person(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel)
        mm.delete_post(post.id)
        error = raised(PostGone, lambda: client.edit_post(post.id, message="new", props={}))
        assert (error.permanent, error.scope, error.maybe_applied) == (True, Scope.POST, False)
        raised(PostGone, lambda: client.get_post(post.id))

    def test_a_nonce_whose_post_was_deleted(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        mm.delete_post(create(client, channel).id)
        raised(PostGone, lambda: create(client, channel))

    @pytest.mark.parametrize("private", [True, False])
    def test_a_bot_that_was_removed(self, client: Mattermost, mm: MattermostStandIn, private: bool) -> None:
        channel = mm.add_channel("closed", private=private)
        post = create(client, channel)
        mm.kick(channel)
        error = raised(ChannelForbidden, lambda: client.edit_post(post.id, message="new", props={}))
        assert (error.permanent, error.scope) == (False, Scope.CHANNEL)
        raised(ChannelForbidden, lambda: create(client, channel, nonce="n2"))
        raised(ChannelForbidden, lambda: client.find_by_nonce(channel, "x", bot_id=mm.bot_id, since_ms=0))
        mm.invite(channel)
        assert client.edit_post(post.id, message="new", props={}).message == "new"

    def test_the_post_of_another(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        theirs = mm.add_post(channel, "mine").id
        raised(ChannelForbidden, lambda: client.edit_post(theirs, message="new", props={}))

    def test_an_archived_channel(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel)
        mm.archive(channel)
        raised(ChannelArchived, lambda: client.edit_post(post.id, message="new", props={}))
        error = raised(ChannelArchived, lambda: create(client, channel, nonce="n2"))
        assert (error.permanent, error.scope) == (False, Scope.CHANNEL)

    def test_a_root_that_is_gone_or_elsewhere(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        gone, elsewhere = mm.add_post(channel, "gone").id, mm.add_post(mm.add_channel("other"), "there").id
        mm.delete_post(gone)
        for root in (gone, elsewhere, UNKNOWN):
            error = raised(RootRefused, lambda root=root: create(client, channel, root_id=root))  # type: ignore[misc]
            assert error.permanent

    def test_the_time_limit_for_edits(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel)
        mm.options.post_edit_time_limit_s = 0
        time_passes = mm.clock
        assert isinstance(time_passes, Clock)
        time_passes.advance(1)
        error = raised(EditTimeLimit, lambda: client.edit_post(post.id, message="new", props={}))
        assert (error.permanent, error.scope) == (True, Scope.POST)

    def test_a_message_that_is_too_long(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel)
        error = raised(BodyRefused, lambda: client.edit_post(post.id, message="x" * 16_384, props={}))
        assert (error.permanent, error.scope) == (True, Scope.BODY)
        assert error.error_id == "model.post.is_valid.msg.app_error"
        assert error.request_id
        raised(BodyRefused, lambda: create(client, channel, "x" * 16_384, nonce="n2"))

    def test_a_body_that_is_too_large(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        mm.options.max_body_bytes = 1000
        raised(BodyRefused, lambda: create(client, channel, "x" * 1000))
        mm.faults.fail_next(status=413)  # a proxy's, in HTML
        raised(BodyRefused, lambda: create(client, channel))

    def test_a_token_that_was_revoked(self, client: Mattermost, mm: MattermostStandIn) -> None:
        mm.revoke_token()
        error = raised(TokenRefused, client.me)
        assert (error.permanent, error.scope) == (True, Scope.DESTINATION)
        assert [request.path for request in mm.requests] == ["/api/v4/users/me", "/api/v4/system/ping"]
