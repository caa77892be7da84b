"""The search: what it finds and how it shows it. These run on SQLite, and on PostgreSQL too (tests/flow)."""

import time
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.models import Step, search
from sessions_app.models.times import moment
from sessions_app.redact import GONE
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db
FULL_TEXT = connection.vendor == "postgresql"


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make.user(permissions=("view_run",)))
    return client


def look(client: Client, q: str, **more: str) -> str:
    query = "&".join(f"{name}={quote(value)}" for name, value in ({"q": q} | more).items())
    answer = client.get(f"/search/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def found(client: Client, q: str, **more: str) -> list[str]:
    """Titles of the runs that were found, as they stand in the page."""
    html = look(client, q, **more).replace("<mark>", "").replace("</mark>", "")
    hits = html.split('<ul class="hits">')[1:]
    return [part.split("</bdi>")[0] for part in "".join(hits).split('/"><bdi>')[1:]]


@pytest.mark.parametrize(
    ("field", "value", "q"),
    [
        ("title", "Fix the flaky queue", "queue"),
        ("title", "Fix the flaky queue", "QUEUE fix"),
        ("label", "reviewer-7", "reviewer"),
        ("prompt", "Please look at src/app/queue.py", "queue.py"),
        ("prompt", "Please look at src/app/queue.py", "src/app"),
        ("reason", "model error 400", '"error 400"'),
        ("title", "100% of a_b", "100%"),
        ("title", "Übergröße prüfen", "übergröße"),
    ],
)
def test_what_a_run_says_is_found(ada, field, value, q):
    run = make.run(**{"title": "This one", field: value})
    make.run(title="Another one")
    assert found(ada, q) == [run.title]


@pytest.mark.parametrize(
    "q", ["pytest", "tests/queue", "queue pytest", '"pytest x"' if FULL_TEXT else "pytest -x", "timed"]
)
def test_what_its_steps_did_is_found(ada, q):
    run = make.run(title="This one")
    make.step(run, tool="exec", target="pytest -x tests/queue", ok=False, error="timed out")
    make.step(make.run(title="Another"), tool="read", target="a.py")
    assert found(ada, q.replace(" -x", ' "-x"') if not FULL_TEXT else q) == ["This one"]


def test_agents_and_keys_are_found_and_so_is_the_session(ada):
    of = make.session(agent="gardener", key="agent:gardener:mattermost:channel:roses")
    make.run(title="Water them", session=of)
    make.run(title="Another")
    for q in ("gardener", "roses", "gardener water"):
        assert found(ada, q) == ["Water them"], q
    assert f'href="/sessions/{of.id}/"' in look(ada, "roses")


def test_every_word_must_be_there_and_none_that_is_left_out(ada):
    make.run(title="fix the queue")
    make.run(title="fix the docs")
    assert found(ada, "fix queue") == ["fix the queue"]
    assert found(ada, "fix -queue") == ["fix the docs"]
    assert found(ada, "fix nothing-like-it") == []


@pytest.mark.parametrize(
    "q", ["%", "_", "%%%", "a_b%", "\\", "'; DROP TABLE sessions_app_run; --", '"', "''", "a & | ! b"]
)
def test_patterns_and_statements_are_only_text(ada, q):
    make.run(title="plain words")
    assert found(ada, q) == []


@pytest.mark.parametrize(
    "q",
    ["x" * 10_000, "a\0b", "\0", "(", "[a-z]*+?{", "🙂", "\\", "-", '""', "- -", "a:*", "<->", "!", "\u202e", "ﷺ" * 200,
     "a " * 5000, "\ud7ff", "&lt;", "%00", "1e999"],
)  # fmt: skip
def test_whatever_is_typed_there_is_a_page(ada, q):
    make.step(make.run(title="plain words"))
    for more in ({}, {"word": q, "agent": q, "since": q, "page": q}):
        look(ada, q, **more)


def test_the_newest_come_first_and_the_rest_on_further_pages(ada):
    for number in range(45):
        make.run(title=f"task {number:02}", ago=100 + number)
    first, second, third = (found(ada, "task", page=str(page)) for page in (1, 2, 3))
    assert first + second + third == [f"task {number:02}" for number in range(45)]
    assert found(ada, "task", page="4") == []


def test_a_run_with_very_many_steps_does_not_hide_the_others(ada):
    make.step(make.run(title="Another"), target="needle")
    crowded = make.run(title="Crowded")
    Step.objects.bulk_create(
        Step(run=crowded, call_id=str(each), tool="exec", target="needle", started_at=moment(time.time()))
        for each in range(2 * search.KEPT)
    )
    assert found(ada, "needle") == ["Crowded", "Another"]
    assert "and many more steps" in look(ada, "needle")


def test_filters_by_word_agent_and_time(ada):
    make.run(Word.FAILED, title="task one", session=make.session(agent="ops"))
    make.run(Word.DONE, title="task two", ago=5000)
    make.step(make.run(Word.FAILED, title="three", ago=9_000_000), target="task", started_at=moment(1.0))
    assert found(ada, "task", word="failed") == ["task one", "three"]
    assert found(ada, "task", agent="ops") == ["task one"]
    assert found(ada, "task", since="hour") == ["task one"]
    assert found(ada, "", word="done") == ["task two"], "without words, too"
    assert found(ada, "task", word="nonsense", since="nonsense") == ["task one", "task two", "three"]


def test_hits_are_marked(ada):
    run = make.run(title="Fix <the> Queue")
    make.step(run, tool="read", target="src/queue.py")
    html = look(ada, "queue")
    assert "Fix &lt;the&gt; <mark>Queue</mark>" in html
    assert "read src/<mark>queue</mark>.py" in html


def test_secrets_in_a_query_are_not_shown_again(ada):
    html = look(ada, "ghp_abcdefghijklmnopqrstuvwxyz0123456789 task", since="day")
    assert "ghp_" not in html
    assert GONE in html


def test_it_says_how_to_search_and_that_nothing_was_found(ada):
    assert "How to search" in look(ada, "")
    assert "Nothing found." in look(ada, "nothing-like-it")
    assert "only the first words" in look(ada, "many words " * 50)


def test_it_says_when_only_the_newest_were_looked_at(ada, monkeypatch):
    for number in range(4):
        make.run(title=f"task {number}")
    assert "Only the newest were looked at" not in look(ada, "task")
    monkeypatch.setattr(search, "KEPT", 2)
    html = look(ada, "task")
    assert "Only the newest were looked at" in html
    assert "2+" in html


def test_how_it_is_looked_for(monkeypatch):
    """Full text is served by an index; LIKE looks through no more than the newest rows."""
    old = make.step(make.run(), target="needle")
    for _ in range(3):
        make.step(old.run, target="hay")
    if FULL_TEXT:
        rows = search._matching(Step.objects.all(), search.STEP_FIELDS, search.Sought(words=("needle",)), None)
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")
        assert "step_full_text" in rows.order_by().explain()
    else:
        assert len(search.find(search.Sought(words=("needle",))).steps) == 1
        monkeypatch.setattr(search, "STEPS_LOOKED", 2)
        hits = search.find(search.Sought(words=("needle",)))
        assert (hits.steps, hits.cut) == ((), True)


def test_the_number_of_queries_does_not_grow(ada):
    counts = []
    for number in (2, 20):
        for _ in range(number):
            run = make.run(title="task", session=make.session(agent="task"))
            make.step(run, target="task")
        with CaptureQueriesContext(connection) as caught:
            look(ada, "task -docs")
        counts.append(len(caught))
    assert counts[0] == counts[1]
