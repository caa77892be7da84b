"""The board over HTTP: who may see it, what a poll costs, and that text from outside stays text."""

import time
from urllib.parse import unquote

import pytest
from django.test import Client

from sessions_app.models import Run
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> Client:
    client.force_login(make.user())
    return client


def test_anonymous_is_asked_to_sign_in(client):
    answer = client.get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/")
    poll = client.get("/board/", headers={"HX-Request": "true"})
    assert poll["HX-Redirect"] == "/login/", "a login page must not be swapped into the board"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/login/?next=/admin/"


def test_signing_in_and_out(client):
    make.user("ada")
    assert b"csrfmiddlewaretoken" in client.get("/login/").content
    wrong = client.post("/login/", {"username": "ada", "password": "wrong"})
    assert b"Please enter a correct username" in wrong.content
    right = client.post("/login/", {"username": "ada", "password": "a good password", "next": "/"})
    assert right["Location"] == "/"
    assert client.post("/logout/")["Location"] == "/login/"
    assert client.get("/").status_code == 302


def test_who_lacks_a_right_is_told_and_not_sent_in_circles(ada):
    answer = ada.get("/admin/", follow=True)
    assert unquote(answer.redirect_chain[-1][0]) == "/login/?next=/admin/"
    assert b"who may not open that page" in answer.content


def test_the_page_shows_runs_and_the_way_to_their_posts(ada):
    make.watcher()
    make.post(make.run(Word.WORKING, title="Fix flaky CI test"))
    page = ada.get("/").content.decode()
    assert "Fix flaky CI test" in page
    assert "/_redirect/pl/" in page
    assert "All well" in page


def test_a_poll_without_news_is_304_and_one_with_news_is_not(client, time_machine):
    time_machine.move_to(1_800_000_001.0, tick=False)
    client.force_login(make.user())
    make.watcher()
    run = make.run(ago=700)
    page = client.get("/")
    etag = client.get("/board/")["ETag"]
    assert f'data-etag="{etag.replace(chr(34), "&quot;")}"' in page.content.decode()
    time_machine.move_to(1_800_000_004.0, tick=False)
    poll = client.get("/board/", headers={"If-None-Match": etag})
    assert (poll.status_code, poll.content) == (304, b"")
    assert poll["ETag"] == etag
    Run.objects.filter(id=run.id).update(title="News")
    poll = client.get("/board/", headers={"If-None-Match": etag})
    assert poll.status_code == 200
    assert b"News" in poll.content
    assert poll["ETag"] != etag


def test_a_poll_brings_the_header_along(ada):
    assert b'id="health" hx-swap-oob="steady"' in ada.get("/board/").content


def test_titles_lead_to_the_admin_only_for_those_who_may_go_there(client):
    run = make.run()
    address = f"/admin/sessions_app/run/{run.id}/change/"
    client.force_login(make.user("viewer"))
    assert address not in client.get("/").content.decode()
    client.force_login(make.user("staff", is_staff=True, permissions=("view_run",)))
    assert address in client.get("/").content.decode()


def test_text_from_outside_stays_text(ada):
    make.watcher(problems=make.HOSTILE[:900])
    of = make.session(agent="<b>evil</b>", channel_name="<i>here</i>", key=make.HOSTILE[:500], problem=make.HOSTILE)
    root = make.run(Word.WAITING, session=of, title=make.HOSTILE[:300], say=make.HOSTILE, reason=make.HOSTILE[:400])
    make.run(Word.FAILED, parent=root, label=make.HOSTILE[:300], reason=make.HOSTILE[:400])
    make.run(no_post='"><script>alert(1)</script>')
    for address in ("/", "/board/"):
        page = ada.get(address).content.decode()
        assert "<script>alert" not in page
        assert "<b>evil" not in page
        assert "<i>here" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "\u202e" not in page


def test_the_pages_keep_to_the_policy(ada):
    answer = ada.get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    page = answer.content.decode()
    assert "style=" not in page
    assert " onclick=" not in page
    assert "hx-on" not in page


def test_only_looking_is_possible(ada):
    assert ada.post("/").status_code == 405
    assert ada.post("/board/").status_code == 405


def test_a_poll_is_quick_with_many_runs(ada):
    make.watcher()
    for number in range(100):
        make.run(Word.WORKING, title=f"Task {number}")
    began = time.perf_counter()
    assert ada.get("/board/").status_code == 200
    assert time.perf_counter() - began < 2.0, "generous: it is about a tenth of that"
