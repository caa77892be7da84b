"""What an answer means: from status, headers and JSON to a value or to the error of the decision table.

Error JSON of Mattermost: ``{"id", "message", "detailed_error", "request_id", "status_code"}``, measured on 6.7 and
read in the source of 11.2. Ids are compared by part, because their names differ between versions.
"""

import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from sessions_app.deliver.mattermost_errors import (
    BodyRefused,
    ChannelArchived,
    ChannelForbidden,
    EditTimeLimit,
    MattermostError,
    NotMattermost,
    PostGone,
    RateLimited,
    RootRefused,
    ServerTrouble,
    TokenRefused,
)
from sessions_app.deliver.mattermost_http import Answer

DEFAULT_RETRY_S = 1.0
LONGEST_RETRY_S = 3600.0
_SURROGATES = re.compile("[\ud800-\udfff]")


def problem(answer: Answer) -> dict[str, Any] | None:
    """The error JSON of Mattermost, or None when something else answered."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("id"), str) else None


def encode(value: Mapping[str, Any] | list[str]) -> bytes:
    """JSON that Mattermost takes: without NUL (a 500 for ever) and lone surrogates (not valid UTF-8)."""
    return json.dumps(_clean(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value.replace("\0", ""))
    if isinstance(value, Mapping):
        return {_clean(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(item) for item in value]
    return value


def decode(answer: Answer, server: str) -> Any:
    """The JSON of a good answer."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise not_mattermost(answer, server) from None


def not_mattermost(answer: Answer, server: str) -> NotMattermost:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip()[:60] or "no content type"
    return NotMattermost(
        f"{server} answered {answer.status} with {kind} that is not Mattermost's: check MM_BASE_URL "
        "(without /api/v4) and any proxy in front of it.",
        maybe_applied=answer.status < 300,
        status=answer.status,
    )


def retry_after_s(headers: Mapping[str, str]) -> float:
    """Seconds to wait after a 429; never under 1 s, at most an hour.

    Forms seen: none, ``1``, ``1, 1`` (two limiters), an HTTP date (proxies; measured against the answer's own Date).
    """
    text = headers.get("Retry-After", "")
    try:
        waits = [float(part) for part in text.split(",")]
    except ValueError:
        waits = [_until_date(text, headers.get("Date", ""))]
    return min(LONGEST_RETRY_S, max([DEFAULT_RETRY_S, *(wait for wait in waits if math.isfinite(wait))]))


def _until_date(text: str, now: str) -> float:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return DEFAULT_RETRY_S
    try:
        start = parsedate_to_datetime(now)
    except ValueError:
        start = datetime.now(UTC)
    return _aware(moment).timestamp() - _aware(start).timestamp()


def _aware(moment: datetime) -> datetime:
    """``-0000`` in a date header parses without a zone; it means UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def refusal(answer: Answer, doing: str, server: str) -> MattermostError:
    """The error that an answer other than 2xx stands for; ``doing`` reads like "create a post in channel x"."""
    found = problem(answer)
    error_id = found["id"] if found else ""
    kind, sentence, maybe_applied = _verdict(answer, found, error_id, doing, server)
    if kind is RateLimited:
        return RateLimited(sentence, retry_after_s=retry_after_s(answer.headers))
    return kind(
        sentence,
        maybe_applied=maybe_applied,
        status=answer.status,
        error_id=error_id,
        request_id=answer.headers.get("X-Request-Id", ""),
    )


def _verdict(
    answer: Answer, found: dict[str, Any] | None, error_id: str, doing: str, server: str
) -> tuple[type[MattermostError], str, bool]:
    status = answer.status
    if status == 429:
        wait = retry_after_s(answer.headers)
        return RateLimited, f"{server} asks us to slow down: all posts wait {wait:g} s, then go on.", False
    if 300 <= status < 400:
        return NotMattermost, _redirect(answer, server), False
    if status == 413:
        return BodyRefused, f"{server} finds the body too large to {doing}: send less.", False
    if status >= 500:
        return _server_error(status, found, error_id, doing, server)
    if found is None:
        return NotMattermost, not_mattermost(answer, server).sentence, False
    if status == 401:
        return TokenRefused, _REVOKED.format(server=server), False
    kind, sentence = _refused(status, error_id, doing)
    return (
        kind,
        sentence or f"Mattermost refused to {doing}: {str(found.get('message', ''))[:200]} ({error_id}).",
        False,
    )


_REVOKED = (
    "{server} is healthy and refuses the bot's token: it was revoked, or the bot is disabled. "
    "Make a new token and set MM_BOT_TOKEN."
)


def _refused(status: int, error_id: str, doing: str) -> tuple[type[MattermostError], str]:
    """A refusal in Mattermost's own JSON (400, 403, 404); an empty sentence: its own is the best there is."""
    if status == 403 or error_id.startswith("app.channel."):
        return ChannelForbidden, (
            f"The bot may not {doing}: invite it to the channel, or give it the right to post and edit there."
        )
    if status == 404:
        if error_id.startswith("app.post."):
            return PostGone, f"Mattermost could not {doing}: the post, or the root of its thread, was deleted."
        return NotMattermost, f"Mattermost does not know how to {doing} ({error_id}): check MM_BASE_URL."
    if "time_limit" in error_id:
        return EditTimeLimit, (
            f"Mattermost does not {doing}: the time limit for edits has passed. Set Post Edit Time Limit to "
            "unlimited (-1) in its System Console."
        )
    if "root_id" in error_id:
        return RootRefused, f"Mattermost does not {doing}: the thread's root is deleted, a reply, or elsewhere."
    if "to_deleted" in error_id or "in_deleted" in error_id:
        return ChannelArchived, f"Mattermost does not {doing}: the channel is archived. Restore it to go on."
    return BodyRefused, ""


def _server_error(
    status: int, found: dict[str, Any] | None, error_id: str, doing: str, server: str
) -> tuple[type[MattermostError], str, bool]:
    if error_id.endswith("deduplicate_create_post.failed_to_get"):
        return PostGone, f"Mattermost could not {doing}: the post made with this nonce was deleted.", False
    pending = error_id.endswith("deduplicate_create_post.pending")
    sentence = (
        f"{server} has trouble of its own ({error_id or status}) and could not {doing}. It is tried again by itself."
    )
    return ServerTrouble, sentence, pending or found is None


def _redirect(answer: Answer, server: str) -> str:
    target = urlsplit(answer.headers.get("Location", "")[:500])
    place = f"{target.scheme}://{target.netloc.rpartition('@')[2]}" if target.netloc else "another page"
    return f"{server} sends us on to {place}, which is never followed: set MM_BASE_URL to the address Mattermost has."
