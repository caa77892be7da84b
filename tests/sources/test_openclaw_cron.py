"""The two rows of a scheduled run are one session."""

from sessions_app.events import Outcome
from sessions_app.sources.base import Facts
from sessions_app.sources.openclaw_cron import jobs_with_their_runs

JOB, RUN = "agent:main:cron:7", "agent:main:cron:7:run:s1"


def facts(key, session_id="s1", **fields):
    return Facts(key=key, agent="main", session_id=session_id, label="Automation: nightly report", **fields)


def merged(*all_facts):
    return jobs_with_their_runs({one.key: one for one in all_facts})


def test_the_job_says_what_its_run_says():
    run = facts(RUN, running=True, has_status=True, started_at=5.0, updated_at=6.0)
    assert merged(facts(JOB, running=False, has_status=True, updated_at=4.0), run) == {
        JOB: facts(JOB, running=True, has_status=True, started_at=5.0, updated_at=6.0)
    }


def test_its_end_too():
    run = facts(RUN, has_status=True, running=False, outcome=Outcome.FAILED, reason="400", ended_at=9.0)
    (job,) = merged(facts(JOB), run).values()
    assert (job.key, job.outcome, job.reason, job.ended_at) == (JOB, Outcome.FAILED, "400", 9.0)


def test_a_run_of_another_transcript_stands_alone():
    assert set(merged(facts(JOB, "s2"), facts(RUN, "s1"))) == {JOB, RUN}


def test_a_run_without_a_job_stands_alone():
    assert set(merged(facts(RUN))) == {RUN}


def test_other_keys_with_such_a_part_are_left_alone():
    channel, odd = "agent:main:x", "agent:main:x:run:y"
    assert set(merged(facts(channel), facts(odd))) == {channel, odd}


def test_the_newest_of_several_runs_counts():
    older = facts(RUN, running=False, updated_at=1.0)
    newer = facts(JOB + ":run:s0", running=True, updated_at=2.0)
    assert merged(facts(JOB), newer, older)[JOB].running is True
