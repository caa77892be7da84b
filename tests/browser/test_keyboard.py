"""Without a mouse: everything that can be used is reached, in order, and one sees where one is."""

import pytest
from playwright.sync_api import expect

from tests import factories as make
from tests.browser import states

# All that can be used, in the order of the page.
CONTROLS = """() => {
  const usable = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
  window.controls = [...document.querySelectorAll(usable)].filter(
    (each) => !each.disabled && each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }));
  return controls.map((each) => each.outerHTML.slice(0, 120));
}"""
# Which of them has the focus, and whether one can see that.
FOCUSED = """() => {
  const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
  return [controls.indexOf(document.activeElement), outlineStyle !== "none" && parseFloat(outlineWidth) >= 1];
}"""


@pytest.mark.parametrize("address", ["/", "/login/", "/admin/", "/admin/sessions_app/run/"])
def test_tab_reaches_every_control_in_order_and_shows_where_it_is(root_page, address):
    states.one()
    root_page.goto(address)
    names = root_page.evaluate(CONTROLS)
    root_page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
    assert names
    for place, name in enumerate(names):
        root_page.keyboard.press("Tab")
        at, visible = root_page.evaluate(FOCUSED)
        assert at == place, f"after {names[place - 1]} comes {names[at] if at >= 0 else 'nothing'}, not {name}"
        assert visible, f"one cannot see that the focus is on {name}"


def test_the_first_stop_skips_the_header(page):
    states.one()
    page.goto("/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the page")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('header')")


def test_the_theme_is_switched_and_somebody_signs_out_by_keyboard(page):
    make.run()
    page.goto("/")
    page.get_by_role("button", name="Theme").focus()
    page.keyboard.press("Space")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url("/login/")
