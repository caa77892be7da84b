"""Light and dark: as the system says, or as somebody chose, on all pages."""

import pytest

from tests.browser import states

LUMINANCE = """() => {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}"""


def is_dark(page) -> bool:
    return page.evaluate(LUMINANCE) < 0.2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_is_followed(root_page, scheme):
    states.one()
    root_page.emulate_media(color_scheme=scheme)
    for address in ("/", "/admin/", "/login/"):
        root_page.goto(address)
        assert is_dark(root_page) == (scheme == "dark"), address


def test_who_chooses_keeps_it_over_a_reload_and_in_the_admin(root_page):
    states.one()
    root_page.goto("/")
    switch = root_page.get_by_role("button", name="Theme")
    switch.click()
    assert not is_dark(root_page)
    switch.click()
    assert is_dark(root_page), "the second choice is dark, whatever the system says"
    root_page.reload()
    assert is_dark(root_page)
    root_page.goto("/admin/")
    assert is_dark(root_page)
    root_page.goto("/")
    switch.click()
    assert not is_dark(root_page), "after dark comes the system's, which is light here"
