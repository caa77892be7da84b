"""What can be done from the admin, and who cannot do it, neither by form nor by a hand-made request."""

import pytest
from django.test import Client

from sessions_app.models import Action, Circuit, Destination, Post, Run, Session
from sessions_app.state.view import Word
from tests import factories as make
from tests.admin.conftest import MODELS, listing, page

pytestmark = pytest.mark.django_db
ROOT = "/admin/sessions_app"


def act(client, model, action: str, *rows, follow: bool = False, **more):
    chosen = {"action": action, "_selected_action": [row.pk for row in rows]}
    return client.post(listing(model), chosen | more, follow=follow)


def test_pausing_all_delivery_and_resuming_it(root_client):
    make.destination()
    assert "Pause all delivery" in root_client.get(listing(Destination)).content.decode()
    answer = root_client.post(f"{ROOT}/destination/pause-all/", follow=True)
    assert "Paused 1 destination. Nothing is lost meanwhile." in answer.content.decode()
    assert Destination.objects.get().paused
    text = answer.content.decode()
    assert "Resume all delivery" in text
    assert "Pause all delivery" not in text
    root_client.post(f"{ROOT}/destination/resume-all/")
    assert not Destination.objects.get().paused
    done = [(one.who, one.source, one.said) for one in Action.objects.order_by("id")]
    assert done == [("root", "admin", "Paused delivery."), ("root", "admin", "Resumed delivery.")]


def test_one_destination_on_its_page_and_in_the_list(root_client):
    one = make.destination()
    assert "is paused" in root_client.post(f"{ROOT}/destination/{one.pk}/pause/", follow=True).content.decode()
    assert Destination.objects.get().paused
    act(root_client, Destination, "resume", one)
    assert not Destination.objects.get().paused
    act(root_client, Destination, "pause", one)
    assert Destination.objects.get().paused
    root_client.post(f"{ROOT}/destination/{one.pk}/resume/")
    assert not Destination.objects.get().paused


def test_sending_a_post_now(root_client):
    post = make.post(make.run())
    assert "Send now" in root_client.get(page(post)).content.decode()
    answer = root_client.post(f"{ROOT}/post/{post.pk}/send-now/", follow=True)
    assert "sent at the next chance" in answer.content.decode()
    assert Post.objects.get().send_now


def test_sending_says_why_it_will_not_happen(root_client):
    post = make.post(make.run(), destination=make.destination(paused=True))
    answer = root_client.post(f"{ROOT}/post/{post.pk}/send-now/", follow=True)
    assert "the destination is paused" in answer.content.decode()
    parked = make.post(make.run(), parked="It was <deleted>.")
    assert "Send now</button>" not in root_client.get(page(parked)).content.decode()
    answer = root_client.post(f"{ROOT}/post/{parked.pk}/send-now/", follow=True)
    assert "It was &lt;deleted&gt;." in answer.content.decode()


def test_sending_several(root_client):
    posts = [make.post(make.run()), make.post(make.run(), parked="Gone.")]
    answer = act(root_client, Post, "send_now", *posts, follow=True)
    assert "Send now: done for 1." in answer.content.decode()
    assert [post.send_now for post in Post.objects.order_by("id")] == [True, False]


def test_finishing_a_run_asks_first(root_client):
    run = make.run(title="<i>Deploy</i>")
    assert "Finish by hand" in root_client.get(page(run)).content.decode()
    asked = root_client.post(f"{ROOT}/run/{run.pk}/finish/").content.decode()
    assert "This cannot be undone." in asked
    assert "&lt;i&gt;Deploy" in asked
    assert Run.objects.get().finished_by_hand_at is None
    answer = root_client.post(f"{ROOT}/run/{run.pk}/finish/", {"sure": "yes"}, follow=True)
    assert "is being finished" in answer.content.decode()
    assert Run.objects.get().finished_by_hand_at is not None
    assert Action.objects.get().said == "Finished by hand."
    again = root_client.post(f"{ROOT}/run/{run.pk}/finish/", {"sure": "yes"}, follow=True)
    assert "is over already, or is being finished." in again.content.decode()


def test_finishing_several_asks_first(root_client):
    runs = [make.run(), make.run(), make.run(Word.DONE)]
    asked = act(root_client, Run, "finish", *runs, index="0").content.decode()
    assert "Finish by hand: all 2" in asked
    assert asked.count("This cannot be undone.") == 2
    answer = root_client.post(
        listing(Run),
        {"action": "finish", "_selected_action": [run.pk for run in runs], "sure": "yes"},
        follow=True,
    )
    assert "Finish by hand: done for 2." in answer.content.decode()
    assert Run.objects.exclude(finished_by_hand_at=None).count() == 2


def test_a_run_that_is_over_has_nothing_to_finish(root_client):
    run = make.run(Word.DONE)
    assert "Finish by hand" not in root_client.get(page(run)).content.decode()
    answer = act(root_client, Run, "finish", run, follow=True)
    assert "there is nothing to do for the chosen ones" in answer.content.decode()


@pytest.fixture
def viewer(client: Client) -> Client:
    client.force_login(make.user("viewer", is_staff=True, permissions=("view_run", "view_post", "view_destination")))
    return client


def test_a_viewer_is_offered_nothing(viewer):
    post = make.post(make.run())
    for address in (
        listing(Run),
        page(post.run),
        listing(Post),
        page(post),
        listing(Destination),
        page(post.destination),
    ):
        text = viewer.get(address).content.decode()
        assert 'class="tool"' not in text
        assert 'name="action"' not in text


