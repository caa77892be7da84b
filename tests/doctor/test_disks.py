"""Which file system a path is on, from what the kernel says."""

from pathlib import Path

import pytest

from sessions_app.doctor.disks import file_system, is_remote

MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:40 / /srv rw shared:2 - nfs4 server:/export rw,vers=4.2
24 23 0:41 / /srv/fast rw - xfs /dev/sdb1 rw
25 22 0:42 / /mnt/my\\040disk rw - fuse.sshfs ada@host: rw
26 22 0:43 / /srvother rw - cifs //server/share rw
27 24 0:44 / /srv/fast rw - tmpfs tmpfs rw
garbage
"""


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        ("/home/ada", "ext4", False),
        ("/srv", "nfs4", True),
        ("/srv/openclaw/agents", "nfs4", True),
        ("/srv/fast/x", "tmpfs", False),
        ("/srvother/x", "cifs", True),
        ("/srvfoo", "ext4", False),
        ("/mnt/my disk/x", "fuse.sshfs", True),
    ],
)
def test_the_innermost_mount_counts(tmp_path, path, kind, remote):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert file_system(Path(path), mounts) == kind
    assert is_remote(kind) is remote


def test_this_machine_can_be_asked(tmp_path):
    assert file_system(tmp_path)
    assert file_system(tmp_path, tmp_path / "no such file") == ""
