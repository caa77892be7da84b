"""Scheduled runs: OpenClaw gives each a row of its own beside that of its job, both with the same transcript.

``agent:<id>:cron:<job>`` stays and never gets a status; ``agent:<id>:cron:<job>:run:<session id>`` has one, and is
deleted as soon as the run is over. They are one session: the job's, with what the run's row says while it is there.
"""

from collections.abc import Mapping
from dataclasses import replace

from sessions_app.sources.base import Facts

RUN = ":run:"


def jobs_with_their_runs(sessions: Mapping[str, Facts]) -> dict[str, Facts]:
    """The sessions without the rows of scheduled runs whose job has a row; the newest run of a job tells its state."""
    merged = dict(sessions)
    for key in sorted(sessions, key=lambda one: sessions[one].updated_at):
        job, run, _ = key.partition(RUN)
        facts = sessions[key]
        if run and ":cron:" in job and job in sessions and sessions[job].session_id == facts.session_id:
            merged[job] = _told_by(sessions[job], facts)
            del merged[key]
    return merged


def _told_by(job: Facts, run: Facts) -> Facts:
    return replace(
        job,
        running=run.running,
        has_status=run.has_status,
        holder_dead=run.holder_dead,
        outcome=run.outcome,
        reason=run.reason,
        started_at=run.started_at,
        ended_at=run.ended_at,
        updated_at=max(job.updated_at, run.updated_at),
        model=run.model or job.model,
    )
