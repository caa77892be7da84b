"""What looks after the pages does hear them: a guard that hears nothing would let everything pass."""

import pytest

from tests.browser.axe import nothing_serious


def test_it_hears_the_console_errors_the_policy_and_dialogs(page, guard):
    page.goto("/login/")
    page.evaluate("console.log('nothing')")
    page.evaluate("document.body.append(Object.assign(document.createElement('style'), { textContent: 'a {}' }))")
    with page.expect_event("pageerror"):
        page.evaluate("setTimeout(() => { console.warn('careful'); alert('hello'); throw new Error('thrown'); })")
    guard.listen()
    heard = "\n".join(guard.complaints)
    guard.complaints.clear()
    for words in ("console warning: careful", "error of a page", "policy: style-src", "a dialog: hello"):
        assert words in heard
    assert "nothing" not in heard


def test_it_hears_requests_to_another_host_and_a_server_that_fails(page, guard, server):
    page.context.route("**/fails", lambda route: route.fulfill(status=500, body="no"))
    page.goto(server.url.replace("127.0.0.1", "localhost") + "/login/")
    page.goto("/fails")
    guard.listen()
    heard = "\n".join(guard.complaints)
    guard.complaints.clear()
    assert "request to another host: http://localhost" in heard
    assert "the server failed: 500 GET" in heard


def test_axe_sees_a_colour_that_is_too_pale(page):
    page.goto("/login/")  # a page that does not put itself right again by the next news
    page.evaluate("document.querySelector('label').style.color = '#d8d8d8'")
    with pytest.raises(AssertionError, match="color-contrast"):
        nothing_serious(page)
