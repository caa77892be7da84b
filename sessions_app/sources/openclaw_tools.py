"""What an OpenClaw tool call is about, in a few characters: a file, a program, a query.

Whole commands and file contents stay where they are; a target is only a hint for people.
"""

import re
from typing import Any

from sessions_app.sources.text import clean

TARGET_CHARS = 80
# Where each kind of tool keeps what it is about, the first that is there.
ABOUT = (
    "label",
    "path",
    "file_path",
    "filePath",
    "file",
    "query",
    "pattern",
    "url",
    "name",
    "action",
    "target",
    "to",
    "task",
)
WORD = re.compile(r"[\w./@:+-]+\Z")


def target_of(tool: str, arguments: Any) -> str:
    """The target of a call; "" where nothing short is known."""
    if not isinstance(arguments, dict):
        return ""
    command = arguments.get("command") or arguments.get("cmd")
    if isinstance(command, str):
        return clean(_program(command), TARGET_CHARS)
    for name in ABOUT:
        value = arguments.get(name)
        if isinstance(value, str) and value.strip():
            return clean(_short(name, value.strip()), TARGET_CHARS)
    return ""


def _short(name: str, value: str) -> str:
    if name in {"path", "file_path", "filePath", "file"}:
        return value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    if name == "url":
        return re.sub(r"^[a-z]+://(?:[^/@]*@)?([^/?#]*).*", r"\1", value, flags=re.IGNORECASE | re.DOTALL)
    return value.splitlines()[0]


def _program(command: str) -> str:
    """The program and its sub-command: ``git push``, ``npm test``; never values, which may be secret."""
    words = command.strip().split(maxsplit=8)
    while words and re.match(r"\w+=", words[0]):
        words.pop(0)
    kept: list[str] = []
    for word in words[:2]:
        plain = word.rstrip(";")
        if not WORD.match(plain) or (kept and plain.startswith("-")):
            break
        kept.append(plain.rsplit("/", 1)[-1] if not kept else plain)
        if plain != word:
            break
    return " ".join(kept)
