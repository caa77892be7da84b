"""Who is asking: the address that password guesses are counted by."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address of the other end; behind the proxy of HTTPS=1 what that one says, which is the last it added.

    Anybody can send an X-Forwarded-For of their own, so it counts for nothing where no proxy is known to add to it.
    None where there is none, as on a socket.
    """
    direct = _address(request.META.get("REMOTE_ADDR"))
    if not settings.LIVE_STATUS.https:
        return direct
    return _address(str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2]) or direct


def _address(said: str | None) -> str | None:
    try:
        return str(ipaddress.ip_address((said or "").strip()))
    except ValueError:
        return None
