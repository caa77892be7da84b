"""Ids of its own for every play, and words one for one."""

import pytest

from sessions_app.demo.retold import Retold, mattermost_id

UUID = "0aba64fa-ee67-46b5-b0e7-1789b207b45d"


@pytest.mark.parametrize(
    ("words", "text", "told"),
    [
        ({"child-a": "reproduce"}, "child-a and child-b", "reproduce and child-b"),
        # the longest first, and nothing that was put in is exchanged again
        ({"leaf": "one", "leaf: done": "leaf and all"}, "leaf: done", "leaf and all"),
        ({"a": "b", "b": "a"}, "ab", "ba"),
        # no pattern, but words
        ({"[[scn:leaf]] (x)": "y"}, "[[scn:leaf]] (x)", "y"),
        ({}, "as it is", "as it is"),
    ],
)
def test_words_are_exchanged_one_for_one(words, text, told):
    assert Retold("1", words)(text) == told


def test_an_id_is_the_same_within_a_play_and_another_in_the_next():
    one, two = Retold("1", {})(f"{UUID} agent:main:subagent:{UUID}"), Retold("2", {})(UUID)
    first, second = one.split(" agent:main:subagent:")
    assert first == second
    assert len({UUID, first, two}) == 3
    assert len(first) == len(two) == len(UUID)


def test_what_only_looks_like_an_id_stays():
    assert Retold("1", {})(f"f{UUID}") == f"f{UUID}"


def test_posts_have_ids_as_mattermost_makes_them():
    assert mattermost_id("a") == mattermost_id("a") != mattermost_id("b")
    assert len(mattermost_id("a")) == 26
