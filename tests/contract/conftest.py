"""Which servers the contract is tried on, and how a test speaks to them."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.contract.servers import RealServer, Server, StandInServer

REAL_URL, ADMIN_TOKEN = os.environ.get("MM_CONTRACT_URL"), os.environ.get("MM_CONTRACT_ADMIN_TOKEN")
SERVERS = ["stand-in", "real"] if REAL_URL and ADMIN_TOKEN else ["stand-in"]


class Api:
    """Raw requests with the bot's token; the client of the product is not involved."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._session = requests.Session()
        self._session.trust_env = False

    def call(self, method: str, path: str, json: Any = None, **how: Any) -> requests.Response:
        headers = how.pop("headers", {"Authorization": f"Bearer {self.server.bot_token}"})
        url = f"{self.server.url}/api/v4{path}"
        self._session.cookies.clear()
        return self._session.request(method, url, json=json, headers=headers, timeout=20, **how)

    def create(self, channel: str, message: str = "hello", **fields: Any) -> requests.Response:
        return self.call("POST", "/posts", {"channel_id": channel, "message": message, **fields})

    def made(self, channel: str, message: str = "hello", **fields: Any) -> dict[str, Any]:
        answer = self.create(channel, message, **fields)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def patch(self, post_id: str, **fields: Any) -> requests.Response:
        return self.call("PUT", f"/posts/{post_id}/patch", fields)

    def get(self, path: str, **how: Any) -> requests.Response:
        return self.call("GET", path, **how)

    def close(self) -> None:
        self._session.close()


def error(answer: requests.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["id"]


@pytest.fixture(scope="package", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    made: Server = StandInServer() if request.param == "stand-in" else RealServer(REAL_URL or "", ADMIN_TOKEN or "")
    yield made
    made.close()


@pytest.fixture
def api(server: Server) -> Iterator[Api]:
    made = Api(server)
    yield made
    made.close()


@pytest.fixture
def channel(server: Server) -> str:
    return server.channel()
