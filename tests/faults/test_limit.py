"""A Mattermost that limits requests, and many more live runs than it can take edits for."""

from collections import Counter
from itertools import pairwise

from tests.faults.judge import busiest
from tests.standin import RateLimit

RUNS = 200
LASTS_S = 125.0
STEP_S = 5.0  # how often something happens in the test; each run does something every 40 s


def test_two_hundred_runs_under_the_limit_of_the_server_all_move_and_end_in_time(town, mm):
    mm.set_rate_limit(RateLimit(per_s=10.0, burst=100))
    place = town(RUNS)
    for agent in place.all:
        place.begin(agent)
    began = place.now
    turn = 0
    while place.now < began + LASTS_S:
        turn += 1
        for agent in place.all[turn % 8 :: 8]:
            if agent.name not in place.ended_at:
                agent.step(place.now)
        if place.now > began + 60:
            place.end(next(agent for agent in place.all if agent.name not in place.ended_at))
        place.read()
        place.pass_time(STEP_S)

    answers = Counter(request.status for request in mm.requests)
    assert answers[429] < 0.01 * sum(answers.values())
    assert len(place.ended_at) >= 10
    for agent in place.all:
        history = mm.world.versions[place.post_of(agent).id]
        changes = [began, *(version.update_at / 1000 for version in history)]
        if agent.name in place.ended_at:
            shown = next(v.update_at / 1000 for v in history if v.message.startswith("✅"))
            assert shown - place.ended_at[agent.name] <= 5.0
        else:
            changes.append(place.now)
        longest = max(after - before for before, after in pairwise(changes))
        assert longest <= 60.0, (agent.name, [round(at - began) for at in changes])
    made = sorted(version.update_at / 1000 for history in mm.world.versions.values() for version in history)
    assert busiest([at for at in made if at > began], 1.0) <= place.manner.edits_per_s + 1
