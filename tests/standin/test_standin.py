"""What the stand-in adds to the contract: faults as they were measured, and the eyes and hands of a test."""

from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest
import requests

from tests.standin import Answer, Clock, MattermostStandIn, RateLimit, creates, edits

UNKNOWN = "z" * 26


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mm(clock: Clock) -> Iterator[MattermostStandIn]:
    with MattermostStandIn(clock=clock) as standin:
        yield standin


@pytest.fixture
def channel(mm: MattermostStandIn) -> str:
    return mm.add_channel("town")


def call(mm: MattermostStandIn, method: str, path: str, json: Any = None, timeout: float = 5) -> requests.Response:
    headers = {"Authorization": f"Bearer {mm.token}"}
    return requests.request(method, f"{mm.url}/api/v4{path}", json=json, headers=headers, timeout=timeout)


def create(mm: MattermostStandIn, channel: str, **fields: Any) -> requests.Response:
    return call(mm, "POST", "/posts", {"channel_id": channel, "message": "hello", **fields})


def test_the_limiter_lets_101_pass_and_tells_seconds(mm: MattermostStandIn, clock: Clock) -> None:
    clock.stop()
    mm.set_rate_limit()
    answers = [call(mm, "GET", "/system/ping") for _ in range(102)]
    assert [answer.status_code for answer in answers] == [200] * 101 + [429]
    first, refused = answers[0].headers, answers[-1]
    assert (first["X-Ratelimit-Limit"], first["X-Ratelimit-Remaining"], first["X-Ratelimit-Reset"]) == (
        "101",
        "100",
        "1",
    )
    assert (refused.text, refused.headers["Content-Type"]) == ("limit exceeded\n", "text/plain")
    assert (refused.headers["Retry-After"], refused.headers["X-Ratelimit-Reset"]) == ("1", "11")
    assert "X-Request-Id" not in refused.headers


def test_the_limiter_fills_up_again_at_its_rate(mm: MattermostStandIn, clock: Clock) -> None:
    clock.stop()
    mm.set_rate_limit(RateLimit(per_s=10, burst=4))
    assert [call(mm, "GET", "/system/ping").status_code for _ in range(7)] == [200] * 5 + [429] * 2
    clock.advance(0.1)
    assert [call(mm, "GET", "/system/ping").status_code for _ in range(2)] == [200, 429]


def test_two_limiters_give_every_header_twice(mm: MattermostStandIn) -> None:
    mm.set_rate_limit(RateLimit(vary="user"))
    assert call(mm, "GET", "/system/ping").headers["X-Ratelimit-Limit"] == "101, 101"


@pytest.mark.parametrize(
    ("method", "path", "status", "error_id"),
    [
        ("POST", "/posts", 500, "app.post.save.app_error"),
        ("GET", f"/posts/{UNKNOWN}", 500, "app.post.get.app_error"),
        ("PUT", f"/posts/{UNKNOWN}/patch", 403, "api.context.permissions.app_error"),
    ],
)
def test_without_its_database(mm: MattermostStandIn, method: str, path: str, status: int, error_id: str) -> None:
    call(mm, "GET", "/users/me")
    with mm.faults.database_down:
        answer = call(mm, method, path, {})
        assert (answer.status_code, answer.json()["id"]) == (status, error_id)
        assert call(mm, "GET", "/system/ping").json()["status"] == "OK"
        asked = call(mm, "GET", "/system/ping?get_server_status=true")
        assert (asked.status_code, asked.json()["database_status"]) == (500, "UNHEALTHY")
        mm.forget_sessions()
        assert call(mm, method, path, {}).status_code == 401


def test_a_lost_answer_was_applied(mm: MattermostStandIn, channel: str) -> None:
    mm.faults.lose_answers()
    with pytest.raises(requests.ConnectionError):
        create(mm, channel)
    assert [post.message for post in mm.bot_posts()] == ["hello"]
    assert mm.requests[-1].status is None


def test_a_reset_was_not_applied(mm: MattermostStandIn, channel: str) -> None:
    mm.faults.reset_next()
    with pytest.raises(requests.ConnectionError):
        create(mm, channel)
    assert mm.bot_posts() == []
    assert create(mm, channel).status_code == 201


def test_a_black_hole_does_nothing_even_after_it_is_lifted(mm: MattermostStandIn, channel: str) -> None:
    with mm.faults.black_hole, pytest.raises(requests.ReadTimeout):
        call(mm, "POST", "/posts", {"channel_id": channel, "message": "hello"}, timeout=0.1)
    assert mm.wait_for(lambda: mm.idle)
    assert mm.bot_posts() == []


def test_a_frozen_server_applies_late_what_the_client_gave_up(mm: MattermostStandIn, channel: str) -> None:
    with mm.faults.frozen:
        with pytest.raises(requests.ReadTimeout):
            call(mm, "POST", "/posts", {"channel_id": channel, "message": "late"}, timeout=0.1)
        assert mm.bot_posts() == []
    assert mm.wait_for(mm.bot_posts)[0].message == "late"


