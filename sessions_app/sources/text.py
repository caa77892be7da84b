"""Text on its way in: scrubbed of what cannot be stored, redacted, and cut."""

from sessions_app.redact import redact

# A secret that begins within the part we keep is recognised within this much text; more is not looked at.
LOOKED_AT = 16_384


def clean(text: str, limit: int) -> str:
    """Text that may be stored: no NUL, no lone surrogate, no secret, at most ``limit`` code points."""
    if not text:
        return ""
    part = text[:LOOKED_AT].replace("\x00", "").encode("utf-8", "replace").decode()
    return redact(part).strip()[:limit]
