"""What people did by hand, as the watcher takes it up: muted sessions, reading again, forgetting."""

import shutil

import pytest

from sessions_app.control.actions import forget, mute, read_again, unmute
from sessions_app.ingest.apply import News, apply
from sessions_app.ingest.posts import MUTED
from sessions_app.models import Checkpoint, Post, Run, Session, Step
from sessions_app.sources.base import ChildFact, Facts, Queued
from sessions_app.state.turns import Limits
from tests import factories as make
from tests.flow.recording import Recording
from tests.ingest.watching import (
    KEY,
    START,
    Watching,
    answered,
    asked,
    called,
    everything,
    header,
    result,
    row,
    spawned,
    words,
)  # fmt: skip

pytestmark = pytest.mark.django_db
SUB = "agent:main:subagent:1"
OLD, NEW = Recording("2026.2.26/nested"), Recording("2026.9.6/nested")
recorded = pytest.mark.parametrize("recording", [OLD, NEW], ids=["files", "database"])


@pytest.fixture
def live(watching, store):
    """A live run in a channel."""
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "first"), called(START + 1, "a"))
    watching.read_all()
    return watching


@pytest.fixture
def shown(live):
    """Its post stands in Mattermost."""
    Post.objects.update(post_id="p" * 26, intent_at=START, sent_revision=1)
    return live


def session(key: str = KEY) -> Session:
    return Session.objects.get(key=key)


def titles() -> set[str]:
    return {post.run.title for post in Post.objects.select_related("run") if post.run}


# --- muted


def second_run(watching, store):
    watching.rows({KEY: row("w", at=START + 10, status="running", startedAt=START + 10)})
    store.write("w.jsonl", result(START + 8, "a"), answered(START + 9), asked(START + 10, "second"))
    watching.step(START + 11)


def test_a_post_that_is_not_made_yet_is_not_made_for_a_muted_session(live):
    mute(session(), by=make.by())
    assert titles() == set()
    assert Run.objects.get().no_post == MUTED


def test_a_new_run_of_a_muted_session_gets_no_post_and_says_why(shown, store):
    mute(session(), by=make.by())
    second_run(shown, store)
    assert titles() == {"first"}
    assert Run.objects.get(title="second").no_post == MUTED


def test_unmuted_a_live_run_gets_its_post(shown, store):
    mute(session(), by=make.by())
    second_run(shown, store)
    shown.step(START + 12)
    assert titles() == {"first"}, "not by itself"
    unmute(session(), by=make.by(at=START + 13))
    shown.step(START + 13)
    shown.step(START + 13.25)
    assert titles() == {"first", "second"}
    assert Run.objects.get(title="second").no_post == ""


def test_a_run_that_was_over_before_gets_none(shown, store):
    mute(session(), by=make.by())
    second_run(shown, store)
    store.write("w.jsonl", answered(START + 12))
    shown.rows({KEY: row("w", at=START + 12, status="done", endedAt=START + 12)})
    shown.step(START + 13)
    unmute(session(), by=make.by(at=START + 14))
    shown.step(START + 14)
    shown.step(START + 14.25)
    store.write("w.jsonl", asked(START + 20, "third"))
    shown.rows({KEY: row("w", at=START + 20, status="running", startedAt=START + 20)})
    shown.step(START + 21)
    assert titles() == {"first", "third"}


# --- read again


@recorded
def test_reading_again_restores_what_was_damaged_and_posts_nothing_twice(db, tmp_path, recording):
    recording.copy_to(tmp_path / "openclaw")
    watching = Watching(tmp_path / "openclaw", now=1_795_600_000.0, default_channel="d" * 26)
    watching.read_all()
    watching.step()
    before, posts = everything(), list(Post.objects.values_list("id", "run", "nonce"))
    assert posts
    damaged = Run.objects.select_related("session").filter(parent=None).earliest("id")
    Run.objects.filter(id=damaged.id).update(title="", prompt="", tokens=0, cost=0.0, tools=0)
    Session.objects.filter(id=damaged.session_id).update(agent="", channel_name="")
    Step.objects.filter(run=damaged).delete()
    assert read_again(damaged.session, by=make.by())
    watching.step(watching.now + 5)
    after = Run.objects.get(id=damaged.id)
    assert (after.title, after.tokens, after.tools) == (damaged.title, damaged.tokens, damaged.tools)
    assert (after.prompt, after.cost, after.session.agent) == (damaged.prompt, damaged.cost, damaged.session.agent)
    assert damaged.tokens
    assert everything() == before
    assert list(Post.objects.values_list("id", "run", "nonce")) == posts
    assert not Checkpoint.objects.filter(again=True).exists(), "once is enough"


