"""Words and figures for a card: cut, neutralised for Mattermost Markdown, rounded.

Promises: what `plain`, `prose` and `code` return stays on its line, mentions nobody, links nowhere and
leaves no Markdown open, whatever went in. Limits are code points of the text that is kept; escapes and
zero-width spaces come on top. A zero-width space (ZWSP) breaks what Mattermost knows no backslash for.
"""

import math
import re
import unicodedata

ZWSP = "\u200b"
CUT = "…"

# Control characters, bidi marks, zero-width and invisible ones, lone surrogates, non-characters, tags.
INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
# Joiners are part of emoji and of many scripts; anywhere else they only hide.
JOINERS = re.compile(
    "[\u200c\u200d](?![^\x00-\x7f])|(?<![^\x00-\x7f])[\u200c\u200d]|(?<=[\u200c\u200d])[\u200c\u200d]+"
)
MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
PILED_MARKS = re.compile(f"({MARK}{{3}}){MARK}+")  # piled up they reach into the lines above
SENTENCE_END = re.compile(r"[.!?](?=\s)|[。！？]")
FLAGS = "".join(map(chr, range(0x1F1E6, 0x1F200)))  # two of these letters make one flag
CODE_SPAN = re.compile(r"(?<!`)`([^`]+)`(?!`)")
LINE_DRESS = re.compile(r"(?:#{1,6} |> |[-*+] )+")
LINK = re.compile(r"!?\[([^\[\]]{1,200})\]\([^()\s]{0,400}\)")
BOLD = re.compile(r"(\*\*|__|~~)(?=\S)(.{1,300}?)(?<=\S)\1")
# What would be a heading, list, quote, rule, table or fence at the start of a line.
BLOCK_START = re.compile(r"[#>+=|~:*_-]|\d{1,9}[.)]")
ACTIVE = re.compile(
    r"(?P<escape>[\\`*|\[]|(?<![^\W_])_|_(?![^\W_]))"
    r"|(?P<after>@|[#~](?=\S)|\](?=[(\[:])|<(?=[A-Za-z/!?])|&(?=\#?\w+;)"
    r"|:(?=//)|:(?=[\w+-]+:)|\b(?:mailto|tel|sms|xmpp|news|git|ftp):(?=\S)|\bwww\d{0,3}(?=\.))",
    re.IGNORECASE,
)


def fold(text: str) -> str:
    """The text on one line: white space folded, invisible characters gone."""
    text = JOINERS.sub("", INVISIBLE.sub("", text))
    return " ".join(PILED_MARKS.sub(r"\1", text).split())


def _splits_grapheme(text: str, at: int) -> bool:
    after, before = text[at], text[at - 1]
    if unicodedata.category(after).startswith("M") or "\U0001f3fb" <= after <= "\U0001f3ff":
        return True
    if "\u200d" in (after, before):
        return True
    flags = len(text[:at]) - len(text[:at].rstrip(FLAGS))
    return after in FLAGS and flags % 2 == 1


