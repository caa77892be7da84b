"""Says whether a round went well: its posts, every version of them, and every request, against a run without faults.

Knows nothing of the code it judges but where it keeps which run is whose, and that a post names its run in its props.
"""

import re
import sqlite3
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from tests.faults.processes import DEFAULT_CHANNEL
from tests.standin import MattermostStandIn, Post, Request

WINDOWS_S = (1.0, 5.0, 30.0, 120.0)
RUNS = """SELECT run.id, session.store, session.key, run.no FROM sessions_app_run AS run
          JOIN sessions_app_session AS session ON session.id = run.session_id"""
# The row of `agent:main:main` names alice's direct channel, and that is true of its newest run only: whoever comes
# later cannot know where an older run was asked for.
KNOWN_ONLY_LIVE = {"direct", DEFAULT_CHANNEL}
# Ages are those of runs that have begun: that of a queued one is how long it has been waiting, and begins anew.
BEGUN = ("💭", "⚙️", "⏳", "✋", "🟠")
_AGE = re.compile(r"(?:(\d+)d ?)?(?:(\d+)h ?)?(?:(\d+)m ?)?(?:(\d+)s)?$")
_TOOLS = re.compile(r"(?:^|\n)(no|\d+) tools?(?: ·|$|\n)")


@dataclass(frozen=True, kw_only=True, order=True)
class RunName:
    """Which run, in words that hold in any database."""

    store: str
    key: str
    no: int

    def __str__(self) -> str:
        return f"{self.store} {self.key} no. {self.no}"


@dataclass(frozen=True, kw_only=True)
class Shown:
    """One post as people see it."""

    place: tuple[str, str]
    text: str


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """``complaints`` empty: it went well."""

    complaints: tuple[str, ...]
    figures: Mapping[str, float] = field(default_factory=dict)


def names_in(database: Path) -> dict[int, RunName]:
    """Every run of an installation by its id."""
    with closing(sqlite3.connect(database, timeout=60)) as rows:
        return {
            id_: RunName(store=Path(store).name, key=key, no=no)
            for id_, store, key, no in rows.execute(RUNS).fetchall()
        }


def posts_in(mm: MattermostStandIn, names: Mapping[int, RunName]) -> tuple[dict[RunName, list[Shown]], list[str]]:
    """The posts of each run, and what is wrong with those that are nobody's."""
    found: dict[RunName, list[Shown]] = {}
    strange: list[str] = []
    for post in mm.bot_posts():
        run = _own_props(post).get("run")
        if isinstance(run, int) and run in names:
            found.setdefault(names[run], []).append(_shown(mm, post))
        else:
            strange.append(f"A post belongs to no run ({run!r}): {_start(post.message)}")
    return found, strange


def compare(found: Mapping[RunName, list[Shown]], wanted: Mapping[RunName, list[Shown]]) -> list[str]:
    """Every run has exactly the post that it has without faults."""
    wrong: list[str] = []
    for name in sorted(found.keys() | wanted.keys()):
        ours, theirs = found.get(name, []), wanted.get(name, [])
        if len(ours) != len(theirs):
            wrong.append(f"{name} has {len(ours)} posts, not {len(theirs)}.")
        elif ours[0].text != theirs[0].text:
            wrong.append(f"{name} ends with another text:\n  {_short(ours[0].text)}\n  not\n  {_short(theirs[0].text)}")
        elif ours[0].place != theirs[0].place and {ours[0].place[0], theirs[0].place[0]} != KNOWN_ONLY_LIVE:
            wrong.append(f"{name} stands in {ours[0].place}, not in {theirs[0].place}.")
    return wrong


def backward(versions: Sequence[Post]) -> list[str]:
    """Edits of one post that go back in time: an older revision, less time since the start, or fewer tools."""
    wrong: list[str] = []
    latest: dict[str, int] = {}
    for number, version in enumerate(versions):
        for what, value in _progress(version).items():
            if value < latest.get(what, value):
                before = _start(versions[number - 1].message)
                wrong.append(f"Edit {number} of {version.id} goes back ({what} {latest[what]} → {value}): "
                             f"{_start(version.message)!r} after {before!r}")  # fmt: skip
            latest[what] = max(value, latest.get(what, value))
    return wrong


