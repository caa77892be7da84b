"""The charts: what is added up, what is drawn of it, and the page."""

import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.models import Delivery, Run
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from sessions_app.web.chart_rows import BOUNDS, DAY, WEEK, Span, Sums, quantile, sums
from sessions_app.web.chart_shapes import Charts
from sessions_app.web.charts import charts
from tests import factories as make

NOW = datetime(2026, 11, 25, 20, 37, 46, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _nothing_kept():
    cache.clear()


def at(hours_ago: float) -> datetime:
    return NOW - timedelta(hours=hours_ago)


def ended(word: Word, hours_ago: float, **fields) -> Run:
    return make.run(word, ended_at=at(hours_ago), started_at=at(hours_ago + 0.01), **fields)


def sent(of: Run, waited: float, hours_ago: float = 0.1, kind: str = "edited") -> None:
    post = getattr(of, "post", None) or make.post(of)
    Delivery.objects.create(post=post, at=at(hours_ago).timestamp(), kind=kind, waited_s=waited)


def add_up(span: Span = DAY, agent: str = "") -> Sums:
    return sums(span, agent, NOW)


def draw(span: Span = DAY, agent: str = "") -> Charts:
    return charts(add_up(span, agent), span)


# --- columns of time


def test_the_last_column_is_the_one_that_is_going_on():
    assert DAY.starts(NOW)[0] == datetime(2026, 11, 24, 21, tzinfo=UTC)
    assert DAY.starts(NOW)[-1] == datetime(2026, 11, 25, 20, tzinfo=UTC)
    assert WEEK.starts(NOW)[0] == datetime(2026, 11, 19, tzinfo=UTC)
    assert WEEK.starts(NOW)[-1] == datetime(2026, 11, 25, tzinfo=UTC)


# --- what is added up


@pytest.mark.django_db
class TestSums:
    def test_root_runs_by_outcome_and_hour(self):
        root = ended(Word.DONE, 0.1)
        ended(Word.DONE, 0.2)
        ended(Word.FAILED, 0.2)
        ended(Word.LOST, 3)
        ended(Word.FAILED, 0.1, parent=root)  # counted with its root
        ended(Word.DONE, 30)  # before the time that is shown
        make.run(started_at=at(0.1))  # not over
        found = add_up().ended
        assert found[-1] == {"done": 2, "failed": 1}
        assert found[-4] == {"lost": 1}
        assert sum(map(len, found)) == 3

    def test_by_day(self):
        ended(Word.DONE, 30)
        ended(Word.STOPPED, 7 * 24)
        assert add_up(WEEK).ended == ({}, {}, {}, {}, {}, {"done": 1}, {})

    def test_tokens_and_cost_by_the_agent_that_used_them(self):
        main, ops = make.session(agent="main"), make.session(agent="ops")
        root = ended(Word.DONE, 0.1, session=main, tokens=100, cost=0.5)
        ended(Word.DONE, 0.1, session=ops, tokens=7, cost=0.25, parent=root)
        make.run(session=main, tokens=1, started_at=at(0.1))  # it is going on, and uses some
        assert add_up().used[-1] == {"main": (101, 0.5), "ops": (7, 0.25)}

    def test_tools_that_fail_most_come_first(self):
        run = make.run()
        for tool, ok, hours in (
            ("read", True, 1), ("read", None, 1), ("read", True, 1), ("exec", False, 1), ("exec", True, 1),
            ("old", False, 30),
        ):  # fmt: skip
            make.step(run, tool=tool, ok=ok, started_at=at(hours))
        assert [(one.name, one.calls, one.failed) for one in add_up().tools] == [("exec", 2, 1), ("read", 3, 0)]

    def test_what_waited_is_counted_by_how_long(self):
        run = make.run()
        for waited in (0.1, 0.25, 0.26, 9e9):
            sent(run, waited)
        sent(run, 1.0, hours_ago=23.6)  # in the first column
        sent(run, 1.0, hours_ago=23.7)  # before it
        sent(run, 1.0, kind="read back")
        sent(run, 1.0, kind="failed")
        found = add_up().waited
        assert (found[-1][0], found[-1][1], found[-1][-1]) == (2, 1, 1)
        assert sum(found[-1]) == 4
        assert sum(found[0]) == 1
        assert sum(map(sum, found)) == 5

    def test_one_agent_alone(self):
        for agent, word in (("main", Word.DONE), ("ops", Word.FAILED)):
            run = ended(word, 0.1, session=make.session(agent=agent), tokens=5)
            make.step(run, tool=f"of {agent}", started_at=at(0.1))
            sent(run, 1.0 if agent == "main" else 50.0)
        found = add_up(agent="ops")
        assert found.ended[-1] == {"failed": 1}
        assert list(found.used[-1]) == ["ops"]
        assert [tool.name for tool in found.tools] == ["of ops"]
        assert sum(found.waited[-1]) == 1

    @pytest.mark.parametrize("span", [DAY, WEEK])
    def test_the_number_of_queries_is_always_the_same(self, span):
        def queries() -> int:
            with CaptureQueriesContext(connection) as queries:
                sums(span, "", NOW)
            return len(queries)

        before = queries()
        for number in range(5):
            run = ended(Word.DONE, number, session=make.session(agent=f"agent {number}"))
            make.step(run, tool=f"tool {number}", started_at=at(number))
            sent(run, number)
        assert before == queries() == 4

    def test_they_go_by_indexes(self):
        if connection.vendor != "sqlite":
            return  # with so few rows PostgreSQL rightly reads them all
        with CaptureQueriesContext(connection) as queries:
            add_up()
        for query in queries.captured_queries:
            with connection.cursor() as cursor:
                cursor.execute("EXPLAIN QUERY PLAN " + query["sql"])
                plan = " ".join(str(row[3]) for row in cursor.fetchall())
            assert re.search(r"(run_ended|run_used|step_outcomes|delivery_at)", plan), plan


# --- quantiles


@pytest.mark.parametrize(
    ("counts", "q", "seconds"),
    [
        ({}, 0.5, None),
        ({0: 1}, 0.5, 0.125),
        ({3: 10}, 0.5, 0.875),  # between 0.75 and 1
        ({3: 10}, 1.0, 1.0),
        ({0: 95, 10: 5}, 0.95, 0.25),
        ({0: 90, 10: 10}, 0.95, 8.75),
        ({len(BOUNDS): 3}, 0.5, 3600.0),  # longer than any bound: at least that
    ],
)
def test_a_quantile_lies_within_its_bounds(counts, q, seconds):
    every = [counts.get(place, 0) for place in range(len(BOUNDS) + 1)]
    assert quantile(every, q) == (None if seconds is None else pytest.approx(seconds))


@given(st.lists(st.integers(0, 10**6), min_size=len(BOUNDS) + 1, max_size=len(BOUNDS) + 1))
def test_quantiles_are_in_order(counts):
    found = [quantile(counts, q) for q in (0.0, 0.5, 0.95, 1.0)]
    if sum(counts):
        assert found == sorted(found)  # type: ignore[type-var]
    else:
        assert found == [None] * 4


# --- what is drawn


@pytest.mark.django_db
class TestDrawing:
    def test_each_empty_chart_says_what_will_be_here(self):
        found = draw()
        for chart in (*found.columns, found.tools):
            assert "in the last 24 hours" in chart.nothing, chart.nothing
            assert not chart.pictures
            assert not chart.rows
        assert found.tool_bars == ()

    def test_bars_have_the_colour_of_their_word_and_a_table_says_the_same(self):
        ended(Word.DONE, 0.1)
        ended(Word.FAILED, 0.1)
        chart = draw().columns[0]
        assert chart.summary == "2 ended, 1 of them failed (50%)"
        for picture in chart.pictures:
            assert [(bar.kind, bar.says) for bar in picture.bars] == [
                ("done", "20:00: done 1"), ("failed", "20:00: failed 1"),
            ]  # fmt: skip
        assert chart.head == ("", "done", "failed", "stopped", "lost", "together")
        assert chart.rows[-1] == ("20:00", "1", "1", "0", "0", "2")
        assert len(chart.rows) == 24

    def test_agents_beyond_the_fourth_are_one(self):
        for number in range(6):
            ended(Word.DONE, 0.1, session=make.session(agent=f"agent {number}"), tokens=1000 * (number + 1), cost=1.0)
        tokens, cost = draw().columns[1:3]
        assert [key.name for key in tokens.keys] == ["agent 5", "agent 4", "agent 3", "agent 2", "others"]
        assert tokens.summary == "21k by runs that began in the last 24 hours"
        assert tokens.rows[-1] == ("20:00", "6k", "5k", "4k", "3k", "3k", "21k")
        assert cost.rows[-1] == ("20:00", "$1.00", "$1.00", "$1.00", "$1.00", "$2.00", "$6.00")

    def test_an_agent_that_is_called_others_is_not_the_others(self):
        for name in ("others", "a", "b", "c", "d"):
            ended(Word.DONE, 0.1, session=make.session(agent=name), tokens=9 if name == "others" else 5)
        tokens = draw().columns[1]
        assert [key.name for key in tokens.keys] == ["others", "a", "b", "c", "others"]
        assert tokens.rows[-1] == ("20:00", "9", "5", "5", "5", "5", "29")

    def test_delays_are_two_lines(self):
        run = make.run()
        for waited in (0.9, 0.9, 20.0):
            sent(run, waited)
        chart = draw().columns[3]
        assert [line.kind for line in chart.pictures[0].lines] == ["s1", "s2"]
        assert chart.rows[-1][:2] == ("20:00", "3")
        assert chart.rows[0] == ("21:00", "0", "–", "–")
        assert chart.summary.startswith("Half within 0.94s, 95% within 19s")

    def test_tools_are_bars_with_the_part_that_failed(self):
        run = make.run()
        for ok in (True, True, True, False):
            make.step(run, tool="exec", ok=ok, started_at=at(0.1))
        make.step(run, tool="read", ok=True, started_at=at(0.1))
        found = draw()
        assert [(bar.name, bar.calls, bar.failed) for bar in found.tool_bars] == [("exec", 100, 25), ("read", 25, 0)]
        assert found.tools.rows == (("exec", "4", "1", "25%"), ("read", "1", "0", "0%"))
        assert found.tools.summary == "1 of 5 calls failed (20%)"


# --- the page


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make.user(permissions=("view_run",)))
    return client


