"""Asking the broker: what is made of its answers, and how often it is asked."""

import dataclasses

import pytest

from sessions_app.health.broker import Asked, Broker, ask


@pytest.fixture
def with_redis(settings):
    settings.LIVE_STATUS = dataclasses.replace(settings.LIVE_STATUS, redis_url="redis://127.0.0.1:1/0")


def test_a_broker_that_is_not_there_is_said_without_asking_workers():
    def workers(timeout_s):
        raise AssertionError("there is nobody to ask through")

    assert ask("redis://:secret@127.0.0.1:1/0", workers) == Broker("127.0.0.1:1", answers=False)


def test_it_is_asked_again_when_what_was_found_is_old(with_redis):
    times = iter((0.0, 5.0, 10.5, 10.5, 10.5))
    asked = []

    def note(url: str) -> Broker:
        asked.append(url)
        return Broker("r", answers=True, tasks=len(asked))

    of = Asked(note, lambda: next(times))
    found = [of.broker() for _ in range(3)]
    assert [one.tasks for one in found if one] == [1, 1, 2]
    assert asked == ["redis://127.0.0.1:1/0"] * 2


def test_nobody_waits_for_an_answer_where_an_older_one_is_known(with_redis):
    seen = []

    def slow(url: str) -> Broker:
        if asked:
            seen.append(of.broker())  # somebody else, while it is asked
        asked.append(url)
        return Broker("r", answers=not seen)

    asked: list[str] = []
    times = iter((0.0, 20.0, 20.0, 20.0))
    of = Asked(slow, lambda: next(times))
    assert of.broker() == Broker("r", answers=True)
    assert of.broker() == Broker("r", answers=False)
    assert seen == [Broker("r", answers=True)]


def test_nothing_is_asked_where_there_is_no_broker():
    assert Asked(lambda url: pytest.fail("asked")).broker() is None
