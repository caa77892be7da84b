"""News on the board touch nothing that somebody does: branches, scroll, focus, and the elements themselves."""

from playwright.sync_api import expect

from sessions_app.models import Run
from sessions_app.state.view import Word
from tests import factories as make
from tests.browser import states

# What is taken off the page and put there, from now on.
WATCH = """
window.moved = [];
new MutationObserver((records) => {
  for (const { removedNodes, addedNodes } of records)
    for (const node of [...removedNodes, ...addedNodes])
      if (node.nodeType === 1) moved.push(node.outerHTML.slice(0, 200));
}).observe(document.getElementById("board"), { childList: true, subtree: true });
"""


def news(page, title="Something new") -> None:
    """A change of the newest run, and its arrival on the page."""
    Run.objects.filter(id=Run.objects.roots().latest("id").id).update(title=title)
    expect(page.get_by_text(title)).to_be_visible()


def test_a_change_changes_words_and_moves_no_element(page):
    states.one()
    page.goto("/")
    page.evaluate(WATCH)
    Run.objects.roots().update(title="Another title", word=Word.QUIET)
    expect(page.get_by_text("Another title")).to_be_visible()
    assert page.evaluate("moved") == []


def test_a_new_run_moves_no_other(page):
    states.fifty()
    page.goto("/")
    page.evaluate(WATCH)
    new = make.run(title="Something new", ago=0)
    expect(page.get_by_text("Something new")).to_be_visible()
    moved = page.evaluate("moved")
    assert len(moved) == 1
    assert f'id="tree-{new.id}"' in moved[0]


def test_a_branch_closed_by_keyboard_stays_closed(page):
    states.one()
    page.goto("/")
    below = page.locator("details[data-keep]")
    expect(below).to_have_attribute("open", "")
    below.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(below).not_to_have_attribute("open", "")
    news(page)
    expect(below).not_to_have_attribute("open", "")
    page.reload()
    expect(below).not_to_have_attribute("open", "")


def test_a_branch_opened_by_keyboard_stays_open(page):
    root = make.run(Word.DONE, title="Over")
    make.run(Word.DONE, parent=root, label="docs")
    make.run(title="Still going on")
    page.goto("/")
    below = page.locator(f"#tree-{root.id} details[data-keep]")
    expect(page.get_by_text("docs")).to_be_hidden()
    below.locator("summary").focus()
    page.keyboard.press("Space")
    expect(page.get_by_text("docs")).to_be_visible()
    Run.objects.filter(parent=root).update(label="documents")
    expect(page.get_by_text("documents")).to_be_visible()
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY", "the focus is where it was"


def test_scroll_is_kept(page):
    states.fifty()
    page.goto("/")
    page.evaluate("scrollTo(0, 900)")
    Run.objects.roots().live().update(word=Word.NEEDS_YOU, reason="approve `rm`")
    expect(page.locator("#live > ul > li").last).to_contain_text("approve rm")
    make.run(title="Something new", ago=0)
    expect(page.locator("#live")).to_contain_text("Something new")
    assert page.evaluate("scrollY") > 0
    middle = page.locator("#live > ul > li").nth(20)
    before = middle.bounding_box()
    make.run(title="Something newer", ago=0)
    expect(page.locator("#live")).to_contain_text("Something newer")
    after = page.locator("#live > ul > li").nth(21).bounding_box()
    assert abs(after["y"] - before["y"]) < 1, "what somebody reads does not jump when a run appears above it"


def test_a_server_that_is_away_is_missed_until_it_is_back(page, server, guard):
    run = make.run(title="Fix flaky CI test")
    page.goto("/")
    missing = page.get_by_text("No answer from the server.")
    expect(missing).to_be_hidden()
    with guard.allowing("ERR_CONNECTION_REFUSED", "htmx:(sendError|afterRequest)"):
        with server.away():
            expect(missing).to_be_visible()
            expect(page.get_by_text("Fix flaky CI test")).to_be_visible()
        expect(missing).to_be_hidden()
    Run.objects.filter(id=run.id).update(title="Back again")
    expect(page.get_by_text("Back again")).to_be_visible()


def test_an_empty_board_explains_itself(page):
    states.empty()
    page.goto("/")
    nothing = page.locator("#nothing")
    expect(nothing.get_by_role("heading", name="No agent has been seen yet.")).to_be_visible()
    expect(nothing).to_contain_text("No session is seen.")
    expect(nothing).to_contain_text("OPENCLAW_STATE_DIR")
