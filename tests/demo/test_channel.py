"""The page that shows the posts as a channel would; to the bot the server behind it still is a Mattermost."""

import pytest
import requests

from sessions_app.deliver.mattermost import Mattermost
from sessions_app.demo.channel import Channel
from tests.factories import HOSTILE

ROOM = "roomroomroomroomroomroom1a"
ASKED = "askedaskedaskedaskedasked1"


@pytest.fixture
def channel():
    with Channel() as channel:
        channel.add_channel("checkout", id=ROOM)
        yield channel


@pytest.fixture
def bot(channel):
    return Mattermost(channel.url, channel.token)


def get(channel, path, **headers):
    return requests.get(f"{channel.url}{path}", headers=headers, timeout=5, allow_redirects=False)


def news(channel):
    return get(channel, "/posts.json").json()["threads"]


def posted(channel, message, root=""):
    """A post of the bot's, made as the publisher makes it; its id."""
    answer = requests.post(
        f"{channel.url}/api/v4/posts",
        json={"channel_id": ROOM, "message": message, "root_id": root},
        headers={"Authorization": f"Bearer {channel.token}"},
        timeout=5,
    )
    return answer.json()["id"]


def edited(channel, post_id, message):
    requests.put(
        f"{channel.url}/api/v4/posts/{post_id}/patch",
        json={"message": message},
        headers={"Authorization": f"Bearer {channel.token}"},
        timeout=5,
    )


def test_a_thread_is_what_a_person_asked_and_below_it_the_post_of_the_bot(channel):
    channel.say(ROOM, "alice", "@clawbot fix it", id=ASKED)
    post = posted(channel, "⚙️ **Fix it** · main · working", ASKED)
    [thread] = news(channel)
    assert (thread["id"], thread["channel"]) == (ASKED, "checkout")
    assert [(one["id"], one["who"], one["bot"], one["edited"]) for one in thread["posts"]] == [
        (ASKED, "alice", False, False),
        (post, "live-status", True, False),
    ]
    assert "<strong>Fix it</strong>" in thread["posts"][1]["html"]


def test_an_edit_changes_the_post_in_place_and_is_marked(channel):
    post = posted(channel, "working")
    edited(channel, post, "done")
    [[one]] = [thread["posts"] for thread in news(channel)]
    assert (one["id"], one["html"].strip(), one["edited"]) == (post, "<p>done</p>", True)


@pytest.mark.parametrize("text", [HOSTILE, "[x](javascript:alert(1))", "![x](http://elsewhere.example/x.png)"])
def test_nothing_that_anybody_writes_runs_or_fetches(channel, text):
    posted(channel, text)
    [[one]] = [thread["posts"] for thread in news(channel)]
    assert "<script" not in one["html"]
    assert "<img" not in one["html"]
    assert 'href="javascript' not in one["html"]


def test_who_knows_the_newest_is_told_so_without_it(channel):
    known = get(channel, "/posts.json").headers["ETag"]
    assert get(channel, "/posts.json", **{"If-None-Match": known}).status_code == 304
    posted(channel, "news")
    assert get(channel, "/posts.json", **{"If-None-Match": known}).status_code == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/channel.css", "text/css"),
        ("/channel.js", "text/javascript"),
        ("/tokens.css", "text/css"),
        ("/theme.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
def test_the_page_is_whole_and_may_load_nothing_from_elsewhere(channel, path, kind):
    answer = get(channel, path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'self';")
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")


@pytest.mark.parametrize("path", ["/../stage.py", "/channel.py", "/%2e%2e/stage.py", "/board", "/board/wrong"])
def test_there_is_nothing_else(channel, path):
    assert get(channel, path).status_code == 404


def test_the_permalink_of_a_post_leads_to_it_on_the_page(channel):
    post = posted(channel, "here")
    assert get(channel, f"/_redirect/pl/{post}").headers["Location"] == f"/#post-{post}"


def test_only_the_address_with_the_code_signs_in_to_the_board(channel):
    channel.let_in("http://127.0.0.1:1/", "session=secret")
    entered, passed = get(channel, f"/board/{channel.code}"), get(channel, "/board")
    assert entered.headers["Location"] == passed.headers["Location"] == "http://127.0.0.1:1/"
    assert entered.headers["Set-Cookie"].startswith("session=secret; Path=/; HttpOnly")
    assert "Set-Cookie" not in passed.headers
    assert get(channel, f"/board/{channel.code}x").status_code == 404


def test_what_is_said_to_the_agent_later_belongs_to_the_thread_of_what_was_asked(channel):
    assert channel.last_asked(ROOM) == ""
    channel.say(ROOM, "alice", "@clawbot push it", id=ASKED)
    posted(channel, "needs you", ASKED)
    channel.say(ROOM, "alice", "@clawbot /approve", root_id=channel.last_asked(ROOM), id="b" * 26)
    assert channel.last_asked(ROOM) == ASKED
    assert len(news(channel)) == 1


def test_old_threads_are_forgotten_with_everything_in_them(channel):
    for number in range(5):
        post = posted(channel, f"post {number}")
        edited(channel, post, f"post {number}, later")
    channel.forget_old(kept=2)
    assert [thread["posts"][0]["html"].strip() for thread in news(channel)] == [
        "<p>post 3, later</p>", "<p>post 4, later</p>",
    ]  # fmt: skip
    assert len(channel.world.versions) == len(channel.world.copies) == 2
    assert channel.requests == []


def test_to_the_bot_it_is_a_mattermost(bot, channel):
    assert (bot.me().username, bot.me().is_bot) == ("live-status", True)
