"""The PID file and the locks: who runs, who is refused, and what a dead process leaves behind."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from sessions_app.control import process
from sessions_app.control.process import AlreadyWatchedError, CannotStartError, Standing, on_stop

HEALTH = "http://127.0.0.1:8000/health/"
# Another process that holds the file until it is told to end, or until it is killed.
HOLDS = """
import sys, threading
from pathlib import Path
from sessions_app.control.process import on_stop, pid_file_held
end = threading.Event()
with on_stop(end.set), pid_file_held(Path(sys.argv[1]), "here"):
    print("held", flush=True)
    end.wait(60)
"""


@pytest.fixture
def pid_file(tmp_path: Path) -> Path:
    return tmp_path / "run" / "watcher.pid"


@pytest.fixture
def other(pid_file: Path):
    """Another process with the PID file."""
    with subprocess.Popen([sys.executable, "-c", HOLDS, str(pid_file)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


class TestPidFile:
    def test_while_it_is_held_it_tells_pid_and_health_and_afterwards_it_is_gone(self, pid_file: Path) -> None:
        assert process.look(pid_file).standing is Standing.STOPPED
        with process.pid_file_held(pid_file, HEALTH):
            assert process.look(pid_file) == process.Process(
                standing=Standing.RUNNING, pid=os.getpid(), health=HEALTH
            )  # fmt: skip
        assert process.look(pid_file) == process.Process(standing=Standing.STOPPED)
        assert not pid_file.exists()

    def test_it_is_given_back_after_an_error_too(self, pid_file: Path) -> None:
        with pytest.raises(ValueError, match="trouble"), process.pid_file_held(pid_file, HEALTH):
            raise ValueError("trouble")
        assert not pid_file.exists()

    def test_a_second_one_is_refused_with_the_pid_of_the_first(self, pid_file: Path, other) -> None:
        with pytest.raises(AlreadyWatchedError, match=f"pid {other.pid}"), process.pid_file_held(pid_file, HEALTH):
            pass
        assert process.look(pid_file).pid == other.pid

    def test_a_killed_process_leaves_a_stale_file_that_the_next_one_takes(self, pid_file: Path, other) -> None:
        other.kill()
        other.wait(10)
        assert process.look(pid_file) == process.Process(standing=Standing.STALE, pid=other.pid, health="here")
        with process.pid_file_held(pid_file, HEALTH):
            assert process.look(pid_file).pid == os.getpid()

    def test_a_look_at_the_file_refuses_nobody(self, pid_file: Path) -> None:
        """A look takes the lock for a moment."""
        pid_file.parent.mkdir()
        pid_file.touch()
        handle = os.open(pid_file, os.O_RDONLY)
        assert process._lock(handle, shared=True)
        threading.Timer(0.05, os.close, [handle]).start()
        with process.pid_file_held(pid_file, HEALTH):
            assert process.look(pid_file).standing is Standing.RUNNING

    @pytest.mark.parametrize("content", ["", "\n", "not a pid\n", "\x00\xff"])
    def test_a_file_that_says_nothing_is_nobody(self, pid_file: Path, content: str) -> None:
        pid_file.parent.mkdir()
        pid_file.write_bytes(content.encode("latin-1"))
        assert process.look(pid_file).standing is Standing.STOPPED

    def test_a_file_that_cannot_be_made_is_said_in_a_sentence(self) -> None:
        path = Path(os.devnull) / "watcher.pid"
        with pytest.raises(CannotStartError, match="PID_FILE"), process.pid_file_held(path, HEALTH):
            pass

    def test_the_exit_codes_are_those_of_service_scripts(self) -> None:
        assert {one.name: one.value for one in Standing} == {"RUNNING": 0, "STALE": 1, "STOPPED": 3}


class TestStop:
    def test_it_asks_and_waits_for_the_end(self, pid_file: Path, other) -> None:
        assert process.stop(pid_file)
        assert other.wait(10) == 0

    def test_nobody_there_is_as_good_as_stopped(self, pid_file: Path) -> None:
        assert process.stop(pid_file)

    def test_it_says_so_when_it_takes_too_long(self, pid_file: Path, other) -> None:
        other.send_signal(signal.SIGSTOP)
        assert not process.stop(pid_file, patience_s=0.01)
        other.send_signal(signal.SIGCONT)
        assert other.wait(10) == 0

    def test_never_somebody_else_who_has_got_the_pid(self, pid_file: Path) -> None:
        pid_file.parent.mkdir()
        pid_file.write_text(f"{os.getpid()}\n{HEALTH}\n")
        with on_stop(lambda: pytest.fail("a stranger was asked to end")):
            assert process.stop(pid_file)

    def test_a_process_of_somebody_else_is_said_in_a_sentence(
        self, pid_file: Path, other, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(pid: int, number: int) -> None:
            raise PermissionError

        with monkeypatch.context() as patched:
            patched.setattr(os, "kill", refuse)
            with pytest.raises(CannotStartError, match="another user"):
                process.stop(pid_file)


class TestStores:
    def test_a_store_is_watched_once_and_others_are_free(self, tmp_path: Path) -> None:
        with process.stores_held(tmp_path, ["/one", "/two"]):
            with process.stores_held(tmp_path, ["/three"]):
                pass
            with (
                pytest.raises(AlreadyWatchedError, match=f"pid {os.getpid()}.*/two"),
                process.stores_held(tmp_path, ["/three", "/two"]),
            ):
                pass
            with process.stores_held(tmp_path, ["/three"]):
                pass
        with process.stores_held(tmp_path, ["/one", "/two"]):
            pass

    def test_a_name_that_is_no_text_is_a_store_too(self, tmp_path: Path) -> None:
        with process.stores_held(tmp_path, [os.fsdecode(b"/\xff")]):
            pass


class TestOnStop:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_is_told_and_ends_nothing(self, number: signal.Signals) -> None:
        told = []
        before = signal.getsignal(number)
        with on_stop(lambda: told.append(number)):
            signal.raise_signal(number)
            signal.raise_signal(number)
        assert told == [number, number]
        assert signal.getsignal(number) is before
