"""Watchers: the sentences are those of the health page, and whose process it is."""

import socket
import time

import pytest

from sessions_app.doctor import watchers as room
from sessions_app.doctor.watchers import watchers
from sessions_app.models.times import moment
from tests import factories as make
from tests.doctor.conftest import only, told, trouble

pytestmark = pytest.mark.django_db


def test_one_that_beats():
    make.watcher()
    assert only(told(watchers())) == (
        f"ok: Process 4711 on here watches {make.STORE}; it gave a sign 0s ago; "
        "the newest line was read <1s after it was written."
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (None, "broken: No watcher has run here yet"),
        ({"stopped_at": moment(1000.0)}, "broken: The watcher stopped "),
        ({"beat_at": moment(1000.0)}, "broken: The watcher on here (pid 4711) has given no sign for "),
        ({"problems": "It is dark."}, "look: It is dark."),
    ],
)
def test_the_sentences_of_the_health_page(fields, sentence):
    if fields is not None:
        make.watcher(**fields)
    assert only(trouble(watchers())).startswith(sentence)


def test_transcripts_that_cannot_be_read():
    make.watcher()
    make.session(key="agent:main:1", problem="It is a folder.")
    assert only(trouble(watchers())) == "look: agent:main:1: It is a folder."


def test_a_watcher_of_another_user(monkeypatch, tmp_path):
    make.watcher(host=socket.gethostname())
    (tmp_path / "4711").mkdir()
    monkeypatch.setattr(room, "PROC", tmp_path)
    assert trouble(watchers()) == []
    monkeypatch.setattr("os.geteuid", lambda: tmp_path.stat().st_uid + 1)
    assert "Run the doctor as " in only(trouble(watchers()))


def test_without_a_database_nobody_can_tell(monkeypatch):
    monkeypatch.setattr(room, "why_away", lambda: "there is no database yet in /x")
    assert only(trouble(watchers())) == (
        "broken: Whether anybody watches cannot be told: there is no database yet in /x."
    )


def test_times_are_those_of_now():
    make.watcher(beat_at=moment(time.time() - 8))
    assert "gave a sign 8s ago" in only(told(watchers()))
