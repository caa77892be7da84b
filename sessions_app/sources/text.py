"""Text on its way in: scrubbed of what cannot be stored, redacted, and cut."""

import re

from sessions_app.redact import redact

# A secret that begins within the part we keep is recognised within this much text; more is not looked at.
LOOKED_AT = 16_384
ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}(?P<pair>\\u[dD][c-fC-F][0-9a-fA-F]{2})?|(?P<low>u[dD][c-fC-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
HIGH = (b"\\ud8", b"\\ud9", b"\\uda", b"\\udb")


def clean(text: str, limit: int) -> str:
    """Text that may be stored: no NUL, no lone surrogate, no secret, at most ``limit`` code points."""
    if not text:
        return ""
    return redact(plain(text, LOOKED_AT)).strip()[:limit]


def plain(text: str, limit: int) -> str:
    """An id or a file's name as it may be stored and compared: not redacted."""
    return text[:limit].replace("\x00", "").encode("utf-8", "replace").decode()


def mended(raw: bytes) -> bytes:
    """JSON that JavaScript wrote and strict readers refuse: lone surrogates (a string cut inside an emoji) and bytes
    that are no UTF-8 become replacement characters."""
    text = raw.decode("utf-8", "replace").encode()
    return ESCAPE.sub(_whole, text) if b"\\ud" in text.lower() else text


def _whole(escape: re.Match[bytes]) -> bytes:
    alone = escape["low"] or (escape[0].lower().startswith(HIGH) and not escape["pair"])
    return b"\\ufffd" if alone else escape[0]
