"""The set-up that the contract needs, twice: on the stand-in, and on a real server through its admin API."""

import secrets
import time
from typing import Any, Protocol

import pytest
import requests

from tests.standin import Clock, MattermostStandIn


class Server(Protocol):
    """A server with a bot, a person who is a member of every channel, and the means to bring about each row."""

    url: str
    bot_id: str
    bot_token: str

    def channel(self, *, private: bool = False, bot_member: bool = True) -> str: ...
    def archive(self, channel: str) -> None: ...
    def restore(self, channel: str) -> None: ...
    def kick(self, channel: str) -> None: ...
    def person(self) -> str: ...
    def human_post(self, channel: str, message: str, root_id: str = "") -> str: ...
    def delete_post(self, post_id: str) -> None: ...
    def set_edit_time_limit(self, seconds: int) -> None: ...
    def forbid(self, permission: str) -> None: ...
    def permit(self, permission: str) -> None: ...
    def pass_time(self, seconds: float) -> None: ...
    def close(self) -> None: ...


class StandInServer:
    """The stand-in, whose clock is moved instead of waited for."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.standin = MattermostStandIn(clock=self.clock)
        self.standin.start()
        self.url, self.bot_id, self.bot_token = self.standin.url, self.standin.bot_id, self.standin.token

    def channel(self, *, private: bool = False, bot_member: bool = True) -> str:
        return self.standin.add_channel(f"c-{secrets.token_hex(4)}", private=private, bot_member=bot_member)

    def archive(self, channel: str) -> None:
        self.standin.archive(channel)

    def restore(self, channel: str) -> None:
        self.standin.restore(channel)

    def kick(self, channel: str) -> None:
        self.standin.kick(channel)

    def person(self) -> str:
        return self.standin.add_user(f"u-{secrets.token_hex(4)}")

    def human_post(self, channel: str, message: str, root_id: str = "") -> str:
        return self.standin.add_post(channel, message, root_id).id

    def delete_post(self, post_id: str) -> None:
        self.standin.delete_post(post_id)

    def set_edit_time_limit(self, seconds: int) -> None:
        self.standin.options.post_edit_time_limit_s = seconds

    def forbid(self, permission: str) -> None:
        self.standin.forbid(permission)

    def permit(self, permission: str) -> None:
        self.standin.permit(permission)

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def close(self) -> None:
        self.standin.stop()


class Refused(Exception):
    """The set-up is not possible on this server."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class RealServer:
    """A real server, prepared with an administrator's token, who is also the person that posts."""

    def __init__(self, url: str, admin_token: str) -> None:
        self.url = url.rstrip("/")
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {admin_token}"
        self._people: list[str] = []
        self._before: dict[str, Any] = {}
        self._set(
            EnableBotAccountCreation=True
        )  # off by default on some releases, and then not even for administrators
        name = f"contract-{secrets.token_hex(5)}"
        self._team = str(self._api("POST", "/teams", {"name": name, "display_name": name, "type": "O"})["id"])
        self.bot_id = str(self._api("POST", "/bots", {"username": name, "display_name": name})["user_id"])
        self._join_team(self.bot_id)
        token = self._api("POST", f"/users/{self.bot_id}/tokens", {"description": "contract tests"})
        self.bot_token, self._token_id = str(token["token"]), str(token["id"])

    def channel(self, *, private: bool = False, bot_member: bool = True) -> str:
        name = f"c-{secrets.token_hex(6)}"
        body = {"team_id": self._team, "name": name, "display_name": name, "type": "P" if private else "O"}
        channel = str(self._api("POST", "/channels", body)["id"])
        if bot_member:
            self._api("POST", f"/channels/{channel}/members", {"user_id": self.bot_id})
        return channel

    def archive(self, channel: str) -> None:
        self._api("DELETE", f"/channels/{channel}")

    def restore(self, channel: str) -> None:
        self._api("POST", f"/channels/{channel}/restore")

    def kick(self, channel: str) -> None:
        self._api("DELETE", f"/channels/{channel}/members/{self.bot_id}")

    def person(self) -> str:
        name = f"contract-{secrets.token_hex(6)}"
        body = {"username": name, "email": f"{name}@example.com", "password": f"Aa1!{secrets.token_hex(12)}"}
        self._people.append(str(self._api("POST", "/users", body)["id"]))
        self._join_team(self._people[-1])
        return self._people[-1]

    def human_post(self, channel: str, message: str, root_id: str = "") -> str:
        return str(self._api("POST", "/posts", {"channel_id": channel, "message": message, "root_id": root_id})["id"])

    def delete_post(self, post_id: str) -> None:
        self._api("DELETE", f"/posts/{post_id}")

    def set_edit_time_limit(self, seconds: int) -> None:
        self._set(PostEditTimeLimit=seconds)

    def _set(self, **settings: Any) -> None:
        """Change settings of the server; what they were is set again at the end."""
        now = self._api("GET", "/config")["ServiceSettings"]
        self._before = {name: now[name] for name in settings} | self._before
        if any(now[name] != value for name, value in settings.items()):
            self._api("PUT", "/config/patch", {"ServiceSettings": settings})

    def forbid(self, permission: str) -> None:
        """For every member of every channel, until ``permit``. Needs a licence: others may not change this role."""
        role = self._api("GET", "/roles/name/channel_user")
        kept = [name for name in role["permissions"] if name != permission]
        try:
            self._api("PUT", f"/roles/{role['id']}/patch", {"permissions": kept})
        except Refused as error:
            if error.status != 501:
                raise
            pytest.skip("this server has no licence that lets roles be changed")

    def permit(self, permission: str) -> None:
        role = self._api("GET", "/roles/name/channel_user")
        if permission not in role["permissions"]:
            self._api("PUT", f"/roles/{role['id']}/patch", {"permissions": [*role["permissions"], permission]})

    def pass_time(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        """Undo everything; a team can only be archived where permanent deletion is switched off."""
        self._try("PUT", "/config/patch", {"ServiceSettings": self._before})
        self._try("POST", "/users/tokens/revoke", {"token_id": self._token_id})
        self._try("POST", f"/bots/{self.bot_id}/disable")
        for person in self._people:
            self._try("DELETE", f"/users/{person}")
        if not self._try("DELETE", f"/teams/{self._team}?permanent=true"):
            self._try("DELETE", f"/teams/{self._team}")
        self._session.close()

    def _join_team(self, user_id: str) -> None:
        self._api("POST", f"/teams/{self._team}/members", {"team_id": self._team, "user_id": user_id})

    def _api(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/api/v4{path}", json=body, timeout=20)
        if not answer.ok:
            raise Refused(answer.status_code, f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json()

    def _try(self, method: str, path: str, body: Any = None) -> bool:
        return self._session.request(method, f"{self.url}/api/v4{path}", json=body, timeout=20).ok
