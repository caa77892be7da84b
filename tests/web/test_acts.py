"""Acting from pages: buttons for who may, a question before what cannot be undone, and nothing for who may not."""

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory

from sessions_app.control.actions import KINDS, VERBS
from sessions_app.models import Action, Circuit, Destination, Post, Run, Session
from sessions_app.state.view import Word
from sessions_app.web.acts import acts_for
from tests import factories as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(client: Client) -> Client:
    client.force_login(make.user("olga", role="operator"))
    return client


def words(user, obj) -> list[str]:
    return [act.words for act in acts_for(user, obj)]


def rows() -> dict[str, int]:
    """One row of each kind, to which every verb of its kind can be done; the numbers of them."""
    of = make.session(muted=False)
    make.checkpoint(of)
    run = make.run(session=of)
    post = make.post(run)
    return {"session": of.pk, "run": run.pk, "post": post.pk, "destination": post.destination_id}


# --- which buttons there are


def test_an_operator_is_offered_what_can_be_done_now():
    olga = make.user("olga", role="operator")
    run = make.run()
    assert words(olga, run) == ["Finish by hand …", "Mute"], "no post yet"
    assert words(olga, make.run(parent=run)) == ["Finish by hand …"], "it is told of in the post of its root"
    post = make.post(run)
    run.refresh_from_db()
    assert words(olga, run) == ["Finish by hand …", "Post again …", "Send now", "Mute"]
    assert words(olga, post) == ["Send now", "Post again …"]
    assert words(olga, post.destination) == ["Pause delivery"]
    assert words(olga, run.session) == ["Mute", "Read again from the start"]
    Session.objects.update(muted=True)
    Run.objects.update(over=True)
    Run.objects.exclude(parent=None).delete()
    Post.objects.update(parked="Gone.")
    Destination.objects.update(paused=True, circuit=Circuit.OPEN)
    run, post = Run.objects.get(), Post.objects.get()
    assert words(olga, run) == ["Post again …", "Try again", "Unmute"]
    assert words(olga, post) == ["Try again", "Post again …"]
    assert words(olga, post.destination) == ["Resume delivery", "Reset the circuit"]


def test_only_an_admin_is_offered_to_forget():
    of = make.session()
    assert "Forget …" not in words(make.user("olga", role="operator"), of)
    assert "Forget …" in words(make.user("anna", role="admin"), of)


def test_a_viewer_is_offered_nothing():
    vera = make.user("vera", role="viewer")
    post = make.post(make.run())
    for one in (post, Run.objects.get(), Session.objects.get(), post.destination):
        assert words(vera, one) == []
    assert render_to_string("livestatus/acts.html", {"acts": (), "back": "/"}).strip() == ""


def test_buttons_that_ask_are_links_and_the_others_are_forms_with_a_token():
    run = make.run()
    request = RequestFactory().get("/")
    acts = acts_for(make.user(role="operator"), run)
    text = render_to_string("livestatus/acts.html", {"acts": acts, "back": "/?q=a&b=<c>"}, request)
    assert f'href="/act/run/{run.pk}/finish/?next=%2F%3Fq%3Da%26b%3D%3Cc%3E"' in text
    assert f'<form method="post" action="/act/session/{run.session_id}/mute/">' in text
    assert text.count("csrfmiddlewaretoken") == 1
    assert 'value="/?q=a&amp;b=&lt;c&gt;"' in text


# --- acting


def test_what_need_not_ask_acts_at_once_and_says_so(operator):
    of = make.session()
    answer = operator.post(f"/act/session/{of.pk}/mute/", {"next": "/?word=working"})
    assert (answer.status_code, answer["Location"]) == (302, "/?word=working")
    assert Session.objects.get().muted
    page = operator.get("/").content.decode()
    assert f"{of.key} is muted" in page
    one = Action.objects.get()
    assert (one.who, one.source, one.verb, one.object_id) == ("olga", "page", "mute", of.pk)


def test_acting_twice_says_that_there_was_nothing_to_do(operator):
    of = make.session(muted=True)
    operator.post(f"/act/session/{of.pk}/mute/")
    assert f"{of.key} is muted already." in operator.get("/").content.decode()
    assert not Action.objects.exists()


def test_what_cannot_be_undone_asks_first(operator):
    run = make.run(Word.WAITING, title="Deploy <b>")
    make.run(parent=run)
    address = f"/act/run/{run.pk}/finish/"
    asked = operator.get(f"{address}?next=/board/").content.decode()
    assert "This cannot be undone." in asked
    assert "Finish “Deploy &lt;b&gt;” by hand?" in asked
    assert "1 live sub-agent below it" in asked
    assert '<button class="btn sure">Finish by hand</button>' in asked
    assert '<p class="failed"><bdi>This cannot be undone.</bdi></p>' in asked
    assert '<a href="/board/">No, go back</a>' in asked
    assert "This cannot be undone." in operator.post(address).content.decode(), "not without being sure"
    assert not Run.objects.exclude(finished_by_hand_at=None).exists()
    operator.post(address, {"sure": "yes"})
    assert Run.objects.exclude(finished_by_hand_at=None).count() == 2


