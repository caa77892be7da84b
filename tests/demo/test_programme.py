"""What is played: real recordings, retold word for word, at the pace that is said, again and again in one store."""

import json
import re
import sqlite3
from contextlib import closing

import pytest

from sessions_app.demo.player import begins
from sessions_app.demo.programme import PROGRAMME, RECORDINGS, channel_id, channel_names, words
from sessions_app.demo.recording import Recording
from sessions_app.demo.recording_tables import Open
from sessions_app.demo.retold import retold
from sessions_app.demo.shift import Shift, moved
from tests.flow.recording import DATA

NEW = 1_900_000_000.0
AGENT = "agents/main/agent/openclaw-agent.sqlite"
each_play = pytest.mark.parametrize("play", PROGRAMME, ids=lambda play: play.recording)


def told_copy(play, folder, name="1", new=NEW):
    """A copy of a play as the player makes it, and how it is told."""
    channels = {recorded: channel_id(known_as) for recorded, known_as in play.channels.items()}
    told = retold(play.recorded, name, channels, words(play.recording))
    shift = Shift(old=begins(play, folder / "before"), new=new, pace=play.pace)
    return moved(play.recorded, shift, folder / "copy", told), [told(key) for key in play.keys]


def happen(play, folder, store, kept, name):
    copy, keys = told_copy(play, folder, name)
    for moment in copy.as_it_happened(store, kept, keys):
        moment.write()


def rows(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


@each_play
def test_what_is_played_is_one_of_the_recordings_of_the_tests_and_its_origin_is_told(play):
    assert (DATA / play.recording).resolve() == (RECORDINGS / play.recording).resolve()
    line = next(line for line in (RECORDINGS / "README.md").read_text().splitlines() if play.recording in line)
    assert re.search(r"\| 20\d\d-\d\d-\d\d \|", line)
    assert f"{play.pace:g}" in line.rsplit("|", 2)[1]


def test_nothing_is_shipped_that_is_not_played():
    shipped = {str(path.parent.relative_to(RECORDINGS)) for path in RECORDINGS.glob("*/*/timeline.csv")}
    assert shipped == {play.recording for play in PROGRAMME}
    assert json.loads((RECORDINGS / "words.json").read_text()).keys() == {"*", *shipped}


def test_the_first_minute_has_something_to_see_from_its_first_moment_on():
    assert PROGRAMME[0].after_s == 0
    assert all(play.after_s < 30 for play in PROGRAMME)


@each_play
def test_it_happens_now_and_at_its_pace(play, tmp_path):
    before = play.recorded.as_it_happened(tmp_path / "recorded", {}, play.keys)
    copy, keys = told_copy(play, tmp_path)
    after = copy.as_it_happened(tmp_path / "store", {}, keys)
    assert len(after) == pytest.approx(len(before), rel=0.3)  # what was two looks may be one, or the other way round
    assert after[0].at == pytest.approx(NEW, abs=1)
    assert after[-1].at - after[0].at == pytest.approx((before[-1].at - before[0].at) * play.pace, abs=0.5)
    for before_, after_ in zip(play.recorded.asked(), copy.asked(), strict=True):
        assert after_.at - NEW == pytest.approx((before_.at - begins(play, tmp_path / "again")) * play.pace, abs=0.1)


@each_play
def test_every_word_that_is_exchanged_was_said_and_none_of_the_scripted_ones_is_left(play, tmp_path):
    raw = everything_in(play.recorded)
    every = words(play.recording)
    assert [said for said in every.keys() - words("").keys() if said not in raw] == []
    store = tmp_path / "store"
    kept: Open = {}
    happen(play, tmp_path, store, kept, "1")
    shown = [text for path in store.rglob("*.sqlite") for text in texts_in(path)]
    assert shown
    assert [text for text in shown if "[[scn:" in text or "fake/fake" in text or "echo " in text] == []


def everything_in(recording):
    files = [path.read_bytes().decode(errors="replace") for path in recording.folder.rglob("*.jsonl")]
    return "\n".join(files + [text for path in recording.folder.rglob("*.sqlite") for text in texts_in(path)])


def texts_in(path):
    tables = {"transcript_events": "event_json", "session_nodes": "entry_json"}
    there = {name for (name,) in rows(path, "SELECT name FROM sqlite_master WHERE type = 'table'")}
    return [text for table, column in tables.items() if table in there
            for (text,) in rows(path, f"SELECT {column} FROM {table}") if text]  # fmt: skip


@each_play
def test_the_same_recording_happens_twice_in_one_store_as_two_windows(play, tmp_path):
    store = tmp_path / "store"
    kept: Open = {}
    happen(play, tmp_path / "first", store, kept, "1")
    first = rows(store / AGENT, "SELECT session_id, count(*) FROM transcript_events GROUP BY 1")
    happen(play, tmp_path / "second", store, kept, "2")
    both = rows(store / AGENT, "SELECT session_id, count(*) FROM transcript_events GROUP BY 1")
    assert first
    assert set(first) < set(both)
    assert sorted(count for _, count in both) == sorted([count for _, count in first] * 2)


def test_plays_share_a_store_and_none_takes_away_what_another_wrote(tmp_path):
    store = tmp_path / "store"
    kept: Open = {}
    counts = []
    for number, play in enumerate(PROGRAMME):
        happen(play, tmp_path / str(number), store, kept, str(number))
        counts.append(rows(store / AGENT, "SELECT count(*) FROM session_nodes")[0][0])
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    spawned = rows(store / "state/openclaw.sqlite", "SELECT count(*) FROM subagent_runs")[0][0]
    assert spawned >= 8
    assert {status for (status,) in rows(store / "state/openclaw.sqlite", "SELECT status FROM operator_approvals")} == {
        "allowed", "denied",
    }  # fmt: skip


def test_only_the_sessions_that_are_named_happen(tmp_path):
    play = next(play for play in PROGRAMME if play.keys)
    happen(play, tmp_path, tmp_path / "store", {}, "1")
    assert rows(tmp_path / "store" / AGENT, "SELECT session_key FROM session_nodes") == [("agent:main:nightly-report",)]


def test_a_store_that_is_made_whole_still_has_its_past_and_its_last_look(tmp_path):
    recording = Recording("2026.9.6/approval", RECORDINGS / "2026.9.6/approval")
    kept = recording.as_it_happened(tmp_path / "kept", {})
    whole = recording.as_it_happened(tmp_path / "whole")
    assert whole[-1].at - kept[-1].at >= 20
    assert len(whole) > len(kept)


def test_every_channel_has_an_id_of_its_own_as_mattermost_makes_them():
    ids = [channel_id(name) for name in channel_names()]
    assert len(set(ids)) == len(ids) >= 4
    assert all(re.fullmatch("[a-z0-9]{26}", id_) for id_ in ids)
