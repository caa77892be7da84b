"""The cut of `make faults` for CI, and installations that differ only in who publishes."""

import os

from tests.faults.judge import judge, names_in, posts_in
from tests.faults.processes import Installation
from tests.faults.rounds import CONNECTIONS, Round, make_people, settle, small
from tests.faults.stores import Copy, Stores
from tests.standin import MattermostStandIn

SEED = int(os.environ.get("FAULTS_SEED", "12"))
PATIENCE_S = 90.0


def test_whatever_is_killed_and_whatever_fails_every_run_has_one_post_that_ends_as_without_faults(tmp_path):
    report = Round(small(SEED), tmp_path).play()
    print(report)
    assert report.kills >= 6
    assert not report.verdict.complaints, str(report)


def test_one_worker_four_workers_and_none_at_all_make_the_same_posts(tmp_path):
    """Two are the business of the round above."""
    copies = [
        Copy(number=number, recording=name, after_s=0.0, lasts_s=4.0)
        for number, name in enumerate(("2026.7.1/mm", "2026.2.26/tools", "2026.9.6/yield", "2026.9.6/mm_stop"))
    ]
    stores = Stores(tmp_path / "stores", copies)
    servers = {workers: MattermostStandIn() for workers in (0, 1, 4)}
    houses = []
    try:
        for workers, mm in servers.items():
            mm.start()
            make_people(mm, copies)
            houses.append(Installation(tmp_path / f"{workers}", stores.paths, mm, workers, IDLE_TIMEOUT_S="3"))
        houses[0].manage("migrate", "-v0")
        for house in houses:
            if house is not houses[0]:
                house.database.write_bytes(houses[0].database.read_bytes())
            house.start()
        for copy in copies:
            stores.begin(copy)
        stores.wait_until_idle(PATIENCE_S)
        complaints = settle(houses[0], 12, PATIENCE_S)
        wanted, strange = posts_in(servers[0], names_in(houses[0].database))
        for house, mm in zip(houses[1:], list(servers.values())[1:], strict=True):
            complaints += settle(house, wanted, PATIENCE_S)
            in_flight = CONNECTIONS * (len(house.workers) + 1)
            complaints += judge(mm, house.database, wanted, per_s=5.0, in_flight=in_flight).complaints
        assert not complaints + strange, "\n".join(complaints + strange)
    finally:
        stores.close()
        for house in houses:
            house.kill()
        for mm in servers.values():
            mm.stop()
