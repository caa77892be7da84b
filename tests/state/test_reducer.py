from dataclasses import replace

import pytest

from sessions_app.events import Ask, Call, Compacted, Noted, Opened, Origin, Outcome, Stop, Usage
from sessions_app.state.reducer import REREADING, Conversation
from sessions_app.state.run_state import FINISHED_KEPT, OPEN_KEPT, RunState
from tests.state.talks import aborted, announcement, ended, only, prompt, restarted, said, task, told, wake


def outline(talk):
    """Number, whether the turn is open, and the outcome of each run."""
    return [(no, run.turn_open, run.outcome) for no, run in sorted(talk.runs.items())]


DONE, FAILED, STOPPED = Outcome.DONE, Outcome.FAILED, Outcome.STOPPED
RULES = [
    # a prompt starts a run, and so does a task
    ([prompt(1)], [(1, True, None)]),
    ([task(1)], [(1, True, None)]),
    # nothing else does
    ([wake(1)], []),
    ([announcement(1)], []),
    ([said(1)], []),
    ([Opened(id="h", at=0.0), Noted(id="n", at=1.0)], []),
    # a turn ends with its last message, by the reason for stopping
    ([prompt(1), said(2)], [(1, False, DONE)]),
    ([prompt(1), said(2, Stop.LENGTH)], [(1, False, DONE)]),
    ([prompt(1), said(2, Stop.ERROR)], [(1, False, FAILED)]),
    ([prompt(1), said(2, Stop.ABORTED)], [(1, False, STOPPED)]),
    # and goes on while tools run
    ([prompt(1), said(2, Stop.TOOLS, "a")], [(1, True, None)]),
    ([prompt(1), said(2, Stop.TOOLS, "a"), ended(3, "a")], [(1, True, None)]),
    # an abort is a stop whatever the stop reason says
    ([prompt(1), aborted(2), said(3)], [(1, False, STOPPED)]),
    ([prompt(1), aborted(2), said(3, Stop.ERROR)], [(1, False, STOPPED)]),
    # also where no line ends the turn, and a new prompt takes it
    ([prompt(1), aborted(2), prompt(3)], [(1, False, STOPPED), (2, True, None)]),
    # a new turn after an abort is not aborted
    ([prompt(1), aborted(2), said(3), wake(4), said(5)], [(1, False, DONE)]),
    # what a command leaves behind when it was stopped comes after the turn, and begins none; a wake-up does
    ([prompt(1), said(2, Stop.TOOLS, "a"), said(3, Stop.ABORTED), ended(4, "a")], [(1, False, STOPPED)]),
    ([prompt(1), said(2, Stop.TOOLS, "a"), said(3, Stop.ABORTED), ended(4, "a"), wake(5)], [(1, True, STOPPED)]),
    # a second prompt starts a second run
    ([prompt(1), said(2), prompt(3)], [(1, False, DONE), (2, True, None)]),
    # it takes the turn, unless a tool call of the first is open
    ([prompt(1), prompt(2)], [(1, False, DONE), (2, True, None)]),
    ([prompt(1), said(2, Stop.TOOLS, "a"), prompt(3)], [(1, True, None), (2, True, None)]),
    # whose result then ends its turn
    ([prompt(1), said(2, Stop.TOOLS, "a"), prompt(3), ended(4, "a")], [(1, False, DONE), (2, True, None)]),
    # a wake-up continues the newest run
    ([prompt(1), said(2), wake(3)], [(1, True, DONE)]),
    ([prompt(1), said(2), prompt(3), said(4), wake(5)], [(1, False, DONE), (2, True, DONE)]),
    # an error may be retried: what follows is the same run
    ([prompt(1), said(2, Stop.ERROR), said(3)], [(1, False, DONE)]),
    # a reset ends what was going on, and nothing else
    ([prompt(1), restarted(2)], [(1, False, STOPPED)]),
    ([prompt(1), said(2), restarted(3)], [(1, False, DONE)]),
    # lines that say nothing change no outcome
    ([prompt(1), said(2), Noted(id="n", at=3.0), Compacted(id="c", at=4.0)], [(1, False, DONE)]),
]


@pytest.mark.parametrize(("events", "expected"), RULES)
def test_every_rule_of_turns_and_runs(events, expected):
    assert outline(told(*events)) == expected


