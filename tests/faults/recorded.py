"""Which recordings can be watched in any way, and those recordings at another time."""

from pathlib import Path

from sessions_app.demo import recording, shift
from sessions_app.demo.shift import Shift
from tests.flow.recording import Recording

# Runs with a post, of one recording at least. Left out are `reset` and `cron`, since what is taken away while nobody
# watches nobody can post, and `silent`, since a run with nothing to say has a post only if it was seen before its end.
RUNS = {
    "abort": 2, "approval": 2, "bg": 1, "compact": 4, "cross_agent": 1, "err_retry": 1, "kill": 1, "kill_children": 1,
    "label_twice": 1, "many": 1, "mm": 7, "mm_nested": 2, "mm_stop": 3, "model_errors": 4, "nested": 1, "new_mid": 2,
    "plain": 1, "restart": 1, "second": 6, "spawn_fail": 2, "toolerr": 1, "tools": 1, "yield": 1,
}  # fmt: skip
SILENT = ("2026.2.26/approval", "2026.2.26/kill", "2026.7.1/model_errors")  # runs in them end by minutes of silence


def usable() -> list[str]:
    """Names of the recordings whose runs all get a post however they are watched."""
    everything = [recording.name for recording in Recording.all() + Recording.all_databases()]
    return [name for name in everything if scenario(name) in RUNS and name not in SILENT]


def scenario(name: str) -> str:
    return name.rpartition("/")[2]


def span(name: str, scratch: Path) -> tuple[float, float]:
    """When a recording begins, and when the last thing happens in it."""
    return shift.span(Recording(name), scratch)


def moved(name: str, to: Shift, folder: Path) -> recording.Recording:
    """A copy of a recording in ``folder`` with all its times moved."""
    return shift.moved(Recording(name), to, folder)