def cut(text: str, limit: int) -> str:
    """At most ``limit`` code points, ended by … at a word where one is near, never inside a grapheme."""
    if len(text) <= limit:
        return text
    end = max(0, limit - 1)
    space = text.rfind(" ", end // 2 + 1, end + 1)
    if space > 0:
        end = space
    while end > 0 and _splits_grapheme(text, end):
        end -= 1
    return (text[:end].rstrip() + CUT)[: max(0, limit)]


def _first_line(text: str, limit: int) -> str:
    lines = [line for line in text[: 8 * limit + 4000].splitlines() if line.strip()]
    spoken = (line for line in lines if any(c.isalnum() for c in line))  # not a fence or a rule
    return fold(next(spoken, lines[0] if lines else ""))


def _first_sentences(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    ends = [match.end() for match in SENTENCE_END.finditer(line, limit // 3, limit + 1) if match.end() <= limit]
    return line[: ends[-1]] if ends else cut(line, limit)


def one_line(text: str, limit: int) -> str:
    """The first line that says something, as many whole sentences of it as fit, else cut at a word with …"""
    return _first_sentences(_first_line(text, limit), limit)


def plain(text: str) -> str:
    """The text as Mattermost shows it literally: no Markdown, mention, link, hashtag, channel or emoji works."""
    text = ACTIVE.sub(_disarm, fold(text))
    return ZWSP + text if BLOCK_START.match(text) else text


def _disarm(match: re.Match[str]) -> str:
    found = match.group()
    return "\\" + found if match.group("escape") else found + ZWSP


def code(text: str, limit: int) -> str:
    """The text as inline code, between more backticks than it holds; nothing for nothing.

    Servers look for @all inside code too, so mentions are neutralised there as well.
    """
    text = cut(fold(text), limit).replace("@", "@" + ZWSP)
    if not text:
        return ""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"


def _undress(line: str) -> str:
    """An agent's own Markdown taken off: its marks would be shown as they are."""
    parts = CODE_SPAN.split(LINE_DRESS.sub("", line, count=1) if LINE_DRESS.match(line) else line)
    parts[::2] = [BOLD.sub(r"\2", LINK.sub(r"\1", part)) for part in parts[::2]]
    return "".join(f"`{part}`" if i % 2 else part for i, part in enumerate(parts))


def prose(text: str, limit: int) -> str:
    """An agent's sentence on one line: `code` stays code, everything else is shown literally."""
    line = _undress(_first_line(text, limit)[: 3 * limit + 200])
    parts = CODE_SPAN.split(_first_sentences(line, limit))
    shown = "".join(code(part, limit) if i % 2 else _plain_part(part) for i, part in enumerate(parts))
    return ZWSP + shown if BLOCK_START.match(shown) else shown


def _plain_part(part: str) -> str:
    # Between two spans of code the blanks at both ends count; `plain` would fold them away.
    return ACTIVE.sub(_disarm, part)


def age(seconds: float) -> str:
    """How long something has been going on: 40s, 1m 40s in steps of ten seconds, 12m, 2h 05m, 3d 02h."""
    whole = _whole(seconds)
    if whole >= 600:
        whole -= whole % 60
    elif whole >= 60:
        whole -= whole % 10
    return _clock(whole)


def duration(seconds: float) -> str:
    """How long something took, to the second under an hour: 41s, 2m 10s, 1h 02m."""
    if not seconds >= 0.5:
        return "<1s"
    return _clock(_whole(seconds + 0.5))


def _whole(seconds: float) -> int:
    return int(max(0.0, seconds)) if math.isfinite(seconds) else 0


def _clock(whole: int) -> str:
    minutes, seconds = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days}d {hours:02}h"
    if hours:
        return f"{hours}h {minutes:02}m"
    if minutes:
        return f"{minutes}m {seconds:02}s" if seconds else f"{minutes}m"
    return f"{seconds}s"


def count(n: int, thing: str) -> str:
    """``1 tool``, ``23 tools``, ``no tools``."""
    return f"{n or 'no'} {thing}{'' if n == 1 else 's'}"


def tokens(n: int) -> str:
    """940 tokens, 8.4k tokens, 84k tokens, 1.2M tokens; nothing for none."""
    if n <= 0:
        return ""
    if n < 1000:
        return count(n, "token")
    value, unit = (n / 1000, "k") if n < 999_500 else (n / 1_000_000, "M")
    figure = f"{value:.1f}".removesuffix(".0") if value < 9.95 else f"{value:,.0f}"
    return f"{figure}{unit} tokens"


def money(dollars: float) -> str:
    """est. $0.31 in US dollars, <$0.01 for less than a cent; nothing for nothing."""
    if not (math.isfinite(dollars) and dollars > 0):
        return ""
    return f"est. ${dollars:,.2f}" if dollars >= 0.005 else "<$0.01"