@pytest.mark.django_db
class TestPage:
    def test_it_is_for_who_may_see_runs(self, client):
        assert client.get("/charts/").status_code == 302
        client.force_login(make.user("nobody"))
        assert client.get("/charts/").status_code == 403
        client.force_login(make.user("viewer", permissions=("view_run",)))
        answer = client.get("/charts/")
        assert answer.status_code == 200
        assert 'href="/charts/" aria-current="page">Charts</a>' in answer.content.decode()
        assert client.post("/charts/").status_code == 405

    def test_an_empty_one_says_what_will_be_here(self, ada):
        page = ada.get("/charts/").content.decode()
        assert page.count('class="chart-nothing"') == 5
        assert "<svg" not in page

    def test_time_and_agent_stand_in_the_address(self, ada):
        for agent in ("main", "ops"):
            make.run(Word.DONE, session=make.session(agent=agent), tokens=5)
        page = ada.get("/charts/", {"span": "7d", "agent": "ops"}).content.decode()
        assert '<option value="ops" selected>ops</option>' in page
        assert 'value="7d" aria-pressed="true"' in page
        assert "1 ended, 0 of them failed" in page
        assert "2 ended" in ada.get("/charts/?span=7d").content.decode()

    @pytest.mark.parametrize("query", [{"span": "9y"}, {"span": ""}, {"agent": "nobody"}, {"agent": "\0<script>"}])
    def test_an_address_that_makes_no_sense_is_answered_as_well_as_can_be(self, ada, query):
        make.run(Word.DONE)
        answer = ada.get("/charts/", query)
        assert answer.status_code == 200
        assert "<script>" not in answer.content.decode().partition("<body>")[2]

    def test_a_picture_has_words_and_a_table_for_who_cannot_see_it(self, ada):
        make.run(Word.DONE)
        page = ada.get("/charts/").content.decode()
        assert 'role="img" aria-label="Runs that ended, per hour: 1 ended, 0 of them failed (0%)"' in page
        assert page.count("<summary>As a table</summary>") == 1
        assert '<th scope="row">' in page

    def test_text_from_outside_stays_text(self, ada):
        of = make.session(agent=make.HOSTILE[:200])
        run = make.run(Word.FAILED, session=of, tokens=5, cost=1.0)
        make.step(run, tool=make.HOSTILE[:120], ok=False)
        for query in ({}, {"agent": make.HOSTILE[:200]}):
            page = ada.get("/charts/", query).content.decode()
            assert "<script>alert" not in page
            assert "&lt;script&gt;alert(1)" in page
            assert "style=" not in page
            assert " onclick=" not in page

    def test_a_second_look_within_some_seconds_asks_for_nothing_more(self, client, time_machine):
        time_machine.move_to(1_800_000_000.0, tick=False)
        client.force_login(make.user(permissions=("view_run",)))
        run = make.run(Word.DONE)

        def queries() -> str:
            with CaptureQueriesContext(connection) as queries:
                assert client.get("/charts/").status_code == 200
            return " ".join(query["sql"] for query in queries.captured_queries)

        assert "SUBSTR" in queries()
        assert "SUBSTR" not in queries()
        time_machine.move_to(1_800_000_016.0, tick=False)
        Run.objects.filter(id=run.id).update(ended_at=moment(time.time()))
        assert "SUBSTR" in queries()