def test_a_viewer_cannot_act_by_a_hand_made_request(viewer):
    run = make.run()
    post = make.post(run)
    to = post.destination
    for address in (
        f"{ROOT}/destination/pause-all/", f"{ROOT}/destination/resume-all/", f"{ROOT}/destination/{to.pk}/pause/",
        f"{ROOT}/destination/{to.pk}/resume/", f"{ROOT}/post/{post.pk}/send-now/", f"{ROOT}/run/{run.pk}/finish/",
    ):  # fmt: skip
        assert viewer.post(address, {"sure": "yes"}).status_code == 403, address
    act(viewer, Destination, "pause", to)
    act(viewer, Post, "send_now", post)
    act(viewer, Run, "finish", run, sure="yes")
    assert not Destination.objects.get().paused
    assert not Post.objects.get().send_now
    assert Run.objects.get().finished_by_hand_at is None
    assert not Action.objects.exists()


def test_somebody_who_is_no_staff_cannot_act_either(client):
    one = make.destination()
    client.force_login(make.user(permissions=("change_destination",)))
    answer = client.post(f"{ROOT}/destination/{one.pk}/pause/")
    assert answer["Location"].startswith("/admin/login/")
    assert not Destination.objects.get().paused


def test_an_operator_may_act_without_any_other_right(client):
    one = make.destination()
    client.force_login(make.user(is_staff=True, permissions=("change_destination",)))
    assert client.get(listing(Destination)).status_code == 200
    client.post(f"{ROOT}/destination/{one.pk}/pause/")
    assert Destination.objects.get().paused


def test_nothing_happens_by_following_a_link(root_client):
    one = make.destination()
    assert root_client.get(f"{ROOT}/destination/{one.pk}/pause/").status_code == 405
    assert root_client.get(f"{ROOT}/destination/pause-all/").status_code == 405
    assert not Destination.objects.get().paused


def test_another_site_cannot_make_a_browser_act():
    one = make.destination()
    client = Client(enforce_csrf_checks=True)
    client.force_login(make.admin())
    assert client.post(f"{ROOT}/destination/{one.pk}/pause/").status_code == 403
    assert not Destination.objects.get().paused


# --- the other verbs


def test_the_circuit_is_reset_from_the_page_that_shows_it(root_client):
    one = make.destination(circuit=Circuit.OPEN, failures=4, open_until=9e9)
    text = root_client.get(page(one)).content.decode()
    assert "open: it does not answer" in text
    assert "Reset the circuit</button>" in text
    answer = root_client.post(f"{ROOT}/destination/{one.pk}/reset-circuit/", follow=True).content.decode()
    assert "it is tried at once" in answer
    assert "Reset the circuit</button>" not in answer
    assert Destination.objects.get().circuit == Circuit.CLOSED


def test_muting_and_reading_again(root_client):
    of = make.session()
    make.checkpoint(of)
    assert "is muted" in root_client.post(f"{ROOT}/session/{of.pk}/mute/", follow=True).content.decode()
    assert "🔇 muted" in root_client.get(listing(Session)).content.decode()
    act(root_client, Session, "unmute", of)
    assert not Session.objects.get().muted
    act(root_client, Session, "read_again", of)
    assert of.checkpoints.get().again


def test_forgetting_asks_says_what_goes_and_leads_to_the_list(root_client):
    of = make.session(key="agent:main:<b>")
    make.step(make.run(session=of))
    asked = root_client.post(f"{ROOT}/session/{of.pk}/forget/").content.decode()
    assert "This cannot be undone." in asked
    assert "1 run with 1 step" in asked
    assert "agent:main:&lt;b&gt;" in asked
    assert Session.objects.exists()
    answer = root_client.post(f"{ROOT}/session/{of.pk}/forget/", {"sure": "yes"}, follow=True)
    assert answer.redirect_chain == [(listing(Session), 302)]
    assert "is forgotten." in answer.content.decode()
    assert not Session.objects.exists()


def test_posting_again_and_trying_again(root_client):
    run = make.run()
    first = make.post(run, parked="Gone.")
    root_client.post(f"{ROOT}/post/{first.pk}/try-again/")
    assert Post.objects.get().parked == ""
    assert "notified" in root_client.post(f"{ROOT}/run/{run.pk}/post-again/").content.decode()
    assert Post.objects.count() == 1
    root_client.post(f"{ROOT}/run/{run.pk}/post-again/", {"sure": "yes"})
    assert Post.objects.count() == 2


def test_an_operator_may_do_all_but_forget(client):
    client.force_login(make.user("olga", role="operator", is_staff=True))
    of = make.session()
    text = client.get(page(of)).content.decode()
    assert "Mute</button>" in text
    assert "Forget" not in text
    assert client.post(f"{ROOT}/session/{of.pk}/forget/", {"sure": "yes"}).status_code == 403
    act(client, Session, "forget", of, sure="yes")
    assert Session.objects.exists()


def test_a_viewer_by_role_sees_every_list_and_acts_on_none(client):
    client.force_login(make.user("vera", role="viewer", is_staff=True))
    of = make.session()
    post = make.post(make.run(session=of))
    for model in MODELS:
        assert client.get(listing(model)).status_code == 200, model
    for address in (
        f"session/{of.pk}/mute", f"session/{of.pk}/unmute", f"session/{of.pk}/read-again", f"session/{of.pk}/forget",
        f"run/{post.run_id}/finish", f"run/{post.run_id}/post-again", f"post/{post.pk}/send-now",
        f"post/{post.pk}/try-again", f"destination/{post.destination_id}/reset-circuit",
    ):  # fmt: skip
        assert client.post(f"{ROOT}/{address}/", {"sure": "yes"}).status_code == 403, address
    assert not Action.objects.exists()


def test_an_admin_by_role_gives_roles_to_people(client):
    client.force_login(make.user("anna", role="admin", is_staff=True))
    assert client.get("/admin/auth/user/add/").status_code == 200
    assert client.get("/admin/auth/group/").status_code == 200
