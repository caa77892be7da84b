"""Scheduled runs: OpenClaw gives each a row of its own beside that of its job, both with the same transcript.

``agent:<id>:cron:<job>`` stays, moves on to the next run's transcript, and never gets a status;
``agent:<id>:cron:<job>:run:<session id>`` has one, and may be deleted as soon as the run is over. Here each run is a
session of its own under the longer key, whichever of the rows is there.
"""

from collections.abc import Mapping
from dataclasses import replace

from sessions_app.sources.base import Facts

CRON, RUN = ":cron:", ":run:"


def runs_of_jobs(sessions: Mapping[str, Facts]) -> dict[str, Facts]:
    """The sessions, with those of jobs under the key of their present run; the row of the run tells its state."""
    jobs = {key for key, facts in sessions.items() if CRON in key and RUN not in key and facts.session_id}
    found = {key: facts for key, facts in sessions.items() if key not in jobs}
    for key in sorted(jobs):
        facts = sessions[key]
        name = f"{key}{RUN}{facts.session_id}".lower()
        run = found.get(name)
        if run is None:
            found[name] = replace(facts, key=name)
        elif run.session_id == facts.session_id:
            found[name] = replace(run, label=run.label or facts.label)
    return found
