"""What an OpenClaw tool call is about, in a few characters: a file, a program, a query.

Whole commands and file contents stay where they are; a target is only a hint for people.
"""

import re

import msgspec
from msgspec import Raw

from sessions_app.sources.openclaw_shapes import NOTHING, as_type
from sessions_app.sources.text import LOOKED_AT, clean

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
# Only these are read: a call may carry whole files.
Arguments = msgspec.defstruct("Arguments", [(name, Raw, NOTHING) for name in ("command", "cmd", *ABOUT)])


def target_of(arguments: Raw) -> str:
    """The target of a call, from its arguments; "" where nothing short is known."""
    given = as_type(Arguments, arguments)
    if given is None:
        return ""
    command = _said(given, "command") or _said(given, "cmd")
    if command:
        return clean(program(command), TARGET_CHARS)
    for name in ABOUT:
        if value := _said(given, name):
            return clean(_short(name, value), TARGET_CHARS)
    return ""


def _said(given: msgspec.Struct, name: str) -> str:
    return (as_type(str, getattr(given, name)) or "")[:LOOKED_AT].strip()


def _short(name: str, value: str) -> str:
    if name in {"path", "file_path", "filePath", "file"}:
        return value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    if name == "url":
        value = re.sub(r"^[a-z][a-z0-9+.-]*://(?:[^/@]*@)?([^/?#]*).*", r"\1", value, flags=re.IGNORECASE | re.DOTALL)
    return value.splitlines()[0]


def program(command: str) -> str:
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
