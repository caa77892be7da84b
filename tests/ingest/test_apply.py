import pytest
from django.db import DatabaseError

from sessions_app.events import Opened, Outcome, Stop
from sessions_app.ingest import apply as module
from sessions_app.ingest.apply import News, apply, look_again
from sessions_app.ingest.conversations import Reading
from sessions_app.models import Checkpoint, Judgement, Run, Session, Step
from sessions_app.models.times import moment, seconds
from sessions_app.sources.base import ChildFact, Chunk, Facts, Mark
from sessions_app.state.turns import Basis, Limits
from tests.ingest.watching import KEY, START, asked, called, everything, header, result, row
from tests.state.talks import announcement, ended, prompt, said

pytestmark = pytest.mark.django_db
LIMITS = Limits()
STORE = "/store"


def reading(*events, key=KEY, window="w1", position=100, restarted=False, problem="", transcript="w1.jsonl"):
    chunk = Chunk(events=events, mark=Mark(position=position), restarted=restarted, problem=problem)
    return Reading(key=key, window=window, transcript=transcript, chunk=chunk)


def facts(key=KEY, session_id="w1", **fields):
    return Facts(key=key, agent="main", session_id=session_id, transcript=f"{session_id}.jsonl", **fields)


def take(*readings, told=(), now=START + 100, **more):
    return apply(STORE, News(facts={one.key: one for one in told}, readings=readings, **more), now, LIMITS)


def test_a_reading_becomes_a_session_a_run_its_steps_and_a_checkpoint():
    take(reading(prompt(START), said(START + 1, Stop.TOOLS, "a"), ended(START + 2, "a", ok=False)), told=[facts()])
    run = Run.objects.get()
    assert (run.session.key, run.no, run.title, run.word) == (KEY, 1, f"prompt {START}", "thinking")
    assert (run.tools, run.root_id, run.parent_id) == (1, None, None)
    step = Step.objects.get()
    assert (step.call_id, step.ok, seconds(step.ended_at)) == ("a", False, START + 2)
    assert Checkpoint.objects.get().mark == Mark(position=100)
    assert run.session.seen_at == moment(START + 2)


FAILURES = ["_save", "link_spawned", "link_by_row", "judge_trees", "tell_posts"]


@pytest.mark.parametrize("where", FAILURES)
def test_an_exception_after_the_reading_leaves_checkpoint_and_state_untouched(where, monkeypatch):
    take(reading(prompt(START)), told=[facts()])
    before = everything()

    def fail(*args):
        raise DatabaseError("no")

    with monkeypatch.context() as patch:
        patch.setattr(module, where, fail)
        with pytest.raises(DatabaseError):
            take(reading(said(START + 1), position=200), told=[facts(running=True)])
    assert everything() == before
    take(reading(said(START + 1), position=200))
    assert (Run.objects.get().word, Checkpoint.objects.get().position) == ("done", 200)


def test_readings_of_several_sessions_are_kept_apart():
    take(reading(prompt(START)), reading(prompt(START + 1), key="agent:main:main", transcript="b.jsonl"))
    assert {run.session.key: run.title for run in Run.objects.all()} == {
        KEY: f"prompt {START}",
        "agent:main:main": f"prompt {START + 1}",
    }
    assert Checkpoint.objects.count() == 2


def test_reading_a_transcript_again_gives_the_same_and_counts_nothing_twice():
    events = (
        prompt(START),
        said(START + 1, Stop.TOOLS, "a"),
        ended(START + 2, "a"),
        said(START + 3),
        prompt(START + 4),
    )
    take(reading(*events), told=[facts()])
    before = everything()
    take(reading(*events, restarted=True))
    assert everything() == before
    take(reading(Opened(id="h", at=START), *events, transcript="moved.sqlite#w1"))
    assert [row for row in everything() if "point" not in row] == [row for row in before if "point" not in row]


