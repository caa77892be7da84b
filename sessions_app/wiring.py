"""Turns the settings into the objects of the rooms. The one place that knows both."""

import functools
import os
import socket
import threading
import time
from collections.abc import Callable
from typing import TypedDict

from django.conf import settings

from livestatus_site.env import Env
from sessions_app.deliver.dispatcher import Dispatcher
from sessions_app.deliver.manner import Manner
from sessions_app.deliver.mattermost import Mattermost
from sessions_app.deliver.publisher import Publisher
from sessions_app.ingest.posts import PostPolicy, destination_for
from sessions_app.ingest.watcher import Settings
from sessions_app.models import Destination
from sessions_app.redact import register_secrets
from sessions_app.render.labels import Labels
from sessions_app.sources.base import Source
from sessions_app.sources.found import open_sources
from sessions_app.state.turns import Limits


def env() -> Env:
    """The settings of this process."""
    return settings.LIVE_STATUS


def sources() -> tuple[Source, ...]:
    """The stores to watch."""
    register_secrets(env().secrets)
    return open_sources(env().openclaw_state_dir)


def limits() -> Limits:
    """How long silence may last."""
    return Limits(idle_s=env().idle_timeout_s, lost_s=env().lost_after_s)


def policy() -> PostPolicy:
    """Who gets a post; the destination's row is made on first use."""
    destination = destination_for(env().mm_base_url) if env().posting else None
    return PostPolicy(
        destination_id=destination.id if destination else None,
        default_channel=env().mm_default_channel or "",
        max_age_s=env().post_max_age_s,
    )


def watcher_settings() -> Settings:
    """What a watch loop needs to know."""
    host = socket.gethostname()
    stores = ":".join(str(path) for path in env().openclaw_state_dir)
    return Settings(
        name=f"{host} {stores}"[:400],
        host=host,
        pid=os.getpid(),
        limits=limits(),
        policy=policy(),
        poll_s=env().session_poll_ms / 1000,
    )


@functools.cache
def labels() -> Labels:
    """Words for tools, read once per process."""
    path = env().tool_labels_file
    return Labels.load(path) if path else Labels.builtin()


def manner() -> Manner:
    """How posts are written."""
    return Manner(
        max_chars=env().max_message_chars,
        max_depth=env().max_depth,
        edits_per_s=env().max_edits_per_s,
        max_retries=env().max_retries,
        max_open=env().max_active_sessions,
        recreate=env().deleted_post == "recreate",
        continue_after_limit=env().edit_limit == "continue",
        labels=labels(),
    )


class WayOut(TypedDict):
    """How requests leave this machine, for every client of Mattermost."""

    use_proxy_env: bool
    ca_file: str | None


def way_out() -> WayOut:
    """The settings of the network between us and Mattermost."""
    ca_file = env().mm_ca_file
    return WayOut(use_proxy_env=env().mm_use_proxy, ca_file=str(ca_file) if ca_file else None)


@functools.cache
def _client(base_url: str) -> Mattermost:
    token = env().mm_bot_token
    if base_url != env().mm_base_url or token is None:
        raise LookupError(f"There is no token for {base_url}; set MM_BASE_URL and MM_BOT_TOKEN for it.")
    register_secrets(env().secrets)
    return Mattermost(base_url, token, max_connections=env().mm_max_connections, **way_out())


def client_for(destination: Destination) -> Mattermost:
    """The client of a destination, one per process."""
    return _client(destination.base_url)


def dispatcher(enqueue: Callable[[int], None], room: Callable[[], int], *, patient: bool = True) -> Dispatcher:
    """Which posts are due, handed on to ``enqueue`` as long as there is ``room``."""
    return Dispatcher(
        enqueue=enqueue,
        # To a broker too no more than can be begun at once: what waits there has lost its turn to what is more urgent.
        room=lambda: min(room(), env().mm_max_connections),
        clock=time.time,
        throttle_s=env().throttle_ms / 1000 if patient else 0.0,
        max_open=env().max_active_sessions,
        patient=patient,
    )


@functools.cache
def publisher() -> Publisher:
    """The publisher of this process."""
    never = threading.Event()
    return Publisher(client_for, manner(), time.time, never.wait)
