"""`runwatcher --once` and `--dry-run`: all there is, delivered or shown, and an exit code that says how it went."""

import pytest

from sessions_app.deliver.wanted import STOPPED
from tests.bench.store import LiveStore
from tests.flow.process import begin
from tests.flow.recording import Recording
from tests.standin import creates


def ended(site, store, title, ago):
    """A session that has been asked and has answered."""
    key, session = site.key(), title.replace(" ", "-")
    begin(store, key, session, title, ago)
    store.end(key, session, "Done.")
    return key


def titles(site):
    return [post.message.split("**")[1] for post in site.mm.bot_posts()]


class TestOnce:
    def test_every_root_run_has_one_post_and_a_second_time_sends_nothing(self, site):
        recording = Recording("2026.2.26/nested")
        recording.copy_to(site.store_path)
        for channel in recording.channels():
            site.mm.add_channel(channel, id=channel)
        for asked in recording.asked():
            site.mm.add_post(asked.channel, asked.message, root_id=asked.root, id=asked.id)
        settings = {"POST_MAX_AGE_S": "-1", "MM_DEFAULT_CHANNEL": site.channel}
        first = site.run("--once", **settings)
        assert (first.returncode, first.stderr) == (0, "")
        roots = site.sql("SELECT COUNT(*) FROM sessions_app_run WHERE parent_id IS NULL AND no_post = ''")[0][0]
        assert len(site.mm.bot_posts()) == roots > 0
        writes = [request for request in site.mm.requests if request.is_write]
        assert len(writes) == roots
        second = site.run("--once", **settings)
        assert second.returncode == 0
        assert [request for request in site.mm.requests if request.is_write] == writes

    def test_posts_are_made_in_the_order_in_which_the_runs_began(self, site):
        store = site.store()
        for title, ago in (("third", 30.0), ("first", 500.0), ("second", 200.0)):
            ended(site, store, title, ago)
        begin(store, site.key(), "live", "before the third", 100.0)
        assert site.run("--once").returncode == 0
        assert titles(site) == ["first", "second", "before the third", "third"]

    def test_live_runs_get_no_stop_text_and_age_is_no_reason_for_a_second_edit(self, site):
        begin(site.store(), site.key(), "live", "still going on")
        for _ in range(2):
            assert site.run("--once").returncode == 0
        assert STOPPED not in site.mm.bot_posts()[0].message
        assert len(site.mm.edits(site.mm.bot_posts()[0].id)) == 0

    def test_news_are_brought_by_the_next_one(self, site):
        store = site.store()
        key = site.key()
        begin(store, key, "live", "still going on")
        site.run("--once")
        store.end(key, "live", "Done.")
        assert site.run("--once").returncode == 0
        assert "done" in site.mm.bot_posts()[0].message

    def test_a_passing_trouble_is_got_over(self, site):
        ended(site, site.store(), "one", 10.0)
        site.mm.faults.fail_next(2, status=502, where=creates)
        assert site.run("--once").returncode == 0
        assert titles(site) == ["one"]


