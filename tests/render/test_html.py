"""A post's Markdown in our page: looks as people see it, and nothing hostile survives."""

import re

import pytest

from sessions_app.render.card import draw
from sessions_app.render.html import TAGS, as_html
from sessions_app.state.view import RunView, Word
from tests.factories import HOSTILE


def test_it_looks_as_in_mattermost():
    made = as_html("⚙️ **Fix** · main\nReading `ci.yml`.\n- ✋ **a**\n  - 💭 **b**\n\n2 tools")
    assert made == (
        "<p>⚙️ <strong>Fix</strong> · main<br>\nReading <code>ci.yml</code>.</p>\n"
        "<ul>\n<li>✋ <strong>a</strong>\n<ul>\n<li>💭 <strong>b</strong></li>\n</ul>\n</li>\n</ul>\n<p>2 tools</p>\n"
    )


def test_links_leave_their_origin_behind():
    made = as_html("[a](https://example.com/x?y=1) [b](javascript:alert(1)) [c](data:text/html,x) [d](/admin/)")
    assert '<a href="https://example.com/x?y=1" rel="nofollow noopener noreferrer">a</a>' in made
    assert re.findall(r'href="([^"]*)"', made) == ["https://example.com/x?y=1"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![x](https://evil.example/pixel.png)",
        "![x][1]\n\n[1]: https://evil.example/pixel.png",
        "<iframe src=https://evil.example></iframe>",
        "<a href='https://x' onclick='alert(1)' style='color:red'>x</a>",
        "<svg/onload=alert(1)>",
        "https://evil.example/ www.evil.example",
        "```html\n<script>alert(1)</script>\n```",
        "# heading\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n***",
        "&lt;script&gt; &#60;script&#62;",
        "[x](https://a.example 'onmouseover=alert(1)')",
        HOSTILE,
        "> " * 500 + "deep",
        "\0 \x1b[31m",
    ],
)  # fmt: skip
def test_nothing_hostile_survives(text):
    made = as_html(text)
    assert set(re.findall(r"<\s*/?\s*([a-zA-Z0-9]+)", made)) <= TAGS
    assert "<img" not in made
    for tag in re.findall(r"<[a-z][^>]*>", made):
        assert re.fullmatch(r'<\w+>|<a (href="https?://[^"]*" )?rel="nofollow noopener noreferrer">', tag), tag


def test_a_card_of_a_hostile_run_is_harmless():
    view = RunView(id=1, title=HOSTILE, agent="<b>", word=Word.FAILED, started_at=1.0, say=HOSTILE, reason=HOSTILE)
    made = as_html(draw(view, now=10.0))
    assert "<script" not in made
    assert "&lt;\u200bscript" in made
