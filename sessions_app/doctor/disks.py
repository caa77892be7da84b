"""Which file system a path is on. On one that other machines write to, changes are not heard."""

import os
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")
REMOTE = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "vboxsf", "vmhgfs", "drvfs", "ceph", "glusterfs",
     "afs", "davfs", "lustre"}
)  # fmt: skip


def file_system(path: Path, mounts: Path = MOUNTS) -> str:
    """The kind of file system, as the kernel names it; "" where nobody can tell."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""
    real = os.path.realpath(path) + "/"
    best, kind = "", ""
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = fields[4].replace("\\040", " ").rstrip("/") + "/"
        if real.startswith(point) and len(point) >= len(best):  # of two at one place the later one is on top
            best, kind = point, after.split()[0]
    return kind


def is_remote(kind: str) -> bool:
    """Whether somebody else may write there without this kernel's knowing."""
    return kind in REMOTE or kind.startswith("fuse")
