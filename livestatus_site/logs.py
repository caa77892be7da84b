"""One stream of log lines on stdout, for people or as JSON, in which no secret of ours can appear.

structlog and the standard library write through the same formatter, so a library's message looks like ours and is
held to the same rule. The secrets are taken out of the finished line, traceback included, because that is the only
place where nothing can be added afterwards.
"""

import json
import logging
from collections.abc import Iterable
from typing import Any

import structlog

from livestatus_site.env import Env

HIDDEN = "[hidden]"
SHORTEST_SECRET = 4
"""A shorter one is not hidden: replacing every `a` hides nothing and spoils every line."""


class HidingFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats a record, then blots out every secret in the whole text, however it was escaped on the way."""

    def __init__(self, *, secrets: Iterable[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._texts = spellings(secrets)

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        for text in self._texts:
            line = line.replace(text, HIDDEN)
        return line


def spellings(secrets: Iterable[str]) -> tuple[str, ...]:
    """Each secret as it is, inside JSON and inside a repr; longest first, so that none leaves a rest of another."""
    found = {
        text
        for secret in secrets
        if len(secret) >= SHORTEST_SECRET
        for text in (secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1])
    }
    return tuple(sorted(found, key=len, reverse=True))


def logging_config(env: Env) -> dict[str, Any]:
    """Django's LOGGING, and gunicorn's."""
    configure_structlog()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": HidingFormatter,
                "secrets": env.secrets,
                "foreign_pre_chain": _shared(),
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_last(env.log_format)],
            }
        },
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": env.log_level},
        "loggers": {
            # Django's own handlers would say everything twice.
            "django": {"handlers": [], "level": "NOTSET", "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # Four lines for each sign-in that went well, at INFO; what is refused is a warning.
            "axes": {"level": "DEBUG" if env.log_level == "DEBUG" else "WARNING"},
            # At DEBUG these say one line per file event, per statement or per request.
            # One line per task, at INFO: every edit of every post.
            "celery.app.trace": {"level": "DEBUG" if env.log_level == "DEBUG" else "WARNING"},
            **{name: {"level": "INFO"} for name in ("watchdog", "django.db.backends", "urllib3", "kombu", "amqp")},
        },
    }


def configure_structlog() -> None:
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.UnicodeDecoder(),
    ]


def _last(log_format: str) -> list[Any]:
    if log_format == "json":
        return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    # No locals in tracebacks: they would show transcripts.
    return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
