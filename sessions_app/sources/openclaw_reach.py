"""Whether a state folder can be reached, read, and is one at all; each no is a cause with the next step."""

import errno
import glob
import os
import pwd
import stat
from pathlib import Path

from sessions_app.sources.base import Cause
from sessions_app.sources.openclaw_config import NAME, Config
from sessions_app.sources.openclaw_sqlite import FILE

HOMES = ("~", "/root", "/home/*", "/var/lib/openclaw*")
NAMES = (".openclaw", ".openclaw-*", ".clawdbot", ".moltbot", "")
NODE = "/home/node/"  # where OpenClaw lives in its own container image
IN_CONTAINER = ("/.dockerenv", "/run/.containerenv")


def out_of_reach(root: Path) -> Cause | None:
    """Why the folder itself cannot be looked into; None if it can."""
    try:
        seen = os.stat(root)
    except FileNotFoundError:
        return _absent(root)
    except OSError as error:
        return _closed(root, error)
    if not stat.S_ISDIR(seen.st_mode):
        return Cause(sentence=f"{root} is not a folder.", next_step="Set OPENCLAW_STATE_DIR to OpenClaw's folder.")
    return barred(root)


def barred(path: Path) -> Cause | None:
    """Whose it is and who we are, if it is there and may not be read by us."""
    try:
        seen = os.stat(path)
    except PermissionError:
        return _not_ours(_gate(path))
    except OSError:
        return None
    needed = os.R_OK | (os.X_OK if stat.S_ISDIR(seen.st_mode) else 0)
    return None if os.access(path, needed, effective_ids=True) else _not_ours(path)


def misplaced(root: Path, config: Config) -> Cause | None:
    """Why there are no agents in it: another folder is meant, or OpenClaw has made none yet. None if there are."""
    agents = root / "agents"
    if cause := barred(agents):
        return cause
    if os.path.isdir(agents):
        return None if _has_folders(agents) else config.elsewhere or _young(f"{agents} is empty.")
    if os.path.islink(agents):
        return Cause(sentence=f"{agents} is a link that leads nowhere.", next_step="Mend it, or remove it.")
    if state := _state_above(root):
        return _meant(f"{root} is only a part of OpenClaw's folder, which is {state}.", state)
    if state := _state_below(root):
        return _meant(f"{root} is the folder above OpenClaw's, which is {state}.", state)
    if config.elsewhere:
        return config.elsewhere
    if os.path.lexists(root / NAME):
        return _young(f"{root} has no agents yet.")
    return Cause(
        sentence=f"{root} is there, but is no state folder of OpenClaw: it has neither agents/ nor {NAME}.",
        next_step=_where_else(root),
    )


def _meant(sentence: str, state: str) -> Cause:
    return Cause(sentence=sentence, next_step=f"Set OPENCLAW_STATE_DIR={state}.")


def _young(sentence: str) -> Cause:
    step = "OpenClaw makes one when it is first asked for something: it appears here by itself."
    return Cause(sentence=sentence, next_step=step, waiting=True)


def _absent(root: Path) -> Cause:
    if os.path.islink(root):
        target = os.path.realpath(root)
        return Cause(sentence=f"{root} is a link to {target}, which is not there.", next_step="Mend the link.")
    return Cause(sentence=f"{root} is not there.", next_step=_where_else(root))


def _closed(root: Path, error: OSError) -> Cause:
    if error.errno == errno.ELOOP:
        return Cause(sentence=f"{root} is a loop of links.", next_step="Set OPENCLAW_STATE_DIR to a real folder.")
    if isinstance(error, PermissionError):
        return _not_ours(_gate(root))
    if isinstance(error, NotADirectoryError):
        step = "Set OPENCLAW_STATE_DIR to OpenClaw's folder."
        return Cause(sentence=f"A part of {root} is not a folder.", next_step=step)
    step = "See that the disk it is on works and is mounted."
    return Cause(sentence=f"{root} cannot be looked at ({error.strerror}).", next_step=step)


def _where_else(root: Path) -> str:
    """Where the store may be instead, as far as this user can see."""
    if others := [one for one in _stores_around() if one != str(root)]:
        return f"There is one in {', '.join(others[:3])}: set OPENCLAW_STATE_DIR={others[0]}."
    if str(root).startswith(NODE):
        return "This is a path inside OpenClaw's container: name the folder of this host that is mounted there."
    if any(os.path.exists(mark) for mark in IN_CONTAINER):
        return (
            "Live Status runs in a container here: mount OpenClaw's state folder into it, and set OPENCLAW_STATE_DIR "
            "to the path it has inside."
        )
    return (
        "If OpenClaw keeps its state elsewhere (another user's home, a container's volume, its own "
        "OPENCLAW_STATE_DIR), set OPENCLAW_STATE_DIR to that folder. Else it appears when OpenClaw first runs."
    )


def _stores_around() -> list[str]:
    """State folders with agents in them, in the places where people have them."""
    patterns = (os.path.join(os.path.expanduser(home), name, "agents", "") for home in HOMES for name in NAMES)
    found = (os.path.dirname(os.path.dirname(path)) for pattern in patterns for path in sorted(glob.glob(pattern)))
    return list(dict.fromkeys(found))


def _state_above(root: Path) -> str:
    """The state folder, if this is its ``agents``, one agent of it, or that one's ``sessions`` or ``agent``."""
    one_agents = any(os.path.lexists(root / name) for name in ("sessions.json", FILE, "sessions", f"agent/{FILE}"))
    for path in (root, *root.parents[:2]):
        if path.name == "agents" and (one_agents or (path == root and _has_folders(root))):
            return str(path.parent)
    return ""


def _state_below(root: Path) -> str:
    return next((str(root / name) for name in (".openclaw", ".clawdbot") if os.path.isdir(root / name / "agents")), "")


def _has_folders(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(os.path.isdir(entry.path) for entry in entries)
    except OSError:
        return False


def _gate(path: Path) -> Path:
    """The folder above that keeps us out."""
    for folder in reversed(path.parents):
        if os.path.isdir(folder) and not os.access(folder, os.X_OK, effective_ids=True):
            return folder
    return path


def _not_ours(path: Path) -> Cause:
    us = _name(os.geteuid())
    try:
        seen = os.stat(path)
    except OSError:
        step = "Run Live Status as the user that runs OpenClaw."
        return Cause(sentence=f"{path} cannot be read by us ({us}).", next_step=step)
    mode = f"{stat.S_IMODE(seen.st_mode):04o}"
    if seen.st_uid == os.geteuid():
        sentence = f"{path} is ours ({us}), but its mode {mode} keeps even us out."
        return Cause(sentence=sentence, next_step=f"Give yourself the right to read it: chmod u+rX {path}")
    owner = _name(seen.st_uid)
    return Cause(
        sentence=f"{path} belongs to {owner} (mode {mode}), and we are {us}.",
        next_step=f"Run Live Status as {owner}: OpenClaw keeps its files private to its user.",
    )


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
