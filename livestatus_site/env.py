"""Every variable of the environment, typed and checked at once. Nothing else in the project reads the environment.

`load()` never raises: a bad value is replaced by its default and becomes one sentence in `Env.problems`, which begins
with the name of the variable and says what is wrong and what to do. So `help`, `--status`, `--stop`, `migrate` and
the health page work whatever the settings are; `checks.py` says who insists on good ones.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from dotenv import dotenv_values

from livestatus_site import parse


@dataclass(frozen=True)
class Variable:
    """How one variable is read. `default` is text, read like any other value; None stands for "unset"."""

    parse: Callable[[str], Any]
    default: str | None = None
    secret: bool = False
    """A secret may come from the file named by `<NAME>_FILE`, and is never shown."""


def var(read: Callable[[str], Any], default: str | None = None, *, secret: bool = False) -> dict[str, Variable]:
    return {"variable": Variable(read, default, secret)}


@dataclass(frozen=True, kw_only=True)
class Env:
    """The settings of one process. A field is the variable of the same name, in capitals."""

    openclaw_state_dir: tuple[Path, ...] = field(metadata=var(parse.paths, "~/.openclaw"))
    """Folders of the OpenClaw stores to watch, separated by `:`. They are read only, and waited for if missing."""

    mm_base_url: str | None = field(metadata=var(parse.mattermost_url))
    """Address of the Mattermost server, without a slash at the end. Unset: nothing is posted."""
    mm_allow_http: bool = field(metadata=var(parse.yes_or_no, "0"))
    """Whether the token may travel unencrypted to another machine."""
    mm_use_proxy: bool = field(metadata=var(parse.yes_or_no, "0"))
    """Whether requests to Mattermost go through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name."""
    mm_ca_file: Path | None = field(metadata=var(parse.certificates))
    """Certificates (PEM) that the server's own is checked with, instead of the public ones."""
    mm_bot_token: str | None = field(repr=False, metadata=var(parse.token, secret=True))
    """Access token of the bot."""
    mm_default_channel: str | None = field(metadata=var(parse.channel_id))
    """Id of the channel for runs that belong to no Mattermost channel. Unset: those get no post."""
    mm_max_connections: int = field(metadata=var(parse.whole(1, 64), "4"))
    """Requests to Mattermost in flight at once, per publishing process."""

    throttle_ms: int = field(metadata=var(parse.whole(0, 600_000), "1000"))
    """Milliseconds between two edits of one post, at least."""
    max_edits_per_s: float = field(metadata=var(parse.rate(0.1, 1000), "5"))
    """Requests that change something in Mattermost, per second, over all posts."""
    max_message_chars: int = field(metadata=var(parse.whole(200, 16_383), "12000"))
    """Characters of one post, at most; Mattermost itself takes 16,383."""
    max_retries: int = field(metadata=var(parse.whole(0, 20), "3"))
    """Quick retries inside one publish. After that the sweep comes back to it, without end."""

    idle_timeout_s: int = field(metadata=var(parse.whole(1), "60"))
    """Seconds of silence after which a run is done, where the store has neither status nor lock."""
    lost_after_s: int = field(metadata=var(parse.whole(1), "3600"))
    """Seconds without any new evidence after which an open run is lost."""
    session_poll_ms: int = field(metadata=var(parse.whole(100, 600_000), "2000"))
    """Milliseconds between two sweeps of the store."""
    max_active_sessions: int = field(metadata=var(parse.whole(1), "50"))
    """Open posts at once. More wait their turn."""
    max_depth: int = field(metadata=var(parse.whole(1, 16), "4"))
    """Levels of sub-agents drawn in a post. Deeper ones are counted."""
    deleted_post: str = field(metadata=var(parse.one_of("stop", "recreate"), "stop"))
    """What follows when somebody deletes a post in Mattermost: `stop` leaves it so, `recreate` makes another."""
    edit_limit: str = field(metadata=var(parse.one_of("stop", "continue"), "stop"))
    """What follows when Mattermost allows no more edits (PostEditTimeLimit): `stop`, or `continue` in a new post."""
    post_max_age_s: int = field(metadata=var(parse.whole(-1), "600"))
    """A run whose newest evidence is older than this many seconds when first seen gets no post; -1: no limit."""
    tool_labels_file: Path | None = field(metadata=var(parse.json_object))
    """JSON object, tool name or prefix to sign and words, on top of the built-in ones."""

    data_dir: Path = field(metadata=var(parse.path, "var"))
    """Where the service keeps what is its own: database, secret key, PID file. Made with mode 0700."""
    database_url: str | None = field(repr=False, metadata=var(parse.database_url, secret=True))
    """SQLite or PostgreSQL. Unset: `livestatus.sqlite3` in DATA_DIR."""
    redis_url: str | None = field(repr=False, metadata=var(parse.redis_url, secret=True))
    """Broker of the Celery workers. Unset: the watcher publishes by itself."""
    pid_file: Path = field(metadata=var(parse.path))
    """PID file of the watcher. Unset: `watcher.pid` in DATA_DIR."""

    host: str = field(metadata=var(parse.host, "127.0.0.1"))
    """Address the web process listens on."""
    port: int = field(metadata=var(parse.whole(1, 65_535), "8000"))
    """Port the web process listens on."""
    health_port: int | None = field(metadata=var(parse.whole(1, 65_535)))
    """Port where the watcher itself answers /healthz, /health/ and /metrics. Unset: it does not."""
    health_token: str | None = field(repr=False, metadata=var(parse.health_token, secret=True))
    """What programs show to read /health/ and /metrics. Unset: only people who have signed in read them."""
    https: bool = field(metadata=var(parse.yes_or_no, "0"))
    """Whether a proxy serves this over https: secure cookies, HSTS, X-Forwarded-Proto trusted."""
    secret_key: str | None = field(repr=False, metadata=var(parse.secret_key, secret=True))
    """Django's signing key. Unset: made once and kept in DATA_DIR."""
    allowed_hosts: tuple[str, ...] = field(metadata=var(parse.names, ""))
    """Host names the web process answers to, besides localhost and HOST."""

    log_level: str = field(metadata=var(parse.one_of("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"), "INFO"))
    """Least severity that is logged."""
    log_format: str = field(metadata=var(parse.one_of("console", "json"), "console"))
    """`console` for people, `json` for collectors: one object per line."""

    problems: tuple[str, ...] = ()
    """One sentence per bad value, in the order above. Each begins with the name of its variable."""

    @property
    def posting(self) -> bool:
        """Whether Mattermost is configured. A bad address or token counts as none."""
        return self.mm_base_url is not None and self.mm_bot_token is not None

    @property
    def host_in_url(self) -> str:
        """HOST as an address wants it: IPv6 in brackets."""
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def secrets(self) -> tuple[str, ...]:
        """Exact texts that must never be logged, stored or posted: our own keys, tokens and passwords."""
        passwords = (password for url in (self.database_url, self.redis_url) for password in _passwords(url))
        found = (self.mm_bot_token, self.secret_key, self.health_token, *passwords)
        return tuple(dict.fromkeys(text for text in found if text))


