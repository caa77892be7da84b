"""Answers that are not what they seem: trouble that looks like a refusal, strangers, and 429 in all its forms."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest
import responses

from sessions_app.deliver.mattermost import (
    BodyRefused,
    Mattermost,
    MattermostError,
    NotMattermost,
    RateLimited,
    Scope,
    ServerTrouble,
    TokenRefused,
    Unreachable,
)
from sessions_app.deliver.mattermost_answers import retry_after_s
from tests.deliver.steps import SECRET, UNKNOWN, create, raised
from tests.standin import Answer, Clock, MattermostStandIn, RateLimit, creates


class TestTrouble:
    def test_a_401_while_the_database_is_away_is_no_refusal(self, client: Mattermost, mm: MattermostStandIn) -> None:
        with mm.faults.database_down:
            error = raised(ServerTrouble, client.me)
        assert (error.status, error.permanent) == (401, False)

    @pytest.mark.parametrize(
        ("status", "ping", "kind"),
        [
            (500, {"status": "UNHEALTHY"}, ServerTrouble),  # a server that does not tell of its database
            (200, {"status": "OK"}, TokenRefused),
            # Only the store of files is broken, which no token depends on.
            (500, {"status": "UNHEALTHY", "database_status": "OK"}, TokenRefused),
        ],
    )
    def test_what_a_ping_makes_of_a_401(
        self,
        client: Mattermost,
        mm: MattermostStandIn,
        status: int,
        ping: dict[str, str],
        kind: type[MattermostError],
    ) -> None:
        mm.revoke_token()
        mm.faults.answer_next(
            Answer(status=status, body=json.dumps(ping).encode()), where=lambda request: request.path.endswith("/ping")
        )
        raised(kind, client.me)

    def test_an_edit_while_the_database_is_away_is_no_refusal(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        post = create(client, channel)
        with mm.faults.database_down:
            error = raised(ServerTrouble, lambda: client.edit_post(post.id, message="new", props={}))
            assert not error.maybe_applied
            assert mm.requests[-2].status == 403
            raised(ServerTrouble, lambda: create(client, channel, nonce="n2"))
            raised(ServerTrouble, lambda: client.get_post(post.id))

    def test_a_403_on_create_while_the_database_is_away_is_no_refusal(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        body = json.dumps({"id": "api.context.permissions.app_error", "message": "no", "status_code": 403}).encode()
        mm.faults.fail_next(status=403, body=body, where=creates)
        with mm.faults.database_down:
            assert raised(ServerTrouble, lambda: create(client, channel)).status == 403

    @pytest.mark.parametrize(("status", "maybe"), [(500, True), (502, True), (503, True), (504, True)])
    def test_a_proxys_5xx_leaves_open_whether_it_was_applied(
        self, client: Mattermost, mm: MattermostStandIn, channel: str, status: int, maybe: bool
    ) -> None:
        mm.faults.fail_next(status=status)
        assert raised(ServerTrouble, lambda: create(client, channel)).maybe_applied is maybe

    def test_mattermosts_own_500_was_not_applied(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        client.me()
        with mm.faults.database_down:
            assert raised(ServerTrouble, lambda: create(client, channel)).maybe_applied is False

    def test_a_create_that_is_under_way_elsewhere_may_be_applied(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        with ThreadPoolExecutor(1) as pool, mm.faults.slow_create:
            first = pool.submit(create, client, channel)
            assert mm.wait_for(lambda: "n1" in mm.world.pending)
            assert raised(ServerTrouble, lambda: create(client, channel)).maybe_applied
            mm.faults.slow_create.set(False)
            assert first.result(5).id == mm.bot_posts()[0].id

    def test_a_refused_edit_was_not_applied_even_if_the_second_look_fails(
        self, hasty: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        post = create(hasty, channel)
        mm.kick(channel)
        mm.faults.reset_next(2, where=lambda request: request.method == "GET")
        error = raised(Unreachable, lambda: hasty.edit_post(post.id, message="new", props={}))
        assert error.maybe_applied is False


class TestNotMattermost:
    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_is_not_followed(self, client: Mattermost, mm: MattermostStandIn, status: int) -> None:
        target = ("Location", "https://user:pw@chat.example.com/login?x=1")
        mm.faults.answer_next(Answer(status=status, headers=(target,)))
        error = raised(NotMattermost, client.me)
        assert "https://chat.example.com," in error.sentence
        assert "pw" not in error.sentence
        assert len(mm.requests) == 1
        assert (error.permanent, error.scope) == (True, Scope.DESTINATION)

    def test_a_wrong_base_url(self, mm: MattermostStandIn) -> None:
        client = Mattermost(f"{mm.url}/chat", mm.token)
        assert "MM_BASE_URL" in raised(NotMattermost, client.me).sentence
        raised(NotMattermost, lambda: client.get_post(UNKNOWN))
        raised(NotMattermost, client.ping)
        client.close()

    @pytest.mark.parametrize("status", [200, 400, 401, 403, 404])
    def test_html_is_not_mattermosts(self, client: Mattermost, mm: MattermostStandIn, status: int) -> None:
        page = Answer(status=status, headers=(("Content-Type", "text/html"),), body=b"<html>Log in</html>")
        mm.faults.answer_next(page)
        assert "text/html" in raised(NotMattermost, client.me).sentence

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"7", b"null", b'{"id": 7, "username": "x"}', b'{"id": "x"}', b'"\\u', b"[" * 100_000],
        ids=["empty", "list", "number", "null", "wrong type", "half", "broken", "deep"],
    )
    def test_json_of_another_shape(self, client: Mattermost, mm: MattermostStandIn, body: bytes) -> None:
        mm.faults.answer_next(Answer(body=body), 4)
        raised(NotMattermost, client.me)
        error = raised(NotMattermost, lambda: create(client, UNKNOWN))
        assert error.maybe_applied
        raised(NotMattermost, lambda: client.get_post(UNKNOWN))
        raised(NotMattermost, lambda: client.find_by_nonce(UNKNOWN, "n", bot_id=mm.bot_id, since_ms=0))

    @pytest.mark.parametrize(
        ("field", "value"), [("create_at", "1"), ("props", []), ("message", None), ("edit_at", None)]
    )
    def test_a_post_with_a_strange_field(
        self, client: Mattermost, mm: MattermostStandIn, channel: str, field: str, value: object
    ) -> None:
        post = {**mm.add_post(channel, "x").json(), field: value}
        mm.faults.answer_next(Answer(body=json.dumps(post).encode()))
        if value == []:
            assert client.get_post(post["id"]).props == {}
        else:
            raised(NotMattermost, lambda: client.get_post(post["id"]))

    def test_a_proxy_that_echoes_the_request_does_not_make_us_tell_the_token(
        self, client: Mattermost, mm: MattermostStandIn
    ) -> None:
        body = json.dumps({"id": "proxy.denied", "message": f"denied: Authorization: Bearer {SECRET}"}).encode()
        mm.faults.fail_next(status=400, body=body)
        assert "[token]" in raised(BodyRefused, client.me).sentence


class TestRateLimits:
    @pytest.mark.parametrize(
        "rule",
        [
            RateLimit(burst=0),
            RateLimit(burst=0, vary="user"),
            RateLimit(burst=0, retry_after="absent"),
            RateLimit(burst=0, retry_after="date"),
            RateLimit(burst=0, retry_after="html"),
        ],
        ids=["seconds", "twice", "absent", "a date", "a proxy's page"],
    )
    def test_every_form_of_429(self, client: Mattermost, mm: MattermostStandIn, rule: RateLimit) -> None:
        assert isinstance(mm.clock, Clock)
        mm.clock.stop()
        mm.set_rate_limit(rule)
        client.me()
        error = raised(RateLimited, client.me)
        assert isinstance(error, RateLimited)
        assert error.retry_after_s == 1.0
        assert (error.permanent, error.scope, error.maybe_applied) == (False, Scope.DESTINATION, False)

    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, 1.0),
            ({"Retry-After": ""}, 1.0),
            ({"Retry-After": "7"}, 7.0),
            ({"Retry-After": "1, 1"}, 1.0),  # both limiters of the server
            ({"Retry-After": "1, 4"}, 4.0),
            ({"Retry-After": "2.5"}, 2.5),
            ({"Retry-After": "0"}, 1.0),  # never a storm
            ({"Retry-After": "-5"}, 1.0),
            ({"Retry-After": "nan"}, 1.0),
            ({"Retry-After": "inf"}, 1.0),
            ({"Retry-After": "99999999"}, 3600.0),
            ({"Retry-After": "soon"}, 1.0),
            # A date is compared with the answer's own Date, so that a wrong clock on either side does no harm.
            ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 GMT", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
            ({"Retry-After": "Wed, 21 Oct 2015 07:28:30 -0000", "Date": "Wed, 21 Oct 2015 07:28:00 GMT"}, 30.0),
            ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT", "Date": "Wed, 21 Oct 2015 07:28:30 GMT"}, 1.0),
            ({"X-Ratelimit-Reset": "11"}, 1.0),  # the time until all is refilled, which nobody has to wait for
        ],
    )
    def test_how_long_to_wait(self, headers: dict[str, str], seconds: float) -> None:
        assert retry_after_s(headers) == seconds

    def test_a_date_without_the_servers_own_is_compared_with_ours(self) -> None:
        assert 50 < retry_after_s({"Retry-After": formatdate(time.time() + 60, usegmt=True)}) <= 60

    @responses.activate
    def test_an_edits_second_look_can_be_limited_too(self) -> None:
        base = "https://chat.example.com/api/v4/posts"
        forbidden = {"id": "api.context.permissions.app_error", "message": "", "status_code": 403}
        responses.put(f"{base}/{UNKNOWN}/patch", json=forbidden, status=403)
        responses.get(f"{base}/{UNKNOWN}", body="limit exceeded\n", status=429, headers={"Retry-After": "3"})
        client = Mattermost("https://chat.example.com", SECRET)
        error = raised(RateLimited, lambda: client.edit_post(UNKNOWN, message="new", props={}))
        assert isinstance(error, RateLimited)
        assert error.retry_after_s == 3.0
        client.close()
