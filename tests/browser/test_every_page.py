"""Every page in every state: it comes, it fits a phone and a desk, and nothing that was written to do harm does any."""

import pytest

from tests.browser import states
from tests.browser.pages import pages

SIZES = ({"width": 1440, "height": 900}, {"width": 390, "height": 844})
# Whether the page can be moved sideways, and then what sticks out of it and is not cut off by what is around it.
SIDEWAYS = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return "";
  const cut = (each) => each !== document.body
    && (getComputedStyle(each).overflowX !== "visible" || cut(each.parentElement));
  const wide = [...document.body.querySelectorAll("*")].filter(
    (each) => each.getBoundingClientRect().right > room + 1 && !cut(each.parentElement));
  return wide.slice(-3).map((each) => each.outerHTML.slice(0, 160)).join("\\n") || "something";
}"""


# Elements and attributes that only text from outside could have made.
MADE = """() => [...document.querySelectorAll("script:not([src])")].some((each) => each.text.includes("alert(1)"))
  || document.querySelector("bdi b, bdi i, .title b, td b") !== null"""


@pytest.mark.parametrize("state", states.STATES)
def test_a_page_comes_fits_a_phone_and_a_desk_and_shows_text_as_text(root_page, state):
    states.STATES[state]()
    trouble = []
    for name, address in pages().items():
        answer = root_page.goto(address)
        assert answer is not None
        assert answer.ok, f"{name}: {answer.status}"
        if root_page.evaluate(MADE):
            trouble.append(f"{name} takes text from outside for markup")
        for size in SIZES:
            root_page.set_viewport_size(size)
            if outside := root_page.evaluate(SIDEWAYS):
                trouble.append(f"{name} is wider than {size['width']} px:\n{outside}")
    assert not trouble, "\n".join(trouble)
