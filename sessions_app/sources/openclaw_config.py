"""What ``openclaw.json`` says of the store: which release last wrote it, and whether sessions are kept elsewhere.

The file is JSON5: comments, bare names and trailing commas are allowed. What strict JSON cannot read is looked through
for the two words that matter here. It also holds keys and tokens: nothing else of it is kept or shown.
"""

import os
import pwd
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions_app.sources.base import Cause
from sessions_app.sources.openclaw_rows import decoded

NAME = "openclaw.json"
LARGEST = 4 * 1024 * 1024
VERSION = re.compile(r"""\blastTouchedVersion["']?\s*:\s*["']([^"']{1,40})["']""")
STORE = re.compile(r"""\bsession["']?\s*:\s*\{(?:[^{}]|\{[^{}]*\})*?\bstore["']?\s*:\s*["']([^"'\n]{1,400})["']""")
COMMENT = re.compile(r"(?<!:)//[^\n]*|/\*.*?\*/", re.DOTALL)
USUAL_END = re.compile(r"/agents/[^/]+/sessions/sessions\.json\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """``elsewhere``: the cause why nothing is here, if sessions are kept in another place."""

    version: str = ""
    elsewhere: Cause | None = None


def config_of(root: Path) -> Config:
    """What the file says; nothing where it is not there, or not ours to read."""
    path = root / NAME
    try:
        with open(path, "rb") as file:
            raw = file.read(LARGEST)
            owner = os.fstat(file.fileno()).st_uid
    except OSError:
        return Config()
    version, store = _told(raw)
    return Config(version=version, elsewhere=_elsewhere(root, store, owner) if store else None)


def _told(raw: bytes) -> tuple[str, str]:
    found = decoded(raw, dict[str, Any])
    if found is not None:
        return _text(found, "meta", "lastTouchedVersion"), _text(found, "session", "store")
    text = COMMENT.sub("", raw.decode("utf-8", "replace"))
    version, store = VERSION.search(text), STORE.search(text)
    return version[1] if version else "", store[1] if store else ""


def _text(found: Mapping[str, Any], part: str, name: str) -> str:
    inner = found.get(part)
    value = inner.get(name) if isinstance(inner, dict) else None
    return value if isinstance(value, str) else ""


def _elsewhere(root: Path, store: str, owner: int) -> Cause | None:
    """The cause, if this template of paths does not lead below the store's own ``agents``."""
    path = os.path.normpath(_home(store, owner))
    places = {str(root), os.path.realpath(root)}
    if not os.path.isabs(path) or any(path.startswith(f"{place}/agents/") for place in places):
        return None
    sentence = f"{root}/{NAME} keeps the sessions elsewhere: session.store is {store}."
    if USUAL_END.search(path):
        return Cause(sentence=sentence, next_step=f"Set OPENCLAW_STATE_DIR={USUAL_END.sub('', path)}.")
    return Cause(
        sentence=sentence,
        next_step="Live Status reads stores whose paths end like OpenClaw's own: take session.store out of it, or end "
        "it with /agents/{agentId}/sessions/sessions.json and set OPENCLAW_STATE_DIR to the folder before that.",
    )


def _home(path: str, owner: int) -> str:
    """``~`` is the home of whoever runs OpenClaw, not ours."""
    if path != "~" and not path.startswith("~/"):
        return path
    try:
        return pwd.getpwuid(owner).pw_dir + path[1:]
    except KeyError:
        return os.path.expanduser(path)
