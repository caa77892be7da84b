"""When a post is due, and with which rank. Times are seconds; the run began at 1000."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.deliver.pace import AGE_EVERY_S, CREATE_AFTER_S, Due, Rank, Standing, budget, due

BEGAN = 1000.0
RIGHT = Standing(
    exists=True, behind=False, word_changed=False, over=False, closed=False, pressing=False, urgent=False,
    verify_at=0.0, run_started_at=BEGAN, sent_at=BEGAN + 40,
)  # fmt: skip
MISSING = replace(RIGHT, exists=False, behind=True, word_changed=True, sent_at=0.0)
NEWS = replace(RIGHT, behind=True)
WORD = replace(NEWS, word_changed=True)
ENDED = replace(WORD, over=True)
CLOSED = replace(RIGHT, over=True, closed=True)


@pytest.mark.parametrize(
    ("post", "now", "at", "rank"),
    [
        # A new run is given a moment, in which it may be over already.
        (MISSING, BEGAN, BEGAN + 1.5, Rank.FIRST),
        (replace(MISSING, over=True), BEGAN + 0.2, BEGAN + 0.2, Rank.FIRST),
        # A change of word at once, but a second after the last edit at the earliest.
        (WORD, BEGAN + 45, BEGAN + 41, Rank.REST),
        # Other changes by the age of the run.
        (NEWS, BEGAN + 41, BEGAN + 43, Rank.REST),
        (NEWS, BEGAN + 59.9, BEGAN + 43, Rank.REST),
        (NEWS, BEGAN + 60, BEGAN + 50, Rank.REST),
        (NEWS, BEGAN + 599.9, BEGAN + 50, Rank.REST),
        (NEWS, BEGAN + 600, BEGAN + 70, Rank.REST),
        (NEWS, BEGAN + 90_000, BEGAN + 70, Rank.REST),
        # Only older: twice a minute.
        (RIGHT, BEGAN + 41, BEGAN + 70, Rank.REST),
        # Endings wait for nothing but the throttle, and do not wait for news to say so.
        (ENDED, BEGAN + 40.1, BEGAN + 41, Rank.FIRST),
        (replace(RIGHT, over=True), BEGAN + 40.1, BEGAN + 41, Rank.FIRST),
        (replace(CLOSED, behind=True), BEGAN + 40.1, BEGAN + 41, Rank.FIRST),
        # By hand, or because the post says that nobody watches.
        (replace(RIGHT, urgent=True), BEGAN + 40.1, BEGAN + 41, Rank.FIRST),
        (replace(CLOSED, urgent=True), BEGAN + 40.1, BEGAN + 41, Rank.FIRST),
        # A word that waits for a person waits for nobody else.
        (replace(WORD, pressing=True), BEGAN + 45, BEGAN + 41, Rank.FIRST),
        # Whether the last word is really there is looked at in its own time.
        (replace(RIGHT, over=True, verify_at=BEGAN + 42), BEGAN + 40.1, BEGAN + 42, Rank.FIRST),
        (replace(ENDED, verify_at=BEGAN + 99), BEGAN + 40.1, BEGAN + 41, Rank.FIRST),
    ],
)
def test_when_a_post_is_due(post: Standing, now: float, at: float, rank: Rank) -> None:
    assert due(post, now, throttle_s=1.0) == Due(at=at, rank=rank)


def test_nothing_is_due_once_the_post_says_how_the_run_ended() -> None:
    assert due(CLOSED, BEGAN + 1e6, throttle_s=1.0) is None


@pytest.mark.parametrize("post", [WORD, NEWS, ENDED, RIGHT, replace(RIGHT, urgent=True)])
def test_a_long_throttle_holds_up_every_edit(post: Standing) -> None:
    when = due(post, BEGAN + 41, throttle_s=500.0)
    assert when is not None
    assert when.at == BEGAN + 540


def test_a_change_of_word_keeps_its_second_without_a_throttle_too() -> None:
    when = due(WORD, BEGAN + 41, throttle_s=0.0)
    assert when is not None
    assert when.at == BEGAN + 41


def test_a_new_post_does_not_wait_for_the_throttle() -> None:
    when = due(MISSING, BEGAN, throttle_s=500.0)
    assert when is not None
    assert when.at == BEGAN + CREATE_AFTER_S


def test_endings_and_new_posts_go_before_all_the_others() -> None:
    ranks = [when.rank for post in (ENDED, MISSING, WORD, NEWS, RIGHT) if (when := due(post, BEGAN + 60, 1.0))]
    assert ranks == [Rank.FIRST, Rank.FIRST, Rank.REST, Rank.REST, Rank.REST]


@pytest.mark.parametrize(("after", "rate"), [(-5, 1.0), (0, 1.0), (3, 2.0), (6, 4.0), (9, 5.0), (1e9, 5.0)])
def test_after_an_outage_the_budget_grows(after: float, rate: float) -> None:
    assert budget(5.0, BEGAN + after, ramp_from=BEGAN) == rate


def test_a_small_budget_is_never_exceeded() -> None:
    assert budget(0.2, BEGAN, ramp_from=BEGAN) == 0.2


flags = st.booleans()
times = st.floats(min_value=0, max_value=4e9)
standings = st.builds(
    Standing, exists=flags, behind=flags, word_changed=flags, over=flags, closed=flags, pressing=flags, urgent=flags,
    verify_at=st.just(0.0), run_started_at=times, sent_at=times,
)  # fmt: skip


@given(post=standings, now=times, throttle_s=st.floats(min_value=0, max_value=600))
def test_no_edit_is_nearer_to_the_last_than_the_throttle(post: Standing, now: float, throttle_s: float) -> None:
    when = due(post, now, throttle_s)
    if when is not None and post.exists:
        assert when.at >= post.sent_at + throttle_s


@given(post=standings, now=times, throttle_s=st.floats(min_value=0, max_value=600))
def test_whatever_is_behind_is_due_some_time(post: Standing, now: float, throttle_s: float) -> None:
    when = due(post, now, throttle_s)
    if post.behind or not post.exists or not post.over:
        assert when is not None
        assert math.isfinite(when.at)
        latest = max(now, post.run_started_at, post.sent_at)
        assert when.at <= latest + max(throttle_s, AGE_EVERY_S)


@given(
    changes=st.lists(st.tuples(st.floats(min_value=0, max_value=40), flags), max_size=30),
    throttle_s=st.floats(min_value=0.1, max_value=20),
)
def test_whoever_sends_what_is_due_keeps_the_throttle_and_ends_right(
    changes: list[tuple[float, bool]], throttle_s: float
) -> None:
    """A run lives through these changes (the gap before, whether the word changes) and ends."""
    post, now, sent = replace(RIGHT, sent_at=BEGAN), BEGAN, [BEGAN]
    for gap, word_changed in [*changes, (0.0, True)]:
        until = now + gap
        while (when := due(post, now, throttle_s)) is not None and max(now, when.at) <= until:
            now = max(now, when.at)
            sent.append(now)
            post = replace(post, behind=False, word_changed=False, sent_at=now)
        now = until
        post = replace(post, behind=True, word_changed=post.word_changed or word_changed)
    last = due(replace(post, over=True), now, throttle_s)
    assert last is not None
    assert last.at <= now + throttle_s
    gaps = [later - earlier for earlier, later in itertools.pairwise([*sent, max(now, last.at)])]
    assert min(gaps) >= throttle_s - 1e-6
