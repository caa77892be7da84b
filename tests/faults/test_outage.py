"""A Mattermost that is away for an hour while runs go on."""

import gc

from sessions_app.models import Post
from tests.faults.judge import busiest

RUNS = 50
AWAY_S = 3600.0
STEP_S = 150.0


def test_after_an_hour_away_every_post_gets_one_edit_with_the_newest_state_and_nothing_has_piled_up(town, mm):
    place = town(RUNS)
    for agent in place.all:
        place.begin(agent)
        agent.step(place.now)
    place.read()
    place.pass_time(60)
    assert len(mm.bot_posts()) == RUNS
    objects: list[int] = []
    with mm.down():
        until = place.now + AWAY_S
        while place.now < until:
            for agent in place.all[:: 1 + len(objects) % 3]:
                agent.step(place.now)
            place.read()
            place.pass_time(STEP_S, look_s=15.0)
            gc.collect()
            objects.append(len(gc.get_objects()))
        for agent in place.all[:10]:
            place.end(agent)
        place.read()
        place.pass_time(STEP_S)
    assert max(objects[5:]) < objects[5] * 1.01
    assert Post.objects.count() == RUNS

    before = {agent.name: len(mm.edits(place.post_of(agent).id)) for agent in place.all}
    back = place.now
    while (left := Post.objects.filter(sent_at__lt=back).count()) and place.now < back + 180:
        place.pass_time(0.5)
    assert left == 0
    for agent in place.all:
        post = place.post_of(agent)
        assert len(mm.edits(post.id)) == before[agent.name] + 1
        assert (f"{agent.name} is done." if agent.name in place.ended_at else agent.doing) in post.message
    times = sorted(mm.edits(place.post_of(agent).id)[-1].update_at / 1000 for agent in place.all)
    assert busiest(times, 1.0) <= place.manner.edits_per_s + 1
    # The ended ones are not the last.
    ended = [mm.edits(place.post_of(agent).id)[-1].update_at / 1000 for agent in place.all[:10]]
    assert max(ended) < times[len(times) // 2]
