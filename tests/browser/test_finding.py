"""Finding: the filters of the board, and the search."""

from playwright.sync_api import expect

from sessions_app.state.view import Word
from tests import factories as make
from tests.browser import states


def test_the_board_is_filtered_by_text_while_somebody_types_and_news_keep_to_it(page):
    states.fifty()
    page.goto("/")
    expect(page.locator("#live > ul > li")).to_have_count(50)
    box = page.get_by_role("searchbox")
    box.press_sequentially("checkout")
    expect(page.locator("#live > ul > li")).to_have_count(5)
    make.run(title="Another look at the checkout", ago=0)
    expect(page.locator("#live > ul > li")).to_have_count(6)
    expect(box).to_be_focused()
    expect(box).to_have_value("checkout")
    page.reload()
    expect(page.locator("#live > ul > li")).to_have_count(6)


def test_the_board_is_filtered_by_word(page):
    states.fifty()
    page.goto("/")
    page.get_by_role("button", name="needs you").click()
    expect(page.locator("#live > ul > li")).to_have_count(8)
    expect(page.get_by_role("button", name="needs you")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="needs you").click()
    expect(page.locator("#live > ul > li")).to_have_count(50)


def test_somebody_searches_and_opens_what_was_found(page):
    states.one()
    make.run(Word.DONE, title="Unrelated")
    page.goto("/search/")
    page.get_by_role("searchbox").fill("flaky")
    page.keyboard.press("Enter")
    found = page.get_by_role("main").get_by_role("link", name="Fix flaky CI test")
    expect(found).to_be_visible()
    expect(page.get_by_text("Unrelated")).to_have_count(0)
    found.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fix flaky CI test")


def test_a_search_that_finds_nothing_says_so(page):
    states.one()
    page.goto("/search/?q=nothinglikethis")
    expect(page.get_by_role("heading", name="Nothing found.")).to_be_visible()