def test_the_prompt_is_kept_with_who_asked_and_where():
    run = only(told(prompt(5, "p", sender="@alice", message_id="m", from_mattermost=True)))
    assert (run.no, run.window, run.start_id, run.origin) == (1, "w", "p", Origin.PROMPT)
    assert (run.prompt, run.sender, run.message_id, run.from_mattermost) == ("prompt 5", "@alice", "m", True)
    assert (run.started_at, run.last_at, run.turn_started_at) == (5, 5, 5)


def test_tokens_and_cost_are_the_sum_of_the_lines():
    usage = Usage(input=10, output=5, cache_read=3, cache_write=2, cost=0.5)
    run = only(told(prompt(1), said(2, Stop.TOOLS, "a", usage=usage), ended(3, "a"), said(4, usage=usage)))
    assert (run.tokens, run.cost) == (40, 1.0)


def test_the_last_sentence_and_model_stand_until_there_is_another():
    run = only(told(prompt(1), said(2, Stop.TOOLS, "a", text="first", model="m"), said(3, text="", model="")))
    assert (run.say, run.model) == ("first", "m")
    run = only(told(prompt(1), said(2, text="first", model="m"), said(3, text="second", model="n")))
    assert (run.say, run.model) == ("second", "n")


def test_an_answer_cut_off_by_its_length_is_marked_and_a_later_one_is_not():
    assert only(told(prompt(1), said(2, Stop.LENGTH))).cut_off
    assert not only(told(prompt(1), said(2, Stop.LENGTH), wake(3), said(4))).cut_off


def test_the_reason_of_a_failure_is_kept_until_a_turn_goes_well():
    assert only(told(prompt(1), said(2, Stop.ERROR, error="400"))).reason == "400"
    assert only(told(prompt(1), said(2, Stop.ERROR, error="400"), said(3))).reason == ""
    assert only(told(prompt(1), aborted(2), said(3, Stop.ERROR, error="400"))).reason == ""


def test_steps_open_and_close_with_their_outcome():
    run = only(told(prompt(1), said(2, Stop.TOOLS, "a", "b"), ended(3, "b", ok=False, error="exit 3")))
    assert [(step.call_id, step.started_at, step.target) for step in run.open] == [("a", 2, "do a")]
    (done,) = run.finished
    assert (done.call_id, done.started_at, done.ended_at, done.ok, done.error) == ("b", 2, 3, False, "exit 3")
    assert (run.tools, run.failed_tools) == (2, 1)


def test_a_result_without_its_call_counts_as_a_step_and_the_same_result_again_does_not():
    run = only(told(prompt(1), ended(2, "a"), ended(3, "a")))
    assert [(step.call_id, step.started_at, step.ended_at) for step in run.finished] == [("a", 2, 2)]
    assert run.tools == 1


def test_a_call_that_is_named_twice_is_one():
    event = replace(said(2, Stop.TOOLS, "a"), calls=(Call(id="a", tool="x"), Call(id="a", tool="y")))
    run = only(told(prompt(1), event, event))
    assert ([step.call_id for step in run.open], run.tools) == (["a"], 1)


def test_only_the_last_finished_steps_are_kept_and_all_are_counted():
    names = [f"c{no}" for no in range(30)]
    run = only(told(prompt(1), said(2, Stop.TOOLS, *names), *(ended(3, name) for name in names)))
    assert [step.call_id for step in run.finished] == names[-FINISHED_KEPT:]
    assert (run.tools, run.open) == (30, ())


def test_a_line_with_very_many_calls_keeps_the_state_small():
    names = [f"c{no}" for no in range(100_000)]
    run = only(told(prompt(1), said(2, Stop.TOOLS, *names), said(3, Stop.TOOLS, *names)))
    assert len(run.open) == OPEN_KEPT
    assert run.turn_open


def test_the_steps_that_changed_are_told_with_their_run():
    talk = told(prompt(1), said(2, Stop.TOOLS, "a", "b"), ended(3, "a"))
    assert [(no, step.call_id, step.ended_at) for no, step in talk.steps] == [(1, "a", 3), (1, "b", None)]
    assert [step.call_id for _, step in told(ended(4, "b"), before=talk).steps] == ["b"]
    assert told(before=talk).steps == ()


# --- sub-agents


SPAWN = (prompt(1), said(2, Stop.TOOLS, "a"), ended(3, "a", spawned="agent:x:1"))


