"""A Mattermost to deliver to, and a client of it."""

from collections.abc import Iterator

import pytest

from sessions_app.deliver.mattermost import Mattermost
from tests.deliver.desk import Desk
from tests.deliver.steps import SECRET
from tests.standin import Clock, MattermostStandIn


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mm(clock: Clock) -> Iterator[MattermostStandIn]:
    with MattermostStandIn(token=SECRET, clock=clock) as standin:
        yield standin


@pytest.fixture
def client(mm: MattermostStandIn) -> Iterator[Mattermost]:
    made = Mattermost(mm.url, mm.token)
    yield made
    made.close()


@pytest.fixture
def hasty(mm: MattermostStandIn) -> Iterator[Mattermost]:
    """A client that loses patience within a fraction of a second."""
    made = Mattermost(mm.url, mm.token, read_timeout_s=0.15, total_timeout_s=0.4)
    yield made
    made.close()


@pytest.fixture
def channel(mm: MattermostStandIn) -> str:
    return mm.add_channel("town")


@pytest.fixture
def desk(db: None, mm: MattermostStandIn, clock: Clock, client: Mattermost) -> Desk:
    return Desk(mm, clock, client)
