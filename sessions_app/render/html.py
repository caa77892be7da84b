"""A post's Markdown as HTML that may stand in a page: nothing is fetched, nothing runs, links lead outside.

Two walls: the Markdown reader lets no HTML through and draws no images, and what it made is cut down to a short list of
elements. What an agent has written is hostile until then.
"""

import functools
import re

import nh3
from markdown_it import MarkdownIt

TAGS = {"p", "br", "strong", "em", "code", "ul", "ol", "li", "pre", "blockquote", "a"}
LONGEST = 70_000  # characters: more than any post may have
TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")  # marks that turn the line around


@functools.cache
def _reader() -> MarkdownIt:
    # Mattermost keeps single line breaks.
    options = {"html": False, "linkify": False, "typographer": False, "breaks": True, "maxNesting": 30}
    return MarkdownIt("commonmark", options).disable(["image", "html_block", "html_inline"])


def _outside(tag: str, name: str, value: str) -> str | None:
    """No link of an agent's making leads into our own pages."""
    return value if name != "href" or value.lower().startswith(("https://", "http://")) else None


@functools.lru_cache(maxsize=100)
def as_html(text: str) -> str:
    """The HTML of a post, fit to stand in a page."""
    return nh3.clean(
        _reader().render(TURNING.sub("", text[:LONGEST])),
        tags=TAGS,
        attributes={"*": set(), "a": {"href"}},
        attribute_filter=_outside,
        url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )
