"""What a card says, and what it keeps to whatever it is made of."""

import textwrap
from dataclasses import replace

import pytest

from sessions_app.render.card import LINES, draw
from sessions_app.render.lines import SIGNS
from sessions_app.state.view import Word
from tests.render.views import NOW, chain, example, run, step, wide


def card(text):
    return textwrap.dedent(text).strip("\n")


def test_a_live_run():
    # As in the documentation, and one empty line: without it Markdown takes the footer into the list's last entry.
    assert draw(example(), now=NOW) == card(
        """
        ⚙️ **Fix flaky CI test** · main · working · 6m
        Reproducing the failure under load before changing the retry.
        ▸ run tests · 1m 40s
        ✓ read ci.yml · ✓ search "retry" ×3 · ✗ lint (exit 1)
        Sub-agents 1/3 done
        - ✋ **reviewer** · needs you: approve `git push` · 2m
        - ⚙️ **tests** · run tests · 3m · 9 tools
          - 💭 **bisect** · thinking · 40s
        - ✅ **docs** · 2m 10s

        23 tools · 84k tokens · est. $0.31
        """
    )


def test_a_run_that_is_done():
    docs = run(Word.DONE, label="docs", started_at=NOW - 130, tools=4)
    tests = run(Word.FAILED, label="tests", reason="time limit", finished=(step(ok=False, error="exit 1"),), tools=9)
    view = run(
        Word.DONE,
        title="Fix flaky CI test",
        started_at=NOW - 725,
        say="The retry raced with the clean-up; fifty runs are green now.",
        finished=(step(ok=True),),
        tools=28,
        tokens=1_180_000,
        cost=1.25,
        background=1,
        children=(docs, tests),
    )
    assert draw(view, now=NOW + 999) == card(
        """
        ✅ **Fix flaky CI test** · main · done · 12m 05s
        The retry raced with the clean-up; fifty runs are green now.
        Sub-agents 1/2 done, 1 failed
        - ❌ **tests** · failed: time limit · 1m · 9 tools · ✗ run npm test (exit 1)
        - ✅ **docs** · done · 2m 10s · 4 tools

        41 tools · 1.2M tokens · est. $1.25 · 1 background command running
        """
    )


def test_a_run_that_failed_keeps_its_last_steps_and_the_error():
    view = run(
        Word.FAILED,
        title="Deploy",
        reason="HTTP 400: model not found",
        say="Deploying to staging.",
        finished=(step("read", "app.yml", ok=True), step(target="deploy", ok=False, error="no such host: `stage-1`")),
        tools=2,
    )
    assert draw(view, now=NOW) == card(
        """
        ❌ **Deploy** · main · failed: HTTP 400: model not found · 1m
        Deploying to staging.
        ✓ read app.yml · ✗ run deploy (no such host: `stage-1`)
        2 tools
        """
    )


def test_four_levels_and_what_is_below_them():
    view = chain(7, Word.WORKING)
    assert draw(view, now=NOW) == card(
        """
        ⚙️ **level 0** · main · working · 1m
        Sub-agents 0/1 done
        - ⚙️ **level 1** · working · 1m
          - ⚙️ **level 2** · working · 1m
            - ⚙️ **level 3** · working · 1m
              - ⚙️ **level 4** · working · 1m · +3 deeper

        no tools
        """
    )
    assert "Sub-agents 0/1 done · +7 deeper" in draw(view, now=NOW, max_depth=0)


def test_many_done_ones_fold_while_the_run_is_live():
    done = tuple(run(Word.DONE, label=f"part {i}", children=(run(Word.DONE),) if i == 3 else ()) for i in range(5))
    assert draw(run(children=(*done, run(Word.QUIET, label="slow", reason="for 6m"))), now=NOW) == card(
        """
        ⚙️ **tests** · main · working · 1m
        Sub-agents 5/6 done
        - 🟠 **slow** · quiet: for 6m · 1m
        - ✅ 5 done: part 0, part 1, part 2, part 3, part 4 · +1 deeper

        no tools
        """
    )


def test_when_not_all_fit_they_are_counted_and_who_needs_a_person_comes_first():
    kids = [run(label=f"kid {i}") for i in range(20)]
    kids[17] = replace(kids[17], children=(run(Word.NEEDS_YOU, label="asker", reason="which one?"),))
    kids[18] = run(Word.FAILED, label="broken")
    lines = draw(run(say="Going on.", children=tuple(kids)), now=NOW).splitlines()
    assert len(lines) == LINES
    assert lines[3:6] == [
        "- ⚙️ **kid 17** · working · 1m",
        "  - ✋ **asker** · needs you: which one? · 1m",
        "- ❌ **broken** · failed · 1m",
    ]
    assert lines[-3] == "- +15 more"


