"""The kernel's limits on listening to folders, against what the stores want."""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sessions_app import wiring
from sessions_app.control import process
from sessions_app.control.process import Standing
from sessions_app.doctor.disks import file_system, is_remote
from sessions_app.doctor.finding import Finding, Part, look, well
from sessions_app.render.text import count

PART = Part.STORES
PROC = Path("/proc")
LIMITS = PROC / "sys/fs/inotify"
MOST_FOLDERS = 200_000  # more are not counted
INOTIFY = "anon_inode:inotify"
STILL = "Nothing is lost: the sweep finds every change within SESSION_POLL_MS ({ms} ms)."
RAISE = "Raise it: sysctl fs.inotify.{name}={value}, and the same line in /etc/sysctl.d/ to keep it."


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Watches and instances, as inotify counts them: per user."""

    watches: int = 0
    instances: int = 0


def listening(folders: Sequence[Path]) -> Iterator[Finding]:
    """Can changes below these folders be heard?"""
    if not folders:
        return
    wanted = folders_below(folders)
    still = STILL.format(ms=wiring.env().session_poll_ms)
    for folder in folders:
        if is_remote(kind := file_system(folder)):
            yield look(PART, f"{folder} is on a network file system ({kind}), whose changes are not heard. {still}")
    watches, instances = _limit("max_user_watches"), _limit("max_user_instances")
    if watches is None or instances is None:
        yield look(PART, f"The kernel's limits for listening cannot be read here. {still}")
        return
    used = in_use(without=_watcher_pid())
    if used.watches + wanted > watches:
        sentence = (
            f"{wanted} folders want to be listened to, and the kernel allows this user {watches} watches, "
            f"{used.watches} of them in use. {still}"
        )
        yield look(PART, sentence, RAISE.format(name="max_user_watches", value=2 * (used.watches + wanted)))
    elif used.instances + 1 > instances:
        sentence = f"This user has all of its {instances} inotify instances in use, so nothing can be heard. {still}"
        yield look(PART, sentence, RAISE.format(name="max_user_instances", value=4 * instances))
    else:
        yield well(
            PART,
            f"{count(wanted, 'folder').capitalize()} to listen to; the kernel allows {watches} watches "
            f"({used.watches} in use by others of this user) and {instances} instances ({used.instances}).",
        )


def folders_below(folders: Iterable[Path]) -> int:
    """How many folders there are, these included; links are not followed, as by the listener."""
    number = 0
    for folder in folders:
        for _ in os.walk(folder):
            number += 1
            if number >= MOST_FOLDERS:
                return number
    return number


def in_use(*, without: int = 0, proc: Path = PROC) -> Use:
    """What this user's processes use, as far as we may see them; ``without`` one of them."""
    watches = instances = 0
    for folder in proc.glob("[0-9]*"):
        if folder.name != str(without) and _is_ours(folder):
            for file in _inotify_files(folder):
                instances += 1
                watches += _watches(file)
    return Use(watches=watches, instances=instances)


def _watches(file: Path) -> int:
    try:
        return file.read_text(errors="replace").count("inotify wd:")
    except OSError:
        return 0


def _is_ours(folder: Path) -> bool:
    try:
        return folder.stat().st_uid == os.getuid()
    except OSError:
        return False


def _inotify_files(folder: Path) -> list[Path]:
    """What the kernel tells of each inotify instance of a process."""
    return [folder / "fdinfo" / name for name in _names(folder / "fd") if _leads_to_inotify(folder / "fd" / name)]


def _names(folder: Path) -> list[str]:
    try:
        return [one.name for one in folder.iterdir()]
    except OSError:
        return []


def _leads_to_inotify(link: Path) -> bool:
    try:
        return os.fspath(link.readlink()) == INOTIFY
    except OSError:
        return False


def _limit(name: str) -> int | None:
    try:
        return int((LIMITS / name).read_text())
    except (OSError, ValueError):
        return None


def _watcher_pid() -> int:
    """The pid of our watcher: what it uses already it does not want once more."""
    found = process.look(wiring.env().pid_file)
    return found.pid if found.standing is Standing.RUNNING else 0
