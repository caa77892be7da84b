"""Who may know how it is: somebody who has signed in, or who sends HEALTH_TOKEN. Being on this machine is no reason."""

import hmac
from typing import Protocol

BEARER = "bearer "
REFUSED = (
    "Health is shown to people who have signed in, and to programs that send HEALTH_TOKEN, as "
    "`Authorization: Bearer ...` or `X-Health-Token: ...`. /healthz answers everybody with one word.\n"
)
NOBODY_KNOWN = (
    "The database does not answer, so nobody can be recognised by a login. "
    "Send HEALTH_TOKEN, as `Authorization: Bearer ...` or `X-Health-Token: ...`, to read more.\n"
)


class Headers(Protocol):
    """Headers of a request, whoever read it."""

    def get(self, name: str, /) -> str | None:
        """The value of one, whatever its capitals; None if it was not sent."""
        ...


def shows_token(headers: Headers, token: str | None) -> bool:
    """Whether a request carries the token. Takes as long for one that is nearly right; without a token nothing does."""
    given = _given(headers)
    return bool(token and given) and hmac.compare_digest(given.encode(errors="replace"), str(token).encode())


def _given(headers: Headers) -> str:
    authorization = headers.get("Authorization") or ""
    if authorization.lower().startswith(BEARER):
        return authorization[len(BEARER) :].strip()
    return (headers.get("X-Health-Token") or "").strip()
