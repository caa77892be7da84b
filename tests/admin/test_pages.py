"""Every list and every page: there for those who may see it, safe, and quick whatever the number of rows."""

from urllib.parse import unquote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sessions_app.admin import base
from sessions_app.models import Action, Checkpoint, Delivery, Run, Session, Step
from sessions_app.state.codec import to_json
from sessions_app.state.evidence import Evidence
from sessions_app.state.turns import Basis
from sessions_app.state.view import Word
from tests import factories as make
from tests.admin.conftest import MODELS, hostile_rows, listing, page

pytestmark = pytest.mark.django_db
FILTERS = {
    "run": "over__exact=0&word__exact=waiting&family=root&agent=main&channel=platform&store=x",
    "session": "agent=main&channel=platform&store=x&in_store__exact=1&muted__exact=0&trouble=yes",
    "post": "delivery=parked",
    "step": "outcome=failed",
    "delivery": "kind__exact=failed&post__destination__id__exact=1",
    "action": "verb=mute&who=ada&source__exact=page",
    "destination": "paused__exact=0&circuit__exact=closed",
    "checkpoint": "skipping__exact=0",
    "watcher": "",
}
model = pytest.mark.parametrize("model", MODELS, ids=lambda each: each.__name__)


@model
def test_text_from_outside_stays_text(root_client, model):
    hostile_rows()
    for address in (listing(model), page(model.objects.first())):
        answer = root_client.get(address)
        assert answer.status_code == 200
        text = answer.content.decode()
        assert "<script>alert" not in text
        assert "alert(1)" in text, "it is shown, as text"
        assert " style=" not in text, "the policy forbids it"


@model
def test_lists_can_be_searched_and_filtered(root_client, model):
    hostile_rows()
    name = model._meta.model_name
    assert root_client.get(f"{listing(model)}?q=evil").status_code == 200
    assert root_client.get(f"{listing(model)}?{FILTERS[name]}").status_code == 200


def many(number: int) -> None:
    for each in range(number):
        root = make.run(Word.WAITING)
        make.run(parent=root)
        make.step(root)
        to = make.destination(base_url=f"https://{each}-{number}.example.com")
        make.delivery(make.post(root, destination=to))
        make.checkpoint(root.session)
        make.watcher(name=f"{each}-{number}")
        make.action(who="ada", object_id=root.pk, kind="run")


def queries(client, address: str) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@model
def test_lists_ask_as_often_for_30_rows_as_for_3(root_client, model, django_assert_max_num_queries):
    many(3)
    three = queries(root_client, listing(model))
    many(27)
    with django_assert_max_num_queries(three):
        assert root_client.get(listing(model)).status_code == 200


@model
def test_pages_ask_as_often_with_30_rows_below_and_beside_as_with_3(root_client, model, django_assert_max_num_queries):
    """Whatever belongs to an object: runs of a session, steps and sub-agents of a run, deliveries of a post."""
    of = make.session()
    root = make.run(Word.WAITING, session=of)
    post = make.post(root)
    rows = {
        "session": of, "run": root, "post": post, "destination": post.destination, "step": make.step(root),
        "checkpoint": make.checkpoint(of), "delivery": make.delivery(post), "watcher": make.watcher(),
        "action": make.action(),
    }  # fmt: skip

    def more(number: int) -> None:
        for _ in range(number):
            make.post(make.run(session=of))
            make.step(make.run(parent=make.run(parent=root)))
            make.step(root)
            make.judgement(root)
            make.delivery(post)
            make.checkpoint(of)
            make.session(parent_key=of.key)
            make.action()

    address = page(rows[model._meta.model_name])
    more(3)
    three = queries(root_client, address)
    more(27)
    with django_assert_max_num_queries(three):
        assert root_client.get(address).status_code == 200


def test_inlines_show_the_newest_only(root_client):
    root = make.run()
    for number in range(70):
        make.step(root, target=f"step-{number:02}-of-70")
    text = root_client.get(page(root)).content.decode()
    assert "step-69-of-70" in text
    assert "step-19-of-70" not in text


def test_a_runs_page_explains_itself(root_client):
    root = make.run(Word.WAITING, because="sub-agents are not over", no_post="It was asked for outside Mattermost.")
    child = make.run(Word.NEEDS_YOU, parent=root, label="reviewer")
    text = root_client.get(page(root)).content.decode()
    assert "sub-agents are not over" in text
    assert "It was asked for outside Mattermost." in text
    assert "⏳ waiting" in text
    assert "✋ needs you" in text
    assert page(child) in text
    assert page(root.session) in text
    assert "&quot;start_id&quot;: &quot;1&quot;" in text
    below = root_client.get(page(child)).content.decode()
    assert page(root) in below


