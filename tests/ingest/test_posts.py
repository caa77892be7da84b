from typing import Any

import pytest
from django.db import transaction

from sessions_app.ingest.posts import MUTED, NOWHERE, SILENT, TOO_OLD, PostPolicy, decide
from sessions_app.models import Post, Run, Session
from sessions_app.models.times import moment, seconds
from sessions_app.state.codec import to_json
from sessions_app.state.run_state import RunState
from sessions_app.state.view import Word
from tests import factories as make
from tests.ingest.watching import KEY, START, Watching, answered, asked, called, header, result, row, spawned
from tests.sources.lines import ALICE, CHANNEL, ROOT

pytestmark = pytest.mark.django_db
MAIN = "agent:main:main"
SUB = "agent:main:subagent:1"


@pytest.fixture
def watching(db, tmp_path):
    return Watching(tmp_path / "openclaw", max_age_s=600)


def posts():
    """Title of the run, channel, person, thread and asking post of each post."""
    made = Post.objects.select_related("run").order_by("run__started_at")
    return [
        (post.run.title if post.run else "", post.channel_id, post.user_id, post.thread_id, post.prompt_id)
        for post in made
    ]


def no_posts():
    return {run.title: run.no_post for run in Run.objects.exclude(no_post="")}


def test_a_run_in_a_channel_gets_its_post_there(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "hello"))
    watching.read_all()
    assert posts() == [("hello", CHANNEL, "", "", "")]
    post, run = Post.objects.get(), Run.objects.get()
    assert (post.wanted_word, post.run_over, seconds(run.started_at)) == ("thinking", False, START)
    assert post.wanted_revision == run.revision > 0


def test_a_run_from_elsewhere_gets_no_post_and_says_why(watching, store):
    watching.rows({MAIN: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "hello"))
    watching.read_all()
    assert (posts(), no_posts()) == ([], {"hello": NOWHERE})


def test_with_a_default_channel_it_gets_one_there(watching, store):
    watching.default_channel = "d" * 26
    watching.start()
    watching.rows({MAIN: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "hello"))
    watching.read_all()
    assert posts() == [("hello", "d" * 26, "", "", "")]


def test_the_rows_delivery_is_true_only_of_the_newest_run(watching, store):
    delivery = {"channel": "mattermost", "to": f"user:{ALICE}"}
    watching.rows({MAIN: row("w", status="running", startedAt=START, deliveryContext=delivery)})
    through_mattermost: dict[str, Any] = {"__openclaw": {"senderIsOwner": False}}
    store.write("w.jsonl", header(), asked(START, "older", **through_mattermost), answered(START + 1))
    store.write("w.jsonl", asked(START + 2, "newest", **through_mattermost))
    watching.read_all()
    assert posts() == [("newest", "", ALICE, "", "")]
    assert no_posts() == {"older": NOWHERE}


def test_sub_agents_have_no_posts_whether_their_parents_are_known_or_not(watching, store):
    watching.default_channel = "d" * 26
    watching.start()
    odd = "agent:main:explicit:child"
    watching.rows({SUB: row("s", status="running"), odd: row("o", status="running", spawnedBy="agent:main:unknown")})
    store.write("s.jsonl", header(), asked(START, "sub"))
    store.write("o.jsonl", header(), asked(START, "odd"))
    watching.read_all()
    assert (posts(), no_posts()) == ([], {})


# --- how old


def test_an_old_store_floods_no_channel(watching, store):
    watching.rows({KEY: row("w", at=START, status="done", endedAt=START + 1)})
    store.write("w.jsonl", header(), asked(START, "old"), answered(START + 1))
    watching.now = START + 5000
    watching.read_all()
    assert (posts(), no_posts()) == ([], {"old": TOO_OLD})


def test_a_run_that_is_over_but_fresh_gets_its_post(watching, store):
    watching.rows({KEY: row("w", at=START, status="done", endedAt=START + 1)})
    store.write("w.jsonl", header(), asked(START, "fresh"), answered(START + 1))
    watching.now = START + 500
    watching.read_all()
    assert [post[0] for post in posts()] == ["fresh"]


