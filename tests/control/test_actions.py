"""What people can do with delivery and with runs, and what stands in the audit log afterwards."""

import time

import pytest
from django.contrib.admin.models import LogEntry

from sessions_app.control.actions import (
    finish_run,
    pause,
    pause_all,
    post_again,
    reset_circuit,
    resume,
    resume_all,
    send_now,
    try_again,
)
from sessions_app.ingest.apply import look_again
from sessions_app.models import Action, Circuit, Destination, Post, Run
from sessions_app.models.times import seconds
from sessions_app.state.turns import Limits
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


def said() -> list[str]:
    return [one.said for one in Action.objects.order_by("id")]


def test_pause_and_resume_are_logged_once_each():
    ada, one = make.admin("ada"), make.destination()
    assert pause(one, by=make.by(account=ada, at=1_800_000_000.0))
    assert not pause(one, by=make.by()), "it was paused already"
    assert Destination.objects.get().paused
    assert resume(one, by=make.by("operator"))
    assert not Destination.objects.get().paused
    assert said() == ["Paused delivery.", "Resumed delivery."]
    first, second = Action.objects.order_by("id")
    assert (first.who, first.source, first.verb, first.kind) == ("ada", "admin", "pause", "destination")
    assert (first.object_id, first.object_name, seconds(first.at)) == (one.pk, make.MATTERMOST, 1_800_000_000.0)
    assert (second.who, second.source) == ("operator", "command")


def test_accounts_stand_in_djangos_history_of_the_object_too():
    ada, one = make.admin(), make.destination()
    pause(one, by=make.by(account=ada))
    resume(one, by=make.by("somebody at a terminal"))
    entry = LogEntry.objects.get()
    assert (entry.user_id, entry.object_id, entry.object_repr) == (ada.pk, str(one.pk), make.MATTERMOST)
    assert entry.change_message == "Paused delivery."


def test_what_stands_in_the_audit_log_is_not_changed():
    pause(make.destination(), by=make.by())
    one = Action.objects.get()
    one.who = "somebody else"
    with pytest.raises(TypeError):
        one.save()


def test_pause_all_counts_only_what_it_changed():
    make.destination()
    make.destination(base_url="https://other.example.com", paused=True)
    assert pause_all(by=make.by()) == 1
    assert resume_all(by=make.by()) == 2
    assert said() == ["Paused delivery.", "Resumed delivery.", "Resumed delivery."]


def test_a_reset_circuit_is_closed_and_its_posts_wait_no_longer():
    now = time.time()
    one = make.destination(
        circuit=Circuit.OPEN, failures=7, open_until=now + 60, quiet_until=now + 60, next_slot_at=now + 1
    )
    waiting = make.post(make.run(), destination=one, not_before=now + 60)
    parked = make.post(make.run(), destination=one, not_before=now + 60, parked="Gone.")
    assert reset_circuit(one, by=make.by())
    one.refresh_from_db()
    assert (one.circuit, one.failures, one.open_until, one.quiet_until) == (Circuit.CLOSED, 0, 0.0, 0.0)
    assert one.next_slot_at == pytest.approx(now + 1), "the budget still holds"
    assert Post.objects.get(id=waiting.id).not_before == 0.0
    assert Post.objects.get(id=parked.id).not_before > now
    assert not reset_circuit(one, by=make.by())
    assert said() == ["Reset the circuit."]


def test_send_now_sets_nothing_else():
    post = make.post(make.run(), not_before=9e9, attempts=4, last_error="It did not answer.")
    assert send_now(post, by=make.by())
    now = Post.objects.get()
    assert (now.send_now, now.not_before, now.attempts, now.last_error) == (True, 0.0, 4, "It did not answer.")
    assert said() == ["Asked to send it now."]


def test_a_parked_post_is_not_sent_but_can_be_tried_again():
    post = make.post(make.run(), parked="The channel is archived.")
    assert not send_now(post, by=make.by())
    assert not Post.objects.get().send_now
    assert said() == []
    assert try_again(post, by=make.by())
    assert not try_again(post, by=make.by()), "it is not parked any more"
    now = Post.objects.get()
    assert (now.parked, now.send_now) == ("", True)
    assert said() == ["Took it up again."]


# --- posting again


def test_posting_again_makes_a_second_post_in_the_same_place_and_ends_the_first():
    run = make.run(Word.WORKING)
    first = make.post(run, thread_id="t" * 26, root_id="t" * 26, placed=True, prompt_id="p" * 26, closed=True)
    assert post_again(run, by=make.by())
    first.refresh_from_db()
    assert (first.run_id, first.left_for) == (None, "another post goes on for it")
    assert not first.closed, "else nobody would write the last words into it"
    second = Post.objects.get(run=run)
    place = ("destination_id", "channel_id", "thread_id", "root_id", "prompt_id", "placed")
    assert [getattr(second, name) for name in place] == [getattr(first, name) for name in place]
    assert second.nonce != first.nonce
    assert (second.post_id, second.intent_at, second.sent_revision) == ("", None, 0)
    assert (second.wanted_revision, second.wanted_word, second.send_now) == (run.revision, "working", True)
    assert second.earlier == first.post_id
    assert said() == ["Asked for another post."]


def test_a_post_that_was_not_made_yet_is_not_posted_again():
    run = make.run()
    assert not post_again(run, by=make.by())
    make.post(run, post_id="")
    assert not post_again(run, by=make.by())
    assert Post.objects.count() == 1
    assert said() == []


# --- finishing


def test_finishing_a_run_takes_the_live_ones_below_with_it():
    root = make.run(Word.WAITING)
    child = make.run(parent=root)
    grandchild, ended = make.run(parent=child), make.run(Word.DONE, parent=child)
    beside = make.run()
    assert finish_run(root, by=make.by())
    by_hand = set(Run.objects.exclude(finished_by_hand_at=None).values_list("id", flat=True))
    assert by_hand == {root.id, child.id, grandchild.id}
    assert ended.id not in by_hand
    assert beside.id not in by_hand
    assert said() == ["Finished by hand."] * 3


def test_finishing_a_child_leaves_its_root_alive():
    root = make.run(Word.WAITING)
    child = make.run(parent=root)
    assert finish_run(child, by=make.by())
    root.refresh_from_db()
    assert root.finished_by_hand_at is None
    assert root.look_at is not None, "the watcher judges by trees, so the root is what it looks at"


def test_the_watchers_next_look_makes_the_word():
    root = make.run()
    now = time.time()
    finish_run(root, by=make.by(at=now))
    look_again(now + 0.25, Limits())
    root.refresh_from_db()
    assert (root.over, root.word, root.because) == (True, "done", "finished by hand")
    assert root.revision == 4


def test_a_run_that_is_over_cannot_be_finished():
    assert not finish_run(make.run(Word.FAILED), by=make.by())
    root = make.run()
    assert finish_run(root, by=make.by())
    assert not finish_run(root, by=make.by()), "once is enough"
    assert said() == ["Finished by hand."]
