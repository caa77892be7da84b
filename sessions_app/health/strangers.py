"""Who asks: somebody on this machine, or anybody."""

import ipaddress
from typing import Protocol

FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class Headers(Protocol):
    """Headers of a request, whoever read it."""

    def get(self, name: str, /) -> str | None:
        """The value of one, whatever its capitals; None if it was not sent."""
        ...


def is_local(address: str, headers: Headers) -> bool:
    """Whether a request was made on this machine. One that a proxy passed on was made somewhere else."""
    if any(headers.get(name) for name in FORWARDED):
        return False
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
