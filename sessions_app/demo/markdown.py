"""A post's Markdown as HTML for the channel's page: no HTML passes, no image is fetched, nothing runs."""

import functools

import nh3
from markdown_it import MarkdownIt

TAGS = {"p", "br", "strong", "em", "code", "ul", "ol", "li", "pre", "blockquote", "a"}


@functools.cache
def _reader() -> MarkdownIt:
    # Mattermost keeps single line breaks.
    return MarkdownIt("commonmark", {"html": False, "breaks": True}).disable(["image", "html_block", "html_inline"])


@functools.lru_cache(maxsize=1000)
def as_html(text: str) -> str:
    """The HTML of a post, fit to stand in a page."""
    return nh3.clean(
        _reader().render(text), tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https"},
        link_rel="nofollow noopener noreferrer",
    )  # fmt: skip
