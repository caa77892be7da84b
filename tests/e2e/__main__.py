"""`make e2e-openclaw`: real OpenClaw releases, a real `runwatcher`, a scripted model and a stand-in Mattermost.

Installs what it needs below E2E_DIR (about 1 GB for each release). E2E_RELEASES names the releases, E2E_PLAYS the
plays. Ends with 1 if a post came late, or with the wrong word.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.gateway import Gateway
from tests.e2e.install import Release, folder, install
from tests.e2e.model import Model
from tests.e2e.plays import PLAYS, Scene, Stage, WrongError, plain
from tests.flow.process import MANAGE, Site
from tests.standin import MattermostStandIn

RELEASES = "2026.9.6"


def main() -> int:
    wanted = os.environ.get("E2E_PLAYS", " ".join(PLAYS)).split()
    wrong: list[str] = []
    for version in os.environ.get("E2E_RELEASES", RELEASES).split():
        print(f"OpenClaw {version}, {os.cpu_count()} cores", flush=True)
        with stage(install(version)) as one:
            # The first prompt after a start waits long for OpenClaw itself; it is not measured.
            plain(one, Scene(one, "warm-up", 0))
            for name in wanted:
                if name == "abort" and not one.gateway.release.has_database:
                    print("  abort   not played: there only the connection that asked may abort, and each call is one")
                else:
                    wrong += _played(one, name)
    print("\n".join(["", *wrong]) if wrong else "All as it should be.", flush=True)
    return 1 if wrong else 0


def _played(one: Stage, name: str) -> list[str]:
    try:
        got = one.play(name, PLAYS[name])
    except (WrongError, AssertionError) as error:
        print(f"  {name:7} WRONG", flush=True)
        return [str(error)]
    took = f"{got.from_line:4.2f} s since the prompt was on disk, {got.from_sign:4.2f} s since the first sign"
    print(f"  {name:7} post {took}, {got.from_asking:4.2f} s since the asking · {got.words}", flush=True)
    return []


@contextmanager
def stage(release: Release) -> Iterator[Stage]:
    """Everything running, on a fresh home and a fresh database."""
    folder().mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder(), prefix="run-") as place,
        MattermostStandIn(clock=time.time) as mm,
        Model() as model,
    ):
        gateway = Gateway(release, Path(place) / "home", model.url)
        database = Path(place) / "empty.sqlite3"
        env = {**os.environ, "ENV_FILE": os.devnull, "DATA_DIR": place, "DATABASE_URL": f"sqlite:///{database}"}
        subprocess.run((*MANAGE, "migrate", "-v0"), env=env, check=True)
        site = Site(Path(place) / "site", database, mm)
        settings = {"OPENCLAW_STATE_DIR": str(gateway.state), "MM_DEFAULT_CHANNEL": site.channel}
        with gateway.running(), site.watching(**settings):
            yield Stage(gateway, mm)


if __name__ == "__main__":
    sys.exit(main())
