"""The SQLite store of 2026.9: written again as it happened, the trees and words are those of the whole recording."""

import pytest

from tests.flow.house import House, outline
from tests.flow.recording import Recording

pytestmark = pytest.mark.django_db
RECORDINGS = Recording.all_databases()
DELETED = {"2026.9.6/reset": ["[[scn:plain]] please do it=done"]}  # its rows are gone from the final store
PARENT = ["thinking", "working", "thinking"]
WORDS = {
    "2026.9.6/nested": {
        "agent:main:rec-nested 1": [*PARENT, *["waiting", "thinking"] * 3, "waiting", "done"],
    },
    # A yield gives the turn back although the row says running, and the aborted line it leaves is deleted.
    "2026.9.6/yield": {
        "agent:main:rec-yield 1": [*PARENT, "working", "waiting", "thinking", "waiting", "done"],
    },
    "2026.9.6/mm_stop": {
        "agent:main:mattermost:channel:chan1chan1chan1chan1chan1a 3": ["thinking", "working", "stopped"],
    },
    # The gateway was killed in the middle of a tool and took the turn up again 80 s later: never lost, one run.
    "2026.9.6/kill": {"agent:main:rec-kill 1": ["thinking", "working", "thinking", "done"]},
    # The model is retried for a minute without a line.
    "2026.9.6/model_errors": {"agent:main:rec-err400 1": ["thinking", "failed"]},
    # The end of the background command wakes the agent: the same run goes on.
    "2026.9.6/bg": {"agent:main:rec-bg 1": [*PARENT, "done", "thinking", "done"]},
}


def test_there_are_recordings():
    assert len(RECORDINGS) == 12


@pytest.mark.parametrize("recording", RECORDINGS, ids=repr)
def test_as_it_happened_gives_the_same_trees_and_the_right_words(recording, mm, store, reference):
    house = House(store=store, mm=mm, recording=recording)
    house.live_through(recording.as_it_happened(store))
    assert [outline(view) for view in house.trees()] == reference(recording).trees + DELETED.get(recording.name, [])
    for run, words in WORDS.get(recording.name, {}).items():
        assert house.words[run] == words


@pytest.mark.parametrize("recording", RECORDINGS, ids=repr)
def test_nothing_is_written_into_the_store(recording, mm, store):
    recording.copy_to(store)
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in store.rglob("*")}
    House(store=store, mm=mm, recording=recording)
    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in store.rglob("*")} == before
