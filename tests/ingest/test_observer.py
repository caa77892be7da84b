"""A real folder and real events; nothing sleeps, everything is waited for."""

import errno
import logging
import os
import shutil
import time

import pytest
from watchdog.events import FileModifiedEvent

from sessions_app.ingest import observer as module
from sessions_app.ingest.observer import Dirty, Ears

PATIENCE_S = 10


@pytest.fixture
def dirty():
    return Dirty()


@pytest.fixture
def ears(dirty):
    made = Ears(dirty)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "agents"
    (made / "main" / "sessions").mkdir(parents=True)
    return made


def heard(dirty, path):
    """Wait until a path has been heard of; all that were heard until then."""
    seen, until = set[str](), time.monotonic() + PATIENCE_S
    while str(path) not in seen:
        assert time.monotonic() < until, f"{path} was not heard of, only {seen}"
        dirty.bell.wait(0.2)
        seen.update(dirty.take())
    return seen


def test_a_file_that_is_made_written_renamed_or_removed_is_heard_of(dirty, ears, folder):
    assert ears.check([folder])
    path = folder / "main" / "sessions" / "a.jsonl"
    path.write_text("1")
    heard(dirty, path)
    with path.open("a") as file:
        file.write("2")
    heard(dirty, path)
    path.rename(path.with_name("b.jsonl"))
    heard(dirty, path.with_name("b.jsonl"))
    path.with_name("b.jsonl").unlink()
    heard(dirty, path.with_name("b.jsonl"))


def test_what_happens_in_a_new_folder_is_heard_of(dirty, ears, folder):
    ears.check([folder])
    (folder / "new").mkdir()
    (folder / "new" / "first").write_text("x")
    until = time.monotonic() + PATIENCE_S
    seen: set[str] = set()
    while str(folder / "new" / "second") not in seen:
        assert time.monotonic() < until
        (folder / "new" / "second").write_text("x")  # a folder made a moment ago may not be listened to yet
        dirty.bell.wait(0.05)
        seen.update(dirty.take())


def test_reading_is_not_heard(dirty, ears, folder):
    path = folder / "main" / "sessions" / "a.jsonl"
    path.write_text("1")
    ears.check([folder])
    for _ in range(5):
        path.read_bytes()
        list(path.parent.iterdir())
    (path.parent / "last").write_text("x")
    assert heard(dirty, path.parent / "last") == {str(path.parent / "last")}


def test_the_same_folders_are_not_listened_to_anew(ears, folder):
    assert ears.check([folder])
    assert not ears.check([folder])


def test_a_folder_more_or_less_is_listened_to_anew(ears, folder):
    ears.check([folder])
    other = folder.with_name("subagents")
    other.mkdir()
    assert ears.check([folder, other])
    assert ears.check([other])


def test_a_folder_that_was_replaced_is_listened_to_anew(dirty, ears, folder):
    ears.check([folder])
    old = folder.with_name("old")
    folder.rename(old)
    (folder / "main").mkdir(parents=True)
    assert ears.check([folder])
    (folder / "main" / "a").write_text("x")
    heard(dirty, folder / "main" / "a")


def test_a_folder_that_was_removed_and_made_again_is_heard_again(dirty, ears, folder):
    ears.check([folder])
    shutil.rmtree(folder)
    folder.mkdir()
    until = time.monotonic() + PATIENCE_S
    seen: set[str] = set()
    while str(folder / "a") not in seen:
        assert time.monotonic() < until
        ears.check([folder])
        (folder / "a").write_text("x")
        dirty.bell.wait(0.05)
        seen.update(dirty.take())


def test_folders_that_are_not_there_are_left_out(ears, tmp_path):
    ears.check([tmp_path / "none"])
    assert not (tmp_path / "none").exists()


def test_an_observer_that_has_died_is_built_anew(dirty, ears, folder):
    ears.check([folder])
    ears._observer.stop()
    ears._observer.join(PATIENCE_S)
    assert ears.check([folder])
    (folder / "a").write_text("x")
    heard(dirty, folder / "a")


def test_a_lost_event_asks_for_a_sweep(dirty, ears, folder):
    ears.check([folder])
    logging.getLogger("watchdog.observers.inotify_c").warning("Inotify queue overflowed; filesystem events were lost")
    assert dirty.overflowed


def test_other_words_of_watchdog_do_not(dirty, ears, folder):
    ears.check([folder])
    logging.getLogger("watchdog").warning("something else")
    assert not dirty.overflowed


def test_more_paths_than_can_be_kept_ask_for_a_sweep(dirty, monkeypatch):
    monkeypatch.setattr(module, "MOST_DIRTY", 3)
    for no in range(10):
        dirty.dispatch(FileModifiedEvent(f"/x/{no}"))
    assert dirty.overflowed
    assert len(dirty.take()) == 3


def test_a_path_is_handed_out_once_and_names_of_any_bytes_do_no_harm(dirty):
    for _ in range(3):
        dirty.dispatch(FileModifiedEvent(os.fsdecode(b"/x/\xff\xfe")))
    dirty.dispatch(FileModifiedEvent(b"/x/bytes"))
    assert dirty.bell.is_set()
    assert dirty.take() == ["/x/\udcff\udcfe", "/x/bytes"]
    assert dirty.take() == []
    assert not dirty.bell.is_set()


def test_ears_that_cannot_listen_say_so_once_and_leave_nothing_behind(ears, folder, monkeypatch, caplog):
    def refuse(self):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("watchdog.observers.inotify.InotifyEmitter.on_thread_start", refuse)
    for _ in range(3):
        assert ears.check([folder])
    assert caplog.text.count("Changes cannot be heard") == 1
    monkeypatch.undo()
    ears.check([folder])
    assert not ears.check([folder])


def test_when_some_threads_have_started_before_it_failed_they_are_stopped(ears, folder, monkeypatch):
    import threading

    other = folder.with_name("subagents")
    other.mkdir()
    monkeypatch.setattr("watchdog.observers.inotify.InotifyEmitter.start", _fails_on(2))
    before = threading.active_count()
    for _ in range(5):
        ears.check([folder, other])
    assert threading.active_count() <= before


def _fails_on(number):
    from watchdog.observers.inotify import InotifyEmitter

    calls, start = [], InotifyEmitter.start

    def starting(self):
        calls.append(self)
        if len(calls) % number == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        start(self)

    return starting


def test_a_kernel_without_a_free_instance_is_no_end(ears, folder, monkeypatch, caplog):
    def none_left():
        raise OSError(errno.EMFILE, "inotify instance limit reached")

    monkeypatch.setattr(module, "Observer", none_left)
    assert ears.check([folder])
    assert "inotify instance limit reached" in caplog.text
