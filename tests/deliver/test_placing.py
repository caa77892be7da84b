"""Where a post goes: the asking post's thread, else the key's, else the channel."""

import pytest

from sessions_app.deliver.mishaps import DELETED
from sessions_app.models import Post
from tests.deliver.desk import Desk
from tests.deliver.steps import UNKNOWN


@pytest.fixture
def roots(desk: Desk) -> tuple[str, str]:
    """Two threads: the prompt's and the key's."""
    return desk.mm.add_post(desk.channel, "prompt").id, desk.mm.add_post(desk.channel, "key").id


def test_it_goes_under_the_post_that_asked(desk: Desk, roots: tuple[str, str]) -> None:
    prompt, key = roots
    post = desk.there(prompt_id=prompt, thread_id=key, channel_id=desk.channel)
    assert desk.shown(post).root_id == prompt
    assert (post.root_id, post.placed) == (prompt, True)


def test_a_reply_that_asked_stands_for_its_root(desk: Desk, roots: tuple[str, str]) -> None:
    reply = desk.mm.add_post(desk.channel, "and do that", root_id=roots[0]).id
    assert desk.shown(desk.there(prompt_id=reply)).root_id == roots[0]


def test_the_asking_post_tells_the_channel_too(desk: Desk) -> None:
    elsewhere = desk.mm.add_channel("elsewhere")
    prompt = desk.mm.add_post(elsewhere, "prompt").id
    assert desk.shown(desk.there(prompt_id=prompt)).channel_id == elsewhere


def test_without_the_asking_post_it_goes_into_the_thread_of_the_key(desk: Desk, roots: tuple[str, str]) -> None:
    prompt, key = roots
    desk.mm.delete_post(prompt)
    post = desk.there(prompt_id=prompt, thread_id=key, channel_id=desk.channel)
    assert desk.shown(post).root_id == key


def test_without_that_root_too_it_goes_into_the_channel(desk: Desk, roots: tuple[str, str]) -> None:
    for root in roots:
        desk.mm.delete_post(root)
    post = desk.retry(desk.there(prompt_id=roots[0], thread_id=roots[1], channel_id=desk.channel))
    assert (desk.shown(post).channel_id, desk.shown(post).root_id) == (desk.channel, "")
    assert len(desk.mm.bot_posts()) == 1


def test_a_root_deleted_after_it_was_found_is_replaced_by_that_of_the_key(desk: Desk, roots: tuple[str, str]) -> None:
    post = desk.wanted(prompt_id=roots[0], thread_id=roots[1], channel_id=desk.channel)
    Post.objects.update(placed=True, root_id=roots[0])
    desk.mm.delete_post(roots[0])
    assert desk.shown(desk.retry(desk.publish(post))).root_id == roots[1]


def test_a_key_without_a_channel_has_that_of_its_thread(desk: Desk, roots: tuple[str, str]) -> None:
    post = desk.there(prompt_id=UNKNOWN, thread_id=roots[1])
    assert (desk.shown(post).channel_id, desk.shown(post).root_id) == (desk.channel, roots[1])


def test_without_any_place_it_is_parked_with_the_reason(desk: Desk) -> None:
    post = desk.publish(desk.wanted(prompt_id=UNKNOWN, thread_id="y" * 26))
    assert post.parked.startswith(DELETED)
    assert "deleted" in post.last_error
    assert desk.writes == 0


def test_a_person_gets_a_direct_message(desk: Desk) -> None:
    post = desk.there(user_id=desk.mm.human_id)
    channel = desk.mm.world.channels[desk.shown(post).channel_id]
    assert (channel.type, channel.members) == ("D", {desk.mm.human_id, desk.mm.bot_id})
    assert post.channel_id == channel.id


def test_a_person_whose_prompt_is_in_a_conversation_with_somebody_else_gets_one_too(desk: Desk) -> None:
    theirs = desk.mm.add_channel("alice and another bot", private=True, bot_member=False)
    prompt = desk.mm.add_post(theirs, "prompt").id
    post = desk.there(prompt_id=prompt, user_id=desk.mm.human_id)
    assert desk.mm.world.channels[desk.shown(post).channel_id].type == "D"


def test_a_person_whom_nobody_knows_is_a_reason_to_park(desk: Desk) -> None:
    post = desk.retry(desk.publish(desk.wanted(user_id=UNKNOWN)))
    assert "direct channel" in post.parked
    assert post.post_id == ""


def test_a_bot_that_is_invited_later_posts_into_the_thread_all_the_same(desk: Desk) -> None:
    private = desk.mm.add_channel("private", private=True, bot_member=False)
    prompt = desk.mm.add_post(private, "prompt").id
    post = desk.publish(desk.wanted(prompt_id=prompt, channel_id=private))
    assert (post.post_id, post.placed, post.parked) == ("", False, "")
    desk.mm.invite(private)
    assert desk.shown(desk.retry(post)).root_id == prompt


def test_a_prompt_of_a_channel_that_the_bot_may_never_see_is_waited_for(desk: Desk) -> None:
    private = desk.mm.add_channel("private", private=True, bot_member=False)
    post = desk.publish(desk.wanted(prompt_id=desk.mm.add_post(private, "prompt").id))
    assert "invite it" in post.last_error
    assert post.parked == ""
    assert desk.writes == 0
