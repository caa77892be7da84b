"""Listening: what the stores want against what the kernel gives."""

import os

import pytest

from sessions_app.doctor import watches
from sessions_app.doctor.watches import Use, folders_below, in_use, listening
from sessions_app.ingest.observer import Dirty, Ears
from tests.doctor.conftest import only, trouble


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """A kernel with these limits, and nobody else who listens."""

    def kernel(watches_=1000, instances=128):
        limits = tmp_path / "limits"
        limits.mkdir(exist_ok=True)
        (limits / "max_user_watches").write_text(f"{watches_}\n")
        (limits / "max_user_instances").write_text(f"{instances}\n")
        monkeypatch.setattr(watches, "LIMITS", limits)
        monkeypatch.setattr(watches, "in_use", lambda **_: Use(watches=10, instances=3))

    return kernel


@pytest.fixture
def folders(tmp_path):
    """Four of them."""
    (tmp_path / "agents/main/sessions").mkdir(parents=True)
    (tmp_path / "agents/main/agent").mkdir()
    return [tmp_path / "agents"]


def test_there_is_room(kernel, folders):
    kernel()
    assert only(listening(folders)).sentence == (
        "4 folders to listen to; the kernel allows 1000 watches (10 in use by others of this user) "
        "and 128 instances (3)."
    )


def test_too_few_watches(kernel, folders):
    kernel(watches_=13)
    said = only(trouble(listening(folders)))
    assert "4 folders want to be listened to, and the kernel allows this user 13 watches, 10 of them in use." in said
    assert "the sweep finds every change" in said
    assert "sysctl fs.inotify.max_user_watches=28" in said


def test_too_few_instances(kernel, folders):
    kernel(instances=3)
    said = only(trouble(listening(folders)))
    assert "has all of its 3 inotify instances in use" in said
    assert "sysctl fs.inotify.max_user_instances=12" in said


def test_limits_that_nobody_can_read(monkeypatch, folders, tmp_path):
    monkeypatch.setattr(watches, "LIMITS", tmp_path / "none")
    assert "cannot be read here" in only(trouble(listening(folders)))


def test_a_disk_of_somebody_else(kernel, folders, monkeypatch):
    kernel()
    monkeypatch.setattr(watches, "file_system", lambda _: "nfs4")
    assert "is on a network file system (nfs4), whose changes are not heard. Nothing is lost: the sweep" in only(
        trouble(listening(folders))
    )


def test_without_folders_there_is_nothing_to_say():
    assert list(listening([])) == []


def test_folders_are_counted_as_the_listener_does(folders):
    (folders[0] / "link").symlink_to(folders[0])
    assert folders_below(folders) == 4


def test_what_this_user_uses_is_what_the_kernel_says(folders, tmp_path):
    alone = tmp_path / "proc"
    alone.mkdir()
    (alone / str(os.getpid())).symlink_to("/proc/self")
    before = in_use(proc=alone)
    ears = Ears(Dirty())
    try:
        assert ears.check(folders)
        during = in_use(proc=alone)
        assert (during.watches - before.watches, during.instances - before.instances) == (4, 1)
        assert in_use(proc=alone, without=os.getpid()) == Use()
    finally:
        ears.close()
