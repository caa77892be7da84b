"""`manage.py demo` as people start it: something moves, both pages answer, Ctrl-C ends all of it and leaves nothing."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from livestatus_site.parse import BASE_DIR
from sessions_app.demo.stage import environment
from sessions_app.management.commands.demo import port

ANOTHER_LOOK_S = 0.2
PATIENCE_S = 50.0  # until the pages show what they shall; a machine with nothing else to do needs about 20


@pytest.fixture
def temp(tmp_path):
    folder = tmp_path / "temp"
    folder.mkdir()
    return folder


@pytest.fixture
def process(temp, tmp_path):
    """The demo, killed in any case; a clock ends a test that would wait for ever."""
    env = {**os.environ, "TMPDIR": str(temp), "DATA_DIR": str(tmp_path / "var"), "MM_BASE_URL": "https://real.example"}
    with subprocess.Popen(
        (sys.executable, "-u", "manage.py", "demo", "--board-port", "0", "--channel-port", "0"),
        cwd=BASE_DIR, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        clock = threading.Timer(PATIENCE_S * 2, process.kill)
        clock.start()
        yield process
        clock.cancel()
        process.kill()
        for pid in started_in(temp):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def started_in(temp):
    """Processes that live whose environment has this folder for temporary files."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={temp}".encode() in path.read_bytes().split(b"\0"):
                found.append(int(path.parent.name))
    return found


def addresses(process):
    """What it says that one can open."""
    found, said = {}, []
    for line in process.stdout:
        said.append(line)
        if match := re.match(r"\s+(Channel|Board)\s+(http://\S+)", line):
            found[match[1]] = match[2]
        if len(found) == 2:
            return found
    pytest.fail(f"It ended with {process.wait()}: {''.join(said)}")


def wait_for_posts(channel, *wanted):
    """Until for each pattern there is a post that has it; the posts."""
    pause, texts = threading.Event(), []
    for _ in range(int(PATIENCE_S / ANOTHER_LOOK_S)):
        threads = requests.get(f"{channel}posts.json", timeout=5).json()["threads"]
        texts = [post["html"] for thread in threads for post in thread["posts"] if post["bot"]]
        if all(any(re.search(pattern, text) for text in texts) for pattern in wanted):
            return texts
        pause.wait(ANOTHER_LOOK_S)
    pytest.fail(f"No post with one of {wanted}:\n" + "\n".join(texts))


def test_it_plays_and_shows_and_ends_without_leaving_anything(process, temp):
    found = addresses(process)
    wait_for_posts(found["Channel"], r"Sub-agents \d/\d", r"^<p>✅ .* · done · ")
    session = requests.Session()
    entered = session.get(found["Board"], timeout=10)
    assert entered.status_code == 200
    assert "Sign out" in entered.text
    assert "real.example" not in entered.text
    assert len(started_in(temp)) >= 4  # the demo itself, the watcher, the board and its worker
    process.send_signal(signal.SIGINT)
    rest = process.stdout.read()
    assert process.wait() == 0, rest
    assert "Traceback" not in rest
    assert started_in(temp) == []
    assert list(temp.iterdir()) == []
    with pytest.raises(requests.ConnectionError):
        session.get(found["Channel"], timeout=5)


def test_a_port_that_is_taken_is_named(temp, tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = str(taken.getsockname()[1])
        done = subprocess.run(
            (sys.executable, "manage.py", "demo", "--channel-port", number),
            cwd=BASE_DIR, env={**os.environ, "TMPDIR": str(temp), "DATA_DIR": str(tmp_path / "var")},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {number} cannot be had" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(temp.iterdir()) == []


def test_nothing_of_a_real_installation_reaches_the_demo():
    outside = {
        "PATH": "/bin", "MM_BASE_URL": "https://real.example", "MM_BOT_TOKEN_FILE": "/real/token", "REDIS_URL": "redis://real",
        "DATABASE_URL": "postgres://real", "DATA_DIR": "/real", "ENV_FILE": "/real/.env", "SECRET_KEY": "real",
    }  # fmt: skip
    made = environment(outside, Path("/demo"), "http://127.0.0.1:1", "token", 1234)
    assert made["PATH"] == "/bin"
    assert not [name for name, value in made.items() if "real" in value]
    assert (made["MM_BASE_URL"], made["ENV_FILE"], made["PORT"]) == ("http://127.0.0.1:1", os.devnull, "1234")


@pytest.mark.parametrize(("text", "number"), [("0", 0), ("8000", 8000), ("65535", 65535)])
def test_a_port(text, number):
    assert port(text) == number


@pytest.mark.parametrize("text", ["", "-1", "65536", "http", "٣", "8000.5"])
def test_no_port(text):
    with pytest.raises(Exception, match="is no port"):
        port(text)
