import pytest

from sessions_app.sources.base import Address, Facts
from sessions_app.state.run_state import RunState
from sessions_app.state.target import Target, may_be_fixed, target_of

CHANNEL, THREAD, POST, ALICE, DEFAULT = "channel", "thread", "post", "alice", "default"


def facts(**fields):
    return Facts(key="k", agent="main", session_id="w", **fields)


def run(**fields):
    return RunState(no=1, start_id="p", **fields)


ROW = Address(channel_id="row-channel", thread_id="row-thread")
TARGETS = [
    # the key names the channel, or the thread; the prompt's own post goes first where there is one
    ("channel", facts(from_key=Address(channel_id=CHANNEL)), run(), True, Target(channel_id=CHANNEL)),
    ("thread", facts(from_key=Address(channel_id=CHANNEL, thread_id=THREAD)), run(), True,
     Target(channel_id=CHANNEL, thread_id=THREAD)),
    ("thread and post", facts(from_key=Address(channel_id=CHANNEL, thread_id=THREAD)), run(message_id=POST), True,
     Target(channel_id=CHANNEL, thread_id=THREAD, prompt_id=POST)),
    ("person", facts(from_key=Address(user_id=ALICE)), run(), True, Target(user_id=ALICE)),
    # the key counts more than the row, whoever the run is from
    ("key and row", facts(from_key=Address(channel_id=CHANNEL), from_row=ROW), run(from_mattermost=True), True,
     Target(channel_id=CHANNEL)),
    # the row, for the newest run and only if its prompt came through Mattermost
    ("row", facts(from_row=ROW), run(from_mattermost=True), True,
     Target(channel_id="row-channel", thread_id="row-thread")),
    ("row and post", facts(from_row=ROW), run(from_mattermost=True, message_id=POST), True,
     Target(channel_id="row-channel", thread_id="row-thread", prompt_id=POST)),
    ("row, key's thread", facts(from_row=ROW, from_key=Address(thread_id=THREAD)), run(from_mattermost=True), True,
     Target(channel_id="row-channel", thread_id=THREAD)),
    ("row of a person", facts(from_row=Address(user_id=ALICE)), run(from_mattermost=True), True, Target(user_id=ALICE)),
    ("row, not from Mattermost", facts(from_row=ROW), run(), True, Target(channel_id=DEFAULT)),
    ("row, not the newest", facts(from_row=ROW), run(from_mattermost=True), False, Target(channel_id=DEFAULT)),
    # the prompt's post alone
    ("post", facts(), run(message_id=POST), True, Target(prompt_id=POST)),
    ("post and row of another run", facts(from_row=ROW), run(message_id=POST, from_mattermost=True), False,
     Target(prompt_id=POST)),
    ("post and thread", facts(from_key=Address(thread_id=THREAD)), run(message_id=POST), True,
     Target(prompt_id=POST, thread_id=THREAD)),
    # from elsewhere
    ("elsewhere", facts(), run(), True, Target(channel_id=DEFAULT)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "asked", "newest", "expected"), [case[1:] for case in TARGETS], ids=[case[0] for case in TARGETS]
)
def test_every_row_of_the_target_table(told, asked, newest, expected):
    assert target_of(asked, told, newest=newest, default_channel=DEFAULT) == expected


def test_a_prompt_from_elsewhere_has_no_place_without_a_default_channel():
    assert target_of(run(), facts(from_row=ROW), newest=True, default_channel="") is None


FIXED = [
    # a prompt is known
    (run(), facts(), True),
    # none yet, and the prompt may name another place
    (RunState(no=1), facts(), False),
    (RunState(no=1), facts(from_key=Address(channel_id=CHANNEL), names_post=True), False),
    (RunState(no=1), facts(from_row=ROW, has_status=True), False),
    # it is in the queue
    (RunState(no=1, queued_id="q"), facts(), True),
    # none yet, and none will
    (RunState(no=1), facts(from_key=Address(channel_id=CHANNEL, thread_id=THREAD)), True),
    (RunState(no=1), facts(from_key=Address(channel_id=CHANNEL)), True),
]


@pytest.mark.parametrize(("asked", "told", "fixed"), FIXED)
def test_a_target_is_fixed_once_the_prompt_is_known_or_cannot_name_another(asked, told, fixed):
    assert may_be_fixed(asked, told) is fixed