def load(environ: Mapping[str, str] | None = None) -> Env:
    """Read all variables from `environ`, or from the process environment and the .env file."""
    raw = read_environment(os.environ) if environ is None else environ
    values: dict[str, Any] = {}
    problems: list[str] = []
    for each in dataclasses.fields(Env):
        if "variable" in each.metadata:
            values[each.name] = _value(each.name.upper(), each.metadata["variable"], raw, problems)
    _check_together(values, raw, problems)
    values["pid_file"] = values["pid_file"] or values["data_dir"] / "watcher.pid"
    return Env(**values, problems=tuple(problems))


def read_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The process environment on top of the .env file beside manage.py, or of the one that ENV_FILE names."""
    file = parse.path(environ.get("ENV_FILE") or ".env")
    # Without interpolation, because a token may hold a dollar sign.
    in_file = dotenv_values(file, interpolate=False) if os.access(file, os.R_OK) and file.is_file() else {}
    return {name: value for name, value in in_file.items() if value is not None} | dict(environ)


def _value(name: str, variable: Variable, raw: Mapping[str, str], problems: list[str]) -> Any:
    try:
        text = _text(name, variable, raw)
        if text:
            return variable.parse(text)
    except ValueError as error:
        problems.append(f"{name} {error}")
    return None if variable.default is None else variable.parse(variable.default)


def _text(name: str, variable: Variable, raw: Mapping[str, str]) -> str:
    """The text of a variable or of the file that keeps it. An empty one counts as unset, as compose files write it."""
    text = raw.get(name, "").strip()
    file = raw.get(f"{name}_FILE", "").strip()
    if not variable.secret or not file:
        return text
    if text:
        raise ValueError(f"is set and {name}_FILE is too; keep one of them.")
    try:
        return parse.path(file).read_text().strip()
    except OSError as error:
        raise ValueError(f"is kept in {file}, which cannot be read ({error.strerror}); correct {name}_FILE.") from None
    except ValueError:
        raise ValueError(f"is kept in {file}, which is not text; correct {name}_FILE.") from None


def _check_together(values: dict[str, Any], raw: Mapping[str, str], problems: list[str]) -> None:
    """What only two variables together can get wrong."""
    address, token = values["mm_base_url"], values["mm_bot_token"]
    if address and not token and not _is_set("MM_BOT_TOKEN", raw):
        problems.append("MM_BOT_TOKEN is not set, but MM_BASE_URL is; set the bot's access token, or unset both.")
    if token and not address and not _is_set("MM_BASE_URL", raw):
        problems.append("MM_BASE_URL is not set, but MM_BOT_TOKEN is; set the server's address, or unset both.")
    if address and not values["mm_allow_http"] and _is_open_http(address):
        values["mm_base_url"] = None
        problems.append(
            "MM_BASE_URL is http, which would show the bot's token to the network; "
            "use https, or set MM_ALLOW_HTTP=1 if you trust every machine on the way."
        )


def _is_set(name: str, raw: Mapping[str, str]) -> bool:
    return any(raw.get(each, "").strip() for each in (name, f"{name}_FILE"))


def _is_open_http(address: str) -> bool:
    split = urlsplit(address)
    return split.scheme == "http" and not parse.is_loopback(split.hostname or "")


def _passwords(url: str | None) -> tuple[str, ...]:
    """The password of an address, as it is written there and as it is meant."""
    password = urlsplit(url).password if url else None
    return (password, unquote(password)) if password else ()