def test_a_create_under_way_keeps_its_pending_id(mm: MattermostStandIn, channel: str) -> None:
    statuses = []
    first = Thread(target=lambda: statuses.append(create(mm, channel, pending_post_id="p").status_code))
    with mm.faults.slow_create:
        first.start()
        assert mm.wait_for(lambda: "p" in mm.world.pending)
        answer = create(mm, channel, pending_post_id="p")
        assert (answer.status_code, answer.json()["id"]) == (500, "api.post.deduplicate_create_post.pending")
    first.join()
    assert statuses == [201]
    assert len(mm.bot_posts()) == 1


def test_a_restart_keeps_posts_and_port_and_forgets_pending_ids(mm: MattermostStandIn, channel: str) -> None:
    first, url = create(mm, channel, pending_post_id="p").json()["id"], mm.url
    mm.restart()
    assert mm.url == url
    assert create(mm, channel, pending_post_id="p").json()["id"] != first
    assert mm.post(first).message == "hello"


def test_while_it_is_down_connections_are_refused(mm: MattermostStandIn) -> None:
    with mm.down(), pytest.raises(requests.ConnectionError):
        call(mm, "GET", "/users/me")
    assert call(mm, "GET", "/users/me").status_code == 200


def test_planned_answers_are_used_once_and_by_kind(mm: MattermostStandIn, channel: str) -> None:
    mm.faults.fail_next(2, status=502, where=edits)
    mm.faults.answer_next(Answer(status=418, body=b"tea"), where=creates)
    assert create(mm, channel).text == "tea"
    post = create(mm, channel).json()["id"]
    assert [call(mm, "PUT", f"/posts/{post}/patch", {}).status_code for _ in range(3)] == [502, 502, 200]


def test_it_keeps_every_version_and_the_servers_own_copies(mm: MattermostStandIn, channel: str) -> None:
    post = create(mm, channel).json()["id"]
    for message in ("one", "two"):
        call(mm, "PUT", f"/posts/{post}/patch", {"message": message})
    assert [version.message for version in mm.edits(post)] == ["one", "two"]
    assert [(copy.message, copy.original_id) for copy in mm.history_rows(post)] == [("hello", post), ("one", post)]


def test_it_tells_what_was_asked(mm: MattermostStandIn, channel: str) -> None:
    create(mm, channel)
    request = mm.requests[-1]
    assert (request.method, request.path, request.body["message"]) == ("POST", "/api/v4/posts", "hello")
    assert (request.status, request.is_create, request.is_edit) == (201, True, False)


def test_a_thread_is_its_root_and_replies(mm: MattermostStandIn, channel: str) -> None:
    root = mm.add_post(channel, "root", id="r" * 26)
    create(mm, channel, root_id=root.id)
    create(mm, channel)
    assert [post.message for post in mm.thread("r" * 26)] == ["root", "hello"]


def test_unknown_channels_and_roots_can_exist_on_demand() -> None:
    with MattermostStandIn(unknown_channels="create") as mm:
        assert create(mm, "c" * 26, root_id="r" * 26).status_code == 201
        assert [post.channel_id for post in mm.thread("r" * 26)] == ["c" * 26] * 2
        assert call(mm, "GET", f"/posts/{'s' * 26}").json()["root_id"] == ""
        assert create(mm, "d" * 26, root_id="s" * 26).status_code == 201
        assert create(mm, "c" * 26, root_id="s" * 26).status_code == 400
        assert create(mm, "not an id").status_code == 403


def test_a_message_for_all_wipes_the_props_of_a_bot_that_may_not_say_so(mm: MattermostStandIn, channel: str) -> None:
    mm.options.bot_may_mention_channel = False
    post = create(mm, channel, props={"live_status": {}}).json()["id"]
    call(mm, "PUT", f"/posts/{post}/patch", {"message": "hi `@all`"})
    assert mm.post(post).props == {"mentionHighlightDisabled": True}
    call(mm, "PUT", f"/posts/{post}/patch", {"message": "hi @all", "props": {"a": 1}})
    assert mm.post(post).props == {"a": 1}


def test_a_body_can_be_too_large_for_the_whole_server(mm: MattermostStandIn, channel: str) -> None:
    mm.options.max_body_bytes = 300_000
    assert create(mm, channel, props={"x": "y" * 300_000}).status_code == 413


def test_connections_stay_open_between_requests_until_they_are_idle_too_long() -> None:
    with MattermostStandIn(keep_alive_s=0.05) as mm, requests.Session() as session:
        for _ in range(3):
            session.get(f"{mm.url}/api/v4/system/ping")
        assert mm.connections_made == 1
        assert mm.wait_for(lambda: not mm.open_connections)