def test_a_live_run_is_read_again_and_goes_on(live, store):
    post = Post.objects.get()
    Run.objects.update(title="", state="")
    read_again(session(), by=make.by())
    live.step(START + 2)
    run = Run.objects.get()
    assert (run.title, run.word, Post.objects.get().id) == ("first", "working", post.id)
    store.write("w.jsonl", result(START + 3, "a"), answered(START + 4, "all done"))
    live.rows({KEY: row("w", at=START + 4, status="done", endedAt=START + 4)})
    live.step(START + 5)
    assert (Run.objects.get().word, Run.objects.get().value.say) == ("done", "all done")
    assert Checkpoint.objects.get().generation == 1


def test_of_many_runs_the_oldest_are_found_again(watching, store):
    """More than a session's lines usually still belong to."""
    lines = [line for no in range(30) for line in (asked(START + 10 * no, f"run {no}"), answered(START + 10 * no + 1))]
    watching.rows({KEY: row("w", at=START + 300, status="done", endedAt=START + 300)})
    store.write("w.jsonl", header(), *lines)
    watching.read_all()
    before = everything()
    Run.objects.update(title="")
    read_again(session(), by=make.by())
    watching.step(START + 301)
    assert everything() == before
    assert {run.title for run in Run.objects.all()} == {f"run {no}" for no in range(30)}


def test_a_watcher_that_was_not_there_takes_it_up_when_it_starts(live):
    Run.objects.update(title="")
    read_again(session(), by=make.by())
    live.start()
    live.read_all()
    assert Run.objects.get().title == "first"


def test_the_windows_of_a_session_are_read_in_their_order(live, store):
    """The newer one ends with the turn, whichever is read; and a run that a reset stopped stays stopped."""
    store.sessions().joinpath("w.jsonl").rename(store.sessions() / "w.jsonl.reset.2026-11-22T10-01-44.988Z")
    live.rows({KEY: row("w2", at=START + 5, status="running", startedAt=START + 5)})
    store.write("w2.jsonl", header(START + 5), asked(START + 5, "second"))
    live.step(START + 6)
    before, said = everything(), words()
    assert said == {f"{KEY} 1": "stopped", f"{KEY} 2": "thinking"}
    Run.objects.update(title="", tokens=0)
    read_again(session(), by=make.by())
    live.step(START + 7)
    assert (everything(), words()) == (before, said)
    assert {run.title for run in Run.objects.all()} == {"first", "second"}
    store.write("w2.jsonl", called(START + 8, "b"))
    live.step(START + 9)
    assert words() == {f"{KEY} 1": "stopped", f"{KEY} 2": "working"}


def test_a_transcript_that_is_gone_leaves_everything_as_it_is(live, store):
    (store.sessions() / "w.jsonl").unlink()
    before = everything()
    read_again(session(), by=make.by())
    live.step(START + 2)
    assert everything() == before
    assert not Checkpoint.objects.filter(again=True).exists()


def test_a_transcript_that_cannot_be_read_now_is_tried_again(live, store):
    path, aside = store.sessions() / "w.jsonl", store.sessions() / "aside"
    path.rename(aside)
    path.mkdir()
    Run.objects.update(title="")
    read_again(session(), by=make.by())
    live.step(START + 2)
    assert Run.objects.get().title == ""
    path.rmdir()
    aside.rename(path)
    live.step(START + 3)
    assert Run.objects.get().title == "first"


# --- forgotten


@recorded
@pytest.mark.parametrize("restart", [False, True], ids=["same watcher", "another watcher"])
def test_forgotten_stays_forgotten(db, tmp_path, recording, restart):
    recording.copy_to(tmp_path / "openclaw")
    watching = Watching(tmp_path / "openclaw", now=1_795_600_000.0, default_channel="d" * 26)
    watching.read_all()
    root = Run.objects.filter(parent=None).earliest("id")
    family = {run.session.key for run in Run.objects.all().trees([root.id])}
    assert len(family) > 1, "it has sub-agents"
    others = set(Session.objects.values_list("key", flat=True)) - family
    assert forget(root.session, by=make.by(at=watching.now))
    if restart:
        watching.start()
        watching.read_all()
    for _ in range(3):
        watching.step(watching.now + 60)
    assert set(Session.objects.values_list("key", flat=True)) == others
    assert not Run.objects.filter(session__key__in=family).exists()


