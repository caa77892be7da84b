"""axe-core finds nothing serious."""

import pytest

from tests.browser import states
from tests.browser.axe import nothing_serious
from tests.browser.pages import pages


@pytest.mark.parametrize("state", ["empty", "one", "fifty"])
def test_the_board(root_page, state):
    states.STATES[state]()
    root_page.goto("/")
    nothing_serious(root_page)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_every_other_page(root_page, part):
    states.one()
    addresses = [address for name, address in pages().items() if name != "board"]
    for address in addresses[part::3]:
        root_page.goto(address)
        nothing_serious(root_page)


def test_signing_in_that_went_wrong(look):
    page = look()
    page.goto("/login/")
    page.get_by_role("button", name="Sign in").click()
    nothing_serious(page)
