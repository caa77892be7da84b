"""What every page has around it: where one can go, and whether the system is well."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from sessions_app.web.header import Health, wellness

PAGES = (("board", "Board"), ("search", "Search"), ("charts", "Charts"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A link of the navigation. ``here``: it is the page that is shown."""

    name: str
    url: str
    here: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Frame:
    """The header of a page."""

    pages: tuple[Page, ...]
    health: Health


def frame(request: HttpRequest, here: str, now: float) -> Frame:
    """The header around the page whose address has the name ``here``; ``now`` is when the page is drawn."""
    pages = [Page(name=words, url=reverse(name), here=name == here) for name, words in PAGES]
    if getattr(request.user, "is_staff", False):
        pages.append(Page(name="Admin", url=reverse("admin:index"), here=False))
    return Frame(pages=tuple(pages), health=wellness()[1])
