"""The Celery app against a real Redis: tasks arrive, and a broker that hangs or dies holds nobody."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from livestatus_site.parse import BASE_DIR

SEND = """
import time
from livestatus_site.celery import app
from kombu.exceptions import OperationalError
begun = time.monotonic()
try:
    app.send_task("celery.accumulate", args=[1], expires=60, retry=False)
    said = "sent"
except OperationalError:
    said = "refused"
print(said, time.monotonic() - begun)
"""


@contextmanager
def running(*command: str, **variables: str) -> "Iterator[tuple[subprocess.Popen[str], Callable[..., None]]]":
    """A process, and a way to wait until it says something. Reading goes on, so that it never blocks on its output."""
    process = subprocess.Popen(
        command,
        cwd=BASE_DIR,
        env={**os.environ, **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(process.stdout or ()))
    reader.start()

    def says(text: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while sum(text in line for line in lines) < times:
            assert time.monotonic() < deadline, "".join(lines)
            time.sleep(0.02)

    try:
        yield process, says
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(20)
        reader.join(5)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
    return number


@contextmanager
def redis(port: int, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    command = ("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "")
    with running(*command) as (process, says):
        says("Ready to accept connections")
        yield process


def send(port: int) -> tuple[str, float]:
    environ = {**os.environ, "REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    done = subprocess.run(
        [sys.executable, "-c", SEND], cwd=BASE_DIR, env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    said, seconds = done.stdout.split()
    return said, float(seconds)


def test_a_task_reaches_a_worker_and_again_after_redis_was_killed(tmp_path, port):
    worker = str(Path(sys.executable).with_name("celery"))
    arguments = ("-A", "livestatus_site", "worker", "-P", "threads", "--without-gossip", "--without-mingle")
    environ = {"REDIS_URL": f"redis://127.0.0.1:{port}/0", "LOG_LEVEL": "DEBUG"}
    with redis(port, tmp_path) as first, running(worker, *arguments, **environ) as (process, says):
        says("ready")
        assert send(port)[0] == "sent"
        says("succeeded")
        first.kill()
        first.wait(5)
        says("onnection to broker lost")
        with redis(port, tmp_path):
            says("Connected to redis", times=2)
            assert send(port)[0] == "sent"
            says("succeeded", times=2)
            process.terminate()
            assert process.wait(20) == 0


def test_a_hung_broker_holds_the_sender_only_for_seconds(tmp_path, port):
    with redis(port, tmp_path) as process:
        process.send_signal(signal.SIGSTOP)
        said, seconds = send(port)
    assert said == "refused"
    assert seconds < 10


def test_a_broker_that_is_not_there_is_noticed_at_once(port):
    said, seconds = send(port)
    assert said == "refused"
    assert seconds < 5
