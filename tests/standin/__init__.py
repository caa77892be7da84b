"""A stand-in for a Mattermost server, for tests and for people who want to look: ``python -m tests.standin``."""

from tests.standin.faults import Answer, RateLimit, Request, creates, edits, everything, writes
from tests.standin.mattermost import MattermostStandIn
from tests.standin.state import Channel, Clock, Post, User

__all__ = [
    "Answer", "Channel", "Clock", "MattermostStandIn", "Post", "RateLimit", "Request", "User", "creates", "edits",
    "everything", "writes",
]  # fmt: skip
