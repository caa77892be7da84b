"""What people and administrators do to the server while it runs."""

# ruff: noqa: A002 (``id`` is the word of the API)

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Condition

from sessions_app.demo.standin.state import Channel, Post, User, World, new_id

BOT_ID = "livestatusbotlivestatusb1a"


class People:
    """Everybody but the bot's own program: every act changes the world under its lock and wakes who waits for it."""

    def __init__(self, world: World, token: str) -> None:
        self.world = world
        self.token = token
        self.bot_id = BOT_ID
        self.changed = Condition()
        world.users[BOT_ID] = User(id=BOT_ID, username="live-status", is_bot=True)
        world.tokens[token] = BOT_ID
        self.human_id = self.add_user("human")

    def add_channel(self, name: str, id: str | None = None, private: bool = False, bot_member: bool = True) -> str:
        """A new channel of the human's and, unless told otherwise, the bot's; its id."""
        channel = Channel(id=id or new_id(), name=name, type="P" if private else "O", members={self.human_id})
        if bot_member:
            channel.members.add(BOT_ID)
        with self._change():
            self.world.channels[channel.id] = channel
        return channel.id

    def add_user(self, username: str, id: str | None = None) -> str:
        """A new person; the id."""
        user = User(id=id or new_id(), username=username)
        with self._change():
            self.world.users[user.id] = user
        return user.id

    def add_post(self, channel: str, message: str, root_id: str = "", id: str | None = None) -> Post:
        """A post of the human's."""
        now = self.world.now_ms()
        post = Post(
            id=id or new_id(),
            channel_id=channel,
            user_id=self.human_id,
            message=message,
            root_id=root_id,
            create_at=now,
            update_at=now,
        )
        with self._change():
            return self.world.put(post)

    def edit_post_by_hand(self, post_id: str, message: str) -> None:
        """What an administrator may do to the bot's post."""
        with self._change():
            now = self.world.now_ms()
            self.world.put(replace(self.world.posts[post_id], message=message, update_at=now, edit_at=now))

    def delete_post(self, post_id: str) -> None:
        with self._change():
            self.world.delete(post_id)

    def archive(self, channel: str) -> None:
        with self._change():
            self.world.channels[channel].delete_at = self.world.now_ms()

    def restore(self, channel: str) -> None:
        with self._change():
            self.world.channels[channel].delete_at = 0

    def kick(self, channel: str, user_id: str = BOT_ID) -> None:
        with self._change():
            self.world.channels[channel].members.discard(user_id)

    def invite(self, channel: str, user_id: str = BOT_ID) -> None:
        with self._change():
            self.world.channels[channel].members.add(user_id)

    def forbid(self, *permissions: str) -> None:
        """Take rights such as ``create_post`` away from every member of every channel."""
        with self._change():
            kept = tuple(name for name in self.world.options.channel_user_may if name not in permissions)
            self.world.options.channel_user_may = kept

    def permit(self, *permissions: str) -> None:
        """Give them back."""
        with self._change():
            self.world.options.channel_user_may += permissions

    def revoke_token(self) -> None:
        with self._change():
            self.world.tokens.pop(self.token, None)

    def restore_token(self) -> None:
        with self._change():
            self.world.tokens[self.token] = BOT_ID

    def forget_sessions(self) -> None:
        """Without the cache of sessions a database that is down turns a good token into a 401."""
        with self._change():
            self.world.sessions.clear()

    @contextmanager
    def _change(self) -> Iterator[None]:
        with self.changed:
            yield
            self.changed.notify_all()
