"""Starts everything that the demo needs in a folder of its own, keeps it going, and ends all of it together."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from livestatus_site.env import Env
from livestatus_site.parse import BASE_DIR
from livestatus_site.processes import Asked
from sessions_app.demo.channel import Channel
from sessions_app.demo.player import Player
from sessions_app.demo.programme import ELSEWHERE, channel_id
from sessions_app.demo.service import Service, free_port

LOOK_S = 0.1
UP_WITHIN_S = 60.0
ENDS_WITHIN_S = 10.0
"""Seconds for a clean end. The watcher needs up to 4 for its last words."""


class DemoError(Exception):
    """The demo cannot go on; the message says why, and what its parts said last."""


def run(say: Callable[[str], None], *, board_port: int = 0, channel_port: int = 0) -> None:
    """Play until somebody asks us to stop. Ports that are 0 are found.

    Raises:
        DemoError: a part of it has ended by itself, or a port cannot be had.
    """
    asked = Asked()
    with tempfile.TemporaryDirectory(prefix="live-status-demo-") as folder:
        try:
            channel = Channel(port=channel_port)
            channel.start()
        except OSError as error:
            raise DemoError(f"Port {channel_port} cannot be had ({error.strerror}); choose another one.") from None
        player = Player(Path(folder) / "openclaw", channel)
        stage = Stage(Path(folder), channel, board_port or free_port())
        try:
            stage.start(asked)
            player.go_on()
            stage.wait_until_up(asked)
            if not asked.times:
                say(stage.welcome)
            while not asked.times:
                stage.check()
                player.go_on()
                time.sleep(LOOK_S)
        finally:
            player.close()
            stage.end(asked)
            channel.stop()


class Stage:
    """The processes: watcher and board, with a database of their own."""

    def __init__(self, folder: Path, channel: Channel, board_port: int) -> None:
        self.board_port = board_port
        self._folder = folder
        self._channel = channel
        self._env = environment(os.environ, folder, channel.url, channel.token, board_port)
        self._account: dict[str, Any] = {}
        gunicorn = (sys.executable, "-m", "gunicorn", "livestatus_site.wsgi", "-c",
                    "python:livestatus_site.gunicorn_conf")  # fmt: skip
        watcher = (sys.executable, "manage.py", "runwatcher")
        self.services = [
            Service("watcher", watcher, self._env, folder / "watcher.log", b"Watching "),
            Service("board", gunicorn, self._env, folder / "board.log", b""),
        ]

    @property
    def board(self) -> str:
        return f"http://127.0.0.1:{self.board_port}/"

    @property
    def welcome(self) -> str:
        """What to open."""
        return WELCOME.format(channel=f"{self._channel.url}/", entrance=self._channel.entrance, **self._account)

    def start(self, asked: Asked) -> None:
        """Make the database, and start the processes."""
        (self._folder / "openclaw").mkdir()
        self._account = self._prepare(asked)
        if self._account:
            self._channel.let_in(self.board, self._account["cookie"])
            for service in self.services:
                service.start()

    def _prepare(self, asked: Asked) -> dict[str, Any]:
        log = self._folder / "prepare.log"
        process = subprocess.Popen(
            (sys.executable, "-m", "sessions_app.demo.prepare"), cwd=BASE_DIR, env=self._env,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log.open("wb"), start_new_session=True,
        )  # fmt: skip
        out, _ = process.communicate()
        if process.returncode and not asked.times:
            raise DemoError(f"The demo's database could not be made:\n{_last_lines(log)}")
        return dict(json.loads(out)) if not process.returncode else {}

    def wait_until_up(self, asked: Asked) -> None:
        """Until the watcher watches and the board answers."""
        until = time.monotonic() + UP_WITHIN_S
        while not asked.times and (any(service.starting for service in self.services) or not self._answers()):
            self.check()
            if time.monotonic() > until:
                raise DemoError(f"Nothing has started after {UP_WITHIN_S:.0f} s.\n{self._said()}")
            time.sleep(LOOK_S)

    def _answers(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.board_port), timeout=1).close()
        except OSError:
            return False
        return True

    def check(self) -> None:
        """Every process is there."""
        for service in self.services:
            if not service.alive:
                raise DemoError(f"The {service.name} ended by itself with {service.died}.\n{self._said()}")

    def _said(self) -> str:
        logs = (service.log for service in self.services)
        return "\n".join(_last_lines(log) for log in logs if log.exists())

    def end(self, asked: Asked) -> None:
        """All at once, with time for their last words; not for whoever asks a second time."""
        for service in self.services:
            service.send(signal.SIGTERM)
        until = time.monotonic() + ENDS_WITHIN_S
        while any(service.alive for service in self.services):
            if asked.times > 1 or time.monotonic() > until:
                for service in self.services:
                    service.kill()
            time.sleep(LOOK_S)


WELCOME = """\
This is a demo. Recordings of real OpenClaw sessions happen again, some quicker and some slower than they were, and
Live Status shows them. There is no OpenClaw and no Mattermost; nothing leaves this machine, and nothing is kept.

  Channel  {channel}  what people see: one post per run, edited in place
  Board    {entrance}  what you see; signs you in ({name}, password {password})

Ctrl-C ends it."""


def environment(outside: Mapping[str, str], folder: Path, url: str, token: str, board_port: int) -> dict[str, str]:
    """The demo's settings in place of whatever is set outside: nothing of a real installation is touched."""
    ours = {name for each in dataclasses.fields(Env) for name in (each.name.upper(), f"{each.name.upper()}_FILE")}
    kept = {name: value for name, value in outside.items() if name not in ours}
    return {
        **kept,
        "ENV_FILE": os.devnull,
        "DJANGO_SETTINGS_MODULE": "livestatus_site.settings",
        "PYTHONUNBUFFERED": "1",
        "DATA_DIR": str(folder / "var"),
        "OPENCLAW_STATE_DIR": str(folder / "openclaw"),
        "MM_BASE_URL": url,
        "MM_BOT_TOKEN": token,
        "MM_DEFAULT_CHANNEL": channel_id(ELSEWHERE),
        "PORT": str(board_port),
        "SESSION_POLL_MS": "500",
    }


def _last_lines(log: Path, count: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