def test_who_has_the_turn_is_remembered_between_readings():
    spawn = (prompt(START), said(START + 1, Stop.TOOLS, "a"), ended(START + 2, "a", spawned="agent:main:subagent:1"))
    take(reading(*spawn, said(START + 3), prompt(START + 4), said(START + 5)), told=[facts()])
    take(reading(announcement(START + 6, label="do a"), position=200))
    take(reading(said(START + 7), position=300))
    assert {run.no: run.value.turn_ended_at for run in Run.objects.filter(session__key=KEY)} == {
        1: START + 7,
        2: START + 5,
    }


def test_a_new_session_id_ends_what_went_on_in_the_old_window():
    take(reading(prompt(START), said(START + 1, Stop.TOOLS, "a")), told=[facts()])
    take(told=[facts(session_id="w2", updated_at=START + 5)])
    run = Run.objects.get()
    assert (run.word, run.reason, seconds(run.ended_at)) == ("stopped", "session reset", START + 5)
    session = Session.objects.get()
    assert (session.window, session.windows) == ("w2", "w1")


def test_a_run_that_was_over_before_the_reset_stays_as_it_was():
    take(reading(prompt(START), said(START + 1)), told=[facts(running=False)])
    take(told=[facts(session_id="w2", updated_at=START + 5)])
    assert Run.objects.get().word == "done"


def test_a_running_row_opens_a_run_that_takes_the_first_prompt():
    take(told=[facts(running=True, started_at=START)])
    run = Run.objects.get()
    assert (run.word, run.start_id, run.title) == ("thinking", "", "")
    take(told=[facts(running=True, started_at=START, updated_at=START + 1)])
    take(reading(prompt(START + 2)))
    run = Run.objects.get()
    assert (run.start_id, run.title) == (f"p{START + 2}", f"prompt {START + 2}")


def test_a_running_row_whose_lines_are_known_opens_nothing():
    take(reading(prompt(START), said(START + 1)), told=[facts(running=False)])
    take(told=[facts(running=True, started_at=START + 5)])
    assert Run.objects.count() == 1


def test_a_row_that_does_not_run_opens_nothing():
    take(told=[facts(running=False), facts("agent:main:b", running=None)])
    assert Run.objects.count() == 0
    assert Session.objects.count() == 2


def test_a_row_that_is_gone_stops_its_run_and_one_that_comes_back_does_not():
    take(reading(prompt(START)), told=[facts(running=True, updated_at=START)])
    take(gone=frozenset({KEY}))
    assert (Run.objects.get().word, Run.objects.get().reason) == ("stopped", "session deleted")
    assert not Session.objects.get().in_store
    take(told=[facts(running=True, updated_at=START + 5)])
    assert Run.objects.get().word == "thinking"


def test_the_problem_of_a_transcript_stands_until_it_is_read_without_one():
    take(reading(position=0, problem="cannot be read"), told=[facts()])
    assert Session.objects.get().problem == "cannot be read"
    take(told=[facts(updated_at=START)])
    assert Session.objects.get().problem == "cannot be read"
    take(reading(prompt(START)))
    assert Session.objects.get().problem == ""


def test_a_problem_of_the_old_transcript_is_none_of_the_new_one():
    take(reading(position=0, problem="cannot be read"), told=[facts()])
    take(told=[facts(session_id="w2")])
    assert Session.objects.get().problem == ""


def test_a_problem_that_the_row_tells_is_kept_until_it_is_told_no_more():
    take(told=[facts(problem="bad name")])
    assert Session.objects.get().problem == "bad name"
    take(told=[facts()])
    assert Session.objects.get().problem == ""


def test_what_a_registry_says_before_its_session_is_known_is_not_forgotten():
    told = ChildFact(key=KEY, turn_id="t", parent_key="p", ended_at=START + 5, outcome=Outcome.DONE)
    take(told=[facts(running=True, started_at=START)], registry={KEY: (told,)})
    assert "turn_id" in Session.objects.get().registered


