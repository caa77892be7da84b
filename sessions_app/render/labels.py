"""Tools in words: ``exec`` with ``npm test`` becomes "run npm test".

A label is a sign and words; ``{target}`` in the words is where the target goes, else it follows them.
A name that ends in ``*`` is a prefix. The exact name wins, then the longest prefix, then "use <tool>".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions_app.redact import redact
from sessions_app.render.text import cut, fold, plain

SIGN = "▸"
TARGET_CHARS = 60
TOOL_CHARS = 40
WORDS_CHARS = 80
SIGN_CHARS = 8  # an emoji of several code points
FILE_BYTES = 1_000_000

BUILTIN = {
    "exec": "run",
    "bash": "run",
    "shell": "run",
    "process": "look after a command",
    "code_execution": "run code",
    "read": "read",
    "write": "write",
    "edit": "edit",
    "apply_patch": "patch",
    "ls": "list",
    "find": "find",
    "grep": 'search "{target}"',
    "search": 'search "{target}"',
    "lint": "lint",
    "test": "test",
    "file_fetch": "fetch file",
    "file_write": "write",
    "dir_list": "list",
    "dir_fetch": "fetch folder",
    "web_search": 'search the web for "{target}"',
    "web_fetch": "open",
    "x_search": 'search X for "{target}"',
    "browser": "browse",
    "sessions_spawn": "start sub-agent",
    "sessions_send": "write to a session",
    "sessions_list": "list sessions",
    "sessions_history": "read a session",
    "sessions_yield": "wait for sub-agents",
    "session_status": "look at the session",
    "sessions_*": "sessions",
    "subagents": "look after sub-agents",
    "agents_list": "list agents",
    "message": "send a message",
    "cron": "schedule",
    "heartbeat_*": "heartbeat",
    "gateway": "ask the gateway",
    "nodes": "use a node",
    "node_*": "use a node",
    "canvas": "draw on the canvas",
    "image": "look at an image",
    "image_generate": "make an image",
    "video_generate": "make a video",
    "music_generate": "make music",
    "pdf": "read a PDF",
    "tts": "speak",
    "memory_search": 'search memory for "{target}"',
    "memory_get": "read memory",
    "memory_*": "memory",
    "todo": "plan",
    "todo_*": "plan",
    "plan": "plan",
    "update_plan": "plan",
    "create_goal": "set a goal",
    "update_goal": "update the goal",
    "get_goal": "read the goal",
    "taskflow": "task flow",
    "skill_workshop": "work on a skill",
    "tmux": "use tmux",
    "weather": "look at the weather",
    "healthcheck": "check health",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """How a tool is shown while it runs: its sign, then its words."""

    sign: str = SIGN
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Labels:
    """Labels by tool name; names that end in ``*`` are prefixes."""

    by_name: Mapping[str, Label]

    @classmethod
    def builtin(cls) -> "Labels":
        """The labels this service knows without a file."""
        return cls(by_name={name: Label(words=words) for name, words in BUILTIN.items()})

    @classmethod
    def load(cls, path: str | Path) -> "Labels":
        """The built-in labels with those of a JSON file over them; ValueError in one sentence if it is bad."""
        try:
            with Path(path).open("rb") as file:
                data = json.loads(file.read(FILE_BYTES + 1)[:FILE_BYTES])
        except OSError as error:
            raise ValueError(f"The tool labels in {path} cannot be read: {error.strerror or error}.") from None
        except (ValueError, RecursionError):
            raise ValueError(f"The tool labels in {path} are not valid JSON of at most {FILE_BYTES} bytes.") from None
        if not isinstance(data, dict):
            raise ValueError(f"The tool labels in {path} must be a JSON object: tool name or prefix → words.")
        own = {name: _label(path, name, entry) for name, entry in data.items()}
        return cls(by_name={**cls.builtin().by_name, **own})

    def find(self, tool: str) -> Label | None:
        """The label for a tool, or None."""
        exact = self.by_name.get(tool)
        if exact is not None:
            return exact
        # Names are short, so looking up every prefix of one beats looking at every label.
        prefixes = (self.by_name.get(tool[:end] + "*") for end in range(min(len(tool), 100), -1, -1))
        return next((label for label in prefixes if label is not None), None)

    def sign(self, tool: str) -> str:
        """What stands before the words while the tool runs."""
        label = self.find(tool)
        return (label and plain(cut(fold(label.sign), SIGN_CHARS))) or SIGN

    def words(self, tool: str, target: str = "") -> str:
        """The tool and its target in words, safe to stand in a card."""
        return plain(self.bare(tool, target)) or "use a tool"

    def bare(self, tool: str, target: str = "") -> str:
        """The same without Markdown's escapes, for pages that escape what they show."""
        target = cut(fold(redact(target)), TARGET_CHARS)
        label = self.find(tool)
        words = cut(fold(label.words), WORDS_CHARS) if label else _unknown(tool)
        return _fill(words, target) or "use a tool"


def _label(path: str | Path, name: str, entry: Any) -> Label:
    if isinstance(entry, str) and entry.strip():
        return Label(words=entry)
    if isinstance(entry, dict) and set(entry) <= {"sign", "words"}:
        sign, words = entry.get("sign", SIGN), entry.get("words")
        if isinstance(sign, str) and isinstance(words, str) and sign.strip() and words.strip():
            return Label(sign=sign, words=words)
    raise ValueError(f'The tool label "{name}" in {path} must be words or {{"sign": "▸", "words": "run"}}.')


def _unknown(tool: str) -> str:
    """``use lint``; a tool of an MCP server is named with its server: ``use fetch (github)``."""
    server, _, name = tool.removeprefix("mcp__").partition("__")
    if tool.startswith("mcp__") and server and name:
        return f"use {cut(fold(redact(name)), TOOL_CHARS)} ({cut(fold(redact(server)), TOOL_CHARS)})"
    return f"use {cut(fold(redact(tool)), TOOL_CHARS) or 'a tool'}"


def _fill(words: str, target: str) -> str:
    if "{target}" not in words:
        return f"{words} {target}".strip()
    if not target:
        # Nothing to quote and nothing to look for: `search the web for "…"` becomes "search the web".
        words = words.replace('for "{target}"', "").replace('"{target}"', "")
    return " ".join(words.replace("{target}", target).split())


DEFAULT = Labels.builtin()
