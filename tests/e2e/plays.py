"""What is played, and what has to come of it: each play looks only at the posts and at OpenClaw's own files."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.e2e.gateway import Gateway
from tests.standin import MattermostStandIn, Post

IN_TIME_S = 2.0  # from the prompt on disk to the post
LOOK_S = 0.01
BEGINS_S, ENDS_S = 60.0, 240.0


class WrongError(Exception):
    """What was seen is not what had to come; a sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """How long a post took, in seconds: since the prompt was on disk, the first sign of it there, and the asking."""

    play: str
    from_line: float
    from_sign: float
    from_asking: float
    words: str


@dataclass
class Stage:
    """One gateway, one watcher and one Mattermost."""

    gateway: Gateway
    mm: MattermostStandIn

    def play(self, name: str, act: "Callable[[Stage, Scene], None]") -> Figures:
        """Act it, and say how long the post took.

        Raises:
            WrongError: the post came late, or not, or with the wrong word.
        """
        scene = Scene(self, name, len(self.mm.bot_posts()))
        act(self, scene)
        asked = self.gateway.prompted_at(scene.key)
        figures = Figures(
            play=name, from_line=scene.posted - scene.line, from_sign=scene.posted - scene.sign,
            from_asking=scene.posted - asked, words=scene.words(),
        )  # fmt: skip
        if figures.from_line > IN_TIME_S:
            raise WrongError(f"{name}: the post came {figures.from_line:.2f} s after the prompt was on disk.")
        return figures


class Scene:
    """One prompt and its post."""

    def __init__(self, stage: Stage, name: str, before: int) -> None:
        self.stage, self.name, self._before = stage, name, before
        self.key = f"agent:main:e2e-{name}"
        self.sign = self.line = self.posted = 0.0
        self.first: Post | None = None
        self._looking = threading.Thread(target=self._look, daemon=True)

    def ask(self, method: str, play: str) -> None:
        """Send the prompt; measured from here on."""
        self._looking.start()
        told = {"sessionKey": self.key, "message": f"play:{play} please", "idempotencyKey": f"e2e-{self.name}"}
        calling = threading.Thread(target=lambda: self.stage.gateway.call(method, **told))
        calling.start()
        if not self.stage.mm.wait_for(lambda: len(self._posts()) > 0, BEGINS_S):
            raise WrongError(f"{self.name}: no post within {BEGINS_S:.0f} s.")
        self.posted = time.time()
        self.first = self._posts()[0]
        calling.join()
        self._looking.join()

    def _look(self) -> None:
        gateway, end = self.stage.gateway, time.time() + BEGINS_S
        while not gateway.knows(self.key) and time.time() < end:
            time.sleep(LOOK_S)
        self.sign = time.time()
        while not gateway.has_prompt(self.key) and time.time() < end:
            time.sleep(LOOK_S)
        self.line = time.time()

    def _posts(self) -> list[Post]:
        return self.stage.mm.bot_posts()[self._before :]

    def says(self, word: str, within: float = ENDS_S) -> None:
        """Wait until the post has this word; there is never a second post.

        Raises:
            WrongError: it has not in time.
        """
        self.stage.mm.wait_for(lambda: self._word() == word, within)
        if self._word() != word:
            raise WrongError(f"{self.name}: the word is {self._word()!r}, not {word!r}:\n{self._posts()[0].message}")
        if len(self._posts()) != 1:
            raise WrongError(f"{self.name}: there are {len(self._posts())} posts of one run.")

    def _word(self) -> str:
        return word_of(self._posts()[0])

    def text(self) -> str:
        return self._posts()[0].message

    def words(self) -> str:
        """Every word that the post has had, in order."""
        post = self._posts()[0]
        seen: list[str] = []
        for version in [self.first, *self.stage.mm.edits(post.id)]:
            if version is not None and (not seen or seen[-1] != word_of(version)):
                seen.append(word_of(version))
        return " → ".join(seen)


def word_of(post: Post) -> str:
    """The word in a card's first line: ``sign **title** · agent · word: why · age``."""
    parts = post.message.splitlines()[0].split(" · ")
    return parts[2].partition(":")[0] if len(parts) > 2 else ""


def plain(_: Stage, scene: Scene) -> None:
    scene.ask("agent", "plain")
    scene.says("done")


def tools(_: Stage, scene: Scene) -> None:
    scene.ask("agent", "tools")
    scene.says("done")
    if "4 tools" not in scene.text():
        raise WrongError(f"tools: four tools were used:\n{scene.text()}")


def nested(_: Stage, scene: Scene) -> None:
    scene.ask("agent", "nested")
    scene.says("waiting", 60)
    scene.says("done")
    if missing := [name for name in ("**left**", "**right**", "**below**") if name not in scene.text()]:
        raise WrongError(f"nested: {', '.join(missing)} is not in the post:\n{scene.text()}")


def abort(stage: Stage, scene: Scene) -> None:
    scene.ask("chat.send", "long")
    scene.says("working", 60)
    answer = stage.gateway.call("chat.abort", sessionKey=scene.key)
    if not answer.get("aborted"):
        raise WrongError(f"abort: OpenClaw itself did not abort: {answer}")
    scene.says("stopped", 60)


def killed(stage: Stage, scene: Scene) -> None:
    """Killed in the middle of a tool and started again: 2026.9 takes the turn up again, 2026.7 says that it failed."""
    scene.ask("agent", "long")
    scene.says("working", 60)
    stage.gateway.end(signal.SIGKILL)
    time.sleep(5)
    if scene.words().rpartition(" → ")[2] not in ("working", "quiet"):
        raise WrongError(f"killed: nobody knows yet that it is over:\n{scene.text()}")
    stage.gateway.start()
    scene.says("done" if stage.gateway.release.has_database else "failed")


PLAYS: dict[str, Callable[[Stage, Scene], None]] = {
    "plain": plain, "tools": tools, "nested": nested, "abort": abort, "killed": killed,
}  # fmt: skip
