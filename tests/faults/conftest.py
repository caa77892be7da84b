"""A town for those who need one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.town import Town
from tests.standin import Clock, MattermostStandIn


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mm(clock: Clock) -> Iterator[MattermostStandIn]:
    with MattermostStandIn(clock=clock) as server:
        yield server


@pytest.fixture
def town(db: None, mm: MattermostStandIn, clock: Clock, tmp_path: Path) -> Callable[[int], Town]:
    """A town with that many agents."""
    return lambda agents: Town(tmp_path / "store", mm, clock, agents)
