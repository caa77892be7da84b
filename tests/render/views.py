"""Runs to draw: the example of the documentation, and runs made of hostile text."""

from dataclasses import replace

from hypothesis import strategies as st

from sessions_app.state.view import RunView, StepView, Word

NOW = 1000.0


def step(tool="exec", target="npm test", started_at=NOW, ok=None, error=""):
    """A step that runs, or one that has ended if ``ok`` says how."""
    ended_at = None if ok is None else started_at + 1
    return StepView(tool=tool, target=target, started_at=started_at, ended_at=ended_at, ok=ok, error=error)


def run(word=Word.WORKING, **fields):
    """A run called "tests" that began 60 s ago; one that is over took those 60 s."""
    ended_at = NOW if word.over else None
    given = {"id": 1, "title": "tests", "agent": "main", "started_at": NOW - 60, "ended_at": ended_at, **fields}
    return RunView(word=word, **given)


def example():
    """A run with three sub-agents, one of which has its own."""
    bisect = run(Word.THINKING, label="bisect", started_at=NOW - 40)
    tests = run(
        label="tests",
        started_at=NOW - 180,
        running=(step(target="tests", started_at=NOW - 100),),
        tools=9,
        tokens=24_000,
        cost=0.11,
        children=(bisect,),
    )
    docs = run(Word.DONE, label="docs", started_at=NOW - 300, ended_at=NOW - 170)
    reviewer = run(Word.NEEDS_YOU, label="reviewer", reason="approve `git push`", since=NOW - 120, started_at=NOW - 200)
    return run(
        title="Fix flaky CI test",
        started_at=NOW - 360,
        say="Reproducing the failure under load before changing the retry.",
        running=(step(target="tests", started_at=NOW - 100),),
        finished=(
            step("read", "ci.yml", ok=True),
            *[step("grep", "retry", ok=True)] * 3,
            step("lint", "", ok=False, error="exit 1"),
        ),
        tools=14,
        tokens=60_000,
        cost=0.2,
        children=(tests, docs, reviewer),
    )


def chain(length, word=Word.DONE):
    """A run with one sub-agent that has one sub-agent, and so on."""
    below = run(word, title=f"level {length}")
    for level in reversed(range(length)):
        below = run(word, title=f"level {level}", children=(below,))
    return below


HOSTILE = [
    "", " ", "@all", "@channel look", "x@here", "@someone", "@\u200dall", "\u200b@all", "`",
    "``@all", "a ` b", "`x`", "**", "*a*", "__init__", "_", "\\", "\\*", "](http://x)",
    "[a](http://x)", "![a](http://x.png)", "[a]: http://x", "<http://x>", "http://x.example",
    "www.example.com", "mailto:a@b.example", "<b>x</b>", "<!-- x", "&#64;all", "&amp;", "#tag",
    "# head", "~channel", "~~gone~~", "~~~", "```\ncode", "> quote", "- item", "+ item", "1. item",
    "1) item", "---", "===", "***", "| a | b |", "|---|---|", "---|---", ":smile:", "a:100:b",
    "a\nb", "a\r\n\r\nb", "\u2028- x", "\x0b# x", "\x00", "\ud83d", "\u202eabc",
    "a\u0301\u0301\u0301\u0301\u0301", "👨‍👩‍👧", "🇩🇪" * 30, "    code", "\tcode", "$a$",
    "x" * 10_000, "* " * 5_000, "`" * 10_000, "word " * 2_000, "- [ ] task", "<details>", "foo*",
    "foo\\", "@", "password=swordfish", "…", "日本語。テキスト",
]  # fmt: skip

# Hypothesis prints what it draws, so the longest ones have a test of their own.
SHORT = [text for text in HOSTILE if len(text) < 500]
_texts = st.one_of(
    st.sampled_from(SHORT),
    st.lists(st.sampled_from(SHORT), min_size=2, max_size=5).map("".join),
    st.lists(st.sampled_from(SHORT), min_size=2, max_size=4).map(" ".join),
    st.text(alphabet=st.characters(exclude_categories=()), max_size=60),
    st.text(alphabet="@`*_[]()<>#~|:\\-\n !ab/.&;", max_size=40),
)


@st.composite
def _text(draw):
    """One of them; a function of its own, because Hypothesis also prints strategies."""
    return draw(_texts)


texts = _text()
times = st.floats(min_value=0, max_value=2_000) | st.sampled_from([0.0, NOW, 1e12, float("inf"), float("nan")])
counts = st.integers(0, 2_000_000)
steps = st.builds(
    StepView,
    tool=texts,
    target=texts,
    started_at=times,
    ended_at=st.none() | times,
    ok=st.none() | st.booleans(),
    error=texts,
)


def _runs(children):
    return st.builds(
        RunView,
        id=st.integers(0, 9),
        title=texts,
        agent=texts,
        word=st.sampled_from(Word),
        started_at=times,
        label=texts,
        reason=texts,
        since=times,
        ended_at=st.none() | times,
        say=texts,
        running=st.lists(steps, max_size=4).map(tuple),
        finished=st.lists(steps, max_size=6).map(tuple),
        tools=counts,
        failed_tools=counts,
        tokens=counts,
        cost=st.floats(0, 10) | st.just(float("nan")),
        background=st.integers(0, 3),
        cut_off=st.booleans(),
        children=children,
    )


runs = st.recursive(_runs(st.just(())), lambda below: _runs(st.lists(below, max_size=6).map(tuple)), max_leaves=12)


def wide(view, times_wider):
    """The run with its children repeated under other names."""
    children = [replace(c, label=f"{c.label} {i}") for i in range(times_wider) for c in view.children]
    return replace(view, children=tuple(children))
