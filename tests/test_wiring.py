"""What the settings say reaches the objects that are made of them."""

import dataclasses

import pytest

from sessions_app import wiring
from sessions_app.deliver.mattermost import Mattermost, Unreachable
from sessions_app.doctor.mattermost import asking
from tests import factories as make
from tests.standin import MattermostStandIn


@pytest.fixture
def configured(settings, db):
    """The client of a destination by these settings, made anew."""

    def client(mm: MattermostStandIn, **fields) -> Mattermost:
        settings.LIVE_STATUS = dataclasses.replace(
            settings.LIVE_STATUS, mm_base_url=mm.url, mm_bot_token=mm.token, **fields
        )
        wiring._client.cache_clear()
        return wiring.client_for(make.destination(base_url=mm.url))

    yield client
    wiring._client.cache_clear()


@pytest.mark.parametrize("use", [True, False])
def test_the_proxy_of_the_environment_is_used_when_the_settings_say_so(configured, monkeypatch, use):
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with MattermostStandIn() as mm:
        for client in (configured(mm, mm_use_proxy=use), asking()):
            if use:
                with pytest.raises(Unreachable, match="proxy of the environment"):
                    client.me()
            else:
                assert client.me().user_id == mm.bot_id
            client.close()


def test_another_server_than_the_configured_one_has_no_token(configured):
    with MattermostStandIn() as mm:
        configured(mm)
        with pytest.raises(LookupError, match="no token for https://chat"):
            wiring.client_for(make.destination(base_url="https://chat.example.com"))