def busiest(times: Sequence[float], window_s: float) -> int:
    """The most of them within any stretch of that length."""
    return max((number + 1 - bisect_left(times, at - window_s) for number, at in enumerate(times)), default=0)


def over_budget(requests: Sequence[Request], per_s: float, in_flight: int) -> list[str]:
    """Creates and edits never come faster than the budget, but for those that were under way at the same time."""
    times = sorted(request.at for request in requests if request.is_write)
    found = [(window, busiest(times, window), int(per_s * window) + in_flight) for window in WINDOWS_S]
    return [
        f"{most} creates and edits within {window:.0f} s, {allowed} allowed."
        for window, most, allowed in found
        if most > allowed
    ]


def judge(
    mm: MattermostStandIn, database: Path, wanted: Mapping[RunName, list[Shown]], *, per_s: float, in_flight: int
) -> Verdict:
    """``wanted``: the posts without faults; ``in_flight``: requests that all publishing processes may have at once."""
    found, complaints = posts_in(mm, names_in(database))
    complaints += compare(found, wanted)
    histories = [mm.world.versions[post.id] for post in mm.bot_posts()]
    for history in histories:
        complaints += backward(history)
    complaints += over_budget(mm.requests, per_s, in_flight)
    return Verdict(complaints=tuple(complaints), figures=_figures(mm, found, histories))


def _figures(
    mm: MattermostStandIn, found: Mapping[RunName, list[Shown]], histories: Sequence[Sequence[Post]]
) -> dict[str, float]:
    requests = list(mm.requests)
    answers = Counter(request.status for request in requests)
    times = sorted(request.at for request in requests if request.is_write)
    pairs = [(before, after) for history in histories for before, after in pairwise(history)]
    return {
        "runs": len(found),
        "posts": sum(len(posts) for posts in found.values()),
        "requests": len(requests),
        "creates": sum(request.is_create for request in requests),
        "edits": sum(request.is_edit for request in requests),
        "edits that changed nothing": sum(before.message == after.message for before, after in pairs),
        **{f"creates and edits in the busiest {window:.0f} s": busiest(times, window) for window in WINDOWS_S},
        "answers 429": answers[429],
        "answers 4xx": sum(count for status, count in answers.items() if status and 400 <= status < 500),
        "answers 5xx": sum(count for status, count in answers.items() if status and status >= 500),
        "never answered": answers[None],
    }


def _progress(version: Post) -> dict[str, int]:
    """What only grows while a run goes on. How long it took in the end is less than what was thought meanwhile."""
    found: dict[str, int] = {}
    revision = _own_props(version).get("revision")
    if isinstance(revision, int):
        found["revision"] = revision
    if version.message.startswith(BEGUN):
        age = _AGE.search(version.message.partition("\n")[0].rpartition(" · ")[2])
        if age is not None and age[0]:
            days, hours, minutes, seconds = (int(part or 0) for part in age.groups())
            found["seconds since its start"] = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    tools = _TOOLS.search(version.message)
    if tools is not None:
        found["tools"] = 0 if tools[1] == "no" else int(tools[1])
    return found


def _own_props(post: Post) -> Mapping[str, Any]:
    own = post.props.get("live_status")
    return own if isinstance(own, Mapping) else {}


def _shown(mm: MattermostStandIn, post: Post) -> Shown:
    """Direct channels get a new id in every stand-in."""
    direct = mm.world.channels[post.channel_id].type == "D"
    return Shown(place=("direct" if direct else post.channel_id, post.root_id), text=post.message)


def _start(text: str) -> str:
    return text.partition("\n")[0][:160]


def _short(text: str) -> str:
    return text.replace("\n", "\n  ")