class TestNotDelivered:
    def fails(self, site, *says, **variables):
        done = site.run("--once", **variables)
        assert done.returncode == 1
        assert "Traceback" not in done.stdout + done.stderr
        assert all(text in done.stderr for text in says), done.stderr
        return done.stderr

    def is_delivered_by_the_next(self, site, *expected):
        """Without waiting for anything: somebody has mended it."""
        assert site.run("--once").returncode == 0
        assert sorted(titles(site)) == sorted(expected)

    def test_a_refused_token_is_named_for_each_post(self, site):
        store = site.store()
        for title in ("one", "two"):
            ended(site, store, title, 10.0)
        said = self.fails(site, "one", "two", "MM_BOT_TOKEN", MM_BOT_TOKEN="another-token")
        assert len(said.splitlines()) == 2
        assert "another-token" not in said
        self.is_delivered_by_the_next(site, "one", "two")

    def test_a_mattermost_that_is_away(self, site):
        ended(site, site.store(), "one", 10.0)
        with site.mm.down():
            self.fails(site, "one", "refuses connections", MAX_RETRIES="0")
        self.is_delivered_by_the_next(site, "one")

    def test_a_person_whom_nobody_knows_although_nothing_more_is_tried(self, site):
        store = site.store()
        key = f"agent:main:mattermost:direct:{'u' * 26}"
        begin(store, key, "s1", "for nobody")
        store.end(key, "s1", "Done.")
        said = self.fails(site, "for nobody", "direct channel")
        assert self.fails(site, "for nobody") == said

    def test_a_channel_that_is_closed_to_us_is_named_at_once_and_the_others_get_theirs(self, site):
        store = site.store()
        ended(site, store, "closed", 50.0)
        site.mm.archive(site.channel)
        closed = site.channel
        site.channel = site.mm.add_channel("open")
        ended(site, store, "open", 10.0)
        self.fails(site, "closed", "archived")
        assert titles(site) == ["open"]
        site.mm.restore(closed)
        self.is_delivered_by_the_next(site, "closed", "open")

    def test_those_that_wait_for_a_place_are_named(self, site):
        store = site.store()
        for number in range(3):
            begin(store, site.key(), f"s{number}", f"run {number}", 100.0 - number)
        self.fails(site, "run 2", "MAX_ACTIVE_SESSIONS", MAX_ACTIVE_SESSIONS="2")
        assert titles(site) == ["run 0", "run 1"]

    def test_a_post_that_somebody_deleted_is_as_it_should_be(self, site):
        store, key = site.store(), site.key()
        begin(store, key, "live", "still going on")
        site.run("--once")
        site.mm.delete_post(site.mm.bot_posts()[0].id)
        store.end(key, "live", "Done.")
        assert site.run("--once").returncode == 0
        assert site.mm.bot_posts() == []

    def test_a_paused_delivery_is_not_waited_for(self, site):
        ended(site, site.store(), "one", 10.0)
        site.sql(
            "INSERT INTO sessions_app_destination (base_url, bot_id, bot_name, paused, circuit, failures, open_until,"
            " quiet_until, next_slot_at, ramp_from, last_error, updates_sent, updates_failed, creates, edits,"
            " unchanged, coalesced, limited, retries)"
            f" VALUES ('{site.mm.url}', '', '', 1, 'closed', 0, 0, 0, 0, 0, '', 0, 0, 0, 0, 0, 0, 0, 0)"
        )
        self.fails(site, "one")
        assert site.mm.bot_posts() == []


class TestDryRun:
    @pytest.fixture
    def store(self, site) -> LiveStore:
        return site.store()

    def test_it_shows_the_posts_and_keeps_and_sends_nothing(self, site, store):
        key = ended(site, store, "one", 50.0)
        begin(store, site.key(), "s2", "two")
        before = site.rows()
        done = site.run("--dry-run")
        assert done.returncode == 0
        assert f"--- to {site.channel}, thread {key.rpartition(':')[2]}\n✅ **one**" in done.stdout
        assert done.stdout.index("**one**") < done.stdout.index("**two**")
        assert site.rows() == before
        assert site.mm.requests == []

    def test_it_needs_no_mattermost(self, site, store):
        ended(site, store, "one", 50.0)
        before = site.rows()
        done = site.run("--dry-run", MM_BASE_URL="", MM_BOT_TOKEN="")
        assert done.returncode == 0
        assert "✅ **one**" in done.stdout
        assert site.rows() == before

    def test_what_is_delivered_already_is_not_shown_again(self, site, store):
        ended(site, store, "one", 50.0)
        site.run("--once")
        done = site.run("--dry-run")
        assert "There would be no new post." in done.stdout

    def test_it_says_why_there_is_no_post(self, site, store):
        begin(store, "agent:main:main", "s1", "from the command line")
        done = site.run("--dry-run")
        assert "1 runs: It was asked for outside Mattermost" in done.stdout

    def test_it_may_run_beside_a_watcher(self, site, store):
        begin(store, site.key(), "s1", "one")
        with site.watching():
            assert site.mm.wait_for(site.mm.bot_posts, 20)
            assert site.run("--dry-run").returncode == 0
