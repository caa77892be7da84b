"""The real process on a real database file: starts, stops, kills, and everything that it finds broken."""

import json
import os
import signal
import socket
import time
import urllib.request

import pytest

from sessions_app.deliver.wanted import STOPPED
from tests.flow.process import PATIENCE_S, begin
from tests.standin import creates


def only(site):
    """The one post there is."""
    (post,) = site.mm.bot_posts()
    return post


def shows(site, *texts, without=()):
    """Wait until the only post shows these."""
    mm = site.mm

    def so():
        posts = mm.bot_posts()
        return (
            bool(posts)
            and all(t in posts[0].message for t in texts)
            and not any(t in posts[0].message for t in without)
        )

    assert mm.wait_for(so, PATIENCE_S), [post.message for post in mm.bot_posts()]
    return only(site)


class TestLife:
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_post_says_that_nobody_is_watching_and_goes_on_after_the_next_start(self, site, number):
        store, key = site.store(), site.key()
        with site.watching() as watcher:
            begin(store, key, "s1", "Fix the build")
            post = shows(site, "Fix the build", "thinking")
            assert post.root_id == key.rpartition(":")[2]
            store.call("s1", "c1", "npm test")
            shows(site, "working")
            asked = time.monotonic()
            assert watcher.end(number) == 0
            assert time.monotonic() - asked < 4
            assert "Traceback" not in watcher.said
        assert STOPPED in only(site).message
        assert not site.pid_file.exists()
        store.result("s1", "c1")
        with site.watching() as watcher:
            shows(site, "thinking", without=(STOPPED,))
            store.end(key, "s1", "All green.")
            shows(site, "done")
            assert watcher.end() == 0
        assert only(site).id == post.id
        assert STOPPED not in only(site).message

    def test_after_a_kill_the_same_post_goes_on(self, site):
        store, key = site.store(), site.key()
        with site.watching() as watcher:
            begin(store, key, "s1", "Fix the build")
            post = shows(site, "thinking")
            store.call("s1", "c1", "npm test")
            shows(site, "working")
            watcher.end(signal.SIGKILL)
        store.result("s1", "c1")
        store.end(key, "s1", "All green.")
        site.sql("UPDATE sessions_app_post SET lease_until = 0, enqueued_until = 0")  # a minute later
        with site.watching():
            assert shows(site, "done").id == post.id

    def test_after_a_kill_in_the_middle_of_a_create_there_is_one_post(self, site):
        store, key = site.store(), site.key()
        with site.watching() as watcher:
            site.mm.faults.lose_answers(99, where=creates)
            begin(store, key, "s1", "Fix the build")
            assert site.mm.wait_for(site.mm.bot_posts, PATIENCE_S)
            watcher.end(signal.SIGKILL)
        site.mm.faults.clear()
        site.mm.restart()  # and so it has forgotten the pending id
        site.sql("UPDATE sessions_app_post SET lease_until = 0, enqueued_until = 0, not_before = 0,"
                 " intent_at = intent_at - 60")  # fmt: skip
        store.end(key, "s1", "All green.")
        with site.watching():
            shows(site, "done")

    def test_a_mattermost_that_hangs_does_not_keep_it_from_ending(self, site):
        """One post is being edited, another one gets its last words: neither is waited for."""
        store = site.store()
        with site.watching() as watcher:
            for name in ("s1", "s2"):
                begin(store, site.key(), name, "Fix the build")
            assert site.mm.wait_for(lambda: len(site.mm.bot_posts()) == 2, PATIENCE_S)
            with site.mm.faults.black_hole:
                store.call("s1", "c1", "npm test")
                asked = len(site.mm.requests)
                assert site.mm.wait_for(lambda: len(site.mm.requests) > asked, PATIENCE_S)
                began = time.monotonic()
                assert watcher.end() == 0
                assert time.monotonic() - began < 6
                assert len(site.mm.requests) > asked + 1

    def test_its_health_is_answered_on_a_port_of_its_own(self, site):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = str(free.getsockname()[1])
        begin(site.store(), site.key(), "s1", "Fix the build")
        with site.watching(HEALTH_PORT=port, HEALTH_TOKEN="a-token-of-health") as watcher:
            shows(site, "thinking")
            assert f"http://127.0.0.1:{port}/health/" in site.run("--status", HEALTH_PORT=port).stdout
            assert ask(f"http://127.0.0.1:{port}/healthz") == "ok"
            found = json.loads(ask(f"http://127.0.0.1:{port}/health/", token="a-token-of-health"))
            assert (found["active_runs"], found["posts_open"], len(found["watchers"])) == (1, 1, 1)
            watcher.end()

    def test_a_health_port_that_is_taken_is_said_in_a_sentence(self, site):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = site.run(HEALTH_PORT=str(taken.getsockname()[1]))
        assert done.returncode == 1
        assert "HEALTH_PORT" in done.stderr
        assert "Traceback" not in done.stderr


def ask(url, token=""):
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.read().decode().strip()


