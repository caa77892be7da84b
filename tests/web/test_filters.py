"""Filters: what they keep, what they offer, and how they stand in an address."""

import time

import pytest
from django.http import QueryDict

from sessions_app.state.run_state import Step
from sessions_app.state.view import Word
from sessions_app.web.board import Board, board
from sessions_app.web.filters import Filters
from tests import factories as make

pytestmark = pytest.mark.django_db
ELSEWHERE = "/srv/agents/openclaw"


@pytest.fixture
def three():
    """Three trees that differ in everything."""
    step = Step(call_id="1", tool="exec", target="npm test", started_at=time.time())
    ci = make.run(Word.WAITING, title="Fix CI", session=make.session(agent="main", channel_name="platform"), ago=30)
    make.run(Word.WORKING, parent=ci, label="Tester", session=make.session(agent="helper"), steps=(step,))
    notes = make.session(agent="writer", channel_name="~release", store=ELSEWHERE)
    make.run(Word.QUIET, title="Write notes", session=notes, ago=20)
    make.run(Word.FAILED, title="Rotate keys", session=make.session(agent="ops", channel_name=""), ago=10)
    make.watcher(host="one.example.com")
    make.watcher(name="two", host="two.example.com", stores=f"/somewhere/else\n{ELSEWHERE}")


def look(**filters: str) -> Board:
    return board(time.time(), Filters(**filters))


def titles(found: Board) -> list[str]:
    return [tree.root.title for tree in (*found.live, *found.ended)]


CI, NOTES, KEYS = "Fix CI", "Write notes", "Rotate keys"


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        ({}, [NOTES, CI, KEYS]),
        ({"word": "quiet"}, [NOTES]),
        ({"word": "working"}, [CI]),  # a sub-agent of it
        ({"word": "failed"}, [KEYS]),
        ({"word": "done"}, []),
        ({"word": "Quiet"}, []),
        ({"agent": "writer"}, [NOTES]),
        ({"agent": "helper"}, [CI]),
        ({"channel": "release"}, [NOTES]),
        ({"channel": "platform"}, [CI]),
        ({"source": ELSEWHERE}, [NOTES]),
        ({"source": "openclaw"}, []),  # a kind, and none of these stores is configured
        ({"host": "two.example.com"}, [NOTES]),
        ({"host": "one.example.com"}, [CI, KEYS]),
        ({"host": "three.example.com"}, []),
        ({"q": "fix"}, [CI]),
        ({"q": "TESTER"}, [CI]),
        ({"q": "npm test"}, [CI]),
        ({"q": "ops"}, [KEYS]),
        ({"q": "notes write"}, [NOTES]),
        ({"q": "fix notes"}, []),
        ({"q": "fix", "word": "quiet"}, []),
        ({"q": "t", "host": "one.example.com", "word": "failed"}, [KEYS]),
    ],
)
def test_a_tree_is_kept_whole_when_every_filter_finds_something_in_it(three, filters, kept):
    assert titles(look(**filters)) == kept


def test_a_kind_of_store_is_a_source(three, settings):
    store = str(settings.LIVE_STATUS.openclaw_state_dir[0])
    make.run(title="Here", session=make.session(store=store))
    assert titles(look(source="openclaw")) == ["Here"]


def test_words_are_counted_under_the_other_filters(three):
    def numbers(**filters: str) -> dict[str, int]:
        return {one.word: one.number for one in look(**filters).counts if one.number or one.on}

    assert numbers() == {"quiet": 1, "working": 1, "waiting": 1, "failed": 1}
    assert numbers(word="quiet") == numbers(), "so that one can go from one word to the next"
    assert numbers(agent="writer") == {"quiet": 1}
    assert numbers(word="done")["done"] == 0


def test_names_are_offered_where_there_is_something_to_choose(three):
    offered = {one.name: [option.words for option in one.options] for one in look().choices}
    assert offered == {
        "agent": ["helper", "main", "ops", "writer"],
        "channel": ["~platform", "~release"],
        "source": [make.STORE, ELSEWHERE],
        "host": ["one.example.com", "two.example.com"],
    }


def test_a_chosen_name_stays_even_if_nobody_has_it(three):
    choice = next(one for one in look(agent="gone").choices if one.name == "agent")
    assert [option.value for option in choice.options if option.on] == ["gone"]


def test_nothing_is_offered_that_is_no_choice():
    make.watcher()
    make.run()
    assert look().choices == ()


@pytest.mark.parametrize(
    ("query", "filters"),
    [
        ("", Filters()),
        ("word=needs+you&agent=main", Filters(word="needs you", agent="main")),
        ("word=quiet&word=done", Filters(word="done")),
        ("q=++fix+%0A+it", Filters(q="fix it")),
        ("q=%00%E2%80%AEevil", Filters(q="evil")),
        ("agent=" + "x" * 5000, Filters(agent="x" * 400)),
        ("foo=bar", Filters()),
    ],
)
def test_reading_an_address(query, filters):
    assert Filters.read(QueryDict(query).dict()) == filters


def test_an_address_says_the_same_again():
    some = Filters(word="needs you", q="a&b=c", source="/home/ada/.openclaw")
    assert some.query == "?word=needs+you&source=%2Fhome%2Fada%2F.openclaw&q=a%26b%3Dc"
    assert Filters.read(QueryDict(some.query[1:]).dict()) == some
    assert Filters().query == ""
