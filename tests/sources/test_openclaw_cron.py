"""Each scheduled run is one session, whichever of its two rows is there."""

from sessions_app.sources.base import Facts
from sessions_app.sources.openclaw_cron import runs_of_jobs

JOB, RUN = "agent:main:cron:7", "agent:main:cron:7:run:s1"


def facts(key, session_id="s1", **fields):
    return Facts(key=key, agent="main", session_id=session_id, **fields)


def seen(*all_facts):
    return runs_of_jobs({one.key: one for one in all_facts})


def test_the_row_of_the_run_tells_its_state_and_the_job_its_name():
    run = facts(RUN, running=True, has_status=True, started_at=5.0)
    job = facts(JOB, label="Automation: nightly report")
    assert seen(job, run) == seen(run, job)
    assert seen(job, run) == {
        RUN: facts(RUN, running=True, has_status=True, started_at=5.0, label="Automation: nightly report")
    }


def test_it_is_the_same_session_when_that_row_is_gone():
    assert seen(facts(JOB)) == {RUN: facts(RUN)}


def test_the_next_run_of_the_job_is_another_session():
    assert set(seen(facts(JOB, "s2"), facts(RUN, "s1"))) == {RUN, JOB + ":run:s2"}


def test_a_run_without_a_job_stands_alone():
    assert seen(facts(RUN)) == {RUN: facts(RUN)}


def test_a_job_that_never_ran_is_left_alone():
    assert set(seen(facts(JOB, ""))) == {JOB}


def test_other_keys_with_such_a_part_are_left_alone():
    assert set(seen(facts("agent:main:x"), facts("agent:main:x:run:y"))) == {"agent:main:x", "agent:main:x:run:y"}
