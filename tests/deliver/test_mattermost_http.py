"""The limits of an exchange: no answer, a slow, huge or lost one, and connections kept and dropped."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from sessions_app.deliver import mattermost
from sessions_app.deliver.mattermost import (
    AnswerTooLarge,
    Mattermost,
    NotMattermost,
    Unreachable,
)
from tests.deliver.steps import SECRET, create, raised
from tests.standin import Answer, MattermostStandIn, creates, edits


class TestUnreachable:
    def test_nobody_listens(self, client: Mattermost, mm: MattermostStandIn) -> None:
        with mm.down():
            error = raised(Unreachable, client.me)
        assert "refuses connections" in error.sentence
        assert (error.permanent, error.maybe_applied) == (False, False)

    def test_a_name_that_does_not_resolve(self) -> None:
        client = Mattermost("http://nowhere.invalid", SECRET)
        error = raised(Unreachable, client.me)
        assert "does not resolve" in error.sentence
        assert not error.maybe_applied
        client.close()

    def test_an_answer_that_does_not_come(self, hasty: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        with mm.faults.black_hole:
            error = raised(Unreachable, lambda: create(hasty, channel))
        assert "did not answer in time" in error.sentence
        assert error.maybe_applied

    def test_a_frozen_server_applies_what_timed_out(
        self, hasty: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        with mm.faults.frozen:
            assert raised(Unreachable, lambda: create(hasty, channel)).maybe_applied
        assert mm.wait_for(mm.bot_posts)

    def test_an_answer_that_is_lost(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        mm.faults.lose_answers()
        assert raised(Unreachable, lambda: create(client, channel)).maybe_applied
        found = client.find_by_nonce(channel, "n1", bot_id=mm.bot_id, since_ms=0)
        assert found is not None
        assert create(client, channel).id == found.id

    def test_an_answer_that_breaks_off(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        pieces = [b"HTTP/1.1 201 Created\r\nContent-Length: 100\r\n\r\n{"]
        mm.faults.answer_next(Answer(verbatim=True, body=pieces))
        assert raised(Unreachable, lambda: create(client, channel)).maybe_applied

    def test_no_more_connections_than_allowed(self, mm: MattermostStandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        client = Mattermost(mm.url, mm.token, max_connections=1)
        with ThreadPoolExecutor(1) as pool:
            with mm.faults.black_hole:
                first = pool.submit(raised, Unreachable, client.me)
                assert mm.wait_for(lambda: mm.requests)
                monkeypatch.setattr(client._http, "deadline", lambda: time.monotonic() + 0.05)
                error = raised(Unreachable, client.me)
            first.result(5)
        assert "MM_MAX_CONNECTIONS" in error.sentence
        assert not error.maybe_applied
        assert len(mm.requests) == 1
        client.close()


class TestTimeAndSize:
    @pytest.mark.parametrize(
        "head",
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Slow: "],
        ids=["body", "headers"],
    )
    def test_an_answer_that_drips_ends_at_the_total_limit(
        self, hasty: Mattermost, mm: MattermostStandIn, head: bytes
    ) -> None:
        stop = Event()

        def drip() -> Iterator[bytes]:
            yield head
            while not stop.wait(0.02):
                yield b"x"

        mm.faults.answer_next(Answer(verbatim=True, body=drip()))
        began = time.monotonic()
        error = raised(Unreachable, hasty.me)
        stop.set()
        assert 0.3 < time.monotonic() - began < 2
        assert "did not answer in time" in error.sentence

    def test_the_total_limit_holds_in_the_silence_after_a_late_byte(self, mm: MattermostStandIn) -> None:
        client = Mattermost(mm.url, mm.token, total_timeout_s=1)
        stop = Event()

        def late() -> Iterator[bytes]:
            yield b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
            stop.wait(0.8)
            yield b"x"
            stop.wait(10)

        mm.faults.answer_next(Answer(verbatim=True, body=late()))
        began = time.monotonic()
        raised(Unreachable, client.me)
        stop.set()
        assert time.monotonic() - began < 1.6
        client.close()

    def test_silence_ends_at_the_read_limit(self, mm: MattermostStandIn) -> None:
        client = Mattermost(mm.url, mm.token, read_timeout_s=0.1)
        began = time.monotonic()
        with mm.faults.black_hole:
            raised(Unreachable, client.me)
        assert time.monotonic() - began < 5
        client.close()

    def test_a_second_look_shares_the_total_limit(self, hasty: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        client = Mattermost(mm.url, mm.token, read_timeout_s=5, total_timeout_s=0.4)
        mm.revoke_token()
        mm.faults.latency_s = 0.25
        began = time.monotonic()
        raised(Unreachable, client.me)
        assert time.monotonic() - began < 2
        client.close()

    @pytest.mark.parametrize("length", [True, False])
    def test_a_huge_answer_is_not_read_to_its_end(
        self, client: Mattermost, mm: MattermostStandIn, length: bool
    ) -> None:
        sent = 0

        def flood() -> Iterator[bytes]:
            nonlocal sent
            head = b"Content-Length: 400000000\r\n" if length else b"Connection: close\r\n"
            yield b"HTTP/1.1 200 OK\r\n" + head + b"\r\n"
            for _ in range(4000):
                sent += 1
                yield b" " * 100_000

        mm.faults.answer_next(Answer(verbatim=True, body=flood()))
        error = raised(AnswerTooLarge, client.me)
        assert isinstance(error, NotMattermost)
        assert "1,000,000 bytes" in error.sentence
        assert mm.wait_for(lambda: mm.open_connections == 0)
        assert sent < 1000


class TestConnections:
    def test_a_connection_is_kept_and_used_again(self, client: Mattermost, mm: MattermostStandIn) -> None:
        for _ in range(5):
            client.me()
        assert mm.connections_made == 1

    def test_a_connection_that_was_idle_too_long_is_not_used_again(self, mm: MattermostStandIn) -> None:
        client = Mattermost(mm.url, mm.token, idle_timeout_s=0)
        for _ in range(3):
            client.me()
        assert mm.connections_made == 3
        client.close()

    def test_a_connection_closed_by_the_server_is_noticed(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        client.me()
        mm.close_idle_connections()
        assert create(client, channel).message == "hello"

    def test_a_read_or_edit_on_a_stale_connection_is_repeated_once(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        post = create(client, channel)
        mm.faults.reset_next(where=edits)
        assert client.edit_post(post.id, message="new", props={}).message == "new"
        mm.faults.reset_next(2)
        raised(Unreachable, client.me)

    def test_a_create_on_a_stale_connection_is_left_to_the_caller(
        self, client: Mattermost, mm: MattermostStandIn, channel: str
    ) -> None:
        client.me()
        mm.faults.lose_answers(where=creates)
        assert raised(Unreachable, lambda: create(client, channel)).maybe_applied
        assert len([request for request in mm.requests if request.is_create]) == 1

    def test_a_broken_new_connection_is_not_repeated(self, client: Mattermost, mm: MattermostStandIn) -> None:
        mm.faults.reset_next()
        raised(Unreachable, client.me)
        assert len(mm.requests) == 1

    def test_a_connection_made_anew_is_a_new_one(self, mm: MattermostStandIn) -> None:
        client = Mattermost(mm.url, mm.token, idle_timeout_s=0)
        client.me()
        mm.faults.reset_next()
        raised(Unreachable, client.me)
        assert len(mm.requests) == 2
        client.me()
        with mm.down():
            assert not raised(Unreachable, client.me).maybe_applied
        client.close()

    def test_nothing_is_repeated_after_a_time_out_or_the_first_bytes(
        self, hasty: Mattermost, mm: MattermostStandIn
    ) -> None:
        hasty.me()
        with mm.faults.black_hole:
            raised(Unreachable, hasty.me)
        assert len(mm.requests) == 2
        hasty.me()
        mm.faults.answer_next(Answer(verbatim=True, body=[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]))
        raised(Unreachable, hasty.me)
        assert len(mm.requests) == 4

    def test_a_repetition_never_goes_over_another_stale_connection(
        self, client: Mattermost, mm: MattermostStandIn
    ) -> None:
        with ThreadPoolExecutor(2) as pool:
            with mm.faults.frozen:
                both = [pool.submit(client.me) for _ in range(2)]
                assert mm.wait_for(lambda: len(mm.requests) == 2)
            assert all(one.result(5) for one in both)
        assert mm.connections_made == 2
        mm.faults.reset_next()
        client.me()
        assert mm.connections_made == 3

    def test_it_goes_on_after_a_restart(self, client: Mattermost, mm: MattermostStandIn, channel: str) -> None:
        post = create(client, channel)
        mm.restart()
        assert client.edit_post(post.id, message="new", props={}).message == "new"

    def test_threads_share_a_few_connections(self, client: Mattermost, mm: MattermostStandIn) -> None:
        with ThreadPoolExecutor(8) as pool:
            bots = set(pool.map(lambda _: client.me(), range(80)))
        assert bots == {mattermost.Bot(user_id=mm.bot_id, username="live-status", roles=("system_user",))}
        assert mm.connections_made <= 4

    def test_no_cookie_is_ever_sent_back(self, client: Mattermost, mm: MattermostStandIn) -> None:
        cookie = ("Set-Cookie", "MMAUTHTOKEN=somebody; Path=/")
        mm.faults.answer_next(Answer(headers=(cookie,), body=b'{"id": "x", "username": "y"}'))
        client.me()
        assert client.me().user_id == mm.bot_id
        assert "cookie" not in mm.requests[-1].headers

    @pytest.mark.parametrize(("use", "reached"), [(False, True), (True, False)])
    def test_a_proxy_of_the_environment_is_used_only_when_asked_for(
        self, mm: MattermostStandIn, monkeypatch: pytest.MonkeyPatch, use: bool, reached: bool
    ) -> None:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("http_proxy", "http://user:proxy-secret@127.0.0.1:9")
        client = Mattermost(mm.url, mm.token, use_proxy_env=use)
        if reached:
            assert client.me().user_id == mm.bot_id
        else:
            error = raised(Unreachable, client.me)
            assert "proxy of the environment" in error.sentence
            assert "proxy-secret" not in error.sentence
        client.close()

    def test_a_netrc_does_not_replace_the_token(
        self, mm: MattermostStandIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login somebody password else\n")
        monkeypatch.setenv("NETRC", str(netrc))
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        client = Mattermost(mm.url, mm.token, use_proxy_env=True)
        assert client.me().user_id == mm.bot_id
        client.close()
