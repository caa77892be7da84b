"""Text is cut, folded and neutralised; figures are rounded."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app.render.text import ZWSP, age, code, count, cut, duration, fold, money, one_line, plain, prose, tokens
from tests.render.views import HOSTILE, texts

MENTION = re.compile(r"@[\w.-]")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (-5, "0s"),  # clocks differ
        (0, "0s"),
        (40.9, "40s"),
        (59.9, "59s"),
        (60, "1m"),
        (69, "1m"),
        (109, "1m 40s"),
        (360, "6m"),
        (599, "9m 50s"),
        (600, "10m"),
        (750, "12m"),
        (3600, "1h 00m"),
        (7509, "2h 05m"),
        (93_600, "1d 02h"),
        (float("nan"), "0s"),
        (float("inf"), "0s"),
    ],
)
def test_ages_are_rounded_down_to_coarser_steps(seconds, shown):
    assert age(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(-1, "<1s"), (0.4, "<1s"), (0.6, "1s"), (41.4, "41s"), (130, "2m 10s"), (120, "2m"), (3725, "1h 02m")],
)
def test_durations_are_exact_under_an_hour(seconds, shown):
    assert duration(seconds) == shown


@pytest.mark.parametrize(
    ("n", "shown"),
    [
        (0, ""),
        (1, "1 token"),
        (940, "940 tokens"),
        (1000, "1k tokens"),
        (8_400, "8.4k tokens"),
        (84_321, "84k tokens"),
        (999_499, "999k tokens"),
        (999_500, "1M tokens"),
        (1_240_000, "1.2M tokens"),
        (12_400_000, "12M tokens"),
    ],
)
def test_tokens(n, shown):
    assert tokens(n) == shown


@pytest.mark.parametrize(
    ("dollars", "shown"),
    [
        (0, ""),
        (-1, ""),
        (float("nan"), ""),
        (0.004, "<$0.01"),
        (0.306, "est. $0.31"),
        (1234.5, "est. $1,234.50"),
    ],
)
def test_money(dollars, shown):
    assert money(dollars) == shown


def test_counts():
    assert [count(n, "tool") for n in (0, 1, 23)] == ["no tools", "1 tool", "23 tools"]


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("short", 5, "short"),
        ("one two three", 9, "one two…"),  # at a word
        ("onetwothree", 6, "onetw…"),  # in a word when there is no other way
        ("cafe\u0301s", 5, "caf…"),  # never between a letter and its accent
        ("ab👨‍👩‍👧", 6, "ab…"),  # never inside a family
        ("a👍🏽", 2, "a…"),
        ("🇩🇪🇫🇷x", 4, "🇩🇪…"),  # never inside a flag
        ("anything", 1, "…"),
        ("anything", 0, ""),
    ],
)
def test_cut(text, limit, shown):
    assert cut(text, limit) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("\n\n  First line. Same line. \nSecond", 80, "First line. Same line."),
        ("First sentence. Second sentence that is long", 30, "First sentence."),
        ("Version 1.2.3 is not a sentence end at all", 20, "Version 1.2.3 is…"),
        ("```\nls -l\n```", 80, "ls -l"),  # a fence says nothing
        ("---", 80, "---"),
        ("これは文です。次の文です。", 9, "これは文です。"),
        ("a\u200bb\u202ec\x00d\ud83de", 80, "abcde"),
        ("a \t\x0b b", 80, "a"),  # a vertical tab ends a line
        ("", 80, ""),
    ],
)
def test_one_line(text, limit, shown):
    assert one_line(text, limit) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ordinary text, (really) 100%!", "ordinary text, (really) 100%!"),
        ("my_file_name.py", "my_file_name.py"),  # no emphasis inside a word
        ("_init_", "\\_init\\_"),
        ("a * b ** c", "a \\* b \\*\\* c"),
        ("`x`", "\\`x\\`"),
        ("C:\\dir", "C:\\\\dir"),
        ("@all and x@here", f"@{ZWSP}all and x@{ZWSP}here"),
        ("[a](b)", f"\\[a]{ZWSP}(b)"),
        ("see https://a.example", f"see https:{ZWSP}//a.example"),
        ("www.example.com", f"www{ZWSP}.example.com"),
        ("a #tag and # 5", f"a #{ZWSP}tag and # 5"),
        ("in ~town", f"in ~{ZWSP}town"),
        ("a :smile: at 12:30", f"a :{ZWSP}smile: at 12:30"),
        ("a | b", "a \\| b"),
        ("<b> < c", f"<{ZWSP}b> < c"),
        ("&#64;all & co", f"&{ZWSP}#{ZWSP}64;all & co"),
        ("- item", f"{ZWSP}- item"),
        ("1. item", f"{ZWSP}1. item"),
        ("> quote", f"{ZWSP}> quote"),
        ("a\nb", "a b"),
    ],
)
def test_plain_text_is_shown_as_it_is(text, shown):
    assert plain(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ls", "`ls`"),
        ("echo `date`", "`` echo `date` ``"),
        ("a `` b", "``` a `` b ```"),
        ("cat @all", f"`cat @{ZWSP}all`"),
        ("a\nb", "`a b`"),
        (" \n", ""),
    ],
)
def test_code(text, shown):
    assert code(text, 80) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("approve `git push` now", "approve `git push` now"),
        ("a lone ` is literal", "a lone \\` is literal"),
        ("`a` and ``b``", "`a` and \\`\\`b\\`\\`"),
        ("`@all` @all", f"`@{ZWSP}all` @{ZWSP}all"),
        ("## **Done:** see [the log](http://x)", "Done: see the log"),
        ("- item", "item"),
        ("`**kwargs` and **bold**", "`**kwargs` and bold"),
        ("1. first", f"{ZWSP}1. first"),
    ],
)
def test_prose_keeps_code_and_takes_other_markdown_off(text, shown):
    assert prose(text, 200) == shown


def test_prose_never_keeps_half_a_span():
    assert prose("run `a very long command that goes on` now", 20) == "run \\`a very long…"


def test_piled_up_marks_are_trimmed():
    assert fold("a" + "\u0301" * 50) == "a" + "\u0301" * 3


@settings(max_examples=400, deadline=None)
@given(texts, st.integers(1, 120))
def test_limits_hold_and_nothing_invisible_is_left(text, limit):
    line = one_line(text, limit)
    assert len(line) <= limit
    assert line.encode("utf-8") is not None
    assert not re.search("[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202f\u2066-\u2069]", line)


@settings(max_examples=400, deadline=None)
@given(texts)
def test_no_form_of_text_mentions_anybody_or_leaves_its_line(text):
    for shown in (plain(text), prose(text, 200), code(text, 200)):
        assert not MENTION.search(shown)
        assert len(shown.splitlines()) <= 1


@pytest.mark.parametrize("text", HOSTILE)
def test_what_was_neutralised_still_reads_the_same(text):
    shown = re.sub(r"\\(.)", r"\1", plain(text)).replace(ZWSP, "")
    assert shown == fold(text)
