from typing import Any

import pytest

from sessions_app.ingest.families import adopt
from sessions_app.models import Run, Session
from sessions_app.models.times import seconds
from tests.ingest.watching import START, answered, asked, called, header, result, row, spawned, words

pytestmark = pytest.mark.django_db
TOP, MIDDLE, LEAF = "agent:main:main", "agent:main:subagent:1", "agent:main:subagent:2"


def tree():
    """Session and number of each run with those of its parent and its root."""
    runs = Run.objects.select_related("session", "parent__session", "root__session")
    name = lambda run: f"{run.session.key} {run.no}" if run else ""  # noqa: E731
    return {name(run): (name(run.parent), name(run.root)) for run in runs}


def parent_lines(*children, at=START):
    yield header()
    yield asked(at, "parent")
    yield called(at + 1, "c0", "sessions_spawn", label="first")
    for no, child in enumerate(children):
        yield spawned(at + 2 + no, f"c{no}", child)


TREE = {f"{TOP} 1": ("", ""), f"{MIDDLE} 1": (f"{TOP} 1", f"{TOP} 1"), f"{LEAF} 1": (f"{MIDDLE} 1", f"{TOP} 1")}
ROWS = {TOP: row("t", status="done"), MIDDLE: row("m", status="done"), LEAF: row("l", status="done")}


def write_top(store):
    store.write("t.jsonl", *parent_lines(MIDDLE), answered(START + 9))


def write_middle(store):
    store.write("m.jsonl", header(), asked(START + 3, "middle"), called(START + 4, "x", "sessions_spawn"))
    store.write("m.jsonl", spawned(START + 5, "x", LEAF), answered(START + 6))


def write_leaf(store):
    store.write("l.jsonl", header(), asked(START + 6, "leaf"), answered(START + 7))


WRITERS = {"t": write_top, "m": write_middle, "l": write_leaf}


@pytest.mark.parametrize("order", ["tml", "tlm", "mtl", "mlt", "ltm", "lmt"])
def test_three_generations_find_each_other_in_whatever_order_they_come(watching, store, order):
    watching.rows(ROWS)
    watching.read_all()
    for name in order:
        WRITERS[name](store)
        watching.step()
    assert tree() == TREE


@pytest.mark.parametrize("order", ["tml", "tlm", "mtl", "mlt", "ltm", "lmt"])
def test_they_find_each_other_by_their_rows_before_any_result_names_them(watching, store, order):
    keys = {"t": TOP, "m": MIDDLE, "l": LEAF}
    rows = {
        TOP: row("t", status="running", startedAt=START),
        MIDDLE: row("m", status="running", startedAt=START + 3, spawnedBy=TOP),
        LEAF: row("l", status="running", startedAt=START + 6, spawnedBy=MIDDLE),
    }
    watching.read_all()
    known: dict[str, object] = {}
    for name in order:
        known[keys[name]] = rows[keys[name]]
        watching.rows(known)
        watching.step()
    assert tree() == TREE
    for name in order:
        WRITERS[name](store)
        watching.step()
    assert tree() == TREE


def test_a_sub_agent_that_never_comes_has_a_place_and_its_parent_waits(watching, store):
    watching.rows({TOP: row("t", status="done")})
    write_top(store)
    watching.read_all()
    watching.step(START + 20)
    assert tree() == {f"{TOP} 1": ("", ""), f"{MIDDLE} 1": (f"{TOP} 1", f"{TOP} 1")}
    assert Run.objects.get(session__key=MIDDLE).label == "first"
    assert words() == {f"{TOP} 1": "waiting", f"{MIDDLE} 1": "queued"}
    watching.step(START + 4000)
    assert words() == {f"{TOP} 1": "done", f"{MIDDLE} 1": "lost"}


def test_a_sub_agent_whose_parent_never_comes_is_kept_and_judged(watching, store):
    watching.rows({MIDDLE: row("m", status="done", spawnedBy="agent:main:unknown")})
    store.write("m.jsonl", header(), asked(START), answered(START + 1))
    watching.read_all()
    assert tree() == {f"{MIDDLE} 1": ("", "")}
    assert words() == {f"{MIDDLE} 1": "done"}


def test_a_session_that_is_spawned_twice_has_a_run_for_each(watching, store):
    watching.rows({TOP: row("t", status="running"), MIDDLE: row("m", status="done")})
    again = '[System Message] [sessionId: m] A subagent task "first" just completed successfully'
    store.write("t.jsonl", *parent_lines(MIDDLE), answered(START + 3), asked(START + 10, again))
    store.write("t.jsonl", called(START + 11, "z", "sessions_spawn"), spawned(START + 12, "z", MIDDLE, "second"))
    store.write("m.jsonl", header(), asked(START + 3, "one"), answered(START + 4))
    watching.read_all()
    assert tree()[f"{MIDDLE} 2"] == (f"{TOP} 1", f"{TOP} 1")
    store.write("m.jsonl", asked(START + 13, "two"), answered(START + 14))
    watching.step()
    assert {run.no: run.title for run in Run.objects.filter(session__key=MIDDLE)} == {1: "one", 2: "two"}


