"""Where a post really goes: the channel and the thread root, asked of Mattermost once and then kept on the row."""

from sessions_app.deliver.mattermost import ChannelForbidden, Mattermost, PostGone
from sessions_app.models import Post


def place(post: Post, client: Mattermost, bot_id: str) -> None:
    """Settle channel and root. The asking post's thread first, then the thread of the key, then the channel.

    Raises:
        MattermostError: the server could not be asked; nothing has been changed.
    """
    if post.placed:
        return
    channel, root = post.channel_id, post.thread_id
    if post.prompt_id:
        try:
            asked = client.get_post(post.prompt_id)
            channel, root = asked.channel_id or channel, asked.root_id or asked.id
        except (PostGone, ChannelForbidden):
            pass
    if not channel and post.thread_id:
        try:
            channel = client.get_post(post.thread_id).channel_id or channel
        except (PostGone, ChannelForbidden):
            root = ""
    if not channel and post.user_id:
        channel = client.direct_channel(bot_id, post.user_id)
    settle(post, channel, root)


def settle(post: Post, channel: str, root: str) -> None:
    """Keep what was found."""
    post.channel_id, post.root_id, post.placed = channel, root, True
    post.save(update_fields=["channel_id", "root_id", "placed"])


def next_root(post: Post) -> str:
    """The root to try after Mattermost refused the present one."""
    return post.thread_id if post.thread_id and post.thread_id != post.root_id else ""