class TestControl:
    BAD = {"MM_BASE_URL": "no address", "MM_BOT_TOKEN": "a b", "THROTTLE_MS": "soon"}

    def test_status_and_stop_of_a_running_watcher_need_no_good_settings(self, site):
        with site.watching() as watcher:
            status = site.run("--status", **self.BAD)
            assert status.returncode == 0
            assert status.stdout.startswith(f"running, pid {watcher.process.pid}, health at http://")
            stopped = site.run("--stop", **self.BAD)
            assert stopped.returncode == 0
            assert f"pid {watcher.process.pid}" in stopped.stdout
            assert watcher.ends() == 0
        gone = site.run("--status", **self.BAD)
        assert (gone.returncode, gone.stdout) == (3, "stopped\n")
        assert site.run("--stop", **self.BAD).returncode == 0

    def test_the_status_after_a_kill_is_that_of_a_stale_pid(self, site):
        with site.watching() as watcher:
            pid = watcher.process.pid
            watcher.end(signal.SIGKILL)
        status = site.run("--status")
        assert status.returncode == 1
        assert "stale" in status.stdout
        assert str(pid) in status.stdout

    def test_a_second_watcher_is_refused(self, site):
        with site.watching() as watcher:
            for how in ((), ("--once",)):
                second = site.run(*how)
                assert second.returncode == 1
                assert f"pid {watcher.process.pid}" in second.stderr
                assert "--stop" in second.stderr
            other_store = site.run(OPENCLAW_STATE_DIR=str(site.data / "other"))
            assert other_store.returncode == 1
            assert "runs already" in other_store.stderr
            assert watcher.process.poll() is None

    def test_help_works_whatever_the_settings_are(self, site):
        done = site.run("--help", **self.BAD)
        assert done.returncode == 0
        assert "--dry-run" in done.stdout

    @pytest.mark.parametrize("how", [(), ("--once",), ("--dry-run",)])
    def test_bad_settings_are_all_named(self, site, how):
        done = site.run(*how, **self.BAD)
        assert done.returncode == 1
        assert all(name in done.stderr for name in self.BAD)
        assert "Traceback" not in done.stderr

    @pytest.mark.parametrize("how", [(), ("--once",), ("--dry-run",)])
    def test_a_database_that_was_not_migrated_is_said_in_a_sentence(self, site, how):
        site.database.unlink()
        done = site.run(*how)
        assert done.returncode == 1
        assert "migrate" in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_pid_file_that_cannot_be_written_is_said_in_a_sentence(self, site):
        done = site.run(PID_FILE=os.devnull + "/watcher.pid")
        assert done.returncode == 1
        assert "PID_FILE" in done.stderr
        assert "Traceback" not in done.stderr


class TestTrouble:
    """Each is a sentence in the log, and reading goes on."""

    def test_a_refused_token(self, site):
        store, key = site.store(), site.key()
        with site.watching(MM_BOT_TOKEN="another-token") as watcher:
            begin(store, key, "s1", "Fix the build")
            watcher.says("set MM_BOT_TOKEN")
            assert "another-token" not in watcher.said
            self.goes_on(site, store, watcher)

    def test_a_mattermost_that_is_away(self, site):
        store, key = site.store(), site.key()
        with site.mm.down(), site.watching() as watcher:
            begin(store, key, "s1", "Fix the build")
            watcher.says("refuses connections")
            self.goes_on(site, store, watcher)

    def goes_on(self, site, store, watcher):
        """It still reads: what is not there is noted next."""
        store.rows.clear()
        (store.folder / "sessions.json").write_text('{"agent:main:ma')
        watcher.says("sessions.json")
        assert watcher.process.poll() is None
        assert "Traceback" not in watcher.said

    def test_a_store_that_is_not_there_yet(self, site):
        with site.watching() as watcher:
            watcher.says("is not there yet")
            assert not site.store_path.exists()
            begin(site.store(), site.key(), "s1", "Fix the build")
            shows(site, "Fix the build")

    def test_a_store_that_cannot_be_read(self, site):
        site.store_path.write_text("not a folder")
        with site.watching() as watcher:
            watcher.says(str(site.store_path), times=2)
            site.store_path.unlink()
            begin(site.store(), site.key(), "s1", "Fix the build")
            shows(site, "Fix the build")

    def test_a_list_of_sessions_that_is_half_written(self, site):
        store, key = site.store(), site.key()
        (store.folder / "sessions.json").write_text('{"agent:main:ma')
        with site.watching() as watcher:
            watcher.says("sessions.json")
            begin(store, key, "s1", "Fix the build")
            shows(site, "Fix the build")

    def test_a_transcript_that_is_a_folder(self, site):
        store, key = site.store(), site.key()
        (store.folder / "s0.jsonl").mkdir()
        store.row("agent:main:main", sessionId="s0", sessionFile=str(store.folder / "s0.jsonl"))
        with site.watching():
            begin(store, key, "s1", "Fix the build")
            shows(site, "Fix the build")
            assert (
                "s0.jsonl" in site.sql("SELECT problem FROM sessions_app_session WHERE key = 'agent:main:main'")[0][0]
            )
