"""How the rooms are put together: who is refused, what a dry run calls a place, and when waiting has no point."""

import dataclasses
import time
from typing import Any

import pytest

from sessions_app import running, wiring
from sessions_app.control.process import AlreadyWatchedError
from sessions_app.deliver.mishaps import DELETED
from sessions_app.deliver.pace import WAITS
from sessions_app.deliver.pool import Outbox
from sessions_app.models import Circuit, Post
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from tests import factories

pytestmark = pytest.mark.django_db
NOW = 1_800_000_000.0


class TestSecondWatcher:
    @pytest.fixture
    def stores(self, settings: Any) -> list[str]:
        return [str(path) for path in settings.LIVE_STATUS.openclaw_state_dir]

    def test_one_on_another_host_with_the_same_store_is_refused(self, stores: list[str]) -> None:
        factories.watcher(name="there", host="there", pid=77, stores="\n".join(["/other", *stores]))
        with pytest.raises(AlreadyWatchedError, match=f"on there .pid 77. watches {stores[0]}"):
            running._refuse_second("here", "here")

    @pytest.mark.parametrize(
        "other",
        [
            {"stopped_at": moment(time.time())},
            {"beat_at": moment(time.time() - 60)},
            {"stores": "/other"},
            {"host": "here"},  # there the locks decide, which also know of a killed one
            {"name": "here"},
        ],
    )
    def test_others_are_not(self, stores: list[str], other: dict[str, Any]) -> None:
        factories.watcher(**{"name": "there", "host": "there", "stores": "\n".join(stores)} | other)
        running._refuse_second("here", "here")


class TestOnce:
    def unsent(self, word: Word = Word.THINKING, **fields: Any) -> list[Post]:
        factories.post(factories.run(word), **fields)
        return list(running._unsent())

    @pytest.mark.parametrize(
        "fields",
        [
            {"post_id": ""},
            {"post_id": "", "parked": "Refused."},
            {"wanted_revision": 9},
            {"wanted_revision": 9, "parked": "The time limit for edits has passed."},
            {"word": Word.DONE, "closed": False},
        ],
    )
    def test_what_does_not_say_what_it_should_is_unsent(self, fields: dict[str, Any]) -> None:
        assert len(self.unsent(**fields)) == 1

    @pytest.mark.parametrize(
        "fields",
        [
            {},
            {"word": Word.DONE},
            {"word": Word.DONE, "closed": False, "parked": f"{DELETED} By somebody."},
            {"post_id": "", "parked": f"{DELETED} By somebody."},
        ],
    )
    def test_what_is_right_or_was_deleted_is_not(self, fields: dict[str, Any]) -> None:
        assert self.unsent(**fields) == []

    @pytest.mark.parametrize(
        ("post", "server"),
        [
            ({"parked": "Refused."}, {}),
            ({"last_error": WAITS}, {}),
            ({"attempts": 3}, {}),
            ({"not_before": NOW + 60}, {}),
            ({}, {"paused": True}),
            ({}, {"circuit": Circuit.OPEN, "open_until": NOW + 1}),
            ({}, {"circuit": Circuit.HALF_OPEN, "open_until": NOW + 1}),
            ({}, {"quiet_until": NOW + 3600}),
        ],
    )
    def test_waiting_for_somebody_to_mend_something_has_no_point(
        self, post: dict[str, Any], server: dict[str, Any]
    ) -> None:
        self.unsent(post_id="", destination=factories.destination(**server), **post)
        assert not running._is_hopeful(NOW)

    @pytest.mark.parametrize(
        ("post", "server"),
        [
            ({}, {}),
            ({"attempts": 2, "not_before": NOW + 4}, {}),
            ({"lease_until": NOW + 50}, {}),
            ({}, {"quiet_until": NOW + 3}),
            ({}, {"circuit": Circuit.OPEN, "open_until": NOW}),
        ],
    )
    def test_waiting_a_little_has(self, post: dict[str, Any], server: dict[str, Any]) -> None:
        self.unsent(post_id="", destination=factories.destination(**server), **post)
        assert running._is_hopeful(NOW)

    def test_one_that_has_no_hope_does_not_keep_the_others_from_being_waited_for(self) -> None:
        self.unsent(post_id="", parked="Refused.")
        self.unsent(post_id="")
        assert running._is_hopeful(NOW)


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"channel_id": "chan", "thread_id": "root"}, "chan, thread root"),
        ({"channel_id": "chan", "thread_id": "root", "prompt_id": "asked"}, "chan, thread asked"),
        ({"channel_id": "chan"}, "chan"),
        ({"user_id": "ada"}, "the direct channel of ada"),
        ({"prompt_id": "asked"}, "the asking post's channel, thread asked"),
    ],
)
def test_a_dry_run_says_where_a_post_would_go(fields: dict[str, str], place: str) -> None:
    assert running._where(Post(**fields)) == place


def test_no_more_is_handed_to_a_broker_at_once_than_can_be_begun(settings: Any) -> None:
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, mm_max_connections=2, max_active_sessions=7)
    handed: list[int] = []
    outbox = Outbox(handed.append)
    for _ in range(3):
        factories.post(factories.run(Word.DONE), post_id="", closed=False)
    dispatcher = wiring.dispatcher(outbox.enqueue, outbox.room)
    assert dispatcher.hand_on() == 2
    assert dispatcher.max_open == 7
    assert outbox.close(5.0)
    assert len(handed) == 2
