"""Muting, reading again and forgetting, as far as rows go; what the watcher makes of it stands in tests/ingest."""

import pytest
from django.contrib.admin.models import DELETION, LogEntry

from sessions_app.control.actions import forget, mute, read_again, unmute
from sessions_app.control.sessions import going
from sessions_app.models import Action, Checkpoint, Judgement, Post, Run, Session, Step
from sessions_app.sources.base import Facts
from sessions_app.state.codec import facts_from, to_json
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


def said() -> list[tuple[str, str]]:
    return [(one.verb, one.object_name) for one in Action.objects.order_by("id")]


def test_muting_stills_the_posts_of_live_runs_only():
    of, beside = make.session(), make.session()
    live, ended = make.post(make.run(session=of)), make.post(make.run(Word.DONE, session=of))
    other = make.post(make.run(session=beside))
    assert mute(of, by=make.by())
    assert not mute(of, by=make.by()), "it is muted already"
    assert list(Session.objects.filter(muted=True)) == [of]
    assert {post.id for post in Post.objects.filter(muted=True)} == {live.id}
    assert {ended.id, other.id} == {post.id for post in Post.objects.filter(muted=False)}
    assert said() == [("mute", of.key)]


def test_unmuting_moves_them_again_at_once():
    of = make.session()
    post = make.post(make.run(session=of), not_before=9e9)
    over = make.post(make.run(Word.DONE, session=of), muted=True)
    mute(of, by=make.by())
    assert unmute(of, by=make.by(at=1_800_000_000.0))
    assert not unmute(of, by=make.by())
    post.refresh_from_db()
    over.refresh_from_db()
    assert (post.muted, post.send_now, post.not_before) == (False, True, 0.0)
    assert (over.muted, over.send_now) == (False, False)
    assert not Session.objects.get().muted
    assert [verb for verb, _ in said()] == ["mute", "unmute"]


def test_reading_again_is_a_mark_on_the_newest_transcript_of_each_window():
    of = make.session()
    moved_from = make.checkpoint(of, window="w1", transcript="w1.jsonl")
    moved_to = make.checkpoint(of, window="w1", transcript="db#w1")
    newer = make.checkpoint(of, window="w2", transcript="db#w2")
    make.checkpoint(make.session())
    assert read_again(of, by=make.by())
    assert not read_again(of, by=make.by()), "it is asked for already"
    assert set(Checkpoint.objects.filter(again=True)) == {moved_to, newer}
    assert moved_from.again is False
    assert said() == [("read-again", of.key)]


def test_what_was_never_read_cannot_be_read_again():
    assert not read_again(make.session(), by=make.by())


# --- forgetting


def family() -> tuple[Session, Session, Session, Session]:
    """A session with a child of its own, one with a run in its tree and one besides, and a stranger."""
    main, child, shared, stranger = (make.session() for _ in range(4))
    root = make.run(Word.WAITING, session=main)
    make.step(make.run(Word.DONE, parent=root, session=child))
    make.run(parent=root, session=shared)
    make.run(session=shared, title="its own")
    make.run(session=stranger, title="a stranger's")
    make.step(root)
    make.judgement(root)
    return main, child, shared, stranger


def test_forgetting_takes_runs_steps_and_sub_agents_and_nothing_of_others():
    main, child, shared, stranger = family()
    found = going(main)
    assert (len(found.runs), found.steps, set(found.sessions)) == (3, 2, {main, child})
    assert forget(main, by=make.by())
    assert set(Session.objects.all()) == {shared, stranger}
    assert {run.title for run in Run.objects.all()} == {"its own", "a stranger's"}
    assert (Step.objects.count(), Judgement.objects.count()) == (0, 0)
    assert set(said()) == {("forget", main.key), ("forget", child.key)}


def test_forgetting_twice_is_once():
    of = make.session()
    assert forget(of, by=make.by())
    assert not forget(of, by=make.by())
    assert said() == [("forget", of.key)]


def test_the_audit_log_outlives_what_was_forgotten():
    ada, of = make.admin("ada"), make.session()
    make.run(session=of)
    forget(of, by=make.by(account=ada))
    one = Action.objects.get()
    assert (one.who, one.object_id, one.object_name) == ("ada", of.pk, of.key)
    assert LogEntry.objects.get().action_flag == DELETION


def test_posts_of_live_runs_say_why_they_end_and_those_that_ended_stay():
    of = make.session()
    live = make.post(make.run(session=of), muted=True, not_before=9e9)
    ended = make.post(make.run(Word.DONE, session=of), closed=False)
    untold = make.post(make.run(Word.DONE, session=of), closed=False, sent_revision=1)
    forget(of, by=make.by())
    for post in (live, ended, untold):
        post.refresh_from_db()
        assert (post.run_id, post.left_for) == (None, "this run was removed from Live Status")
    assert (live.closed, live.muted, live.not_before) == (False, False, 0.0)
    assert ended.closed, "it says how its run ended; nothing is written over that"
    assert not untold.closed, "it still says that the run lives"


def test_no_words_of_people_are_kept():
    facts = Facts(key="k", agent="main", session_id="w", label="a secret", reason="a secret", transcript="w.jsonl")
    of = make.session(key="k", label="a secret", problem="a secret", registered='"a secret"', facts=to_json(facts))
    make.checkpoint(of)
    forget(of, by=make.by(at=123.0))
    kept = Session.everything.get()
    assert "a secret" not in repr(vars(kept))
    assert (kept.hidden, kept.forgotten_at) == (True, 123.0)
    again = facts_from(kept.facts)
    assert again is not None
    assert again.transcript == "w.jsonl", "so that the watcher knows whose it is"
    assert Checkpoint.objects.count() == 1, "so that the watcher knows how far it had read"


def test_a_sub_agents_session_goes_only_with_the_one_it_works_for():
    root = make.run(Word.WAITING)
    child = make.run(parent=root)
    assert going(child.session).above == root.session.key
    assert not forget(child.session, by=make.by())
    assert Run.objects.count() == 2
    assert said() == []
