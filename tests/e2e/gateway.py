"""A gateway of OpenClaw in a home of its own, and what it has on disk, read without any of our code."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.install import Release

TOKEN = "only-for-this-test"
UP_S, CALL_S, STOP_S = 150.0, 60.0, 90.0


def free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@dataclass
class Gateway:
    """``with gateway.running():`` it answers; killed or ended, ``start()`` makes it go on with the same home."""

    release: Release
    home: Path
    model_url: str
    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        self.state = self.home / ".openclaw"
        (self.home / "workspace").mkdir(parents=True, exist_ok=True)
        (self.home / "workspace" / "KEEP.md").write_text("OpenClaw refuses an empty workspace.\n")
        self.state.mkdir(exist_ok=True)
        (self.state / "openclaw.json").write_text(json.dumps(self._config(), indent=1))
        self.env = {
            "PATH": f"{self.release.node.parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home), "OPENCLAW_STATE_DIR": str(self.state),
            "OPENCLAW_CONFIG_PATH": str(self.state / "openclaw.json"), "OPENCLAW_GATEWAY_TOKEN": TOKEN,
            "OPENCLAW_NO_RESPAWN": "1", "OPENCLAW_DISABLE_BONJOUR": "1", "OPENCLAW_SKIP_UPDATE_CHECK": "1",
            "CI": "1", "NO_COLOR": "1", "LANG": os.environ.get("LANG", "C.UTF-8"),
        }  # fmt: skip

    def _config(self) -> dict[str, Any]:
        model = {
            "id": "scripted", "name": "Scripted", "reasoning": False, "input": ["text"],
            "cost": {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0},
            "contextWindow": 200_000, "maxTokens": 8192,
        }  # fmt: skip
        provider = {"baseUrl": self.model_url, "apiKey": "none", "api": "openai-completions", "models": [model]}
        tools: dict[str, Any] = {"profile": "full", "exec": {"security": "full", "ask": "off"}}
        if self.release.has_database:
            tools["toolSearch"] = False
        auth = {"mode": "token", "token": TOKEN}
        return {
            "gateway": {"mode": "local", "port": self.port, "bind": "loopback", "auth": auth},
            "models": {"mode": "merge", "providers": {"scripted": provider}},
            "agents": {"defaults": {
                "workspace": str(self.home / "workspace"), "model": {"primary": "scripted/scripted"},
                "skipBootstrap": True, "subagents": {"maxSpawnDepth": 4}, "heartbeat": {"every": "0m"},
            }},
            "tools": tools,
        }  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[None]:
        self.start()
        try:
            yield
        finally:
            self.end(signal.SIGTERM)

    def start(self) -> None:
        """Start it, and wait until it answers.

        Raises:
            SystemExit: it does not; the last of its log is in the message.
        """
        log = self.home / "gateway.log"
        command = (self.release.node, self.release.script, "gateway", "run", "--port", str(self.port))
        with log.open("ab") as file:
            self.process = subprocess.Popen(command, env=self.env, cwd=self.home, stdout=file, stderr=file)
        end = time.monotonic() + UP_S
        while not self._answers():
            if time.monotonic() > end or self.process.poll() is not None:
                self.end(signal.SIGKILL)
                raise SystemExit(f"OpenClaw's gateway did not come up:\n{log.read_text()[-2000:]}")
            time.sleep(0.25)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=2) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def end(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(STOP_S)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One call of the gateway, as its own command line makes it; what does not get through is tried again."""
        command = (
            self.release.node, self.release.script, "gateway", "call", method, "--json", "--token", TOKEN,
            "--url", f"ws://127.0.0.1:{self.port}", "--params", json.dumps(parameters),
        )  # fmt: skip
        end = time.monotonic() + CALL_S
        while True:
            done = subprocess.run(
                command, env=self.env, cwd=self.home, capture_output=True, timeout=CALL_S, check=False
            )
            if done.returncode == 0:
                return dict(json.loads(done.stdout))
            if time.monotonic() > end:
                raise SystemExit(f"{method} failed: {(done.stdout + done.stderr).decode()[-1000:]}")
            time.sleep(1.0)

    # What is on disk

    def knows(self, key: str) -> bool:
        """Whether anything on disk tells of this session: its row, or a prompt that waits in its queue."""
        if not self.release.has_database:
            return bool(self._row(key))
        query = "SELECT 1 FROM {} WHERE session_key = ?"
        return any(self._select(query.format(table), key) for table in ("session_nodes", "session_pending_inputs"))

    def has_prompt(self, key: str) -> bool:
        """Whether the transcript on disk has a person's line: before that nobody can say where the run belongs."""
        return any('"role":"user"' in line for line in self._lines(key))

    def prompted_at(self, key: str) -> float:
        """When OpenClaw was asked, as the person's line says."""
        for line in self._lines(key):
            message = json.loads(line).get("message") or {}
            if message.get("role") == "user":
                return float(message["timestamp"]) / 1000
        raise AssertionError(f"{key} has no prompt on disk")

    def _lines(self, key: str) -> list[str]:
        return self._database_lines(key) if self.release.has_database else self._file_lines(key)

    def _database_lines(self, key: str) -> list[str]:
        query = (
            "SELECT event_json FROM transcript_events JOIN session_nodes ON current_session_id = session_id "
            "WHERE session_key = ? AND event_json IS NOT NULL ORDER BY seq"
        )
        return [line for (line,) in self._select(query, key)]

    def _select(self, query: str, key: str) -> list[Any]:
        path = self.state / "agents" / "main" / "agent" / "openclaw-agent.sqlite"
        try:
            with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=2)) as database:
                return database.execute(query, (key,)).fetchall()
        except sqlite3.OperationalError:
            return []

    def _file_lines(self, key: str) -> list[str]:
        path = Path(self._row(key).get("sessionFile") or self.state / "none")
        return path.read_text().splitlines() if path.exists() else []

    def _row(self, key: str) -> dict[str, Any]:
        path = self.state / "agents" / "main" / "sessions" / "sessions.json"
        try:
            return dict(json.loads(path.read_text()).get(key) or {})
        except FileNotFoundError:
            return {}
