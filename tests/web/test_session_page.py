"""The page of a session: what it is, its family, and its runs."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.models import Session
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make.user(permissions=("view_run",)))
    return client


def page(client: Client, session: Session, query: str = "") -> str:
    answer = client.get(f"/sessions/{session.id}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_what_it_is(ada):
    of = make.session(
        key="agent:main:x", model="claude", window="w2", windows="w0\nw1", muted=True, vanished=True,
        problem="Line 7 is no JSON.",
    )  # fmt: skip
    html = page(ada, of)
    for each in (
        "agent:main:x",
        make.STORE,
        "main",
        "~platform",
        "claude",
        "gone from its store",
        "muted: no new posts",
    ):
        assert each in html
    assert "Its transcript cannot be read in full: Line 7 is no JSON." in html
    assert re.findall(r"<bdi>(w\d)</bdi>", html) == ["w2", "w1", "w0"]


def test_its_family(ada):
    parent = make.session(key="agent:main:parent")
    of = make.session(parent_key=parent.key)
    children = [make.session(parent_key=of.key, label=f"child {each}") for each in range(25)]
    make.session(parent_key=of.key, store="/elsewhere", label="a stranger")
    html = page(ada, of)
    assert f'href="/sessions/{parent.id}/"' in html
    assert f'href="/sessions/{children[-1].id}/"' in html
    assert "and 5 more" in html
    assert "a stranger" not in html
    assert "not seen yet" in page(ada, make.session(parent_key="agent:main:unknown"))


def test_its_runs_newest_first_page_by_page(ada):
    of = make.session()
    for number in range(120):
        make.run(Word.DONE if number % 2 else Word.FAILED, session=of, title=f"task {number:03}", tokens=1500, cost=0.5)
    titles: list[str] = []
    query = ""
    for _ in range(3):
        html = page(ada, of, query)
        titles += re.findall(r"task \d{3}", html)
        more = re.search(r'href="/sessions/\d+/(\?before=\d+)"', html)
        query = more[1] if more else ""
    assert titles == [f"task {number:03}" for number in range(119, -1, -1)]
    assert not query
    assert "120 runs" in html
    assert "1.5k" in html
    assert "$0.50" in html


def test_a_session_without_a_run_says_so(ada):
    assert "No run yet" in page(ada, make.session())


@pytest.mark.parametrize("before", ["x", "-1", "9" * 40, "0", "%00"])
def test_a_made_up_page_is_no_error(ada, before):
    page(ada, make.session(), f"?before={before}")


def test_the_number_of_queries_does_not_grow(ada):
    of = make.session()
    counts = []
    for number in (1, 20):
        for _ in range(number):
            make.run(session=of)
            make.session(parent_key=of.key)
        with CaptureQueriesContext(connection) as caught:
            page(ada, of)
        counts.append(len(caught))
    assert counts[1] - counts[0] <= 1, "counting the children beyond those that are shown is one more"
