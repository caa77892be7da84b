"""The rules of Runs in docs/architecture.md, a row for each. Times are seconds; 1000 is a good while after 0."""

from dataclasses import replace

import pytest

from sessions_app.events import Outcome, Stop
from sessions_app.sources.base import ChildFact, Facts
from sessions_app.state.liveness import judge
from sessions_app.state.run_state import Child, RunState
from sessions_app.state.turns import NEVER, Basis, Limits, Member, Turn
from sessions_app.state.view import Word
from tests.state.talks import aborted, ended, only, prompt, said, told, wake

LIMITS = Limits(idle_s=60, lost_s=3600)
DONE, FAILED, STOPPED = Outcome.DONE, Outcome.FAILED, Outcome.STOPPED


def facts(**fields):
    return Facts(key="k", agent="main", session_id="w", **fields)


def row(status=None, **fields):
    """A row of a release that has a status."""
    outcome = {"done": DONE, "failed": FAILED, "killed": STOPPED}.get(status)
    return facts(running=status == "running", has_status=True, outcome=outcome, **fields)


def state(*events):
    return only(told(*events))


def alone(events, now, seen=None, **fields):
    """The verdict on a run without sub-agents."""
    run = events if isinstance(events, RunState) else state(*events)
    return judge([Member(id=1, parent_id=None, state=run, facts=seen, **fields)], now, LIMITS)[1]


ASKED = (prompt(1000),)
ANSWERED = (prompt(1000), said(1010))
CALLED = (prompt(1000), said(1010, Stop.TOOLS, "a"))
PROVISIONAL = RunState(no=1, started_at=1000, last_at=1000, turn_started_at=1000)

