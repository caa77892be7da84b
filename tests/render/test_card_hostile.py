"""Whatever a run is made of, its card keeps to its limits, its lines and its Markdown, and mentions nobody."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from sessions_app.render.card import LINES, draw
from sessions_app.render.lines import SIGNS
from sessions_app.render.text import ZWSP
from sessions_app.state.view import Word
from tests.render.views import HOSTILE, NOW, run, runs, step

SIGN = "|".join(SIGNS.values())
FIRST = re.compile(rf"({SIGN}) \*\*.+\*\* · ")
ENTRY = re.compile(rf"(  )*- (({SIGN}) (\*\*.+\*\* · |\d+ done)|\+\d+ more$)")


def check_text(text):
    assert text.encode("utf-8") is not None
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert not re.search(rf"@(?!{ZWSP})", text)
    assert "swordfish" not in text


def check_lines(view, text):
    lines = text.split("\n")
    assert FIRST.match(lines[0]), lines[0]
    assert text.splitlines() == lines  # no other line break is hidden in a line
    if not view.word.over:
        assert len(lines) <= LINES
    in_list = False
    for line in lines[1:]:
        if line.startswith("Sub-agents "):
            in_list = True
        elif in_list and line:
            assert ENTRY.match(line) or line == lines[-1], line
        else:
            assert not re.match(r"\s*([-+*] |#|>|\d+[.)] |```|~~~|\||    )", line), line


def tokens_of(markdown):
    for token in MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(markdown):
        yield token
        yield from token.children or ()


def check_markdown(text):
    tokens = list(tokens_of(text))
    kinds = [token.type for token in tokens]
    shown = "".join(token.content for token in tokens if token.type in ("text", "text_special"))
    # What Mattermost makes a link of by itself.
    assert not re.search(rf"(?i)\w://|\bwww\.|\bmailto:[^\s{ZWSP}]", shown), text
    entries = re.findall(rf"(?m)^(?:  )*- (?:(?:{SIGN}) |\+\d+ more$)", text)
    bold = re.findall(rf"(?m)^(?:(?:  )*- )?(?:{SIGN}) \*\*", text)
    assert kinds.count("list_item_open") == len(entries), text
    assert kinds.count("strong_open") == len(bold), text
    meant = {"paragraph", "bullet_list", "list_item", "strong"}
    meant = {kind + end for kind in meant for end in ("_open", "_close")}
    assert set(kinds) <= meant | {"inline", "text", "softbreak", "code_inline", "text_special"}, text


@pytest.mark.parametrize("text", HOSTILE)
def test_one_hostile_text_everywhere(text):
    steps = tuple(step(text, text, ok=ok, error=text) for ok in (None, True, False))
    fields = {"title": text, "label": text, "agent": text, "say": text, "reason": text}
    for word in Word:
        kid = run(word, **fields, running=steps, finished=steps)
        view = run(word, **fields, running=steps, finished=steps, children=(kid,) * 3)
        drawn = draw(view, now=NOW, note=text)
        check_text(drawn)
        check_lines(view, drawn)
        check_markdown(drawn)


notes = st.sampled_from(["", "watcher stopped", "@all\n# x"])


@settings(max_examples=120, deadline=None)
@given(runs, st.sampled_from([16383, 12000, 2000]), st.integers(0, 5), notes)
def test_hostile_text_only_spoils_itself(view, max_chars, max_depth, note):
    text = draw(view, now=NOW, max_chars=max_chars, max_depth=max_depth, note=note)
    assert len(text) <= max_chars
    assert text == draw(view, now=NOW, max_chars=max_chars, max_depth=max_depth, note=note)
    check_text(text)
    check_lines(view, text)
    check_markdown(text)


@settings(max_examples=80, deadline=None)
@given(runs, st.integers(0, 700))
def test_any_limit_is_kept(view, max_chars):
    text = draw(view, now=NOW, max_chars=max_chars)
    assert len(text) <= max_chars
    check_text(text)
    check_markdown(text)
