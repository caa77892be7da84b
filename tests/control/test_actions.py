"""What people can do, and what stands in the log of changes afterwards."""

import time

import pytest
from django.contrib.admin.models import LogEntry

from sessions_app.control.actions import finish_run, pause, pause_all, resume, resume_all, send_now
from sessions_app.ingest.apply import look_again
from sessions_app.models import Destination, Post, Run
from sessions_app.state.turns import Limits
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


def said() -> list[str]:
    return [entry.change_message for entry in LogEntry.objects.order_by("id")]


def test_pause_and_resume_are_logged_once_each():
    ada, one = make.admin(), make.destination()
    assert pause(one, by=ada)
    assert not pause(one, by=ada), "it was paused already"
    assert Destination.objects.get().paused
    assert resume(one, by=ada)
    assert not Destination.objects.get().paused
    assert said() == ["Paused delivery.", "Resumed delivery."]
    entry = LogEntry.objects.first()
    assert entry is not None
    assert (entry.user_id, entry.object_id, entry.object_repr) == (ada.pk, str(one.pk), make.MATTERMOST)


def test_pause_all_counts_only_what_it_changed():
    make.destination()
    make.destination(base_url="https://other.example.com", paused=True)
    assert pause_all() == 1
    assert resume_all() == 2
    assert said() == [], "without a user there is nobody to name"


def test_send_now_sets_nothing_else():
    post = make.post(make.run(), not_before=9e9, attempts=4, last_error="It did not answer.")
    assert send_now(post, by=make.admin())
    now = Post.objects.get()
    assert (now.send_now, now.not_before, now.attempts, now.last_error) == (True, 0.0, 4, "It did not answer.")
    assert said() == ["Asked to send it now."]


def test_a_parked_post_is_not_sent():
    assert not send_now(make.post(make.run(), parked="It was deleted."), by=make.admin())
    assert not Post.objects.get().send_now
    assert said() == []


def test_finishing_a_run_takes_the_live_ones_below_with_it():
    root = make.run(Word.WAITING)
    child = make.run(parent=root)
    grandchild, ended = make.run(parent=child), make.run(Word.DONE, parent=child)
    beside = make.run()
    assert finish_run(root, by=make.admin(), now=time.time())
    by_hand = set(Run.objects.exclude(finished_by_hand_at=None).values_list("id", flat=True))
    assert by_hand == {root.id, child.id, grandchild.id}
    assert ended.id not in by_hand
    assert beside.id not in by_hand
    assert said() == ["Finished by hand."] * 3


def test_finishing_a_child_leaves_its_root_alive():
    root = make.run(Word.WAITING)
    child = make.run(parent=root)
    assert finish_run(child, by=None, now=time.time())
    root.refresh_from_db()
    assert root.finished_by_hand_at is None
    assert root.look_at is not None, "the watcher judges by trees, so the root is what it looks at"


def test_the_watchers_next_look_makes_the_word():
    root = make.run()
    now = time.time()
    finish_run(root, by=make.admin(), now=now)
    look_again(now + 0.25, Limits())
    root.refresh_from_db()
    assert (root.over, root.word, root.because) == (True, "done", "finished by hand")
    assert root.revision == 4


def test_a_run_that_is_over_cannot_be_finished():
    assert not finish_run(make.run(Word.FAILED), by=make.admin(), now=time.time())
    root = make.run()
    assert finish_run(root, by=None, now=time.time())
    assert not finish_run(root, by=None, now=time.time()), "once is enough"
    assert said() == []