def test_also_when_its_transcript_is_read_from_the_start(live, store):
    """A store that is put in the place of another, a rewrite: every line comes again."""
    forget(session(), by=make.by(at=START + 2))
    path = store.sessions() / "w.jsonl"
    lines = path.read_bytes()
    path.unlink()
    path.write_bytes(lines.replace(b"head", b"HEAD"))
    live.step(START + 3)
    Checkpoint.objects.all().delete()
    live.start()
    live.read_all()
    live.step(START + 4)
    assert not Session.objects.exists()
    assert not Run.objects.exists()


def test_what_its_agent_still_does_is_not_seen(live, store):
    forget(session(), by=make.by(at=START + 2))
    store.write("w.jsonl", result(START + 3, "a"), called(START + 4, "b"), spawned(START + 5, "b", SUB))
    store.write("s.jsonl", header(START + 5), asked(START + 5, "a secret task"))
    live.rows({
        KEY: row("w", at=START + 5, status="running", startedAt=START),
        SUB: row("s", at=START + 5, status="running", startedAt=START + 5, spawnedBy=KEY),
    })  # fmt: skip
    for second in range(6, 10):
        live.step(START + second)
    assert not Session.objects.exists()
    assert not Run.objects.exists()


def test_it_comes_back_with_its_next_run_and_only_that(live, store):
    forget(session(), by=make.by(at=START + 2))
    store.write("w.jsonl", result(START + 3, "a"), answered(START + 4), asked(START + 10, "second"))
    live.rows({KEY: row("w", at=START + 10, status="running", startedAt=START + 10)})
    live.step(START + 11)
    assert [run.title for run in Run.objects.all()] == ["second"]
    assert session().hidden is False
    assert titles() == {"second"}
    read_again(session(), by=make.by())
    live.start()
    live.read_all()
    live.step(START + 12)
    assert [run.title for run in Run.objects.all()] == ["second"], "also when it is read again from the start"


def test_a_turn_without_a_line_yet_that_begins_later_counts(live):
    forget(session(), by=make.by(at=START + 2))
    live.rows({KEY: row("w2", at=START + 3, status="running", startedAt=START)})
    live.step(START + 4)
    assert not Run.objects.exists(), "it began before"
    live.rows({KEY: row("w3", at=START + 6, status="running", startedAt=START + 6)})
    live.step(START + 7)
    assert Run.objects.count() == 1
    assert session().hidden is False


def test_a_forgotten_session_in_another_store_is_another_session(live, tmp_path):
    shutil.copytree(live.root, tmp_path / "second")
    forget(session(), by=make.by(at=START + 2))
    Watching(tmp_path / "second", now=START + 3).read_all()
    assert [one.store for one in Session.objects.all()] == [str(tmp_path / "second")]


def test_a_prompt_that_waited_in_the_queue_is_forgotten_with_it_and_a_later_one_is_not(live):
    """Whatever the row says of it meanwhile."""

    def told(at: float, *queued: Queued) -> News:
        facts = Facts(key=KEY, agent="main", session_id="w", transcript="w", updated_at=at, queued=queued)
        return News(facts={KEY: facts})

    early, late = Queued(id="q1", text="early", at=START + 1), Queued(id="q2", text="late", at=START + 9)
    forget(session(), by=make.by(at=START + 2))
    apply(str(live.root), told(START + 5, early), START + 5, Limits())
    assert not Run.objects.exists()
    apply(str(live.root), told(START + 10, early, late), START + 10, Limits())
    assert [run.title or run.prompt for run in Run.objects.all()] == ["late"]


def test_while_it_is_forgotten_no_words_of_its_row_are_kept(live):
    forget(session(), by=make.by(at=START + 2))
    facts = Facts(key=KEY, agent="main", session_id="w", transcript="w", label="a secret", reason="a secret")
    told = ChildFact(key=KEY, turn_id="t", parent_key="p", label="a secret")
    apply(str(live.root), News(facts={KEY: facts}, children={KEY: (told,)}), START + 5, Limits())
    assert "a secret" not in repr(vars(Session.everything.get()))


def test_a_forgotten_sub_agent_that_is_asked_again_is_shown_again(live, store):
    store.write("w.jsonl", spawned(START + 2, "a", SUB))
    live.step(START + 2)
    forget(session(), by=make.by(at=START + 3))
    assert not Session.objects.exists()
    store.write("w.jsonl", asked(START + 5, "second"), called(START + 6, "b"), spawned(START + 7, "b", SUB))
    live.rows({KEY: row("w", at=START + 7, status="running", startedAt=START + 5)})
    live.step(START + 8)
    child = Run.objects.get(session__key=SUB)
    assert (child.parent, session(SUB).hidden) == (Run.objects.get(title="second"), False)