def test_after_forgetting_nobody_is_sent_to_the_page_that_is_gone(client):
    client.force_login(make.admin())
    of = make.session()
    answer = client.post(f"/act/session/{of.pk}/forget/", {"sure": "yes", "next": f"/sessions/{of.pk}/"})
    assert answer["Location"] == "/"
    assert "forgotten" in client.get("/").content.decode()


def test_who_may_not_see_runs_is_not_told_of_one_by_a_question(client):
    run = make.run(title="A secret plan")
    client.force_login(make.user("odd", permissions=("change_run",)))
    answer = client.get(f"/act/run/{run.pk}/finish/")
    assert answer.status_code == 403
    assert "A secret plan" not in answer.content.decode()


def test_every_verb_asks_by_a_link_and_acts_by_a_form(client):
    client.force_login(make.admin())
    there = rows()
    asked = 0
    for verb in VERBS:
        answer = client.get(f"/act/{verb.kind}/{there[verb.kind]}/{verb.name}/")
        if verb.offered(_fresh(verb.kind, there)):
            asked += 1
            assert verb.question(_fresh(verb.kind, there)).button in answer.content.decode()
        else:
            assert answer.status_code == 302, "nobody is asked about what cannot be done"
    assert asked >= 7
    assert not Action.objects.exists(), "nothing happens by following a link"
    prepared = {
        "resume": lambda: Destination.objects.update(paused=True),
        "reset-circuit": lambda: Destination.objects.update(circuit=Circuit.OPEN),
        "try-again": lambda: Post.objects.update(parked="Gone."),
        "unmute": lambda: Session.objects.update(muted=True),
    }
    for verb in VERBS:
        prepared.get(verb.name, lambda: None)()
        client.post(f"/act/{verb.kind}/{there[verb.kind]}/{verb.name}/", {"sure": "yes"})
        last = Action.objects.order_by("-id").first()
        assert last is not None
        assert last.verb == verb.name


def _fresh(kind, there):
    return KINDS[kind]._default_manager.get(pk=there[kind])


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.com/",
        "//evil.example.com/",
        "/\\evil.example.com",
        "javascript:alert(1)",
        "health/evil",
        "",
    ],
)
def test_it_leads_only_to_our_own_pages(operator, address):
    of = make.session()
    assert operator.post(f"/act/session/{of.pk}/mute/", {"next": address})["Location"] == "/"
    asked = operator.get(f"/act/session/{of.pk}/mute/", {"next": address}).content.decode()
    assert "evil" not in asked
    assert "javascript" not in asked


def test_what_is_not_there_is_404(operator):
    of = make.session()
    for address in (f"/act/session/{of.pk}/explode/", f"/act/user/{of.pk}/mute/", "/act/session/4711/mute/"):
        assert operator.post(address).status_code == 404, address


# --- who may not


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_a_viewer_cannot_act_by_a_hand_made_request(client, verb):
    client.force_login(make.user("vera", role="viewer"))
    there = rows()
    Destination.objects.update(circuit=Circuit.OPEN)
    address = f"/act/{verb.kind}/{there[verb.kind]}/{verb.name}/"
    for answer in (client.post(address, {"sure": "yes"}), client.get(address)):
        assert answer.status_code == 403
        assert b"You may" in answer.content
    assert not Action.objects.exists()
    assert (Run.objects.count(), Session.objects.count(), Post.objects.count()) == (1, 1, 1)


def test_an_operator_cannot_forget(operator):
    of = make.session()
    answer = operator.post(f"/act/session/{of.pk}/forget/", {"sure": "yes"})
    assert answer.status_code == 403
    assert b"Ask somebody with the role admin." in answer.content
    assert Session.objects.exists()


def test_who_has_not_signed_in_cannot_act(client):
    of = make.session()
    assert client.post(f"/act/session/{of.pk}/mute/")["Location"].startswith("/login/")
    assert not Session.objects.get().muted


def test_another_site_cannot_make_a_browser_act():
    of = make.session()
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.user(role="operator"))
    assert client.post(f"/act/session/{of.pk}/mute/").status_code == 403
    assert not Session.objects.get().muted


def test_text_from_outside_stays_text(client):
    client.force_login(make.admin())
    of = make.session(key=make.HOSTILE[:500])
    run = make.run(session=of, title=make.HOSTILE[:300])
    for address in (f"/act/session/{of.pk}/forget/", f"/act/run/{run.pk}/finish/"):
        text = client.get(address).content.decode()
        assert "<script>alert" not in text
        assert "alert(1)" in text
        assert " style=" not in text
