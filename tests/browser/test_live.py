"""The board while an agent works: a real watcher, a real store, a stand-in for Mattermost, and nobody who reloads."""

import re

import pytest
from playwright.sync_api import expect

from tests import factories as make
from tests.browser.served import serving
from tests.flow.process import PATIENCE_S, Site, begin
from tests.standin import MattermostStandIn


@pytest.fixture
def site(migrated, tmp_path):
    with MattermostStandIn() as mm:
        yield Site(tmp_path, migrated, mm)


@pytest.fixture
def server(site, django_db_blocker, quick_passwords):
    with django_db_blocker.unblock(), serving(site.database) as running:
        yield running


def test_a_run_appears_changes_and_ends_while_its_transcript_is_written(site, page):
    store, key = site.store(), site.key()
    page.goto("/")
    page.evaluate("window.notReloaded = true")
    with site.watching():
        expect(page.locator("#health")).to_contain_text("1 watcher")
        expect(page.get_by_role("heading", name="No agent has been seen yet.")).to_be_visible()

        begin(store, key, "s1", "Fix the build")
        run = page.get_by_role("region", name="Live runs").get_by_role("listitem").filter(has_text="Fix the build")
        expect(run).to_contain_text("thinking")
        post = page.get_by_role("link", name="Post of Fix the build")
        expect(post).to_have_attribute("href", re.compile(re.escape(site.mm.url)))
        node = run.element_handle()

        store.call("s1", "c1", "npm test")
        expect(run).to_contain_text("working")
        expect(run).to_contain_text("npm test")

        store.result("s1", "c1")
        expect(run).to_contain_text("thinking")
        assert node.evaluate("(node) => node.isConnected"), "it is the same element all the time"

        store.end(key, "s1", "All green.")
        ended = page.get_by_role("region", name="Ended runs").get_by_role("listitem").filter(has_text="Fix the build")
        expect(ended).to_contain_text("done")
        expect(run).to_have_count(0)
        assert site.mm.wait_for(lambda: "done" in site.mm.bot_posts()[0].message, PATIENCE_S)
    assert page.evaluate("window.notReloaded")


def test_a_watcher_that_ends_is_missed(site, page):
    make.run(title="Fix flaky CI test")
    with site.watching() as watcher:
        page.goto("/")
        expect(page.locator("#health")).to_contain_text("1 watcher")
        watcher.end()
    expect(page.locator("#health")).to_contain_text("Broken")
    expect(page.get_by_role("region", name="What is wrong")).to_contain_text("watcher")