def test_times_that_a_clock_gone_mad_wrote_keep_no_run_alive():
    mad = START + 10 * 365 * 86_400
    told = facts(running=True, started_at=mad, updated_at=mad)
    take(reading(prompt(mad), said(mad, Stop.TOOLS, "a")), told=[told])
    assert seconds(Run.objects.get().seen_at) == START + 100
    look_again(START + 100 + 3700, LIMITS)
    assert Run.objects.get().word == "lost"


def test_silence_is_looked_at_when_it_is_due():
    take(reading(prompt(START)), told=[facts()])
    due = seconds(Run.objects.get().look_at)
    look_again(due - 1, LIMITS)
    assert Run.objects.get().word == "thinking"
    look_again(due + 1, LIMITS)
    assert Run.objects.get().word == "quiet"


def test_a_revision_grows_only_when_a_reader_would_see_it():
    take(reading(prompt(START)), told=[facts()])
    first = Run.objects.get().revision
    take(told=[facts(updated_at=START + 50)])
    assert Run.objects.get().revision == first
    take(reading(said(START + 60, Stop.TOOLS, "a")))
    assert Run.objects.get().revision == first + 1


def test_news_of_many_sessions_takes_few_queries(django_assert_max_num_queries):
    many = [facts(f"agent:main:{no}", f"w{no}", running=True, started_at=START) for no in range(300)]
    with django_assert_max_num_queries(46):
        take(told=many)
    assert Run.objects.count() == 300
    lines = [
        reading(
            prompt(START),
            said(START + 1, Stop.TOOLS, "a"),
            key=f"agent:main:{no}",
            window=f"w{no}",
            transcript=f"w{no}",
        )
        for no in range(30)
    ]
    with django_assert_max_num_queries(46):
        take(*lines)


def test_one_line_among_two_thousand_sessions_takes_few_queries(django_assert_max_num_queries):
    many = [Session(store=STORE, key=f"agent:main:{no}", window=f"w{no}", last_run=1) for no in range(2000)]
    made = Session.objects.bulk_create(many)
    Run.objects.bulk_create([Run(session=session, no=1, window=session.window) for session in made])
    take(reading(prompt(START)), told=[facts()])
    with django_assert_max_num_queries(30):
        take(reading(said(START + 1)))
    with django_assert_max_num_queries(30):
        take(told=[facts(updated_at=START + 3)])
    with django_assert_max_num_queries(30):
        look_again(START + 500, LIMITS)


def test_a_line_of_a_run_with_many_sub_agents_takes_few_queries(django_assert_max_num_queries):
    spawns = [ended(START + 2, f"c{no}", spawned=f"agent:main:subagent:{no}") for no in range(100)]
    take(reading(prompt(START), *spawns), told=[facts()])
    assert Run.objects.count() == 101
    with django_assert_max_num_queries(30):
        take(reading(said(START + 3, Stop.TOOLS, "z"), position=200))


def test_every_change_of_word_is_kept_with_its_evidence(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START), called(START + 1, "a"))
    watching.read_all()
    store.write("w.jsonl", result(START + 2, "a"))
    watching.step(START + 3)
    watching.step(START + 200)
    watching.rows({KEY: row("w", at=START + 201, status="killed", startedAt=START, endedAt=START + 201)})
    watching.step(START + 202)
    told = [(one.word, one.at, one.since) for one in Judgement.objects.all()]
    assert told == [
        ("thinking", START, START), ("quiet", START + 200, START + 2), ("stopped", START + 202, START + 201),
    ]  # fmt: skip
    last = Judgement.objects.last()
    assert last is not None
    assert (Basis.STORE, "says stopped", START + 201, True) in [(p.basis, p.says, p.at, p.decided) for p in last.pieces]
    watching.step(START + 300)
    assert Judgement.objects.count() == 3
