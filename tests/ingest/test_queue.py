"""Prompts that wait in a store's queue, and what waits for a person: facts of now that no line tells of."""

from dataclasses import replace
from typing import Any

import pytest

from sessions_app.events import Ask
from sessions_app.ingest.apply import News, apply, look_again
from sessions_app.ingest.conversations import Reading
from sessions_app.models import Judgement, Run
from sessions_app.models.times import seconds
from sessions_app.sources.base import Chunk, Facts, Mark, Queued
from sessions_app.state.turns import Limits
from tests.ingest.watching import KEY, START
from tests.state.talks import prompt, said

pytestmark = pytest.mark.django_db
FIRST, SECOND = Queued(id="one", text="first", at=START), Queued(id="two", text="second", at=START + 10)
ASK = Ask(id="a", what="approve `git push`", at=START + 5, until=START + 500)


def take(*events, now=START + 20, **fields: Any):
    """What the store says now, and new lines; the row runs unless told otherwise."""
    told = Facts(
        key=KEY, agent="main", session_id="w", transcript="w",
        **{"running": True, "has_status": True, "started_at": START, "updated_at": now, **fields},
    )  # fmt: skip
    chunk = Chunk(events=events, mark=Mark(position=int(now)))
    readings = [Reading(key=KEY, window="w", transcript="w", chunk=chunk)] if events else []
    apply("/store", News(facts={KEY: told}, readings=readings), now, Limits())


def words():
    return {run.title or run.value.title: run.word for run in Run.objects.order_by("no")}


def asked(at, text, name=""):
    return replace(prompt(at, name), text=text)


def test_a_prompt_in_the_queue_is_a_run_that_has_not_begun():
    take(queued=(FIRST,), running=False)
    run = Run.objects.get()
    assert (run.word, run.title, seconds(run.started_at)) == ("queued", "first", START)
    assert run.because == "it is in the queue"


def test_it_takes_its_line_when_that_comes():
    take(queued=(FIRST,), running=False)
    take(asked(START + 21, "first", "one"), now=START + 21)
    assert words() == {"first": "thinking"}
    assert Run.objects.get().start_id == "one"


def test_one_that_still_stands_in_the_queue_when_its_turn_is_first_seen_to_run_is_one_run():
    """The store writes the row, the line and the queue one after the other."""
    take(queued=(FIRST,), started_at=START + 1)
    take(asked(START + 1, "first", "one"), now=START + 21, started_at=START + 1)
    assert words() == {"first": "thinking"}
    assert Run.objects.count() == 1


def test_one_that_came_while_another_runs_without_a_line_is_a_run_of_its_own():
    take(queued=(SECOND,))
    assert [run.word for run in Run.objects.order_by("no")] == ["thinking", "queued"]
    take(asked(START, "first", "one"), queued=(SECOND,), now=START + 21)
    take(asked(START + 22, "second", "two"), now=START + 22)
    assert words() == {"first": "done", "second": "thinking"}


def test_one_that_waits_behind_another_leaves_that_one_alone():
    take(asked(START, "first", "one"))
    take(queued=(SECOND,), now=START + 11)
    assert words() == {"first": "thinking", "second": "queued"}
    take(said(START + 15), queued=(SECOND,), running=True, now=START + 15)
    assert words() == {"first": "thinking", "second": "queued"}, "the row still runs, and it is the first one's"
    take(queued=(SECOND,), running=False, outcome="done", ended_at=START + 15, now=START + 16)
    assert words() == {"first": "done", "second": "queued"}
    take(asked(START + 17, "second", "two"), started_at=START + 17, now=START + 17)
    assert words() == {"first": "done", "second": "thinking"}


def test_lines_go_to_the_run_that_has_begun():
    take(asked(START, "first", "one"), said(START + 1))
    take(queued=(SECOND,), now=START + 11)
    take(said(START + 12), queued=(SECOND,), now=START + 12)
    first, second = Run.objects.order_by("no")
    assert (first.value.last_at, second.value.last_at) == (START + 12, START + 10)


def test_another_prompt_does_not_take_its_place():
    take(queued=(FIRST,), running=False)
    take(asked(START + 21, "typed in the channel", "other"), queued=(FIRST,), now=START + 21)
    assert words() == {"first": "queued", "typed in the channel": "thinking"}


def test_a_line_that_is_read_before_the_queue_is_seen_to_be_empty_makes_no_second_run():
    take(asked(START, "first", "one"), queued=(FIRST,))
    take(queued=(FIRST,), now=START + 30)
    assert words() == {"first": "thinking"}


def test_a_prompt_that_is_taken_out_of_the_queue_was_stopped():
    take(queued=(FIRST,), running=False)
    take(running=False, now=START + 30)
    assert words() == {"first": "queued"}, "its line may be on its way"
    look_again(START + 30 + 60, Limits())
    run = Run.objects.get()
    assert (run.word, run.reason) == ("stopped", "it left the queue before it began")


def test_something_that_waits_for_a_person_is_said_and_so_is_what():
    take(asked(START, "first"), asks=(ASK,))
    run = Run.objects.get()
    assert (run.word, run.reason, seconds(run.since)) == ("needs you", "approve `git push`", ASK.at)
    look_again(START + 400, Limits(lost_s=100))
    assert words() == {"first": "needs you"}, "that is no silence"
    take(asks=(), now=START + 410)
    assert words() == {"first": "thinking"}
    assert [one.word for one in Judgement.objects.all()] == ["needs you", "thinking"]
    assert "waits for a person: approve `git push`" in [piece.says for piece in Judgement.objects.all()[0].pieces]


def test_an_ask_that_nobody_withdrew_ends_at_its_time():
    take(asked(START, "first"), asks=(ASK,))
    look_again(ASK.until + 1, Limits())
    assert words() == {"first": "quiet"}


def test_several_asks_are_counted():
    later = Ask(id="b", what="approve `rm`", at=START + 6)
    take(asked(START, "first"), asks=(later, ASK))
    assert Run.objects.get().reason == "approve `git push` and 1 more"


def test_a_run_that_was_stopped_needs_nobody():
    take(asked(START, "first"), asks=(ASK,), running=False, outcome="stopped", ended_at=START + 20)
    assert words() == {"first": "stopped"}


def test_an_ask_is_that_of_the_run_that_has_begun():
    take(asked(START, "first", "one"))
    take(queued=(SECOND,), asks=(ASK,), now=START + 11)
    assert words() == {"first": "needs you", "second": "queued"}
