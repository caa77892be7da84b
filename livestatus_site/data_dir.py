"""The folder of what is our own: made for this user alone, and the secret key that is kept in it."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

STATIC = "static"


def prepare(data_dir: Path) -> str | None:
    """Make the folder, and the one for collected static files in it. The answer is a sentence when that failed."""
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data_dir / STATIC).mkdir(exist_ok=True)
    except OSError as error:
        return (
            f"DATA_DIR is {data_dir}, which cannot be made ({error.strerror}); set it to a folder this user may write."
        )
    if not os.access(data_dir, os.W_OK | os.X_OK):
        return f"DATA_DIR is {data_dir}, where this user may not write; set it to a folder where it may."
    return None


def kept_secret_key(data_dir: Path) -> str:
    """The key kept in DATA_DIR, made on the first start; one for this process alone if it cannot be kept.

    Processes that start at once agree: the key is written whole to a file of its own and then linked to its name,
    which only one of them can do.
    """
    file = data_dir / "secret_key"
    with suppress(OSError, UnicodeDecodeError):
        if key := file.read_text().strip():
            return key
    key = secrets.token_urlsafe(50)
    try:
        return _keep(file, key)
    except OSError:
        return key


def _keep(file: Path, key: str) -> str:
    mine = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(f"{key}\n")
            out.flush()
            os.fsync(descriptor)
        if file.exists() and not file.read_text().strip():
            file.unlink()  # a crash of another program, or a full disk, left it empty
        with suppress(FileExistsError):
            os.link(mine, file)
        return file.read_text().strip()
    finally:
        mine.unlink(missing_ok=True)
