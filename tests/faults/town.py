"""Many live runs, a watch loop, a publisher and a stand-in, all by one clock that only the test moves.

Nothing sleeps: what would wait moves the clock. The HTTP server is a real one, and limits by the same clock.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sessions_app.deliver.dispatcher import Dispatcher
from sessions_app.deliver.manner import Manner
from sessions_app.deliver.mattermost import Mattermost
from sessions_app.deliver.publisher import Publisher
from sessions_app.ingest.posts import PostPolicy, destination_for
from sessions_app.ingest.watcher import Settings, WatchLoop
from sessions_app.models import Destination
from sessions_app.sources.found import open_sources
from sessions_app.state.turns import Limits
from tests.standin import Clock, MattermostStandIn, Post

ROOM = 4  # posts that a watcher hands on at once
LOOK_S = 0.25  # how often a watcher looks for what is due


@dataclass(kw_only=True)
class Agent:
    """One session, written as OpenClaw 2026.7 does, at the times it is told. ``begun``: steps so far."""

    folder: Path
    name: str
    key: str
    lines: int = 0
    begun: int = 0

    def begin(self, at: float) -> None:
        self._line(at, {"type": "session", "version": 3, "id": self.name, "cwd": "/"})
        self._message(at, role="user", content=f"prompt of {self.name}", __openclaw={"senderIsOwner": False})

    def step(self, at: float) -> None:
        """The command before has ended, and the next one begins; it names itself."""
        if self.begun:
            self._message(
                at, role="toolResult", toolCallId=f"c{self.begun}", toolName="exec", content=[], isError=False
            )
        self.begun += 1
        call = {"type": "toolCall", "id": f"c{self.begun}", "name": "exec", "arguments": {"command": self.doing}}
        self._message(at, role="assistant", content=[call], stopReason="toolUse")

    @property
    def doing(self) -> str:
        return f"make part-{self.begun}"

    def end(self, at: float) -> None:
        said = [{"type": "text", "text": f"{self.name} is done."}]
        self._message(at, role="assistant", content=said, stopReason="stop")

    def row(self, at: float, *, over: bool) -> dict[str, Any]:
        end = {"endedAt": int(at * 1000)} if over else {}
        path = str(self.folder / f"{self.name}.jsonl")
        status = "done" if over else "running"
        return {"sessionId": self.name, "sessionFile": path, "status": status, "updatedAt": int(at * 1000), **end}

    def _message(self, at: float, **message: Any) -> None:
        self._line(at, {"type": "message", "message": message})

    def _line(self, at: float, line: dict[str, Any]) -> None:
        self.lines += 1
        stamp = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with (self.folder / f"{self.name}.jsonl").open("ab") as file:
            file.write(json.dumps({"id": f"line{self.lines}", "timestamp": stamp, **line}).encode() + b"\n")


@dataclass
class Town:
    """``agents`` sessions in threads of their own of one channel; none of them has begun."""

    store: Path
    mm: MattermostStandIn
    clock: Clock
    agents: int
    manner: Manner = field(default_factory=lambda: Manner(max_open=1000))

    def __post_init__(self) -> None:
        self.clock.stop()
        self.folder = self.store / "agents" / "main" / "sessions"
        self.folder.mkdir(parents=True)
        channel = self.mm.add_channel("town")
        self.all = [self._agent(number, channel) for number in range(self.agents)]
        self.rows: dict[str, dict[str, Any]] = {}
        self.ended_at: dict[str, float] = {}
        destination = destination_for(self.mm.url)
        assert destination is not None
        policy = PostPolicy(destination_id=destination.id)
        settings = Settings(name="town", host="here", pid=1, limits=Limits(), policy=policy, poll_s=2.0)
        self.client = Mattermost(self.mm.url, self.mm.token)
        self.publisher = Publisher(lambda _: self.client, self.manner, self.clock, self.clock.advance)
        self.loop = WatchLoop(open_sources([self.store]), settings, self.clock)
        self.loop.listen = lambda: False  # type: ignore[method-assign]
        self.loop.read_all()
        self.due: list[int] = []
        self.dispatcher = Dispatcher(
            enqueue=self.due.append, room=lambda: ROOM, clock=self.clock, max_open=self.manner.max_open
        )

    def _agent(self, number: int, channel: str) -> Agent:
        key = f"agent:main:mattermost:channel:{channel}:thread:{self.mm.add_post(channel, f'prompt {number}').id}"
        return Agent(folder=self.folder, name=f"s{number}", key=key)

    @property
    def now(self) -> float:
        return self.clock()

    @property
    def destination(self) -> Destination:
        return Destination.objects.get()

    def begin(self, agent: Agent) -> None:
        agent.begin(self.now)
        self.rows[agent.key] = {**agent.row(self.now, over=False), "startedAt": int(self.now * 1000)}
        self._save()

    def end(self, agent: Agent) -> None:
        agent.end(self.now)
        self.rows[agent.key].update(agent.row(self.now, over=True))
        self.ended_at[agent.name] = self.now
        self._save()

    def _save(self) -> None:
        new = self.folder / "sessions.json.tmp"
        new.write_text(json.dumps(self.rows))
        new.replace(self.folder / "sessions.json")

    def read(self) -> None:
        """What inotify would tell: what has been written is read at once."""
        self.loop._next_sweep = self.loop._next_look = 0.0
        self.loop.round()
        while self.loop.readers_busy():
            self.loop.round()

    def pass_time(self, seconds: float, look_s: float = LOOK_S) -> None:
        """Publish whatever is due in this time. What takes time moves the clock, and is not made up for."""
        until = self.now + seconds
        while self.now < until:
            if not self.dispatcher.hand_on():
                self.clock.advance(min(look_s, max(until - self.now, 0.001)))
            for post_id in self.due:
                self.publisher.publish(post_id)
            self.due.clear()

    def post_of(self, agent: Agent) -> Post:
        """The one post in the agent's thread."""
        (found,) = [post for post in self.mm.thread(agent.key.rpartition(":")[2]) if post.user_id == self.mm.bot_id]
        return found
