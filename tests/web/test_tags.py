"""The filters of our templates."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.web.tags import coded


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("", ""),
        ("approve `git push`", "approve <code>git push</code>"),
        ("`a` and `b`", "<code>a</code> and <code>b</code>"),
        ("one ` alone", "one ` alone"),
        ("`a` and one ` alone", "<code>a</code> and one ` alone"),
        ("`<b>`", "<code>&lt;b&gt;</code>"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ],
)
def test_what_stands_between_backticks_is_code(text, html):
    assert coded(text) == html


@given(st.text(alphabet="`<>&\"'a ", max_size=40))
def test_whatever_the_text_there_is_no_element_but_code(text):
    made = coded(text).replace("<code>", "").replace("</code>", "")
    assert "<" not in made
    assert ">" not in made
