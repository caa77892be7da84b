"""The same rows and lines give the same card, whichever of OpenClaw's two layouts they are kept in."""

import shutil

import pytest

from sessions_app.models import Run
from sessions_app.render.card import draw
from tests.flow.house import END, House, outline
from tests.flow.moved import AsDatabase, AsFiles
from tests.flow.recording import Recording
from tests.standin import creates

pytestmark = pytest.mark.django_db
# Here some sub-agents have neither row nor transcript: the registry of spawns, which is a file in 2026.2 and is no
# part of 2026.9's agent databases, is all that tells of them.
REGISTRY_TELLS = {"2026.2.26/kill", "2026.2.26/mm"}
# Here a row stays whose transcript was archived: in a database there is no such thing.
ARCHIVED = {"2026.2.26/cron"}
# 2026.2 has no status: while a turn goes on its locks tell, and they are neither rows nor lines. So it is not here.
IN_STEPS = {
    "2026.7.1/mm", "2026.7.1/model_errors", "2026.7.1/nested", "2026.7.1/reset",
    "2026.9.6/kill", "2026.9.6/mm_stop", "2026.9.6/reset", "2026.9.6/yield",
}  # fmt: skip
MOVING = ("2026.7.1/mm", "2026.7.1/nested")


def alone(recordings):
    """Those of one agent, which is what the tool that moves them can do."""
    return [one for one in recordings if [path.name for path in (one.folder / "agents").iterdir()] == ["main"]]


FILES = [one for one in alone(Recording.all()) if one.name not in REGISTRY_TELLS | ARCHIVED]
DATABASES = alone(Recording.all_databases())


def in_other_layout(recording, store, other):
    if (store / "state").is_dir():  # what all agents share is the same file in both layouts
        shutil.copytree(store / "state", other / "state")
    return (AsDatabase if recording in FILES else AsFiles)(store, other)


def cards(house):
    return [draw(view, now=house.now) for view in house.trees()]


def trees(house):
    return [outline(view) for view in house.trees()]


def look(house, at):
    """What the watcher does at this time, without its posts."""
    house.now = max(house.now, at)
    house.loop._next_sweep = house.loop._next_look = 0.0
    house.loop.listen = lambda: False
    house.loop.round()


@pytest.mark.parametrize("recording", [*FILES, *DATABASES], ids=repr)
def test_in_one_go(recording, mm, store, tmp_path):
    recording.copy_to(store)
    in_other_layout(recording, store, tmp_path / "other").sync()
    one = House(store=store, mm=mm, now=END, recording=recording)
    two = House(store=tmp_path / "other", mm=mm, now=END, recording=recording)
    assert cards(one)
    for house in (one, two):
        house.finish()
    assert trees(one) == trees(two)
    two.now = one.now
    assert cards(one) == cards(two)


@pytest.mark.parametrize("recording", [one for one in [*FILES, *DATABASES] if one.name in IN_STEPS], ids=repr)
def test_after_every_change(recording, mm, store, tmp_path):
    moments = recording.as_it_happened(store)
    moved = in_other_layout(recording, store, tmp_path / "other")
    one = House(store=store, mm=mm, recording=recording)
    two = House(store=tmp_path / "other", mm=mm, recording=recording)
    compared = 0
    for moment in moments:
        moment.write()
        for lock in store.rglob("*.lock"):
            lock.unlink()
        moved.sync()
        for house in (one, two):
            look(house, moment.at)
        # Until a row has a status, nobody can tell files of 2026.7 from those of 2026.2, which have none.
        if compared or any(facts.outcome or facts.running for facts in one.loop.readers[0].facts.values()):
            assert cards(one) == cards(two), f"at {moment.at}"
            compared += 1
    assert compared > len(moments) / 2


class Move:
    """A store of files that becomes one of SQLite while its sessions go on, as ``openclaw doctor --fix`` does it."""

    def __init__(self, recording, store, hidden):
        self.store = store
        self.pairs = list(zip(recording.as_it_happened(store), recording.as_it_happened(hidden), strict=True))
        self.hidden = hidden
        self.database: AsDatabase

    def before(self, half):
        for seen, hidden in self.pairs[:half]:
            yield seen.at, [seen.write, hidden.write]

    def after(self, half):
        for _, hidden in self.pairs[half:]:
            yield hidden.at, [hidden.write, self.database.sync]

    def make_database(self):
        self.database = AsDatabase(self.hidden, self.store)

    def archive(self):
        """The old files get new names; when a plugin was incompatible they stay where they are, dead."""
        sessions = self.store / "agents" / "main" / "sessions"
        archive = sessions.with_name("session-sqlite-import-archive")
        archive.mkdir()
        for path in sessions.iterdir():
            path.rename(archive / f"legacy-store.{path.name}.imported-1795343427000")


def live(house, moments):
    for at, writes in moments:
        for write in writes:
            write()
        house.now = max(house.now, at)
        house.step()


@pytest.mark.parametrize(("way", "half"), [("archived", 0.6), ("left in place", 0.3), ("imported late", 0.8)])
@pytest.mark.parametrize("recording", [Recording(name) for name in MOVING], ids=repr)
def test_a_move_to_sqlite_in_the_middle(recording, way, half, mm, store, tmp_path, reference):
    move = Move(recording, store, tmp_path / "hidden")
    half = int(len(move.pairs) * half)
    house = House(store=store, mm=mm, recording=recording)
    live(house, move.before(half))
    before = set(Run.objects.values_list("id", "session__key", "no"))
    posted = {post.id for post in mm.bot_posts()}
    assert before
    move.make_database()
    if way == "imported late":
        for _ in range(3):
            house.now += 1
            house.step()
    move.database.sync()
    if way == "archived":
        move.archive()
    house.step()
    live(house, move.after(half))
    house.finish()
    assert set(Run.objects.values_list("id", "session__key", "no")) >= before
    assert {post.id for post in mm.bot_posts()} >= posted
    assert trees(house) == reference(recording).trees
    assert len([one for one in mm.requests if creates(one)]) == len(mm.bot_posts()) == len(house.trees())
    assert house.troubles() == []
