import pytest

from sessions_app.sources.base import Address
from sessions_app.sources.openclaw_keys import address_of, address_to, agent_of, is_subagent, key_of
from tests.sources.lines import ALICE, CHANNEL, ROOT

KEYS = [
    # a public channel
    (f"agent:main:mattermost:channel:{CHANNEL}", "main", Address(channel_id=CHANNEL)),
    # a thread in it
    (f"agent:main:mattermost:channel:{CHANNEL}:thread:{ROOT}", "main", Address(channel_id=CHANNEL, thread_id=ROOT)),
    # a group message, and a private channel since 2026.3
    (f"agent:ops:mattermost:group:{CHANNEL}", "ops", Address(channel_id=CHANNEL)),
    (f"agent:ops:mattermost:group:{CHANNEL}:thread:{ROOT}", "ops", Address(channel_id=CHANNEL, thread_id=ROOT)),
    # all direct messages, every channel and the command line share one session by default
    ("agent:main:main", "main", Address()),
    # a reply in a direct message's thread (2026.2)
    (f"agent:main:main:thread:{ROOT}", "main", Address(thread_id=ROOT)),
    # dmScope: without the channel, per channel, per account and channel
    (f"agent:main:direct:{ALICE}", "main", Address()),
    (f"agent:main:mattermost:direct:{ALICE}", "main", Address(user_id=ALICE)),
    (f"agent:main:mattermost:work:direct:{ALICE}", "main", Address(user_id=ALICE)),
    # no place of their own
    ("agent:main:subagent:6821683a-c77a-4278-92c0-9a55a3dfdd39", "main", Address()),
    ("agent:main:cron:daily", "main", Address()),
    ("agent:main:cron:daily:run:7", "main", Address()),
    ("agent:main:hook:6821683a", "main", Address()),
    ("agent:main:acp:6821683a", "main", Address()),
    ("agent:main:dashboard:1", "main", Address()),
    ("agent:main:explicit:rec-1", "main", Address()),
    ("agent:main:main:heartbeat", "main", Address()),
    # no agent
    ("global", "", Address()),
    ("unknown", "", Address()),
    ("", "", Address()),
    ("agent:main", "", Address()),
    # another channel's ids look alike
    (f"agent:main:telegram:group:{CHANNEL}", "main", Address()),
    # an id that is none of Mattermost's leads nowhere
    ("agent:main:mattermost:channel:../../etc", "main", Address()),
    (f"agent:main:mattermost:channel:{CHANNEL}0", "main", Address()),
    # a thread that is none stays part of the key, which then leads nowhere
    (f"agent:main:mattermost:channel:{CHANNEL}:thread:1", "main", Address()),
    (":thread:" * 1000, "", Address()),
]


@pytest.mark.parametrize(("key", "agent", "address"), KEYS)
def test_a_key_names_its_agent_and_its_place(key, agent, address):
    assert agent_of(key) == agent
    assert address_of(key) == address


@pytest.mark.parametrize(
    ("key", "expected"),
    [("agent:main:subagent:1", True), ("agent:main:subagent:1:subagent:2", True), ("agent:main:main", False)],
)
def test_a_key_of_a_sub_agent_shows_that(key, expected):
    assert is_subagent(key) is expected


DELIVERIES: list[tuple[object, object, Address]] = [
    (f"channel:{CHANNEL}", ROOT, Address(channel_id=CHANNEL, thread_id=ROOT)),
    (f"channel:{CHANNEL}", None, Address(channel_id=CHANNEL)),
    (f"user:{ALICE}", ROOT, Address(user_id=ALICE, thread_id=ROOT)),
    # a thread id of another channel's kind
    (f"channel:{CHANNEL}", 12345, Address(channel_id=CHANNEL)),
    (f"channel:{CHANNEL}", {"id": ROOT}, Address(channel_id=CHANNEL)),
    # nothing that Mattermost knows
    ("channel:general", ROOT, Address()),
    (f"email:{ALICE}", "", Address()),
    (CHANNEL, "", Address()),
    (None, None, Address()),
    (7, [], Address()),
]


@pytest.mark.parametrize(("to", "thread", "expected"), DELIVERIES)
def test_a_delivery_names_a_channel_or_a_person(to, thread, expected):
    assert address_to(to, thread) == expected


def test_an_address_without_channel_and_person_leads_nowhere():
    assert not Address(thread_id=ROOT)
    assert Address(user_id=ALICE)


def test_a_key_is_stored_in_lower_case_within_its_column_and_never_redacted():
    secret = "agent:main:explicit:token=ghp_16C7e42F292c6912E7710c838347Ae178B4a"
    assert key_of(secret) == secret.lower()
    assert key_of("A\x00b\ud83d") == "ab?"
    assert key_of("İ" * 600) == ("İ" * 600).lower()[:500]
