"""What people can do from pages, for those who may; for the others there is neither a button nor a way around it."""

import re

import pytest
from playwright.sync_api import expect

from sessions_app.models import Action, Destination, Run, Session
from tests import factories as make
from tests.browser import states

# A request made by hand, with the token of the form for signing out.
ASK_ANYWAY = """async (address) => {
  const csrfmiddlewaretoken = document.querySelector("[name=csrfmiddlewaretoken]").value;
  const body = new URLSearchParams({ csrfmiddlewaretoken, sure: "yes" });
  return (await fetch(address, { method: "POST", body, redirect: "manual" })).status;
}"""


@pytest.fixture
def operator(look):
    return look(make.user("olga", role="operator"))


@pytest.fixture
def viewer(look):
    return look(make.user("vera", role="viewer"))


def the_run() -> Run:
    return Run.objects.roots().get()


def test_a_title_on_the_board_opens_the_run_with_its_tree(viewer):
    states.one()
    viewer.goto("/")
    viewer.get_by_role("link", name="Fix flaky CI test", exact=True).click()
    expect(viewer.get_by_role("heading", level=1)).to_have_text("Fix flaky CI test")
    tree = viewer.get_by_role("region", name="Sub-agents")
    for name in ("tests", "bisect", "docs", "reviewer"):
        expect(tree.get_by_role("link", name=name)).to_be_visible()
    tree.get_by_role("link", name="bisect").click()
    expect(viewer.get_by_role("heading", level=1)).to_have_text("bisect")
    expect(viewer.get_by_role("link", name="Fix flaky CI test").first).to_be_visible()


def test_a_run_page_changes_by_itself_and_its_tree_stays_as_it_was_left(viewer):
    states.one()
    viewer.goto(f"/runs/{the_run().id}/")
    tree = viewer.get_by_role("region", name="Sub-agents")
    tree.locator("summary").press("Enter")
    expect(tree.get_by_role("link", name="docs")).to_be_hidden()
    Run.objects.roots().update(title="Another title", word="done", over=True)
    expect(viewer.get_by_role("heading", level=1)).to_have_text("Another title")
    expect(tree.get_by_role("link", name="docs")).to_be_hidden()


def test_somebody_mutes_a_session_from_the_board_and_unmutes_it(operator):
    states.one()
    session = the_run().session
    operator.goto("/")
    menu = operator.get_by_label("What to do with Fix flaky CI test")
    menu.press("Enter")
    operator.get_by_role("button", name="Mute", exact=True).click()
    expect(operator.get_by_role("status")).to_contain_text("is muted")
    assert Session.objects.get(id=session.id).muted
    menu.press("Enter")
    operator.get_by_role("button", name="Unmute").click()
    expect(operator.get_by_role("status")).to_contain_text("not muted any more")
    assert not Session.objects.get(id=session.id).muted
    assert [(each.who, each.verb) for each in Action.objects.order_by("id")] == [("olga", "mute"), ("olga", "unmute")]


def test_somebody_pauses_a_server_from_the_page_of_health_and_resumes_it(operator):
    states.one()
    operator.goto("/")
    operator.locator("#health a").click()
    operator.get_by_role("button", name="Pause delivery").click()
    expect(operator.get_by_role("status").first).to_contain_text("paused")
    assert Destination.objects.get().paused
    operator.get_by_role("button", name="Resume delivery").click()
    expect(operator.get_by_role("button", name="Pause delivery")).to_be_visible()
    assert not Destination.objects.get().paused


def test_somebody_mutes_a_session_from_a_run(operator):
    states.one()
    operator.goto(f"/runs/{the_run().id}/")
    operator.get_by_role("button", name="Mute", exact=True).click()
    expect(operator.get_by_role("status")).to_contain_text("is muted")
    expect(operator).to_have_url(re.compile(r"/runs/\d+/$"))
    expect(operator.get_by_role("button", name="Unmute")).to_be_visible()


def test_what_cannot_be_undone_asks_first_and_takes_no_for_an_answer(operator):
    states.one()
    address = f"/runs/{the_run().id}/"
    operator.goto(address)
    operator.get_by_role("link", name="Finish by hand").click()
    expect(operator.get_by_role("main")).to_contain_text("This cannot be undone.")
    operator.get_by_role("link", name="No, go back").click()
    expect(operator).to_have_url(re.compile(address))
    assert the_run().finished_by_hand_at is None
    operator.get_by_role("link", name="Finish by hand").click()
    operator.get_by_role("button", name="Finish by hand").click()
    expect(operator.get_by_role("status")).to_contain_text("is being finished")
    assert the_run().finished_by_hand_at is not None


def test_somebody_pauses_the_destination_and_resumes_it(look):
    states.one()
    page = look(make.user("olga", role="operator", is_staff=True))
    page.goto(f"/admin/sessions_app/destination/{Destination.objects.get().id}/change/")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("is paused")).to_be_visible()
    assert Destination.objects.get().paused
    page.goto("/")
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("paused")
    page.go_back()
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("goes on")).to_be_visible()
    assert not Destination.objects.get().paused


def test_a_viewer_finds_no_button_and_no_way_around_it(viewer, guard):
    states.one()
    run, to = the_run(), Destination.objects.get()
    for address in ("/", f"/runs/{run.id}/", f"/sessions/{run.session_id}/"):
        viewer.goto(address)
        main = viewer.get_by_role("main")
        expect(main.get_by_role("button", name=re.compile("Mute|Send|Read again"))).to_have_count(0)
        expect(viewer.locator("details.menu:visible")).to_have_count(0)
    acts = (
        f"/act/session/{run.session_id}/mute/", f"/act/session/{run.session_id}/forget/", f"/act/run/{run.id}/finish/",
        f"/act/destination/{to.id}/pause/",
    )  # fmt: skip
    with guard.allowing("403"):
        for address in acts:
            answer = viewer.goto(address)
            assert answer.status == 403, address
            expect(viewer.get_by_role("alert")).to_contain_text(re.compile("^You may"))
            assert viewer.evaluate(ASK_ANYWAY, address) == 403, address
    assert not Session.objects.get(id=run.session_id).muted
    assert not Destination.objects.get().paused
    assert the_run().finished_by_hand_at is None
    assert Action.objects.count() == 0