def test_parallel_steps_share_a_line():
    steps = tuple(step(target=f"job {i}", started_at=NOW - 10 * i) for i in range(5))
    assert "▸ run job 4 · 40s · ▸ run job 3 · 30s · ▸ run job 2 · 20s · +2 more" in draw(run(running=steps), now=NOW)


def test_failures_keep_their_place_among_the_finished_steps():
    steps = (step(target="a", ok=False), *[step("read", f"{i}.md", ok=True) for i in range(9)], step("ls", ok=None))
    steps = (*steps[:-1], replace(steps[-1], ended_at=NOW))
    assert "✗ run a · ✓ read 7.md · ✓ read 8.md · • list npm test" in draw(run(finished=steps), now=NOW)


def test_a_note_says_that_nobody_is_watching():
    lines = draw(run(), now=NOW, note="watcher stopped; this post is not live").splitlines()
    assert lines[1] == "⏸️ watcher stopped; this post is not live"


def test_an_answer_that_was_cut_off_says_so():
    assert " · done, cut off at the length limit · " in draw(run(Word.DONE, cut_off=True), now=NOW)


def test_how_long_a_run_that_is_over_took_does_not_depend_on_now():
    assert draw(run(Word.STOPPED), now=NOW) == draw(run(Word.STOPPED), now=NOW + 5000)


def test_secrets_are_taken_out_before_text_is_cut():
    # Cut first, the pattern would no longer match what is left of the secret.
    long = "x" * 40 + " password=swordfish" + "y" * 200
    view = run(title=long, say=long, reason=long, running=(step(target="--token swordfish"),))
    assert "swordf" not in draw(view, now=NOW)


@pytest.mark.parametrize("word", Word)
def test_no_sign_without_its_word(word):
    assert draw(run(word), now=NOW).startswith(f"{SIGNS[word]} **tests** · main · {word.value} · ")


@pytest.mark.parametrize(
    ("max_chars", "kept", "dropped"),
    [
        (1000, ["done: part 0", "✓ read", "A sentence", "busy 2", "2 deeper"], []),
        (350, ["4 done", "✓ read", "A sentence", "busy 2"], ["part 0"]),
        (290, ["4 done", "A sentence", "busy 2"], ["part 0", "✓ read"]),
        (240, ["4 done", "busy 2"], ["part 0", "✓ read", "A sentence"]),
        (170, ["busy 0", "more"], ["4 done", "✓ read", "A sentence"]),
        (100, ["**A title**", "no tools"], ["busy", "A sentence"]),
        (40, ["**A title**"], ["no tools"]),
        (10, ["⚙️ working"], ["title"]),
    ],
)
def test_what_is_dropped_first(max_chars, kept, dropped):
    done = [run(Word.DONE, label=f"part {i} of the whole") for i in range(4)]
    busy = [run(label=f"busy {i}", running=(step(target=f"a long command {i}"),)) for i in range(3)]
    view = run(
        title="A title",
        say="A sentence of some sixty characters that says something.",
        finished=tuple(step("read", f"file-{i}.md", ok=True) for i in range(3)),
        children=(*done, *busy),
    )
    view = replace(view, children=(*view.children[:-1], replace(busy[2], children=(chain(1),))))
    text = draw(view, now=NOW, max_chars=max_chars, max_depth=1)
    assert len(text) <= max_chars
    assert all(piece in text for piece in kept), text
    assert not any(piece in text for piece in dropped), text


def test_a_very_long_chain_and_a_very_wide_tree_are_no_trouble():
    assert "+2996 deeper" in draw(chain(3000), now=NOW)
    live = wide(example(), 500)
    assert draw(live, now=NOW).splitlines()[-3].startswith("- +")
    over = replace(live, word=Word.DONE, ended_at=NOW)
    text = draw(over, now=NOW)
    assert 8000 < len(text) <= 12000
    assert "- +" in text


def test_a_summary_names_everybody_while_there_is_room():
    names = [f"agent-{i:03}" for i in range(400)]
    view = run(
        Word.DONE, children=tuple(run(Word.FAILED if i % 9 == 0 else Word.DONE, label=n) for i, n in enumerate(names))
    )
    text = draw(view, now=NOW)
    assert all(name in text for name in names)
    assert len(text) <= 12000
