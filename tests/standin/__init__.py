"""The stand-in of the demo is what tests talk to; whoever wants to look starts it: ``python -m tests.standin``."""

from sessions_app.demo.standin import (
    Answer,
    Channel,
    Clock,
    MattermostStandIn,
    Post,
    RateLimit,
    Request,
    User,
    creates,
    edits,
    everything,
    writes,
)

__all__ = [
    "Answer", "Channel", "Clock", "MattermostStandIn", "Post", "RateLimit", "Request", "User", "creates", "edits",
    "everything", "writes",
]  # fmt: skip