RULES = [
    # --- a turn goes on
    ("a prompt without an answer", ASKED, 1001, None, Word.THINKING),
    ("a tool runs", CALLED, 1011, None, Word.WORKING),
    ("a tool is over", (*CALLED, ended(1012, "a")), 1013, None, Word.THINKING),
    ("the store says so, whatever the last line", ANSWERED, 1011, row("running", started_at=1000), Word.THINKING),
    ("a row before there is any line", PROVISIONAL, 1001, row("running", started_at=1000), Word.THINKING),
    # --- it ended: by a line
    ("with a stop", ANSWERED, 1011, facts(running=False), Word.DONE),
    ("at its length", (prompt(1000), said(1010, Stop.LENGTH)), 1011, facts(running=False), Word.DONE),
    ("with an error", (prompt(1000), said(1010, Stop.ERROR)), 1011, facts(running=False), Word.FAILED),
    ("with an abort", (prompt(1000), said(1010, Stop.ABORTED)), 1011, None, Word.STOPPED),
    ("with an abort whatever the stop reason", (prompt(1000), aborted(1009), said(1010)), 1011, None, Word.STOPPED),
    ("an error while the lock is held may be tried again", (prompt(1000), said(1010, Stop.ERROR)), 1050,
     facts(running=True, started_at=1000), Word.THINKING),
    # --- it ended: the store says so
    ("done with a call left open", CALLED, 1020, row("done", ended_at=1015), Word.DONE),
    ("failed after a tool's result", (*CALLED, ended(1012, "a")), 1020, row("failed", ended_at=1015), Word.FAILED),
    ("killed with a call left open", CALLED, 1020, row("killed", ended_at=1015), Word.STOPPED),
    ("an end a moment before the last line is this turn's", CALLED, 1020, row("done", ended_at=1009), Word.DONE),
    ("an end before this turn is that of an older one", CALLED, 1020, row("done", ended_at=999), Word.WORKING),
    ("so it is when the row was written since", CALLED, 1020, row("done", ended_at=999, updated_at=1015), Word.WORKING),
    ("a time limit that was over before the last line, in a row that was written after it", CALLED, 1020,
     row("failed", ended_at=1005, updated_at=1011), Word.FAILED),
    ("an end before the last line, in a row that was not", CALLED, 1020,
     row("done", ended_at=1005, updated_at=1006), Word.WORKING),
    ("an end without its time goes by the row's", CALLED, 1020, row("done", updated_at=1015), Word.DONE),
    ("a failure counts more than a good last line", ANSWERED, 1020, row("failed", ended_at=1012), Word.FAILED),
    ("a turn that had nothing to say was not stopped", (prompt(1000), said(1010, silent=True)), 1020,
     row("killed", ended_at=1012), Word.DONE),
    ("but it may have failed", (prompt(1000), said(1010, silent=True)), 1020,
     row("failed", ended_at=1012), Word.FAILED),
    ("nor does one of a later turn", ANSWERED, 1030, row("killed", started_at=1020, ended_at=1025), Word.DONE),
    ("an older failure does not", ANSWERED, 1020, row("failed", ended_at=900), Word.DONE),
    ("a time limit is a failure", ANSWERED, 1020,
     facts(running=False, has_status=True, outcome=FAILED, reason="time limit reached", ended_at=1012), Word.FAILED),
    # --- aborts
    ("an abort without a lock is a stop", (*CALLED, aborted(1012)), 1013, facts(running=False), Word.STOPPED),
    ("an abort is no stop while the store says running", (*CALLED, aborted(1012)), 1013,
     row("running", started_at=1000), Word.WORKING),
    # --- silence
    ("a stop without status or lock is done only after a while", ANSWERED, 1069, facts(running=None), Word.THINKING),
    ("and then it is", ANSWERED, 1070, facts(running=None), Word.DONE),
    ("a status makes that wait needless", ANSWERED, 1011, row("done", ended_at=1010), Word.DONE),
    ("so does a lock that is gone", ANSWERED, 1011, facts(running=False), Word.DONE),
    ("an open call is never ended by that silence", CALLED, 1300, facts(running=None), Word.WORKING),
    ("thinking is quiet after two minutes", ASKED, 1120, None, Word.THINKING),
    ("and not before", ASKED, 1121, None, Word.QUIET),
    ("a tool is quiet after five", CALLED, 1310, None, Word.WORKING),
    ("and not before ", CALLED, 1311, None, Word.QUIET),
    ("an open run is not lost for an hour", CALLED, 1010 + 3600, None, Word.QUIET),
    ("and then it is ", CALLED, 1010 + 3601, None, Word.LOST),
    ("a run is not lost while its row is written", CALLED, 5000, row("running", updated_at=4990), Word.WORKING),
    ("a running row that is not written is lost too", CALLED, 9000, row("running", updated_at=1015), Word.LOST),
    # --- the process behind a lock
    ("a lock of a dead process", CALLED, 1011, facts(running=False, holder_dead=True), Word.LOST),
    ("a dead lock of a run that had ended", ANSWERED, 1011, facts(running=False, holder_dead=True), Word.DONE),
    ("a dead lock before there is any line", PROVISIONAL, 1001, facts(running=False, holder_dead=True), Word.LOST),
    # --- runs without a line
    ("a turn that ended before it said anything waits a while", PROVISIONAL, 1059, facts(running=False), Word.THINKING),
    ("and then it was stopped", PROVISIONAL, 1060, facts(running=False), Word.STOPPED),
    ("unless the store tells its end", PROVISIONAL, 1001, row("done", ended_at=1001), Word.DONE),
]  # fmt: skip


@pytest.mark.parametrize(
    ("events", "now", "seen", "word"), [rule[1:] for rule in RULES], ids=[rule[0] for rule in RULES]
)
def test_every_rule_of_a_single_run(events, now, seen, word):
    assert alone(events, now, seen).word is word


REASONS = [
    (alone((prompt(1000), said(1010, Stop.ERROR, error="400")), 1011, facts(running=False)), "400"),
    (alone((prompt(1000), said(1010, Stop.ERROR, error="400")), 1020, row("failed", ended_at=1012, reason="x")), "400"),
    (alone(ANSWERED, 1020, row("failed", ended_at=1012, reason="time limit reached")), "time limit reached"),
    (alone(CALLED, 9000), "no sign for 60 min"),
    (alone(CALLED, 1011, facts(holder_dead=True)), "the agent's process is gone"),
    (alone(CALLED, 1011, None, vanished=True), "session deleted"),
    (alone(PROVISIONAL, 1060, facts(running=False)), "ended before it said anything"),
    (alone(CALLED, 1011, None, finished_by_hand=1011), "by hand"),
]


@pytest.mark.parametrize(("verdict", "reason"), REASONS)
def test_an_end_that_is_not_plain_has_a_reason(verdict, reason):
    assert verdict.word.over
    assert verdict.reason == reason


