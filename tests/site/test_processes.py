"""Starting and ending the processes together."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from livestatus_site import gunicorn_conf, processes
from livestatus_site.env import load
from livestatus_site.parse import BASE_DIR

RUN = """
import sys
from livestatus_site import processes
sys.exit(processes.run(dict(zip("ab", sys.argv[1:])), prefix=True))
"""


def start(*commands: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-c", RUN, *commands], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)


def wait_for(*files: Path) -> None:
    deadline = time.monotonic() + 20
    while not all(file.exists() for file in files):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_worker_is_started_only_with_redis():
    assert list(processes.commands(load({}))) == ["web", "watcher"]
    assert list(processes.commands(load({"REDIS_URL": "redis://localhost"}))) == ["web", "watcher", "worker", "beat"]


def test_programs_of_this_environment_come_first():
    first = processes.child_environment()["PATH"].split(os.pathsep)[0]
    assert (Path(first) / "gunicorn").exists()


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_stop_ends_all_and_is_no_failure(tmp_path, sent):
    files = tmp_path / "a", tmp_path / "b"
    process = start(*(f"touch '{file}'; exec sleep 60" for file in files))
    wait_for(*files)
    process.send_signal(sent)
    assert process.communicate(timeout=20)[0] == ""
    assert process.returncode == 0


def test_one_that_clings_to_life_is_killed_at_the_second_request(tmp_path):
    process = start(f"trap '' TERM; touch '{tmp_path}/a'; while :; do sleep 0.1; done")
    wait_for(tmp_path / "a")
    process.send_signal(signal.SIGINT)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGINT)
    process.wait(5)
    assert process.communicate()[0] == ""


def test_one_that_fails_takes_the_others_along_and_says_so():
    process = start("echo 'no luck'; exit 7", "exec sleep 60")
    said = process.communicate(timeout=20)[0]
    assert process.returncode == 7
    assert "a | no luck\n" in said
    assert "a ended with 7; stopping the others.\n" in said


def test_one_that_just_ends_is_a_failure_too():
    process = start("exit 0", "exec sleep 60")
    process.communicate(timeout=20)
    assert process.returncode == 1


def test_gunicorn_listens_where_the_settings_say():
    assert gunicorn_conf.bind == "127.0.0.1:8000"
    assert gunicorn_conf.worker_class == "gthread"
