"""Lines of transcripts as OpenClaw writes them, and stores to put them in."""

import json
from pathlib import Path
from typing import Any

from sessions_app.sources.base import Chunk
from sessions_app.sources.openclaw_lines import parse

CHANNEL = "chan1chan1chan1chan1chan1a"
ALICE = "aliceaaaaaaaaaaaaaaaaaaa1a"
ROOT = "dtkm3qoz7ty8ieuw1rbzajk3ra"
AT = "2026-11-22T10:01:44.988Z"
AT_S = 1795341704.988


def event(raw: bytes) -> Any:
    """What is made of a line."""
    return parse(raw)


def line(**fields: Any) -> bytes:
    """One line without its newline."""
    return json.dumps({"id": "8f68192c", "timestamp": AT, **fields}).encode()


def message(role: str, **fields: Any) -> bytes:
    """A line of type ``message``."""
    return line(type="message", message={"role": role, **fields})


def user(content: Any, **fields: Any) -> Any:
    """What is made of a user line."""
    return parse(message("user", content=content, **fields))


def agent(*parts: Any, **fields: Any) -> Any:
    """What is made of a line of the agent."""
    return parse(message("assistant", content=list(parts), **fields))


def text(said: Any) -> dict[str, Any]:
    """A part of a message."""
    return {"type": "text", "text": said}


def call(name: str = "exec", call_id: Any = "call_1", **arguments: Any) -> dict[str, Any]:
    """A tool call."""
    return {"type": "toolCall", "id": call_id, "name": name, "arguments": arguments}


def result(tool: str = "exec", content: Any = "", **fields: Any) -> Any:
    """What is made of the result of a tool."""
    return parse(message("toolResult", toolCallId="call_1", toolName=tool, content=content, **fields))


class Store:
    """A store of files, made by hand."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def sessions(self, agent: str = "main") -> Path:
        """An agent's folder; made on first use."""
        folder = self.root / "agents" / agent / "sessions"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def rows(self, agent: str = "main", **rows: Any) -> None:
        """Replace ``sessions.json``; keys are given without ``agent:<agent>:``."""
        full = {f"agent:{agent}:{name.replace('__', ':')}": row for name, row in rows.items()}
        new = self.sessions(agent) / "sessions.json.1.tmp"
        new.write_text(json.dumps(full))
        new.replace(self.sessions(agent) / "sessions.json")

    def write(self, name: str, *lines: bytes, agent: str = "main") -> Path:
        """Append lines to a transcript."""
        path = self.sessions(agent) / name
        with path.open("ab") as file:
            file.writelines(one + b"\n" for one in lines)
        return path

    def everything(self) -> set[str]:
        """All paths in the store."""
        return {str(path.relative_to(self.root)) for path in self.root.rglob("*")}


def header(**fields: Any) -> bytes:
    """The first line of a transcript."""
    return line(**{"type": "session", "id": "head", **fields})


def said(name: str, at: str = AT) -> bytes:
    """A prompt with this id."""
    return line(type="message", id=name, timestamp=at, message={"role": "user", "content": f"prompt {name}"})


def ids(chunk: Chunk) -> list[str]:
    """The ids of what was read."""
    return [one.id for one in chunk.events]
