"""The page of a run: what it tells, to whom, what a poll costs, and that text from outside stays text."""

import re
import time

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sessions_app.models import Delivery, Post, Run, Step
from sessions_app.models.times import moment
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make.user(permissions=("view_run",)))
    return client


def page(client: Client, run: Run, query: str = "") -> str:
    answer = client.get(f"/runs/{run.id}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


# Who may look


@pytest.mark.parametrize("address", ["/runs/1/", "/sessions/1/", "/search/", "/search/?q=a%26b"])
def test_who_is_not_signed_in_is_asked_to(client, address):
    answer = client.get(address)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/login/?next=/")


def test_a_poll_without_a_login_leads_to_it(client):
    run = make.run()
    answer = client.get(f"/runs/{run.id}/news/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/login/"


def test_who_may_not_is_told_what_is_lacking(client):
    run = make.run(title="Secret plan")
    client.force_login(make.user())
    for address in (f"/runs/{run.id}/", f"/runs/{run.id}/news/", f"/sessions/{run.session_id}/", "/search/?q=plan"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "lacks the right to see runs" in answer.content.decode()
        assert "Secret plan" not in answer.content.decode()


@pytest.mark.parametrize("kind", ["runs", "sessions"])
@pytest.mark.parametrize("number", [0, 4711, 2**63, 10**30, "9" * 300])
def test_what_is_not_there_is_said(ada, kind, number):
    answer = ada.get(f"/{kind}/{number}/")
    assert answer.status_code == 404
    assert "There is no such" in words(answer.content.decode())


def test_only_looking_is_possible(ada):
    run = make.run()
    for address in (f"/runs/{run.id}/", f"/runs/{run.id}/news/", f"/sessions/{run.session_id}/", "/search/"):
        assert ada.post(address).status_code == 405


# What it tells


def test_the_head_says_how_it_is(ada):
    run = make.run(
        Word.NEEDS_YOU, ago=372, title="Fix flaky CI test", reason="approve git push", prompt="Please fix it"
    )
    found = words(page(ada, run))
    for each in ("needs you ✋ Fix flaky CI test main in ~platform · 6m", "approve git push", "Please fix it"):
        assert each in found


def test_the_tree_below_and_the_way_up(ada):
    root = make.run(Word.WAITING, title="The root")
    child = make.run(Word.WORKING, parent=root, label="tests")
    leaf = make.run(Word.FAILED, parent=child, label="bisect", reason="model error 400")
    html = page(ada, root)
    assert f'href="/runs/{child.id}/"' in html
    assert "failed" in words(html)
    assert "model error 400" in words(html)
    below = page(ada, leaf)
    assert f'href="/runs/{child.id}/"><bdi>tests' in below
    assert f'href="/runs/{root.id}/"><bdi>The root' in below
    assert "It is told in the post of The root" in words(below)
    assert "bisect" in words(page(ada, child)), "a sub-agent's page has the tree below it"
    assert "The root" not in words(page(ada, child).split("<h2>Sub-agents</h2>")[1].split("</section>")[0])


def test_steps_newest_first_in_words_with_how_they_went(ada):
    now = time.time()
    run = make.run(Word.WORKING)
    other = make.run(parent=run, label="helperless")
    make.step(run, tool="exec", target="npm test", started_at=moment(now - 9))
    make.step(other, tool="grep", target="retry", ok=True, started_at=moment(now - 30), ended_at=moment(now - 20))
    make.step(
        run,
        tool="exec",
        target="lint",
        ok=False,
        error="exit 1",
        started_at=moment(now - 50),
        ended_at=moment(now - 44),
    )
    html = page(ada, run).split('<table class="rows steps">')[1].split("</table>")[0]
    rows = [words(row) for row in html.split("<tr>")[2:]]
    assert [re.sub(r"^\S+ ", "", row) for row in rows] == [
        "main run npm test running 9s so far",
        "helperless search &quot;retry&quot; 10s",
        "main run lint exit 1 failed 6s",
    ]


def test_neighbours_that_say_the_same_are_folded(ada):
    now = time.time()
    run = make.run(Word.WORKING)
    for ago in (50, 40, 30):
        make.step(
            run, tool="read", target="a.py", ok=True, started_at=moment(now - ago), ended_at=moment(now - ago + 5)
        )
    make.step(run, tool="read", target="b.py", ok=True, started_at=moment(now - 60), ended_at=moment(now - 59))
    found = words(page(ada, run).split('<table class="rows steps">')[1])
    assert "read a.py ×3 15s" in found
    assert "read b.py 1s" in found


def test_a_step_that_started_a_sub_agent_leads_to_it(ada):
    run = make.run(Word.WAITING)
    child = make.run(parent=run, label="tests")
    make.step(run, tool="sessions_spawn", child_key=child.session.key, ok=True, ended_at=moment(time.time()))
    assert f'→ <a href="/runs/{child.id}/"><bdi>tests' in page(ada, run)


def test_older_steps_are_on_pages_of_their_own(ada):
    now = time.time()
    run = make.run(Word.DONE)
    # Many began in the same moment, so that a page ends between them.
    Step.objects.bulk_create(
        Step(run=run, call_id=str(each), tool="read", target=f"file-{each:03}", started_at=moment(now - each // 90),
             ended_at=moment(now), ok=True)
        for each in range(250)
    )  # fmt: skip
    seen: list[str] = []
    query = ""
    for _ in range(3):
        html = page(ada, run, query)
        seen += re.findall(r"file-\d{3}", html.split('<table class="rows steps">')[1])
        more = re.search(r'href="/runs/\d+/(\?before=[^"#]*)', html)
        query = more[1] if more else ""
    assert len(seen) == len(set(seen)) == 250
    assert not query


@pytest.mark.parametrize("before", ["x", "1-1-1", "999999999999999999-1", "0-0", "%00", "9" * 40, "-1--1"])
def test_a_made_up_page_of_steps_is_no_error(ada, before):
    run = make.run()
    make.step(run)
    assert ada.get(f"/runs/{run.id}/?before={before}").status_code == 200
    assert ada.get(f"/runs/{run.id}/news/?before={before}").status_code == 200


def test_figures_per_sub_agent_and_in_sum(ada):
    root = make.run(Word.WAITING)
    for label in ("one", "two"):
        child = make.run(Word.DONE, parent=root, label=label)
        state = child.state.replace('"tokens":0', '"tokens":1500').replace('"cost":0.0', '"cost":0.25')
        Run.objects.filter(id=child.id).update(state=state)
    found = words(page(ada, root).split("<h2>Tokens and cost</h2>")[1].split("</section>")[0])
    assert "one 0 1.5k $0.25" in found
    assert "All 3 0 3k $0.50" in found


def test_errors_of_steps_and_sub_agents(ada):
    root = make.run(Word.WAITING)
    make.run(Word.FAILED, parent=root, label="fuzz", reason="context length exceeded")
    make.step(root, ok=False, error="exit 1: no such file", ended_at=moment(time.time()))
    found = words(page(ada, root).split("<h2>Errors</h2>")[1].split("</section>")[0])
    assert "fuzz failed context length exceeded" in found
    assert "main run npm test exit 1: no such file" in found


# The post


def test_the_post_as_people_see_it(ada):
    run = make.run()
    post = make.post(run, sent_text="⚙️ **Fix** · main\n- one", sent_at=time.time())
    for kind in (Delivery.Kind.CREATED, Delivery.Kind.EDITED, Delivery.Kind.EDITED):
        Delivery.objects.create(post=post, at=time.time() - 3, kind=kind, word="working", took_s=0.012, waited_s=1.5)
    html = page(ada, run)
    assert "<strong>Fix</strong>" in html
    assert "Edited 2 times, last 3s ago." in html
    assert f'href="{post.address}" target="_blank" rel="noopener"' in html
    assert "edited “working” took 12 ms, 1.5 s after the change" in words(html)
    assert "not sent yet" not in html


def test_a_post_that_was_not_sent_is_drawn(ada):
    run = make.run(title="Fix the queue")
    make.post(run, sent_text="", post_id="")
    found = words(page(ada, run).split('id="post"')[1])
    assert (
        found.startswith("> The post, not sent yet 💭 Fix the queue")
        or "The post, not sent yet 💭 Fix the queue" in found
    )


def test_why_there_is_no_post_and_why_it_does_not_move(ada):
    run = make.run(no_post="It was asked for outside Mattermost.")
    assert "It was asked for outside Mattermost." in page(ada, run)
    behind = make.run()
    make.post(behind, sent_text="x", sent_revision=1, parked="The channel is archived.")
    found = page(ada, behind)
    assert "Nothing more is sent: The channel is archived." in found
    assert "Something newer waits to be sent." in found


def test_only_the_newest_deliveries_and_for_staff_the_way_to_all(client):
    run = make.run()
    post = make.post(run, sent_text="x")
    for each in range(25):
        Delivery.objects.create(post=post, at=each + 1, kind=Delivery.Kind.FAILED, error=f"error-{each:02}")
    client.force_login(make.user("viewer", permissions=("view_run",)))
    html = page(client, run)
    assert len(re.findall(r"error-\d\d", html)) == 20
    assert "error-24" in html
    assert "and 5 more" in html
    assert "/admin/" not in html
    client.force_login(make.admin())
    assert "/admin/sessions_app/" in page(client, run).split("and 5 more")[0][-200:]


# Why


def test_the_evidence_for_its_word_and_how_it_changed(ada):
    run = make.run(Word.THINKING)
    make.judgement(run, word="waiting", because="its sub-agents work", since=time.time() - 50)
    make.judgement(run, word="thinking", because="the last line leaves it open", since=time.time() - 20)
    html = page(ada, run).split('id="reasons"')[1].split("</section>")[0]
    found = words(html)
    assert "Why “thinking”" in found
    assert "the transcript leaves its turn open" in found
    assert html.count('class="decided"') >= 1
    assert found.index("the last line leaves it open") < found.index("its sub-agents work"), "newest first"


# Polls


def test_a_poll_without_news_is_304_and_one_with_news_is_not(client, time_machine):
    time_machine.move_to(1_800_000_000.0, tick=False)
    client.force_login(make.user(permissions=("view_run",)))
    make.watcher()
    run = make.run(Word.WORKING, ago=700)
    post = make.post(run)
    whole = client.get(f"/runs/{run.id}/")
    etag = client.get(f"/runs/{run.id}/news/")["ETag"]
    assert f'data-etag="{etag.replace(chr(34), "&quot;")}"' in whole.content.decode()
    assert 'hx-trigger="every 2s"' in whole.content.decode()

    def poll():
        return client.get(f"/runs/{run.id}/news/", headers={"If-None-Match": etag})

    assert (poll().status_code, poll().content) == (304, b"")
    changes = [
        lambda: Run.objects.filter(id=run.id).update(word="quiet"),
        lambda: Run.objects.filter(id=run.id).update(seen_at=moment(1_800_000_000.0 - 1)),
        lambda: make.run(parent=run, label="new"),
        lambda: Post.objects.filter(id=post.id).update(sent_revision=2),
        lambda: Delivery.objects.create(post=post, at=1.0, kind=Delivery.Kind.EDITED),
        lambda: make.judgement(run),
        lambda: type(run.session).objects.filter(id=run.session_id).update(muted=True),
    ]
    for change in changes:
        change()
        answer = poll()
        assert answer.status_code == 200
        etag = answer["ETag"]
    assert b'id="health" hx-swap-oob="steady"' in answer.content
    assert poll().status_code == 304


def test_time_alone_is_news_only_as_far_as_it_is_seen(client, time_machine):
    time_machine.move_to(1_800_000_000.0, tick=False)
    client.force_login(make.user(permissions=("view_run",)))
    make.watcher()
    run = make.run(Word.WAITING, ago=700, seen_at=moment(1_800_000_000.0 - 300))
    first = client.get(f"/runs/{run.id}/news/")["ETag"]
    time_machine.move_to(1_800_000_004.0, tick=False)
    assert client.get(f"/runs/{run.id}/news/", headers={"If-None-Match": first}).status_code == 304
    time_machine.move_to(1_800_000_011.0, tick=False)
    assert client.get(f"/runs/{run.id}/news/", headers={"If-None-Match": first}).status_code == 200


def test_what_is_over_is_not_asked_for_any_more(ada):
    now = time.time()
    run = make.run(Word.DONE, ago=900, ended_at=moment(now - 600))
    assert "hx-get" not in page(ada, run)
    assert ada.get(f"/runs/{run.id}/news/").status_code == 286, "htmx stops polling"
    fresh = make.run(Word.DONE, ago=900, ended_at=moment(now - 5))
    assert "hx-get" in page(ada, fresh), "its post is still being edited and read back"
    assert ada.get(f"/runs/{fresh.id}/news/").status_code == 200


def test_an_older_page_of_steps_stays_that_page(ada):
    run = make.run()
    html = page(ada, run, "?before=1-1")
    assert f'hx-get="/runs/{run.id}/news/?before=1-1"' in html


# Hostile text, and much of it


def hostile_run() -> Run:
    of = make.session(agent="<b>evil</b>", channel_name="<i>here</i>", key=make.HOSTILE[:500], problem=make.HOSTILE)
    run = make.run(
        Word.FAILED, session=of, title=make.HOSTILE[:300], say=make.HOSTILE, reason=make.HOSTILE[:400],
        prompt=make.HOSTILE,
    )  # fmt: skip
    make.run(Word.FAILED, parent=run, label=make.HOSTILE[:300], reason=make.HOSTILE[:400])
    make.step(run, tool="<i>x", target=make.HOSTILE[:300], ok=False, error=make.HOSTILE[:400], ended_at=moment(9.0))
    make.judgement(run, because=make.HOSTILE[:200], reason=make.HOSTILE[:400])
    post = make.post(run, sent_text=make.HOSTILE, last_error=make.HOSTILE, parked=make.HOSTILE[:400])
    Delivery.objects.create(post=post, at=1.0, kind=Delivery.Kind.FAILED, error=make.HOSTILE)
    return run


def test_text_from_outside_stays_text(ada):
    run = hostile_run()
    for address in (f"/runs/{run.id}/", f"/runs/{run.id}/news/", f"/sessions/{run.session_id}/", "/search/?q=script"):
        html = ada.get(address).content.decode()
        assert "<script>alert" not in html
        assert "<b>evil" not in html
        assert "<i>" not in html
        assert "script" in html
        assert "\u202e" not in html, "no mark that turns the line around"


def test_the_pages_keep_to_the_policy(ada):
    run = hostile_run()
    for address in (f"/runs/{run.id}/", f"/sessions/{run.session_id}/", "/search/?q=script", "/search/"):
        answer = ada.get(address)
        assert "unsafe" not in answer["Content-Security-Policy"]
        assert answer["Cache-Control"] == "private, no-store"
        html = answer.content.decode()
        for each in (r"\sstyle=", r"\son\w+=", "hx-on", r"<script(?! src=)", r'src="http'):
            assert not re.search(rf"<[^>]*{each}" if not each.startswith("<") else each, html), each


def test_the_number_of_queries_does_not_grow_with_rows(ada):
    root = make.run(Word.WAITING)
    post = make.post(root, sent_text="x")

    def more(number: int) -> None:
        for _ in range(number):
            child = make.run(Word.FAILED, parent=root, reason="x")
            make.step(child, ok=False, ended_at=moment(time.time()))
            make.step(root, child_key=child.session.key)
            make.judgement(root)
            Delivery.objects.create(post=post, at=time.time(), kind=Delivery.Kind.EDITED)

    counts = []
    for number in (1, 30):
        more(number)
        with CaptureQueriesContext(connection) as caught:
            page(ada, root)
        counts.append(len(caught))
    assert counts[0] == counts[1]
    assert counts[0] <= 40


def test_a_poll_without_news_costs_few_queries(ada):
    make.watcher()
    run = make.run(Word.WORKING)
    etag = ada.get(f"/runs/{run.id}/news/")["ETag"]
    with CaptureQueriesContext(connection) as caught:
        answer = ada.get(f"/runs/{run.id}/news/", headers={"If-None-Match": etag})
    assert answer.status_code in (200, 304)
    if answer.status_code == 304:
        assert len(caught) <= 18