def test_two_runs_of_one_session_each_have_their_own_sub_agents(watching, store):
    watching.rows({TOP: row("t", status="running"), MIDDLE: row("m"), LEAF: row("l")})
    store.write("t.jsonl", *parent_lines(MIDDLE), answered(START + 3))
    store.write("t.jsonl", asked(START + 10), called(START + 11, "z"), spawned(START + 12, "z", LEAF))
    watching.read_all()
    assert tree()[f"{MIDDLE} 1"][0] == f"{TOP} 1"
    assert tree()[f"{LEAF} 1"][0] == f"{TOP} 2"


def test_a_row_that_names_its_parent_finds_the_run_that_had_begun_by_then(watching, store):
    watching.rows({TOP: row("t", status="running")})
    store.write("t.jsonl", header(), asked(START), answered(START + 1), asked(START + 100), answered(START + 101))
    watching.read_all()
    watching.rows({TOP: row("t"), MIDDLE: row("m", status="running", startedAt=START + 50, spawnedBy=TOP)})
    watching.step()
    assert tree()[f"{MIDDLE} 1"][0] == f"{TOP} 1"


CYCLES = [
    # a session that spawns itself
    {TOP: [TOP]},
    # two that spawn each other
    {TOP: [MIDDLE], MIDDLE: [TOP]},
    # three in a circle
    {TOP: [MIDDLE], MIDDLE: [LEAF], LEAF: [TOP]},
    # a leaf that names what is above it, and a parent that names both
    {TOP: [MIDDLE, LEAF], MIDDLE: [LEAF], LEAF: [MIDDLE]},
]


@pytest.mark.parametrize("spawns", CYCLES)
def test_sessions_that_spawn_each_other_in_a_circle_all_end(watching, store, spawns):
    names = {TOP: "t", MIDDLE: "m", LEAF: "l"}
    watching.rows({key: row(names[key], status="done") for key in spawns})
    watching.read_all()
    for key, children in spawns.items():
        store.write(f"{names[key]}.jsonl", *parent_lines(*children), answered(START + 9))
        watching.step()
    for run in Run.objects.all():
        seen, above = set(), run
        while above.parent is not None:
            assert above.id not in seen
            seen.add(above.id)
            above = above.parent
        assert (run.root_id or run.id) == above.id
    watching.step(START + 9000)
    watching.step(START + 18000)
    assert all(word in {"done", "lost", "stopped"} for word in words().values())


@pytest.mark.parametrize("parents", [{TOP: TOP}, {TOP: MIDDLE, MIDDLE: TOP}])
def test_rows_that_name_each_other_as_parents_do_no_harm(watching, store, parents):
    names = {TOP: "t", MIDDLE: "m"}
    watching.rows({key: row(names[key], status="done", spawnedBy=parent) for key, parent in parents.items()})
    for key in parents:
        store.write(f"{names[key]}.jsonl", header(), asked(START), answered(START + 1))
    watching.read_all()
    watching.step(START + 9000)
    assert set(words().values()) == {"done"}


def chain(length):
    """Runs each below the one before, and their ids from the top."""
    above, ids = None, []
    for no in range(length):
        session = Session.objects.create(store="/s", key=f"k{no}-{length}")
        root = None if above is None else (above.root or above)
        above = Run.objects.create(session=session, no=1, parent=above, root=root)
        ids.append(above.id)
    return ids


def test_adopting_a_deep_tree_moves_all_of_it_in_few_queries(django_assert_max_num_queries):
    top, deep = chain(3), chain(120)
    parent = Run.objects.select_related("root").get(id=top[-1])
    child = Run.objects.select_related("root").get(id=deep[0])
    with django_assert_max_num_queries(6):
        assert adopt(parent, child) == {top[0], deep[0]}
    assert set(Run.objects.filter(id__in=deep).values_list("root_id", flat=True)) == {top[0]}
    assert Run.objects.get(id=deep[0]).parent_id == top[-1]
    assert Run.objects.get(id=deep[-1]).parent_id == deep[-2]


def test_adopting_part_of_a_tree_leaves_the_rest_where_it_was():
    top, deep = chain(2), chain(4)
    parent = Run.objects.select_related("root").get(id=top[1])
    adopt(parent, Run.objects.select_related("root").get(id=deep[2]))
    roots = dict(Run.objects.filter(id__in=deep).values_list("id", "root_id"))
    assert roots == {deep[0]: None, deep[1]: deep[0], deep[2]: top[0], deep[3]: top[0]}


