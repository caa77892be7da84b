"""The same code on PostgreSQL: nothing changes but DATABASE_URL."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from livestatus_site.parse import BASE_DIR
from tests.flow.recording import Recording
from tests.standin import MattermostStandIn

RECORDINGS = [Recording("2026.2.26/nested"), Recording("2026.9.6/mm")]


def as_postgres(*command):
    """PostgreSQL refuses to run as root."""
    return ("runuser", "-u", "postgres", "--", *command) if os.geteuid() == 0 else command


@pytest.fixture(scope="module")
def postgres():
    """The address of a server of our own, with no password and nobody else in it."""
    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="livestatus-pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    control = (str(programs / "pg_ctl"), "-D", data, "-w")

    def run(*command):
        subprocess.run(as_postgres(*command), check=True, stdout=subprocess.DEVNULL, cwd=folder)

    run(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "postgres")
    options = f"-p {port} -k {folder} -c fsync=off"
    run(*control, "-l", str(folder / "log"), "-o", options, "start")
    try:
        yield f"postgres://postgres@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def posts_of(recording, mm, **environ):
    """What `--once` makes of a recording, on a fresh database."""
    env = {
        **os.environ,
        "OPENCLAW_STATE_DIR": str(recording.folder),
        "POST_MAX_AGE_S": "-1",
        "MM_BASE_URL": mm.url,
        "MM_BOT_TOKEN": mm.token,
        "MM_DEFAULT_CHANNEL": "d" * 26,
        "MAX_EDITS_PER_S": "100",
        **environ,
    }
    for command in (
        ["migrate", "-v0"],
        ["flush", "--noinput", "-v0"],
        ["runwatcher", "--once"],
        ["runwatcher", "--once"],
    ):
        subprocess.run([sys.executable, "manage.py", *command], cwd=BASE_DIR, env=env, check=True, timeout=60)
    return sorted(post.message for post in mm.bot_posts())


@pytest.mark.parametrize("recording", RECORDINGS, ids=repr)
def test_the_posts_are_those_of_sqlite(recording, postgres, tmp_path):
    made = []
    for number, environ in enumerate(({}, {"DATABASE_URL": postgres})):
        with MattermostStandIn(unknown_channels="create") as mm:
            for channel in {"d" * 26, "dmdmdmdmdmdmdmdmdmdmdmdm1a", *recording.channels()}:
                mm.add_channel(channel, id=channel)
            for asked in recording.asked():
                mm.add_post(asked.channel, asked.message, root_id=asked.root, id=asked.id)
            made.append(posts_of(recording, mm, DATA_DIR=str(tmp_path / str(number)), **environ))
    assert made[0] == made[1]
    assert made[0]


def test_the_search_finds_there_what_it_finds_on_sqlite(postgres):
    """The very same tests, on full text with its indexes instead of LIKE."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "tests/web/test_search.py",
    ]
    result = subprocess.run(
        command, cwd=BASE_DIR, env=env | {"TEST_DATABASE_URL": postgres}, capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stdout[-4000:]
    assert " passed" in result.stdout
    assert "skipped" not in result.stdout
