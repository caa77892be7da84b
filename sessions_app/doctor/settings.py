"""Can every setting be used, and who are we?"""

import os
import pwd
from collections.abc import Iterator

from sessions_app import wiring
from sessions_app.doctor.finding import Finding, Part, broken, well

PART = Part.SETTINGS


def settings() -> Iterator[Finding]:
    """A finding for each setting that is no good; without any, where things are and who looks."""
    env = wiring.env()
    for problem in env.problems:
        yield broken(PART, problem)
    who = f"looked at as {us()}"
    if env.problems:
        yield broken(PART, f"So the watcher does not start ({who}).", "Correct them in .env or in the environment.")
    else:
        yield well(PART, f"All can be used; {who}, our own files are in {env.data_dir}.")


def us() -> str:
    """The name of the user that this process runs as."""
    return name_of(os.geteuid())


def name_of(uid: int) -> str:
    """The name of a user, as people know it."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