def test_a_long_run_whose_row_is_fresh_gets_its_post(watching, store):
    watching.rows({KEY: row("w", at=START + 4990, status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "long"), called(START + 1, "a"))
    watching.now = START + 5000
    watching.read_all()
    assert [post[0] for post in posts()] == ["long"]


def test_no_limit_means_every_run(watching, store):
    watching.max_age_s = -1
    watching.start()
    watching.rows({KEY: row("w", at=START, status="done")})
    store.write("w.jsonl", header(), asked(START, "old"), answered(START + 1))
    watching.now = START + 1e7
    watching.read_all()
    assert [post[0] for post in posts()] == ["old"]


def old_and_new():
    """A day of runs, more than one round reads, and then one of now."""
    yield header()
    for no in range(40):
        at = START + 60 * no
        yield asked(at, f"old {no}")
        yield answered(at + 1, "x" * 50_000)
    yield asked(START + 20_000, "new")


@pytest.mark.parametrize("first", [True, False], ids=["at the start", "when the store comes later"])
def test_a_post_is_decided_on_only_when_all_has_been_read(watching, store, first):
    watching.now = START + 20_010
    if not first:
        watching.read_all()
    watching.rows({KEY: row("w", at=START + 20_005, status="running", startedAt=START + 20_000)})
    store.write("w.jsonl", *old_and_new())
    if first:
        watching.read_all()
    for _ in range(6):
        watching.step()
    assert [post[0] for post in posts()] == ["new"]
    assert set(no_posts().values()) == {TOO_OLD}
    assert len(no_posts()) == 40


def test_a_session_that_is_still_being_read_holds_up_only_itself(watching, store):
    watching.read_all()
    other = KEY.replace(CHANNEL, ROOT)
    watching.now = START + 20_010
    watching.rows(
        {
            KEY: row("w", at=START + 20_005, status="running", startedAt=START + 20_000),
            other: row("o", at=START + 20_005, status="running", startedAt=START + 20_000),
        }
    )
    store.write("w.jsonl", *old_and_new())
    store.write("o.jsonl", header(), asked(START + 20_001, "other"))
    watching.step()
    assert watching.reader.pending
    assert [post[0] for post in posts()] == ["other"]


def test_a_run_that_was_too_old_stays_without_a_post_when_it_goes_on(watching, store):
    watching.rows({KEY: row("w", at=START, status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "old"), called(START + 1, "a"))
    watching.now = START + 5000
    watching.read_all()
    store.write("w.jsonl", result(START + 5001, "a"))
    watching.step(START + 5002)
    assert posts() == []


# --- before the first line


PROVISIONAL = [
    # the key names the thread: known
    (f"{KEY}:thread:{ROOT}", {"status": "running"}, [(CHANNEL, ROOT)]),
    # a release with a status never names the asking post: known
    (KEY, {"status": "running"}, [(CHANNEL, "")]),
    # the prompt may name a thread: not known yet
    (MAIN, {"status": "running", "deliveryContext": {"channel": "mattermost", "to": f"channel:{CHANNEL}"}}, []),
    (MAIN, {"status": "running"}, []),
]


@pytest.mark.parametrize(("key", "fields", "places"), PROVISIONAL)
def test_a_run_without_a_line_gets_its_post_when_its_place_is_known(watching, key, fields, places):
    watching.rows({key: row("w", startedAt=START, **fields)})
    watching.read_all()
    assert Run.objects.count() == 1
    assert [(post[1], post[3]) for post in posts()] == places


def test_a_run_with_a_lock_and_no_line_waits_for_the_prompt_that_may_name_a_thread(watching, store):
    watching.rows({KEY: row("w")})
    (store.sessions() / "w.jsonl.lock").write_text('{"pid": 1, "createdAt": "2026-11-22T10:01:40Z"}')
    watching.read_all()
    assert (Run.objects.count(), posts()) == (1, [])
    fenced = f'Conversation info (untrusted metadata):\n```json\n{{\n  "message_id": "{ROOT}"\n}}\n```\n\nhello'
    store.write("w.jsonl", header(), asked(START + 5, fenced))
    watching.step(START + 6)
    assert posts() == [("hello", CHANNEL, "", "", ROOT)]
    assert Run.objects.count() == 1


def test_the_post_of_a_run_without_a_line_is_that_of_its_prompt(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    watching.read_all()
    first = Post.objects.get()
    store.write("w.jsonl", header(), asked(START + 5, "hello"), answered(START + 6))
    watching.step(START + 7)
    assert [post[0] for post in posts()] == ["hello"]
    assert Post.objects.get().id == first.id


def test_without_mattermost_nothing_is_decided(watching, store):
    from dataclasses import replace

    policy = replace(watching.loop.settings.policy, destination_id=None)
    watching.loop.settings = replace(watching.loop.settings, policy=policy)
    watching.rows({KEY: row("w", status="running", startedAt=START), MAIN: row("m", status="running")})
    store.write("w.jsonl", header(), asked(START, "hello"))
    watching.read_all()
    watching.step()
    assert (posts(), no_posts()) == ([], {})
    watching.start()
    watching.read_all()
    assert [post[0] for post in posts()] == ["hello"]


def test_a_spawned_child_in_the_same_round_gets_no_post(watching, store):
    watching.default_channel = "d" * 26
    watching.start()
    child = "agent:main:acp:1"
    watching.rows(
        {MAIN: row("w", status="running", startedAt=START), child: row("c", status="running", startedAt=START)}
    )
    store.write("w.jsonl", header(), asked(START, "parent"), called(START + 1, "a"), spawned(START + 2, "a", child))
    store.write("c.jsonl", header(), asked(START + 3, "child"))
    watching.read_all()
    assert [post[0] for post in posts()] == ["parent"]


# --- nothing to say


def silent_lines(at=START):
    return header(), asked(at, "anything new?"), answered(at + 1, "NO_REPLY")


def done(at):
    return row("w", at=at, status="done", startedAt=START, endedAt=at)


def test_a_run_that_ends_with_nothing_to_say_before_its_post_is_made_gets_none(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", *silent_lines()[:2])
    watching.read_all()
    assert len(posts()) == 1
    watching.rows({KEY: done(START + 1)})
    store.write("w.jsonl", silent_lines()[2])
    watching.step(START + 2)
    assert (posts(), no_posts()) == ([], {"anything new?": SILENT})


def test_a_post_that_people_see_already_ends_with_the_reason(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", *silent_lines()[:2])
    watching.read_all()
    Post.objects.update(intent_at=START + 1)
    watching.rows({KEY: done(START + 9)})
    store.write("w.jsonl", answered(START + 9, "NO_REPLY"))
    watching.step(START + 10)
    assert [post[0] for post in posts()] == ["anything new?"]
    run = Run.objects.get()
    assert (run.word, run.reason, run.no_post) == ("done", "nothing to say", "")


def test_what_was_said_before_counts(watching, store):
    watching.rows({KEY: done(START + 9)})
    store.write(
        "w.jsonl", header(), asked(START), answered(START + 1, "I look", "toolUse"), answered(START + 9, "NO_REPLY")
    )
    watching.read_all()
    assert len(posts()) == 1
    assert Run.objects.get().reason == ""


def test_a_silent_run_that_speaks_after_all_gets_its_post(watching, store):
    watching.rows({KEY: done(START + 1)})
    store.write("w.jsonl", *silent_lines())
    watching.read_all()
    assert no_posts() == {"anything new?": SILENT}
    store.write("w.jsonl", asked(START + 5, "[OpenClaw exec completion] it is over", display=False))
    store.write("w.jsonl", answered(START + 6, "The build is red."))
    watching.step(START + 7)
    assert [post[0] for post in posts()] == ["anything new?"]
    assert no_posts() == {}


HEARTBEAT = "[OpenClaw heartbeat poll] anything to do?"


def test_a_heartbeat_gets_a_post_only_when_it_has_something_to_say(watching, store):
    watching.rows({KEY: done(START + 1)})
    store.write("w.jsonl", header(), asked(START, "hello"), answered(START + 1))
    watching.read_all()
    watching.rows({KEY: row("w", at=START + 10, status="running", startedAt=START + 10)})
    store.write("w.jsonl", asked(START + 10, HEARTBEAT), called(START + 11, "a"))
    watching.step(START + 12)
    assert [post[0] for post in posts()] == ["hello"]
    store.write("w.jsonl", result(START + 13, "a"), answered(START + 14, "HEARTBEAT_OK"))
    watching.rows({KEY: done(START + 14)})
    watching.step(START + 15)
    assert [post[0] for post in posts()] == ["hello"], "and the run before it is left alone"
    assert Run.objects.get(no=1).ended_at == moment(START + 1)
    store.write("w.jsonl", asked(START + 20, HEARTBEAT), answered(START + 21, "The build is red."))
    watching.step(START + 22)
    assert [post[0] for post in posts()] == ["hello", "heartbeat"]


@pytest.mark.parametrize(
    ("fields", "stays"),
    [({}, False), ({"lease_until": 9e9}, True), ({"send_now": True}, True), ({"earlier": "p" * 26}, True)],
    ids=["nobody is at it", "somebody is making it", "asked for by hand", "follows another"],
)
def test_the_row_of_a_run_with_nothing_to_say_is_taken_back_unless_somebody_counts_on_it(db, fields, stays):
    state = RunState(no=1, start_id="1", turn_open=False, silent=True)
    run = make.run(Word.DONE, state=to_json(state))
    make.post(run, post_id="", intent_at=None, closed=False, **fields)
    decide([run], 1e9, PostPolicy(destination_id=1, max_age_s=-1))
    assert Post.objects.exists() is stays


def test_a_session_that_was_muted_after_its_runs_were_read_gets_no_post(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "hello"))
    watching.read_all()
    Post.objects.all().delete()
    (run,) = Run.objects.select_related("session")
    Session.objects.update(muted=True)
    with transaction.atomic():
        decide([run], START + 1, watching.loop.settings.policy)
    assert not Post.objects.exists()
    assert Run.objects.get().no_post == MUTED


def test_a_run_of_a_muted_session_that_goes_on_again_is_still(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START, "hello"), answered(START + 1))
    watching.rows({KEY: row("w", at=START + 1, status="done", startedAt=START, endedAt=START + 1)})
    watching.read_all()
    assert Post.objects.get().run_over
    Session.objects.update(muted=True)
    store.write("w.jsonl", called(START + 5, "b"))
    watching.rows({KEY: row("w", at=START + 5, status="running", startedAt=START + 5)})
    watching.step(START + 6)
    post = Post.objects.get()
    assert (post.run_over, post.muted) == (False, True)
