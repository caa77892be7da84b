"""What the tests of the client do again and again."""

from collections.abc import Callable

import pytest

from sessions_app.deliver.mattermost import (
    Mattermost,
    MattermostError,
    SeenPost,
)

UNKNOWN = "z" * 26
SECRET = "very-secret-token"


def create(client: Mattermost, channel: str, message: str = "hello", nonce: str = "n1", root_id: str = "") -> SeenPost:
    props = {"live_status": {"nonce": nonce, "v": 1}}
    return client.create_post(channel_id=channel, message=message, root_id=root_id, props=props, pending_post_id=nonce)


def raised(kind: type[MattermostError], act: Callable[[], object]) -> MattermostError:
    """The error of exactly this class that the act ends with; none ever tells the token."""
    with pytest.raises(MattermostError) as caught:
        act()
    assert type(caught.value) is kind
    assert SECRET not in repr(caught.value) + caught.value.sentence + str(caught.value.__cause__)
    assert caught.value.sentence.endswith(".") or caught.value.sentence.endswith(")")
    return caught.value
