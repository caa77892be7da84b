"""A live store of files as OpenClaw 2026.7 writes it, written by hand: for benchmarks and for trying things out."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

USAGE = {"input": 900, "output": 20, "cacheRead": 100, "cacheWrite": 0, "cost": {"total": 0.001}}


class LiveStore:
    """Sessions of one agent below ``root``. Every line carries the present time."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "agents" / "main" / "sessions"
        self.folder.mkdir(parents=True)
        self.rows: dict[str, dict[str, Any]] = {}
        self._lines = 0

    def row(self, key: str, **fields: Any) -> None:
        """Change a row; the file is replaced as a whole."""
        self.rows.setdefault(key, {}).update(fields, updatedAt=_now_ms())
        new = self.folder / "sessions.json.tmp"
        new.write_text(json.dumps(self.rows))
        new.replace(self.folder / "sessions.json")

    def begin(self, key: str, session: str, prompt: str) -> None:
        """A prompt from Mattermost."""
        path = str(self.folder / f"{session}.jsonl")
        self.row(key, sessionId=session, sessionFile=path, status="running", startedAt=_now_ms())
        self.append(session, {"type": "session", "version": 3, "id": session, "cwd": "/"})
        self.message(session, role="user", content=prompt, __openclaw={"senderIsOwner": False})

    def call(self, session: str, call: str, command: str) -> None:
        """The agent runs a command."""
        part = {"type": "toolCall", "id": call, "name": "exec", "arguments": {"command": command}}
        self.message(session, role="assistant", content=[part], stopReason="toolUse", usage=USAGE)

    def result(self, session: str, call: str) -> None:
        """The command has ended well."""
        self.message(session, role="toolResult", toolCallId=call, toolName="exec", content=[], isError=False)

    def end(self, key: str, session: str, text: str) -> None:
        """The agent has answered."""
        said = [{"type": "text", "text": text}]
        self.message(session, role="assistant", content=said, stopReason="stop", usage=USAGE)
        self.row(key, status="done", endedAt=_now_ms())

    def message(self, session: str, **message: Any) -> None:
        """A line with a message."""
        self.append(session, {"type": "message", "message": message})

    def append(self, session: str, line: dict[str, Any]) -> None:
        """One line, written with one call as OpenClaw does."""
        self._lines += 1
        stamp = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        whole = {"id": f"line{self._lines}", "timestamp": stamp, **line}
        with (self.folder / f"{session}.jsonl").open("ab") as file:
            file.write(json.dumps(whole).encode() + b"\n")


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)
