"""Promise 1: nothing read twice, nothing skipped, whenever the watcher is killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[2]


def read(folder, seed, kill):
    folder.mkdir()
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "DATA_DIR": str(folder)}
    command = [sys.executable, "-m", "tests.ingest.killing", str(folder / "store"), str(seed), kill]
    done = subprocess.run(command, cwd=HOUSE, env=env, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_watcher_that_is_killed_at_any_moment_and_started_again_ends_with_the_same(tmp_path, seed):
    unharmed = read(tmp_path / "unharmed", seed, "live")
    killed = read(tmp_path / "killed", seed, "kill")
    assert killed["killed"] > 10
    assert unharmed["killed"] == 0
    assert killed["rows"] == unharmed["rows"]
    assert sum("'run'" in row for row in unharmed["rows"]) == 4