@pytest.mark.parametrize(("parent", "child"), [(3, 0), (3, 1), (3, 3), (0, 0), (2, 1)])
def test_adopting_in_a_circle_is_refused(parent, child):
    ids = chain(4)
    before = tree()
    above = Run.objects.select_related("root").get(id=ids[parent])
    assert adopt(above, Run.objects.select_related("root").get(id=ids[child])) == set()
    assert tree() == before


def test_a_root_that_became_a_sub_agent_is_not_looked_at_as_a_root_any_more(watching, store):
    watching.rows({TOP: row("t", status="running"), MIDDLE: row("m", status="running", startedAt=START)})
    store.write("m.jsonl", header(), asked(START + 3), called(START + 4, "x"))
    watching.read_all()
    assert Run.objects.get(session__key=MIDDLE).look_at is not None
    write_top(store)
    watching.step()
    assert Run.objects.get(session__key=MIDDLE).parent is not None
    assert Run.objects.get(session__key=MIDDLE).look_at is None


def test_a_run_with_a_post_that_turns_out_to_be_a_sub_agent_ends_in_its_post_too(watching, store):
    other = "agent:main:acp:77"
    watching.default_channel = "defaultdefaultdefaultdefau"
    watching.start()
    watching.rows({other: row("m", status="running", startedAt=START)})
    watching.read_all()
    store.write("m.jsonl", header(), asked(START + 3), called(START + 4, "x"))
    watching.step(START + 5)
    post = Run.objects.get(session__key=other).post
    assert not post.run_over
    watching.rows(
        {TOP: row("t", status="running", startedAt=START), other: row("m", status="running", startedAt=START)}
    )
    store.write("t.jsonl", *parent_lines(other))
    watching.step(START + 6)
    store.write("m.jsonl", result(START + 7, "x"), answered(START + 8))
    watching.rows({TOP: row("t", status="running", startedAt=START), other: row("m", status="done", endedAt=START + 8)})
    watching.step(START + 9)
    run = Run.objects.get(session__key=other)
    before = post.wanted_revision
    post.refresh_from_db()
    assert (run.parent is not None, run.word) == (True, "done")
    assert (post.run_over, post.wanted_word) == (True, "done")
    assert post.wanted_revision > before


def test_a_pruned_child_of_which_only_the_announcement_is_known_ended_somehow(watching, store):
    watching.rows({TOP: row("t", status="running", startedAt=START)})
    store.write("t.jsonl", *parent_lines(MIDDLE), answered(START + 9))
    watching.read_all()
    watching.step(START + 10)
    assert words()[f"{MIDDLE} 1"] == "queued"
    woken: dict[str, Any] = {"__openclaw": {"runId": f"announce:v1:{MIDDLE}:turn"}}
    store.write("t.jsonl", answered(START + 20, "it is back", **woken))
    watching.rows({TOP: row("t", at=START + 20, status="done", startedAt=START, endedAt=START + 20)})
    watching.step(START + 25)
    assert words() == {f"{TOP} 1": "done", f"{MIDDLE} 1": "lost"}
    child = Run.objects.get(session__key=MIDDLE)
    assert (child.reason, seconds(child.ended_at)) == ("it ended, but how was not recorded", START + 20)


def test_an_announcement_without_how_does_not_overrule_the_childs_own_lines(watching, store):
    watching.rows({TOP: row("t", status="running"), MIDDLE: row("m", status="failed", at=START + 8, endedAt=START + 8)})
    store.write("t.jsonl", *parent_lines(MIDDLE))
    store.write("m.jsonl", header(), asked(START + 3), answered(START + 8, "no", "error"))
    woken: dict[str, Any] = {"__openclaw": {"runId": f"announce:v1:{MIDDLE}:turn"}}
    store.write("t.jsonl", answered(START + 20, "it is back", **woken))
    watching.read_all()
    assert words()[f"{MIDDLE} 1"] == "failed"


@pytest.mark.parametrize("first", ["m", "l"])
def test_sub_agents_stand_in_the_order_in_which_they_were_spawned_whoever_was_seen_first(watching, store, first):
    watching.rows({MIDDLE: row("m", status="done"), LEAF: row("l", status="done"), TOP: row("t", status="done")})
    watching.read_all()
    for name in (first, "l" if first == "m" else "m"):
        store.write(f"{name}.jsonl", header(), asked(START + 3), answered(START + 4))
        watching.step()
    store.write("t.jsonl", *parent_lines(MIDDLE), called(START + 3, "c1", "sessions_spawn", label="second"))
    store.write("t.jsonl", spawned(START + 3, "c1", LEAF), answered(START + 9))
    watching.step()
    root = Run.objects.get(session__key=TOP)
    view = Run.objects.views([root.id])[root.id]
    keys = {run.id: run.session.key for run in Run.objects.select_related("session")}
    assert [keys[child.id] for child in view.children] == [MIDDLE, LEAF]
