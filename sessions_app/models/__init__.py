"""What is kept: one model and its query set per file. Rows are the truth; every task and message is only a hint."""

from sessions_app.models.action import Action
from sessions_app.models.checkpoint import Checkpoint
from sessions_app.models.delivery import Delivery
from sessions_app.models.destination import Circuit, Destination
from sessions_app.models.judgement import Judgement
from sessions_app.models.post import Post
from sessions_app.models.run import Run
from sessions_app.models.session import Session
from sessions_app.models.step import Step
from sessions_app.models.watcher import Watcher

__all__ = [
    "Action",
    "Checkpoint",
    "Circuit",
    "Delivery",
    "Destination",
    "Judgement",
    "Post",
    "Run",
    "Session",
    "Step",
    "Watcher",
]