def test_runs_and_sessions_lead_to_each_other_and_to_posts(root_client):
    parent = make.session()
    child = make.session(parent_key=parent.key)
    post = make.post(make.run(session=child))
    text = root_client.get(page(child)).content.decode()
    assert page(parent) in text
    assert page(post.run) in text
    assert page(post) in root_client.get(page(post.run)).content.decode()
    found = root_client.get(f"{listing(Session)}?parent_key={parent.key}").content.decode()
    assert page(child) in found
    assert page(parent) not in found


@model
def test_nothing_can_be_added_changed_or_deleted(root_client, model):
    hostile_rows()
    row = model.objects.first()
    assert root_client.get(f"{listing(model)}add/").status_code == 403
    assert root_client.post(page(row), {"paused": "on"}).status_code == 403
    assert root_client.post(f"{listing(model)}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


@model
def test_who_has_not_signed_in_is_sent_to_do_so(client, model):
    answer = client.get(listing(model), follow=True)
    assert unquote(answer.redirect_chain[-1][0]) == f"/login/?next={listing(model)}"


def test_a_viewer_sees_what_was_allowed(client):
    client.force_login(make.user(is_staff=True, permissions=("view_run",)))
    assert client.get(listing(Run)).status_code == 200
    assert client.get(listing(Session)).status_code == 403


def test_a_page_of_nothing(root_client):
    assert root_client.get("/admin/sessions_app/run/4711/change/", follow=True).status_code == 200
    assert root_client.post("/admin/sessions_app/run/4711/finish/").status_code == 404


def test_a_runs_page_lists_the_evidence_for_its_word_with_times(root_client):
    live = make.run(Word.THINKING)
    text = root_client.get(page(live)).content.decode()
    assert "leaves its turn open" in text
    assert "decided" in text
    over = make.run(Word.STOPPED)
    piece = Evidence(basis=Basis.STORE, says="says stopped <b>", at=1_795_341_700.0, decided=True)
    make.judgement(over, evidence=to_json((piece,)), because="the store says stopped", at=1_795_341_701.0)
    text = root_client.get(page(over)).content.decode()
    assert "says stopped &lt;b&gt;" in text
    assert "2026-11-22" in text
    assert "⛔ stopped" in text


def test_a_posts_page_lists_its_deliveries(root_client):
    post = make.post(make.run())
    make.delivery(post, kind="failed", error="The channel is <archived>.")
    text = root_client.get(page(post)).content.decode()
    assert "The channel is &lt;archived&gt;." in text
    found = root_client.get(listing(Delivery)).content.decode()
    assert page(post) in found
    assert f"/_redirect/pl/{post.post_id}" in found


def test_the_audit_log_says_who_did_what_and_leads_there(root_client):
    of = make.session()
    make.action(who="ada", verb="mute", kind="session", object_id=of.pk, object_name=of.key, said="Muted it.")
    make.action(who="bob")
    text = root_client.get(listing(Action)).content.decode()
    assert "Muted it." in text
    assert page(of) in text
    assert ">bob</a>" in text, "who can be filtered by"
    only = root_client.get(f"{listing(Action)}?who=bob").content.decode()
    assert "Muted it." not in only
    assert "Paused delivery." in only


def test_the_audit_log_cannot_be_changed_by_the_mightiest(root_client):
    one = make.action()
    for address in (f"{listing(Action)}add/", f"{listing(Action)}{one.pk}/delete/", page(one)):
        assert root_client.post(address, {"who": "nobody", "post": "yes"}).status_code == 403
    root_client.post(listing(Action), {"action": "delete_selected", "_selected_action": [one.pk], "post": "yes"})
    assert Action.objects.get().who == "ada"


def test_a_forgotten_session_is_nowhere(root_client):
    of = make.session(key="agent:main:secret", hidden=True, forgotten_at=1.0)
    make.checkpoint(of)
    assert "agent:main:secret" not in root_client.get(listing(Session)).content.decode()
    assert "agent:main:secret" not in root_client.get(listing(Checkpoint)).content.decode()
    assert root_client.get(page(of)).status_code == 302


def test_a_very_long_list_is_not_counted_to_its_end(root_client, monkeypatch):
    monkeypatch.setattr(base, "COUNTED", 120)
    Step.objects.bulk_create([Step(run=make.run(), call_id="0", tool="first")])
    of = make.run()
    Step.objects.bulk_create([Step(run=of, call_id=str(number), tool="exec") for number in range(200)])
    text = root_client.get(listing(Step)).content.decode()
    assert "more than 120" in text
    assert root_client.get(f"{listing(Step)}?p=3").status_code == 200
    assert "more than" not in root_client.get(f"{listing(Step)}?q=first").content.decode()
