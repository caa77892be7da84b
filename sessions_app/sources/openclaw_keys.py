"""Session keys of OpenClaw: which agent, which Mattermost channel and thread.

Keys are ``agent:<agent>:<rest>``, lower case; a thread is ``…:thread:<root post id>`` at the end. For Mattermost the
rest is ``mattermost:channel:<id>`` or, for group messages and private channels, ``mattermost:group:<id>``; a direct
message may be ``mattermost:direct:<user>`` or ``mattermost:<account>:direct:<user>`` (OpenClaw's dmScope).
"""

import re

from sessions_app.sources.base import Address
from sessions_app.sources.text import plain

KEY_CHARS = 500
MATTERMOST_ID = re.compile(r"[a-z0-9]{26}\Z")
THREAD = re.compile(r"(?P<base>.+):thread:(?P<thread>[^:]+)\Z")


def key_of(text: str) -> str:
    """A session key as it is stored and compared, wherever it was read. Never redacted: it has to be found again."""
    return plain(text, KEY_CHARS).lower()[:KEY_CHARS]


def agent_of(key: str) -> str:
    """The agent's name, or "" when the key has none (``global``, ``unknown``)."""
    parts = key.split(":")
    return parts[1] if len(parts) > 2 and parts[0] == "agent" else ""


def is_subagent(key: str) -> bool:
    """Whether the key alone says that this session was spawned by another."""
    return ":subagent:" in key


def address_of(key: str) -> Address:
    """Where the key says the session talks: channel and thread; only the thread for a thread of a DM session."""
    base, thread = key, ""
    found = THREAD.match(key)
    if found and MATTERMOST_ID.match(found["thread"]):
        base, thread = found["base"], found["thread"]
    parts = base.split(":")
    if len(parts) >= 5 and parts[2] == "mattermost":
        kind, peer = parts[-2], parts[-1]
        if MATTERMOST_ID.match(peer):
            if kind in {"channel", "group"}:
                return Address(channel_id=peer, thread_id=thread)
            if kind == "direct":
                return Address(user_id=peer, thread_id=thread)
    return Address(thread_id=thread)


def address_to(to: object, thread: object) -> Address:
    """Read a delivery of OpenClaw: ``to`` is ``channel:<id>`` or ``user:<id>``, ``thread`` a root post id."""
    kind, _, peer = str(to or "").partition(":")
    root = str(thread or "")
    root = root if MATTERMOST_ID.match(root) else ""
    if not MATTERMOST_ID.match(peer):
        return Address()
    if kind == "channel":
        return Address(channel_id=peer, thread_id=root)
    if kind == "user":
        return Address(user_id=peer, thread_id=root)
    return Address()
