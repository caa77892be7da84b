"""One function per kind of setting: text from the environment in, a value out, or `ValueError` with half a sentence.

The half sentence follows the variable's name and a space, so that `env.py` can say `PORT is 'x', which is ...`.
Nothing here echoes a text that may hold a password. Pure but for `folder` and `json_object`, which look at the disk.
"""

import ipaddress
import json
import os
import re
import ssl
from collections.abc import Callable
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import dj_database_url

BASE_DIR = Path(__file__).resolve().parent.parent
"""The folder of manage.py. Every relative path starts here, so that all processes mean the same file."""

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
LOOPBACK_NAMES = {"localhost", "ip6-localhost"}
DATABASE_ENGINES = {"django.db.backends.sqlite3", "django.db.backends.postgresql"}


def text(value: str) -> str:
    return value


def yes_or_no(value: str) -> bool:
    if value.lower() in TRUE | FALSE:
        return value.lower() in TRUE
    raise ValueError(f"is {value!r}, which is neither yes nor no; set it to 1 or 0.")


def whole(least: int, most: int | None = None) -> Callable[[str], int]:
    """A whole number within bounds, both included."""

    def parse(value: str) -> int:
        wanted = f"{least} or more" if most is None else f"between {least} and {most}"
        if not re.fullmatch(r"[+-]?\d{1,15}", value, re.ASCII):
            raise ValueError(f"is {value!r}, which is not a whole number; set it to one, {wanted}.")
        number = int(value)
        if number < least or (most is not None and number > most):
            raise ValueError(f"is {number}, which is out of range; set it to a whole number {wanted}.")
        return number

    return parse


def rate(least: float, most: float) -> Callable[[str], float]:
    """A decimal number within bounds, both included; neither infinite nor NaN passes."""

    def parse(value: str) -> float:
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not least <= number <= most:
            raise ValueError(f"is {value!r}; set it to a number between {least:g} and {most:g}.")
        return number

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    """One of a few words, whatever the case it is written in."""
    by_lower = {choice.lower(): choice for choice in choices}

    def parse(value: str) -> str:
        try:
            return by_lower[value.lower()]
        except KeyError:
            raise ValueError(f"is {value!r}, which is not known; set it to one of {', '.join(choices)}.") from None

    return parse


def names(value: str) -> tuple[str, ...]:
    """Comma-separated words without blanks."""
    return tuple(part for part in (piece.strip() for piece in value.split(",")) if part)


def path(value: str) -> Path:
    """A path with `~` expanded; a relative one starts at the folder of manage.py."""
    return BASE_DIR / os.path.expanduser(value)


def paths(value: str) -> tuple[Path, ...]:
    """Paths separated by `:`, each one once, in the order given."""
    found = tuple(dict.fromkeys(path(piece.strip()) for piece in value.split(":") if piece.strip()))
    if not found:
        raise ValueError(f"is {value!r}, which names no folder; set it to one or more folders separated by ':'.")
    return found


def certificates(value: str) -> Path:
    """The path of a file with certificates of authorities, in PEM."""
    file = path(value)
    try:
        ssl.create_default_context(cafile=str(file))
    except ssl.SSLError:
        raise ValueError(f"names {file}, which holds no certificate in PEM; correct the file.") from None
    except OSError as error:
        raise ValueError(f"names {file}, which cannot be read ({error.strerror}); correct the path.") from None
    return file


def json_object(value: str) -> Path:
    """The path of a file that holds one JSON object."""
    file = path(value)
    try:
        content = json.loads(file.read_bytes())
    except OSError as error:
        raise ValueError(f"names {file}, which cannot be read ({error.strerror}); correct the path.") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"names {file}, which is not valid JSON ({error}); correct the file.") from None
    if not isinstance(content, dict):
        raise ValueError(f"names {file}, which is JSON but not an object; write {{...}} at the top.")
    return file


def host(value: str) -> str:
    """A name or address to listen on, IPv6 with or without brackets; a port belongs in PORT."""
    bare = value.removeprefix("[").removesuffix("]")
    if is_ip(bare) or re.fullmatch(r"[A-Za-z0-9._-]+", bare):
        return bare
    raise ValueError(f"is {value!r}, which is not a host; set it to a name or an address without a port.")


def channel_id(value: str) -> str:
    if re.fullmatch(r"[a-z0-9]{26}", value):
        return value
    raise ValueError(
        f"is {value!r}, which is not a channel id (26 small letters and digits); "
        "copy the id from the channel's menu, View Info, not its name."
    )


def token(value: str) -> str:
    """Something that may stand in an HTTP header: printable ASCII without blanks."""
    if re.fullmatch(r"[!-~]+", value):
        return value
    raise ValueError("holds a blank, a line break or a character outside ASCII; paste the token alone.")


def health_token(value: str) -> str:
    """A token that nobody guesses."""
    if len(token(value)) >= 16:
        return value
    raise ValueError("is shorter than 16 characters; make a longer one, as `openssl rand -hex 24` does, or unset it.")


def secret_key(value: str) -> str:
    if len(value) >= 32:
        return value
    raise ValueError("is shorter than 32 characters; make it longer, or unset it and one is made in DATA_DIR.")


def mattermost_url(value: str) -> str:
    """The address of a Mattermost server, without the slash at its end."""
    split = _split(value)
    if split is None or split.scheme not in {"http", "https"} or not split.hostname:
        raise ValueError("is not an address; set it to something like https://chat.example.com.")
    if "@" in split.netloc:
        raise ValueError("holds a user name or password; remove it, the bot signs in with MM_BOT_TOKEN.")
    if split.query or split.fragment:
        raise ValueError("has a part after '?' or '#'; set it to the address of the server alone.")
    if is_link_local(split.hostname):
        raise ValueError("is a link-local address, where no Mattermost server lives; set it to the server's address.")
    return value.rstrip("/").removesuffix("/api/v4")


def redis_url(value: str) -> str:
    split = _split(value)
    if split is not None and (
        (split.scheme in {"redis", "rediss"} and split.hostname) or (split.scheme == "redis+socket" and split.path)
    ):
        return value
    raise ValueError("is not a Redis address; set it to something like redis://127.0.0.1:6379/0.")


def database_url(value: str) -> str:
    try:
        engine = dj_database_url.parse(value).get("ENGINE")
    except ValueError:
        engine = None
    if engine not in DATABASE_ENGINES:
        raise ValueError(
            "is neither SQLite nor PostgreSQL; set it to sqlite:////folder/file or postgres://user:password@host/name."
        )
    return value


def is_ip(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Whether a host name means this machine without asking anybody."""
    return name.lower() in LOOPBACK_NAMES or (is_ip(name) and ipaddress.ip_address(name).is_loopback)


def is_link_local(name: str) -> bool:
    return is_ip(name) and ipaddress.ip_address(name).is_link_local


def _split(value: str) -> SplitResult | None:
    try:
        split = urlsplit(value)
        split.port  # noqa: B018 - a bad port is only noticed when it is asked for
    except ValueError:
        return None
    return None if re.search(r"\s", value) else split
