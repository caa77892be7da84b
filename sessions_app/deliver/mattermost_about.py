"""What a Mattermost says of itself, of our bot and of its channels, for people who ask why no post appears.

Only reads: no post, no channel, no membership is made. The roles are asked with a POST, which is how Mattermost wants
a list of names.
"""

from collections.abc import Iterable

from sessions_app.deliver.mattermost_answers import encode
from sessions_app.deliver.mattermost_calls import Calls
from sessions_app.deliver.mattermost_http import Ask
from sessions_app.deliver.mattermost_values import (
    SeenChannel,
    ServerAbout,
    permissions_of,
    seen_channel,
    server_about,
    words_of,
)


class MattermostAbout(Calls):
    """One Mattermost server, asked about itself as one bot."""

    def server(self) -> ServerAbout:
        """Version, limits and clock."""
        until = self._http.deadline()
        ask = Ask(method="GET", path="/config/client", params={"format": "old"}, doing="read its configuration")
        answer = self._http.exchange(ask, until)
        found = self._accept(answer, ask, until)
        with self._shaped():
            return server_about(found, answer.headers, answer.latency_s)

    def channel(self, channel_id: str) -> SeenChannel:
        """One channel.

        Raises:
            ChannelForbidden: status 403, it is private and the bot is not in it; 404, there is none with this id.
        """
        ask = Ask(method="GET", path=f"/channels/{channel_id}", doing=f"read channel {channel_id}")
        found = self._call(ask, self._http.deadline())
        with self._shaped():
            return seen_channel(found)

    def membership(self, channel_id: str) -> tuple[str, ...]:
        """The roles that the bot has in a channel.

        Raises:
            ChannelForbidden: it is not in it.
        """
        doing = f"read its membership of channel {channel_id}"
        found = self._call(
            Ask(method="GET", path=f"/channels/{channel_id}/members/me", doing=doing), self._http.deadline()
        )
        return words_of(found, "roles")

    def permissions(self, roles: Iterable[str]) -> frozenset[str]:
        """Names of all that these roles permit, such as ``create_post``."""
        body = encode(sorted(set(roles)))
        ask = Ask(method="POST", path="/roles/names", body=body, doing="read roles")
        found = self._call(ask, self._http.deadline())
        with self._shaped():
            return permissions_of(found)
