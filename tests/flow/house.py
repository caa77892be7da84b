"""The whole house around one store: a watch loop, a publisher and a stand-in, moved by hand through time."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from sessions_app.deliver.dispatcher import Dispatcher
from sessions_app.deliver.manner import Manner
from sessions_app.deliver.mattermost import Mattermost
from sessions_app.deliver.publisher import Publisher
from sessions_app.ingest.posts import PostPolicy, destination_for
from sessions_app.ingest.watcher import Settings, WatchLoop
from sessions_app.models import Post, Run
from sessions_app.sources.found import open_sources
from sessions_app.state.turns import Limits
from sessions_app.state.view import RunView
from tests.flow.recording import Moment, Recording
from tests.standin import MattermostStandIn

DEFAULT_CHANNEL = "defaultdefaultdefaultdefau"
LONG_AFTER_S = 7200.0
END = 1_795_600_000.0  # hours after the last recording was made


@dataclass
class House:
    """``now`` is the clock of everything in it. Publishing happens in the calling thread."""

    store: Path
    mm: MattermostStandIn
    now: float = 1_795_300_000.0  # before the first recording
    max_age_s: float = -1
    max_open: int = 50
    recording: Recording | None = None
    words: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.recording is not None:
            self.know(self.recording)
        self.client = Mattermost(self.mm.url, self.mm.token)
        manner = Manner(edits_per_s=1e9, max_open=self.max_open)
        self.publisher = Publisher(lambda _: self.client, manner, lambda: self.now, lambda _: None)
        self.start()

    def start(self) -> None:
        """A fresh watcher: nothing is remembered but what is in the database."""
        destination = destination_for(self.mm.url)
        assert destination is not None
        policy = PostPolicy(destination_id=destination.id, default_channel=DEFAULT_CHANNEL, max_age_s=self.max_age_s)
        settings = Settings(name="test", host="here", pid=1, limits=Limits(), policy=policy)
        self.loop = WatchLoop(open_sources([self.store]), settings, lambda: self.now)
        self.loop.listen = lambda: False  # type: ignore[method-assign]
        self.loop.read_all()

    def step(self) -> None:
        """One round as the watcher makes it, with a sweep instead of ears, and what is due now published."""
        self.loop._next_sweep = self.loop._next_look = 0.0
        self.loop.round()
        self.deliver(patient=True)
        self._note_words()

    def deliver(self, *, patient: bool = False) -> None:
        """Publish until nothing more is due at this moment."""
        due: list[int] = []
        dispatcher = Dispatcher(
            enqueue=due.append, room=lambda: 1000, clock=lambda: self.now, throttle_s=1.0 if patient else 0.0,
            patient=patient,
        )  # fmt: skip
        while dispatcher.hand_on():
            for post_id in due:
                self.publisher.publish(post_id)
            due.clear()

    def live_through(self, moments: Iterable[Moment], *, restarting: bool = False) -> None:
        """Let each moment happen and look at once, then wait long; nothing may be left undelivered."""
        for moment in moments:
            moment.write()
            self.now = max(self.now, moment.at)
            if restarting:
                self.start()
            self.step()
        self.finish()
        assert self.troubles() == []

    def finish(self) -> None:
        """Long after: whatever silence can decide has been decided, and sent."""
        for _ in range(4):
            self.now += LONG_AFTER_S
            self.loop.round()
            self.step()
        self.deliver()

    def _note_words(self) -> None:
        for run in Run.objects.all().select_related("session"):
            seen = self.words.setdefault(f"{run.session.key} {run.no}", [])
            if not seen or seen[-1] != run.word:
                seen.append(run.word)

    def know(self, recording: Recording) -> None:
        """Let the stand-in have the posts that people wrote in a recording."""
        for channel in {DEFAULT_CHANNEL, *recording.channels()} - self.mm.world.channels.keys():
            self.mm.add_channel(channel, id=channel)
        for asked in recording.asked():
            self.mm.add_post(asked.channel, asked.message, root_id=asked.root, id=asked.id)

    def posts(self) -> list[tuple[str, str, str]]:
        """What stands in Mattermost: channel, root and text of each of the bot's posts, sorted.

        Direct channels get a new id in every stand-in: they are called "direct" here.
        """
        direct = {channel.id for channel in self.mm.world.channels.values() if channel.type == "D"}
        return sorted(
            ("direct" if post.channel_id in direct else post.channel_id, post.root_id, post.message)
            for post in self.mm.bot_posts()
        )

    def trees(self) -> list[RunView]:
        """The root runs as a reader sees them, oldest first."""
        ours = Run.objects.roots().filter(session__store=str(self.store))
        roots = list(ours.order_by("started_at", "id").values_list("id", flat=True))
        views = Run.objects.views(roots)
        return [views[root] for root in roots]

    def troubles(self) -> list[str]:
        """What delivery says about posts that are not as they should be."""
        posts = Post.objects.filter(run__session__store=str(self.store)).exclude(last_error="", parked="")
        return [f"{post.run}: {post.parked or post.last_error}" for post in posts]


def outline(view: RunView) -> str:
    """A tree in one line: ``title=word(child=word …)``."""
    name = view.label or view.title
    below = f"({', '.join(outline(child) for child in view.children)})" if view.children else ""
    return f"{name}={view.word}{below}"
