"""Every recording ends in the same posts, however it was read."""

import random

import pytest

from tests.flow.house import House
from tests.flow.recording import Recording

pytestmark = pytest.mark.django_db
RECORDINGS = Recording.all()
# The row of `agent:main:main` names alice's direct channel, and that is true of its newest run only. Whoever watches
# reads the second run while it is the newest; whoever comes later cannot know where it was asked for.
KNOWN_ONLY_LIVE = {"2026.7.1/mm": "direct message"}
# Here a row stays whose transcript was archived. OpenClaw never writes to that again, so nobody looks for more of it:
# who reads such a store long after finds all of it, who is given it piece by piece nothing.
ARCHIVED = {"2026.2.26/cron": "make the nightly report"}
# How sub-agents ended that were killed only their rows and the registry tell. Here these are there before any line,
# from a time that is still to come, and no such time is believed.
FROM_THE_FUTURE = {"2026.7.1/kill_children"}
IN_PIECES = [one for one in RECORDINGS if one.name not in FROM_THE_FUTURE]


def comparable(recording, posts):
    """Posts without the place of those whose place depends on when they were read."""
    moved, archived = KNOWN_ONLY_LIVE.get(recording.name, "\0"), ARCHIVED.get(recording.name, "\0")
    kept = [post for post in posts if archived not in post[2]]
    return sorted(("", "", text) if moved in text else (channel, root, text) for channel, root, text in kept)


def test_there_are_recordings():
    assert len(RECORDINGS) >= 26


@pytest.mark.parametrize("recording", IN_PIECES, ids=repr)
def test_pieces_of_any_size_give_the_same_posts(recording, mm, store, reference):
    recording.without_transcripts(store)
    house = House(store=store, mm=mm, recording=recording)
    house.live_through(recording.pieces(store, random.Random(recording.name)))
    assert comparable(recording, house.posts()) == comparable(recording, reference(recording).posts)


@pytest.mark.parametrize("recording", IN_PIECES, ids=repr)
def test_a_restart_after_every_line_gives_the_same_posts(recording, mm, store, reference):
    recording.without_transcripts(store)
    house = House(store=store, mm=mm, recording=recording)
    house.live_through(recording.pieces(store, None), restarting=True)
    assert comparable(recording, house.posts()) == comparable(recording, reference(recording).posts)
