"""Where a post really goes: the channel and the thread root, asked of Mattermost once and then kept on the row."""

from sessions_app.deliver.mattermost import ChannelForbidden, Mattermost, MattermostError, PostGone
from sessions_app.models import Post


def place(post: Post, client: Mattermost, bot_id: str) -> None:
    """Settle channel and root. The asking post's thread first, then the thread of the key, then the channel.

    What the bot may not read is asked for again at the next try: somebody may invite it.

    Raises:
        MattermostError: the server could not be asked, or there is no channel; nothing has been changed.
    """
    if post.placed:
        return
    channel, root, refusal = post.channel_id, post.thread_id, None
    if post.prompt_id:
        try:
            asked = client.get_post(post.prompt_id)
            channel, root = asked.channel_id or channel, asked.root_id or asked.id
        except (PostGone, ChannelForbidden) as error:
            refusal = error
    if not channel and post.thread_id:
        try:
            channel = client.get_post(post.thread_id).channel_id
        except (PostGone, ChannelForbidden) as error:
            root, refusal = "", error
    if not channel and post.user_id:
        channel = client.direct_channel(bot_id, post.user_id)
    _settle(post, channel, root, refusal)


def _settle(post: Post, channel: str, root: str, refusal: MattermostError | None) -> None:
    if not channel and refusal is not None:
        raise refusal
    post.channel_id, post.root_id = channel, root
    post.placed = not isinstance(refusal, ChannelForbidden)
    if post.placed:
        Post.objects.filter(id=post.id).update(channel_id=channel, root_id=root, placed=True)


def without_root(post: Post) -> None:
    """Mattermost refused the root: the key's thread is tried next, then the channel."""
    post.root_id = post.thread_id if post.thread_id != post.root_id else ""
    Post.objects.filter(id=post.id).update(root_id=post.root_id)