def test_the_time_of_an_end_is_that_of_its_evidence():
    assert alone(ANSWERED, 2000, facts(running=False)).ended_at == 1010
    assert alone(CALLED, 2000, row("done", ended_at=1015)).ended_at == 1015
    assert alone(CALLED, 9000).ended_at == 1010
    assert alone(CALLED, 2000, None, finished_by_hand=1500).ended_at == 1500


LOOKS = [
    # (verdict, when silence alone may change it)
    (alone(ANSWERED, 1020, facts(running=None)), 1070),
    (alone(ASKED, 1001), 1120.001),
    (alone(ASKED, 1121), 4600.001),
    (alone(CALLED, 1011), 1310.001),
    (alone(CALLED, 9000), NEVER),
    (alone(ANSWERED, 1011, facts(running=False)), NEVER),
    (alone(PROVISIONAL, 1001, facts(running=False)), 1060),
]


@pytest.mark.parametrize(("verdict", "at"), LOOKS)
def test_a_verdict_says_when_to_look_again(verdict, at):
    assert verdict.look_at == at


def test_a_session_whose_row_is_gone_was_stopped_and_its_ended_run_stays():
    assert alone(CALLED, 1011, None, vanished=True).word is Word.STOPPED
    assert alone(ANSWERED, 1011, None, vanished=True).word is Word.DONE


def test_a_run_finished_by_hand_is_over_whatever_the_store_says():
    assert alone(CALLED, 1011, row("running"), finished_by_hand=1011).word is Word.DONE


def test_a_store_that_runs_again_after_a_run_was_over_means_another_one():
    later = row("running", started_at=1100)
    assert alone(ANSWERED, 1101, later, was=Turn(outcome=DONE, at=1010, because="", basis=Basis.LINE)).word is Word.DONE
    assert alone(ANSWERED, 1101, later).word is Word.THINKING


KILLED = Turn(outcome=STOPPED, at=1015, because="the store says stopped", basis=Basis.STORE)


def test_what_the_store_said_of_a_run_stands_when_its_row_tells_of_the_next():
    assert alone(CALLED, 1030, None, was=KILLED).word is Word.STOPPED
    handed = told(prompt(1000), said(1010, Stop.TOOLS, "a"), ended(1011, "a"), prompt(1020)).runs[1]
    assert (handed.outcome, handed.handed_over) == (DONE, True)
    assert alone(handed, 1030, None).word is Word.DONE
    assert alone(handed, 1030, None, was=replace(KILLED, outcome=FAILED)).word is Word.FAILED


def test_an_end_that_was_that_of_the_next_run_does_not_stand():
    """A row that was read before the lines tells of a turn that, by the lines, a newer prompt had taken before."""
    handed = told(prompt(1000), said(1010, Stop.TOOLS, "a"), ended(1011, "a"), prompt(1012)).runs[1]
    verdict = alone(handed, 1030, None, was=replace(KILLED, outcome=DONE))
    assert (verdict.word, verdict.ended_at) == (Word.DONE, 1012)


def test_lines_that_come_after_the_end_open_the_run_again():
    assert alone((*CALLED, ended(1020, "a")), 1030, None, was=KILLED).word is Word.THINKING
    assert alone((*ANSWERED, wake(1100)), 1101, facts(running=True, started_at=1099)).word is Word.THINKING


def test_a_yielded_run_has_ended_its_turn_though_the_store_says_running():
    yielded = (*CALLED, ended(1012, "a", yielded=True))
    assert alone(yielded, 1013, row("running", started_at=1000)).word is Word.DONE
    assert alone(yielded, 1021, row("running", started_at=1020)).word is Word.THINKING


# --- sub-agents as somebody else tells of them


def child(events, now, *, seen=None, **fields):
    """The verdict on a sub-agent whose parent waits for it."""
    run = events if isinstance(events, RunState) else state(*events)
    parent = state(prompt(900), said(1001))
    members = [Member(id=1, parent_id=None, state=parent), Member(id=2, parent_id=1, state=run, facts=seen, **fields)]
    return judge(members, now, LIMITS)[2]


