"""Create and edit as a Mattermost 6.7.0 does them: (world, who asks, what) → status and JSON.

Every rule here was measured on the real server unless it says otherwise; ``tests/contract`` states those we rely on.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sessions_app.demo.standin.state import DEDUPE_S, Channel, Pending, Post, World, new_id

PERMISSIONS = "api.context.permissions.app_error"
MAX_PROPS = 800_000
_CHANNEL_MENTION = re.compile(r"\B@(channel|all|here)\b")


class Refused(Exception):
    """An error answer: its status and its id."""

    def __init__(self, status: int, error_id: str) -> None:
        super().__init__(error_id)
        self.status = status
        self.error_id = error_id


@dataclass(frozen=True, kw_only=True)
class Call:
    """One authorised request: who asks, and for what."""

    world: World
    user_id: str
    body: Any = None
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    body: Any


def body_of(call: Call) -> dict[str, Any]:
    if not isinstance(call.body, dict):
        raise Refused(400, "api.context.invalid_body_param.app_error")
    for name, kind in (("message", str), ("root_id", str), ("pending_post_id", str), ("props", dict), ("type", str)):
        if call.body.get(name) is not None and not isinstance(call.body[name], kind):
            raise Refused(400, "api.context.invalid_body_param.app_error")
    return call.body


def is_member(channel: Channel | None, user_id: str) -> bool:
    return channel is not None and user_id in channel.members


def _check_text(world: World, message: str, props: Mapping[str, Any], nul_error: str) -> None:
    if len(message) > world.options.max_post_size:
        raise Refused(400, "model.post.is_valid.msg.app_error")
    text = json.dumps(props, ensure_ascii=False)
    if len(text) > MAX_PROPS:
        raise Refused(400, "model.post.is_valid.props.app_error")
    if "\0" in message or "\\u0000" in text:
        raise Refused(500, nul_error)


def begin_create(call: Call) -> Reply | None:
    """The first half of a create: permissions and the pending id. A reply when all is said already."""
    body, world = body_of(call), call.world
    channel = world.channel(body.get("channel_id"), call.user_id)
    if channel is None or not is_member(channel, call.user_id) or "create_post" not in world.options.channel_user_may:
        raise Refused(403, PERMISSIONS)
    if channel.delete_at:
        raise Refused(400, "api.post.create_post.can_not_post_to_deleted.error")
    key = body.get("pending_post_id")
    if not key:
        return None
    known = world.pending.get(key)
    if known is None or world.clock() - known.at > DEDUPE_S:
        world.pending[key] = Pending(at=world.clock())
        return None
    if known.post_id is None:
        raise Refused(500, "api.post.deduplicate_create_post.pending")
    if (post := world.live(known.post_id)) is None:
        raise Refused(500, "api.post.deduplicate_create_post.failed_to_get")
    return Reply(status=201, body=post.json())


def finish_create(call: Call) -> Reply:
    """The second half: the post is stored and the pending id remembers it, or the id is free again."""
    body, world = body_of(call), call.world
    key = body.get("pending_post_id")
    try:
        post = _new_post(call, body)
    except Refused:
        world.pending.pop(key or "", None)
        raise
    if key:
        world.pending[key] = Pending(at=world.clock(), post_id=post.id)
    return Reply(status=201, body=post.json())


def _new_post(call: Call, body: Mapping[str, Any]) -> Post:
    world, channel_id = call.world, body["channel_id"]
    message, props = body.get("message") or "", body.get("props") or {}
    root_id = body.get("root_id") or ""
    if root_id:
        root = world.post_on_demand(root_id, channel_id)
        if root is None or root.root_id:
            raise Refused(400, "api.post.create_post.root_id.app_error")
        if root.channel_id != channel_id:
            raise Refused(400, "api.post.create_post.channel_root_id.app_error")
    if body.get("id"):
        raise Refused(400, "app.post.save.existing.app_error")
    if str(body.get("type") or "").startswith("system_"):
        raise Refused(400, "api.context.invalid_param.app_error")
    _check_text(world, message, props, "app.post.save.app_error")
    if world.users[call.user_id].is_bot:
        props = {**props, "from_bot": "true"}
    now = world.now_ms()
    return world.put(
        Post(
            id=new_id(),
            channel_id=channel_id,
            user_id=call.user_id,
            message=message,
            root_id=root_id,
            type=body.get("type") or "",
            props=props,
            create_at=now,
            update_at=now,
            is_pinned=bool(body.get("is_pinned")),
        )
    )


def patch_post(call: Call, post_id: str) -> Reply:
    body, world = body_of(call), call.world
    post = world.live(post_id)
    if post is None or post.user_id != call.user_id or "edit_post" not in world.options.channel_user_may:
        raise Refused(403, PERMISSIONS)
    channel = world.channel(post.channel_id, call.user_id)
    if channel is None or not is_member(channel, call.user_id):
        raise Refused(403, PERMISSIONS)
    if channel.delete_at:
        raise Refused(400, "api.post.patch_post.can_not_update_post_in_deleted.error")
    message = post.message if body.get("message") is None else body["message"]
    _check_edit_time(world, post, message)
    props = _patched_props(world, post, body)
    _check_text(world, message, props, "app.post.update.app_error")
    now = world.now_ms()
    visible = message != post.message or props.get("attachments") != post.props.get("attachments")
    pinned = post.is_pinned if body.get("is_pinned") is None else bool(body["is_pinned"])
    changed = replace(
        post,
        message=message,
        props=props,
        update_at=now,
        edit_at=now if visible else post.edit_at,
        is_pinned=pinned,
    )
    return Reply(status=200, body=world.put(changed).json())


def _check_edit_time(world: World, post: Post, message: str) -> None:
    limit = world.options.post_edit_time_limit_s
    if limit >= 0 and message != post.message and world.now_ms() > post.create_at + limit * 1000:
        raise Refused(400, "api.post.update_post.permissions_time_limit.app_error")


def _patched_props(world: World, post: Post, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """Props are replaced as a whole; a message with @all from a bot that may not say so wipes them."""
    if body.get("props") is not None:
        return dict(body["props"])
    if not world.options.bot_may_mention_channel and _CHANNEL_MENTION.search(body.get("message") or ""):
        return {"mentionHighlightDisabled": True}
    return post.props
