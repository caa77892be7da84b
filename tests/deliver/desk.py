"""A publisher before a stand-in, with a clock that moves only when it is told to, and waits that move it."""

from dataclasses import dataclass, field, replace
from typing import Any

from sessions_app.deliver.dispatcher import Dispatcher
from sessions_app.deliver.manner import Manner
from sessions_app.deliver.mattermost import Mattermost
from sessions_app.deliver.publisher import Publisher
from sessions_app.models import Destination, Post, Run
from sessions_app.models.times import moment
from sessions_app.state.view import OVER, Word
from tests import factories
from tests.standin import Clock, MattermostStandIn
from tests.standin import Post as Shown


@dataclass
class Desk:
    """``manner`` is how posts are written; runs are made 103 s old, so that they are past the first minute."""

    mm: MattermostStandIn
    clock: Clock
    client: Mattermost
    manner: Manner = field(default_factory=lambda: Manner(edits_per_s=1e9, max_retries=0))

    def __post_init__(self) -> None:
        self.clock.stop()
        self.channel = self.mm.add_channel("town")
        self.destination = Destination.objects.create(base_url=self.mm.url)
        self.publisher = self.worker()

    def worker(self, **manner: Any) -> Publisher:
        """One more worker at the same posts."""
        return Publisher(lambda _: self.client, replace(self.manner, **manner), self.clock, self.clock.advance)

    @property
    def now(self) -> float:
        return self.clock()

    def wanted(self, word: Word = Word.THINKING, *, title: str = "Fix it", ago: float = 103.0, **fields: Any) -> Post:
        """The post of a new run, which is not made yet."""
        began = self.now - ago
        run = factories.run(word, title=title, started_at=moment(began), since=moment(began), revision=1)
        place = {} if {"channel_id", "user_id", "prompt_id"} & fields.keys() else {"channel_id": self.channel}
        return factories.post(
            run,
            **{
                "destination": self.destination, "channel_id": "", "post_id": "", "sent_revision": 0, "sent_word": "",
                "closed": False, "run_started_at": began, **place, **fields,
            },
        )  # fmt: skip

    def there(self, word: Word = Word.THINKING, **fields: Any) -> Post:
        """The post of a new run, made and right."""
        post = self.wanted(word, **fields)
        assert self.publisher.publish(post.id)
        return self.seen(post) if word in OVER else self.fresh(post)

    def seen(self, post: Post) -> Post:
        """Let it be read back whether it says how the run ended; how it stands then."""
        self.clock.advance(max(0.0, self.fresh(post).verify_at - self.now))
        return self.publish(post)

    def change(self, post: Post, word: Word | None = None, *, title: str = "") -> Post:
        """The run has something new to show; as ingest tells it."""
        run = Run.objects.get(post=post.id)
        run.revision += 1
        run.word, run.title = (word or Word(run.word)).value, title or run.title
        run.over = Word(run.word) in OVER
        run.ended_at = moment(self.now) if run.over else None
        run.save()
        news: dict[str, Any] = {"wanted_revision": run.revision, "wanted_word": run.word, "run_over": run.over}
        Post.objects.filter(id=post.id).update(**news | ({} if run.over else {"closed": False}))
        return self.fresh(post)

    def publish(self, post: Post) -> Post:
        """Publish it at a time when nothing holds it up any more; how it stands then."""
        self.publisher.publish(post.id)
        return self.fresh(post)

    def retry(self, post: Post) -> Post:
        """Let pass whatever it waits for, and publish it again."""
        post, server = self.fresh(post), self.server
        self.clock.advance(
            max(0.0, post.not_before - self.now, server.open_until - self.now, server.quiet_until - self.now)
        )
        return self.publish(post)

    def fresh(self, post: Post) -> Post:
        return Post.objects.select_related("run", "destination").get(id=post.id)

    @property
    def server(self) -> Destination:
        return Destination.objects.get(id=self.destination.id)

    def shown(self, post: Post) -> Shown:
        """What people see of it."""
        return self.mm.post(self.fresh(post).post_id)

    @property
    def writes(self) -> int:
        """Requests so far that were meant to change something."""
        return sum(request.is_write for request in self.mm.requests)

    def dispatcher(self, due: list[int], *, room: int = 100, **fields: Any) -> Dispatcher:
        return Dispatcher(enqueue=due.append, room=lambda: room - len(due), clock=self.clock, **fields)

    def due(self, **fields: Any) -> list[Post]:
        """What is handed on now, in its order."""
        handed: list[int] = []
        self.dispatcher(handed, **fields).hand_on()
        posts = Post.objects.in_bulk(handed)
        return [posts[one] for one in handed]
