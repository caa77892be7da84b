"""The judge sees each thing that can be wrong with a round."""

from dataclasses import replace

import pytest

from tests.faults.judge import RunName, Shown, backward, busiest, compare, over_budget
from tests.faults.processes import DEFAULT_CHANNEL
from tests.standin import Post, Request

NAME = RunName(store="store-1", key="agent:main:main", no=1)
RIGHT = Shown(place=("town", "root"), text="✅ **Fix it** · main · done · 14s\n2 tools")
AT_FIRST = Post(
    id="post", channel_id="town", user_id="bot", message="⚙️ **Fix it** · main · working · 1m 10s\n🛠 npm test\n2 tools",
    props={"live_status": {"run": 1, "revision": 5}},
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "complaint"),
    [
        ([], "0 posts, not 1"),
        ([RIGHT, RIGHT], "2 posts, not 1"),
        ([replace(RIGHT, text="⚙️ **Fix it** · main · working · 9s")], "another text"),
        ([replace(RIGHT, place=("town", ""))], "stands in"),
    ],
)
def test_a_run_has_exactly_the_post_that_it_has_without_faults(found, complaint):
    assert compare({NAME: [RIGHT]}, {NAME: [RIGHT]}) == []
    (said,) = compare({NAME: found}, {NAME: [RIGHT]})
    assert complaint in said
    assert "store-1 agent:main:main no. 1" in said


def test_only_the_default_channel_may_stand_for_a_direct_one_that_nobody_saw_in_time():
    direct, late = (replace(RIGHT, place=(place, "")) for place in ("direct", DEFAULT_CHANNEL))
    assert compare({NAME: [late]}, {NAME: [direct]}) == []
    assert compare({NAME: [RIGHT]}, {NAME: [direct]}) != []
    assert compare({NAME: [late]}, {NAME: [RIGHT]}) != []


def test_a_post_that_nobody_has_without_faults_is_one_too_many():
    (said,) = compare({NAME: [RIGHT]}, {})
    assert "1 posts, not 0" in said


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"props": {"live_status": {"run": 1, "revision": 4}}}, "revision 5 → 4"),
        ({"message": "⚙️ **Fix it** · main · working · 59s\n2 tools"}, "70 → 59"),
        ({"message": "⚙️ **Fix it** · main · working · 2m\n1 tool · 1k tokens"}, "tools 2 → 1"),
        ({"message": "⚙️ **Fix it** · main · working · 2m\nno tools"}, "tools 2 → 0"),
    ],
)
def test_an_edit_that_goes_back_in_time(change, complaint):
    (said,) = backward([AT_FIRST, replace(AT_FIRST, **change)])
    assert complaint in said


@pytest.mark.parametrize(
    "message",
    [
        "⚙️ **Fix it** · main · working · 1m 10s\n2 tools",
        "⚙️ **Fix it** · main · working · 2h 05m\n12 tools · 3k tokens",
        "✅ **Fix it** · main · done · 59s\n2 tools",  # it had ended before anybody saw it
    ],
)
def test_an_edit_that_goes_on(message):
    assert backward([AT_FIRST, replace(AT_FIRST, message=message)]) == []


def test_a_run_that_waited_in_the_queue_begins_anew():
    waited = replace(AT_FIRST, message="🕓 **Fix it** · main · queued · 5m")
    assert backward([waited, replace(AT_FIRST, message="⚙️ **Fix it** · main · working · 1s\nno tools")]) == []


def test_an_older_revision_is_seen_even_after_two_good_ones():
    history = [replace(AT_FIRST, props={"live_status": {"revision": number}}) for number in (1, 3, 2, 3)]
    assert len(backward(history)) == 1


def request(at, method="PUT", path="/api/v4/posts/x/patch"):
    return Request(
        at=at, wall=at, method=method, path=path, query={}, headers={}, raw=b"", body=None, address="127.0.0.1"
    )


def test_the_budget_holds_in_every_stretch_of_time():
    even = [request(number / 5) for number in range(200)]
    assert over_budget(even, 5.0, 4) == []
    reading = [request(number / 100, "GET", "/api/v4/posts/x") for number in range(1000)]
    assert over_budget(even + reading, 5.0, 4) == []
    second = [request(20 + number / 100) for number in range(14)]
    (said,) = over_budget(second, 5.0, 8)
    assert said == "14 creates and edits within 1 s, 13 allowed."
    slowly = [request(20 + number / 2) for number in range(20)]
    said, longer = over_budget(even + slowly, 5.0, 4)
    assert "within 5 s, 29 allowed" in said
    assert "within 30 s, 154 allowed" in longer
    long = [request(number / 5) for number in range(1000)] + [request(20 * number + 0.1) for number in range(10)]
    (said,) = over_budget(long, 5.0, 4)
    assert "within 120 s, 604 allowed" in said


def test_the_busiest_stretch():
    assert busiest([], 1.0) == 0
    assert busiest([0.0, 0.5, 0.9, 1.6, 1.7, 1.8, 1.85, 9.0], 1.0) == 5