def test_a_spawn_gives_the_run_a_child_with_the_label_of_its_call():
    (child,) = only(told(*SPAWN)).children
    assert (child.key, child.turn_id, child.label, child.spawned_at) == ("agent:x:1", "turn-agent:x:1", "do a", 3)
    (step,) = only(told(*SPAWN)).finished
    assert step.child_key == "agent:x:1"


def test_a_sub_agent_spawned_again_before_its_answer_is_one_and_after_it_another():
    again = (said(4, Stop.TOOLS, "b"), ended(5, "b", spawned="agent:x:1"))
    assert len(only(told(*SPAWN, *again)).children) == 1
    answer = announcement(4, "sid")
    assert len(only(told(*SPAWN, answer, *again, keys={"sid": "agent:x:1"})).children) == 2


def test_an_announcement_answers_the_child_it_names_and_continues_the_run():
    run = only(told(*SPAWN, said(4), announcement(5, "sid", child_error="no"), keys={"sid": "agent:x:1"}))
    (child,) = run.children
    assert (child.answered_at, child.outcome, child.error) == (5, DONE, "no")
    assert (run.turn_open, run.turn_started_at) == (True, 5)


def test_an_announcement_of_a_child_spawned_twice_answers_the_one_that_waits():
    again = (said(5, Stop.TOOLS, "b"), ended(6, "b", spawned="agent:x:1"))
    events = (*SPAWN, announcement(4, "sid"), *again, announcement(7, "sid"))
    assert [child.answered_at for child in only(told(*events, keys={"sid": "agent:x:1"})).children] == [4, 7]


def test_an_announcement_without_a_session_goes_by_the_label():
    run = only(told(*SPAWN, announcement(5, label="do a", child_outcome=FAILED)))
    assert [(child.answered_at, child.outcome) for child in run.children] == [(5, FAILED)]


def test_an_announcement_continues_the_run_whose_child_it_names_not_the_newest():
    talk = told(*SPAWN, said(4), prompt(5), said(6), announcement(7, "sid"), said(8), keys={"sid": "agent:x:1"})
    assert talk.current == 1
    assert talk.runs[1].turn_ended_at == 8
    assert talk.runs[2].turn_ended_at == 6


def test_an_answer_that_no_line_asks_for_is_that_of_the_run_whose_sub_agent_was_not_answered():
    talk = told(*SPAWN, said(4), prompt(5), said(6), said(7))
    assert talk.current == 1
    assert talk.runs[1].turn_ended_at == 7
    assert talk.runs[2].turn_ended_at == 6


@pytest.mark.parametrize(
    "last",
    [
        [prompt(5)],
        [prompt(5), said(6, silent=True)],
        [prompt(5), said(6, Stop.ERROR)],
        [prompt(5), said(5.5, Stop.TOOLS, "b"), ended(5.6, "b", spawned="agent:x:2"), said(6)],
    ],
)
def test_or_of_the_newest_run_where_that_may_go_on(last):
    talk = told(*SPAWN, said(4), *last, said(7))
    assert (talk.runs[1].turn_ended_at, talk.runs[2].turn_ended_at) == (4, 7)


def test_and_of_the_newest_run_when_all_sub_agents_were_answered():
    talk = told(*SPAWN, said(4), announcement(4.5, label="do a"), said(4.6), prompt(5), said(6), said(7))
    assert (talk.runs[1].turn_ended_at, talk.runs[2].turn_ended_at) == (4.6, 7)


def test_an_announcement_of_nobody_known_continues_the_newest_run():
    talk = told(*SPAWN, said(4), prompt(5), said(6), announcement(7, "other", "other"), said(8))
    assert talk.runs[2].turn_ended_at == 8


def test_a_turn_whose_own_id_names_a_child_continues_its_run():
    talk = told(*SPAWN, said(4), prompt(5), said(6), said(7, woken_by="announce:v1:agent:x:1:turn-agent:x:1"))
    assert talk.runs[1].turn_ended_at == 7


def test_a_background_command_runs_until_a_result_says_that_it_is_over():
    events = (prompt(1), said(2, Stop.TOOLS, "a"), ended(3, "a", running="reef"), said(4))
    assert only(told(*events)).background == ("reef",)
    assert only(told(*events, said(5, Stop.TOOLS, "b"), ended(6, "b", finished="reef"))).background == ()
    assert only(told(*events, wake(5, command_ended=True))).background == ()


