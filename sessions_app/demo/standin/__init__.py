"""A stand-in for a Mattermost server that behaves as a real one was measured to behave: for the demo and the tests."""

from sessions_app.demo.standin.faults import Answer, RateLimit, Request, creates, edits, everything, writes
from sessions_app.demo.standin.mattermost import MattermostStandIn
from sessions_app.demo.standin.state import Channel, Clock, Post, User

__all__ = [
    "Answer", "Channel", "Clock", "MattermostStandIn", "Post", "RateLimit", "Request", "User", "creates", "edits",
    "everything", "writes",
]  # fmt: skip