ENTRY = ChildFact(key="k", turn_id="", parent_key="p")
SPAWNED = Child(key="k", spawned_at=1000)
GHOST = [
    # a sub-agent that has no row, or lost it, ends by the registry
    ("registry done", {"registered": replace(ENTRY, ended_at=1005, outcome=DONE)}, Word.DONE),
    ("registry failed", {"registered": replace(ENTRY, ended_at=1005, outcome=FAILED)}, Word.FAILED),
    ("registry still runs", {"registered": replace(ENTRY, started_at=1001), "told": SPAWNED}, Word.THINKING),
    # or by the announcement to its parent
    ("announced done", {"told": replace(SPAWNED, answered_at=1005, outcome=DONE)}, Word.DONE),
    ("announced failed", {"told": replace(SPAWNED, answered_at=1005, outcome=FAILED, error="x")}, Word.FAILED),
    # it was spawned and has not begun
    ("nobody tells", {"told": SPAWNED}, Word.QUEUED),
    ("registry has not begun it", {"told": SPAWNED, "registered": ENTRY}, Word.QUEUED),
    ("its row has no status yet", {"told": SPAWNED, "seen": row()}, Word.QUEUED),
    ("its row runs", {"told": SPAWNED, "seen": row("running", started_at=1001)}, Word.THINKING),
    # a row that was pruned is no deletion: it is waited for, and lost in the end
    ("its row is gone", {"told": SPAWNED, "vanished": True}, Word.THINKING),
]


@pytest.mark.parametrize(("fields", "word"), [case[1:] for case in GHOST], ids=[case[0] for case in GHOST])
def test_a_sub_agent_without_lines_ends_by_what_others_say(fields, word):
    assert child(PROVISIONAL, 1010, **fields).word is word


def test_a_sub_agent_that_nobody_tells_of_is_lost_in_the_end():
    assert child(PROVISIONAL, 1000 + 3601, told=SPAWNED).word is Word.LOST


def test_lines_after_the_registrys_end_count_more():
    entry = ChildFact(key="k", turn_id="", parent_key="p", ended_at=1005, outcome=DONE)
    assert child(CALLED, 1020, registered=entry).word is Word.WORKING
    assert child(CALLED, 1020, registered=replace(entry, ended_at=1009)).word is Word.DONE


def test_the_registrys_failure_counts_more_than_a_good_last_line():
    entry = ChildFact(key="k", turn_id="", parent_key="p", ended_at=1010, outcome=FAILED, reason="time limit reached")
    verdict = child(ANSWERED, 1011, registered=entry)
    assert (verdict.word, verdict.reason) == (Word.FAILED, "time limit reached")
    assert child(ANSWERED, 1011, registered=replace(entry, outcome=DONE)).word is Word.DONE


def test_the_last_line_says_why_it_failed_and_the_registry_only_where_that_does_not():
    entry = ChildFact(key="k", turn_id="", parent_key="p", ended_at=1010, outcome=FAILED, reason="request failed")
    verdict = child((prompt(1000), said(1010, Stop.ERROR, error="400")), 1011, registered=entry)
    assert (verdict.word, verdict.reason) == (Word.FAILED, "400")
    assert child((prompt(1000), said(1010, Stop.ERROR)), 1011, registered=entry).reason == "request failed"


def test_an_announcement_before_the_last_line_is_that_of_an_older_turn():
    told_of = replace(SPAWNED, answered_at=1005, outcome=DONE)
    assert child(CALLED, 1020, told=told_of).word is Word.WORKING


NEWER = [
    ("failed", row("failed", ended_at=1030), Word.FAILED),
    ("done", row("done", ended_at=1030), Word.STOPPED),
    ("still running", row("running", started_at=1020), Word.WORKING),
    ("had ended before", row("done", ended_at=1005), Word.WORKING),
    ("no status", facts(running=False, ended_at=1030), Word.WORKING),
]


@pytest.mark.parametrize(("newer", "word"), [case[1:] for case in NEWER], ids=[case[0] for case in NEWER])
def test_an_older_run_does_not_go_on_when_a_newer_one_of_its_session_has_ended(newer, word):
    assert alone(CALLED, 1040, None, row=newer).word is word


def test_a_run_that_is_lost_before_it_would_be_quiet_is_looked_at_in_time():
    member = Member(id=1, parent_id=None, state=state(*CALLED))
    assert judge([member], 1011, Limits(lost_s=60))[1].look_at == pytest.approx(1070, abs=0.01)