# --- provisional runs, and reading again


def provisional(no=1):
    return Conversation(window="w", runs={no: RunState(no=no, started_at=1, last_at=1, turn_started_at=1)})


def test_a_provisional_run_takes_the_first_prompt():
    talk = told(prompt(2), before=provisional())
    assert outline(talk) == [(1, True, None)]
    assert only(talk).start_id == "p2"


def test_the_oldest_provisional_run_takes_it():
    two = Conversation(window="w", runs={**provisional(4).runs, **provisional(3).runs})
    assert [(no, run.start_id) for no, run in told(prompt(2), before=two).runs.items()] == [(3, "p2"), (4, "")]


EVENTS = (
    *SPAWN, said(4), prompt(5), said(6, Stop.TOOLS, "b"), ended(7, "b", spawned="agent:x:2"), said(8),
    announcement(9, label="do a"), said(10), announcement(11, label="do b"), said(12),
)  # fmt: skip


def test_reading_again_from_the_start_gives_the_same_runs():
    once = told(*EVENTS)
    again = told(*EVENTS, before=replace(once, current=REREADING))
    assert (again.runs, again.current) == (once.runs, once.current)


def test_lines_before_the_first_prompt_are_nobodys_while_reading_again():
    once = told(*EVENTS)
    again = told(wake(0), said(0.5), before=replace(once, current=REREADING))
    assert (again.runs, again.current) == (once.runs, REREADING)


def test_a_run_whose_prompt_is_gone_when_reading_again_stays_as_it_was():
    once = told(*EVENTS)
    again = told(*EVENTS[4:], prompt(20), before=replace(once, current=REREADING))
    assert again.runs[1] == once.runs[1]
    assert sorted(again.runs) == [1, 2, 3]


def test_a_prompt_read_twice_begins_its_run_anew():
    assert outline(told(prompt(1, "p"), said(2), prompt(1, "p"))) == [(1, True, None)]


def test_prompts_without_ids_are_told_apart_by_their_time():
    nameless = [replace(prompt(at), id="") for at in (1, 2)]
    once = told(*nameless)
    assert outline(once) == [(1, False, DONE), (2, True, None)]
    assert told(*nameless, before=replace(once, current=REREADING)).runs == once.runs


# --- what waits for a person

ASK = Ask(id="61bc-7", until=2000.0)


def asking(*more):
    """A command that needs an approval, after which the agent gives the turn back."""
    return told(prompt(1), said(2, Stop.TOOLS, "a"), ended(3, "a", asks=ASK), said(4), *more)


def test_an_ask_names_the_step_that_waits():
    assert only(asking()).asks == (Ask(id="61bc-7", what="approve `do a`", at=3, until=2000.0),)


def test_it_is_over_when_the_run_goes_on():
    assert only(asking(wake(9))).asks == ()


@pytest.mark.parametrize(("typed", "left"), [("/approve 61bc allow-once", 0), ("/approve 99 deny", 1), ("hello", 1)])
def test_it_is_over_when_a_person_answers_it_by_its_name(typed, left):
    talk = asking(replace(prompt(8), text=typed))
    assert len(talk.runs[1].asks) == left


def test_a_heartbeat_is_a_run_of_its_own():
    beat = replace(prompt(5), origin=Origin.HEARTBEAT)
    talk = told(prompt(1), said(2), beat, said(6))
    assert (talk.runs[1].last_at, talk.runs[2].origin) == (2, Origin.HEARTBEAT)


@pytest.mark.parametrize("silent", [True, False])
def test_a_run_that_only_said_that_it_has_nothing_to_say(silent):
    assert only(told(prompt(1), said(2, silent=silent))).said_nothing is silent
    assert not only(told(prompt(1), said(2, text="x"), said(3, silent=silent))).said_nothing


def test_an_announcement_by_name_without_an_outcome_is_kept():
    spawned = told(prompt(1), said(2, Stop.TOOLS, "a"), ended(3, "a", spawned="kid"), said(4))
    by_line = announcement(9, child_outcome=None, child_key="kid")
    by_turn = said(9, woken_by="announce:v1:kid:turn-kid")
    for event in (by_line, by_turn):
        (child,) = only(told(event, before=spawned)).children
        assert (child.answered_at, child.outcome) == (9, None)
