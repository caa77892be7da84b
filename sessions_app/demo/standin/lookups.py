"""The routes beside create and edit: reading posts and channels, direct channels, configuration, ping."""

from collections.abc import Mapping
from dataclasses import replace

from sessions_app.demo.standin.rules import PERMISSIONS, Call, Refused, Reply, is_member
from sessions_app.demo.standin.state import Channel, World, new_id, well_formed


def get_post(call: Call, post_id: str) -> Reply:
    """A member of a private channel, or anybody for a public one, gets a live post."""
    post = call.world.post_on_demand(post_id)
    if post is None:
        raise Refused(404, "app.post.get.app_error")
    channel = call.world.channels.get(post.channel_id)
    if channel is not None and channel.type != "O" and not is_member(channel, call.user_id):
        raise Refused(403, PERMISSIONS)
    return Reply(status=200, body=post.json())


def posts_by_ids(call: Call) -> Reply:
    """Deleted ones come along with their message blanked; only unknown ids are a 404."""
    if not isinstance(call.body, list) or not 0 < len(call.body) <= 1000:
        raise Refused(400, "api.context.invalid_body_param.app_error")
    found = [call.world.posts[one] for one in call.body if one in call.world.posts]
    if not found:
        raise Refused(404, "app.post.get.app_error")
    return Reply(status=200, body=[replace(p, message="" if p.delete_at else p.message).json() for p in found])


def channel_posts(call: Call, channel_id: str) -> Reply:
    """Live posts, newest first; ``posts`` also holds the roots of replies on the page [source, not measured]."""
    channel = call.world.channel(channel_id, call.user_id)
    if not is_member(channel, call.user_id):
        raise Refused(403, PERMISSIONS)
    page, per_page = int(call.query.get("page", "0")), min(200, int(call.query.get("per_page", "60")))
    mine = [post for post in call.world.posts.values() if post.channel_id == channel_id and not post.delete_at]
    mine.reverse()  # sorting is stable: of two in the same millisecond the later one comes first
    mine = sorted(mine, key=lambda post: -post.create_at)[page * per_page : (page + 1) * per_page]
    roots = [root for post in mine if post.root_id and (root := call.world.live(post.root_id))]
    order = [post.id for post in mine]
    posts = {post.id: post.json() for post in (*mine, *roots)}
    return Reply(status=200, body={"order": order, "posts": posts, "next_post_id": "", "prev_post_id": ""})


def direct_channel(call: Call) -> Reply:
    """Always the same channel for the same two; one of them has to be the asker."""
    pair = call.body
    if not isinstance(pair, list) or len(pair) != 2 or not all(well_formed(one) for one in pair):
        raise Refused(400, "api.context.invalid_body_param.app_error")
    if call.user_id not in pair:
        raise Refused(403, PERMISSIONS)
    if any(one not in call.world.users for one in pair):
        raise Refused(400, "api.channel.create_direct_channel.invalid_user.app_error")
    name = "__".join(sorted(pair))
    for channel in call.world.channels.values():
        if channel.name == name:
            return Reply(status=201, body=channel.json())
    made = Channel(id=new_id(), name=name, type="D", members=set(pair))
    call.world.channels[made.id] = made
    return Reply(status=201, body=made.json())


def get_channel(call: Call, channel_id: str) -> Reply:
    channel = call.world.channel(channel_id, call.user_id)
    if channel is None:
        raise Refused(404, "app.channel.get.existing.app_error")
    if channel.type != "O" and not is_member(channel, call.user_id):
        raise Refused(403, PERMISSIONS)
    return Reply(status=200, body=channel.json())


def get_own_membership(call: Call, channel_id: str) -> Reply:
    """For a channel that one is not in, or that is not there: 403 [source]."""
    channel = call.world.channel(channel_id, call.user_id)
    if not is_member(channel, call.user_id):
        raise Refused(403, PERMISSIONS)
    return Reply(status=200, body={"channel_id": channel_id, "user_id": call.user_id, "roles": "channel_user"})


def roles_by_names(call: Call) -> Reply:
    """What the roles permit, for whoever is logged in; unknown names are left out [source, not measured]."""
    if not isinstance(call.body, list) or not call.body:
        raise Refused(400, "api.context.invalid_body_param.app_error")
    known = {"channel_user": list(call.world.options.channel_user_may), "system_user": ["create_direct_channel"]}
    roles = [{"id": name, "name": name, "permissions": known[name]} for name in call.body if name in known]
    return Reply(status=200, body=roles)


def get_me(call: Call) -> Reply:
    return Reply(status=200, body=call.world.users[call.user_id].json())


def client_config(world: World, known_user: bool) -> Reply:
    """Texts only; the sizes are told to those who are logged in."""
    config = {"Version": "6.7.0", "BuildNumber": "6.7.0", "EnableBotAccountCreation": "true"}
    if known_user:
        config |= {
            "MaxPostSize": str(world.options.max_post_size),
            "PostEditTimeLimit": str(world.options.post_edit_time_limit_s),
            "CollapsedThreads": "disabled",
        }
    return Reply(status=200, body=config)


def ping(call_query: Mapping[str, str], database_up: bool) -> Reply:
    """Says OK even without a database, unless it is asked for the server's status."""
    body = {"status": "OK", "AndroidLatestVersion": "", "IosLatestVersion": ""}
    if call_query.get("get_server_status") != "true":
        return Reply(status=200, body=body)
    if database_up:
        return Reply(status=200, body={**body, "database_status": "OK", "filestore_status": "OK"})
    unhealthy = {"status": "UNHEALTHY", "database_status": "UNHEALTHY", "filestore_status": "OK"}
    return Reply(status=500, body={**body, **unhealthy})
