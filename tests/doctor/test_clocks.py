"""Clocks: who is ahead of us, and who is behind."""

import time

import pytest

from sessions_app.doctor import clocks as room
from sessions_app.doctor.clocks import clocks
from sessions_app.models.times import moment
from tests import factories as make
from tests.doctor.conftest import only, told, trouble

pytestmark = pytest.mark.django_db


def test_there_is_nobody_to_compare_with(monkeypatch):
    monkeypatch.setattr(room, "_database", lambda: None)
    assert only(told(clocks())) == "ok: There is no other clock to compare ours with."


def test_mattermost_agrees(posting):
    assert trouble(clocks()) == []
    assert "Ours agrees with Mattermost" in told(clocks())[0]


@pytest.mark.parametrize(("by", "said"), [(100.0, "1m 40s ahead of ours"), (-100.0, "1m 40s behind ours")])
def test_mattermost_is_off(posting, by, said):
    posting.clock.stop()
    posting.clock.advance(by + 0.4)
    found = only(trouble(clocks()))
    assert found.startswith("look: The clock of Mattermost is ")
    assert said in found or said.replace("40s", "30s") in found
    assert "chrony" in found


def test_mattermost_is_away(posting):
    with posting.down():
        assert trouble(clocks()) == []


def test_the_database_is_off(monkeypatch):
    monkeypatch.setattr(room, "_database", lambda: 42.0)
    assert "The clock of the database is 42s ahead of ours" in only(trouble(clocks()))


def test_a_watcher_of_the_future():
    make.watcher(beat_at=moment(time.time() + 300), host="there")
    assert "The clock of the watcher on there is 4m 50s ahead of ours" in only(trouble(clocks()))
