import os
from dataclasses import replace

import pytest

from sessions_app.ingest import reader as module
from sessions_app.models import Checkpoint, Run, Session
from sessions_app.sources.base import Mark, Survey
from tests.ingest.watching import KEY, START, answered, asked, called, everything, header, row, words

pytestmark = pytest.mark.django_db
MAIN = "agent:main:main"


def _noting(calls):
    """`apply`, only noted."""

    def apply(*args):
        calls.append(args)
        return set()

    return apply


def problems():
    return {session.key: session.problem for session in Session.objects.exclude(problem="")}


def test_a_reset_conversation_is_read_to_its_end_under_its_new_name(watching, store):
    watching.rows({KEY: row("w1", status="running", startedAt=START)})
    path = store.write("w1.jsonl", header(), asked(START, "first"))
    watching.read_all()
    store.write("w1.jsonl", answered(START + 1, "the last words"))
    path.rename(path.with_name("w1.jsonl.reset.2026-11-22T10-01-44.988Z"))
    watching.rows({KEY: row("w2", at=START + 2)})
    store.write("w2.jsonl", header(), asked(START + 3, "second"))
    watching.step()
    runs = {run.title: run for run in Run.objects.all()}
    assert runs["first"].value.say == "the last words"
    assert runs["first"].word == "done"
    assert (runs["second"].no, runs["second"].window) == (2, "w2")


@pytest.mark.parametrize("ending", ["reset", "deleted"])
def test_what_was_written_while_nobody_watched_is_read_though_it_was_archived(watching, store, ending):
    watching.rows({KEY: row("w1", status="running", startedAt=START)})
    path = store.write("w1.jsonl", header(), asked(START, "first"))
    watching.read_all()
    store.write("w1.jsonl", answered(START + 1, "the last words"))
    path.rename(path.with_name(f"w1.jsonl.{ending}.2026-11-22T10-01-44.988Z"))
    watching.rows({KEY: row("w2", at=START + 2)} if ending == "reset" else {})
    watching.start()
    watching.read_all()
    watching.step()
    run = Run.objects.get(title="first")
    assert (run.value.say, run.word) == ("the last words", "done")


def test_a_row_is_gone_only_after_two_whole_looks(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    watching.rows({})
    watching.step()
    assert words() == {f"{KEY} 1": "thinking"}
    watching.step()
    assert words() == {f"{KEY} 1": "stopped"}


def test_a_row_that_was_missed_by_one_look_is_not_gone(watching, store):
    rows = {KEY: row("w", status="running", startedAt=START)}
    watching.rows(rows)
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    for _ in range(3):
        watching.rows({})
        watching.step()
        watching.rows(rows)
        watching.step()
    assert words() == {f"{KEY} 1": "thinking"}


def test_a_look_that_was_not_whole_removes_nothing(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    (store.sessions() / "sessions.json").write_text("{")
    for _ in range(3):
        watching.step()
    assert "not whole JSON" in watching.reader.problems[0]
    watching.start()
    watching.read_all()
    for _ in range(3):
        watching.step()
    assert words() == {f"{KEY} 1": "thinking"}


def test_a_row_that_went_while_nobody_watched_is_gone_too(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START), MAIN: row("m")})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    watching.rows({MAIN: row("m")})
    watching.start()
    watching.read_all()
    watching.step()
    assert words() == {f"{KEY} 1": "stopped"}


def test_a_store_that_goes_away_takes_nothing_with_it(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    store.root.rename(store.root.with_name("away"))
    for _ in range(3):
        watching.step()
    assert words() == {f"{KEY} 1": "thinking"}
    assert "is not there yet" in watching.reader.problems[0]
    store.root.with_name("away").rename(store.root)
    store.write("w.jsonl", answered(START + 1))
    watching.rows({KEY: row("w", status="done", endedAt=START + 1)})
    watching.step()
    assert words() == {f"{KEY} 1": "done"}
    assert watching.reader.problems == ()


def test_a_restart_reads_only_what_is_new(watching, store, monkeypatch):
    watching.rows({KEY: row("w", status="done", endedAt=START + 1)})
    store.write("w.jsonl", header(), asked(START), answered(START + 1))
    watching.read_all()
    before = everything()
    watching.start()
    taken: list[object] = []
    monkeypatch.setattr("sessions_app.ingest.watcher.apply", _noting(taken))
    watching.read_all()
    assert taken == []
    assert everything() == before


def test_forgetting_reads_everything_again_from_where_the_database_is(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    store.write("w.jsonl", answered(START + 1))
    watching.rows({KEY: row("w", status="done", endedAt=START + 1)})
    # Handed out, and never applied.
    watching.reader.sweep()
    assert list(watching.reader.news())
    assert words() == {f"{KEY} 1": "thinking"}
    watching.step()
    assert words() == {f"{KEY} 1": "thinking"}
    watching.reader.forget()
    watching.step()
    assert words() == {f"{KEY} 1": "done"}


def test_news_that_were_forgotten_include_rows_that_are_gone(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    watching.rows({})
    for _ in range(2):
        watching.reader.sweep()
        list(watching.reader.news())
    watching.reader.forget()
    watching.step()
    watching.step()
    assert words() == {f"{KEY} 1": "stopped"}


# --- promise 9: hostile input costs only itself


def write_hostile(store, kind):
    path = store.sessions() / "bad.jsonl"
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to("/etc/hostname")
    elif kind == "huge line":
        store.write("bad.jsonl", header(), b"x" * (9 * 1024 * 1024))
    elif kind == "deep":
        store.write("bad.jsonl", header(), b"[" * 200_000, b'{"message":' * 100_000)
    else:
        store.write("bad.jsonl", os.urandom(50_000), b"\x00" * 100, b"{}", b'{"type":"message"}')


KINDS = {
    "directory": "is a directory",
    "pipe": "not a regular file",
    "link": "symbolic link",
    "huge line": "1 lines could not be read",
    "deep": "2 lines could not be read",
    "binary": "lines could not be read",
}


@pytest.mark.parametrize(("kind", "sentence"), KINDS.items())
def test_a_bad_transcript_is_reported_on_its_session_and_the_others_go_on(watching, store, kind, sentence):
    rows = {"agent:main:bad": row("bad"), KEY: row("w", status="running", startedAt=START)}
    watching.rows(rows)
    write_hostile(store, kind)
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    assert words() == {f"{KEY} 1": "thinking"}
    assert list(problems()) == ["agent:main:bad"]
    assert sentence in problems()["agent:main:bad"]
    watching.rows({**rows, "agent:main:bad": row("bad", at=START + 5)})
    store.write("w.jsonl", answered(START + 1))
    watching.step()
    assert sentence in problems()["agent:main:bad"]
    assert watching.reader.problems == ()


def test_a_transcript_that_becomes_readable_is_read_and_its_problem_goes(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    path = store.sessions() / "w.jsonl"
    path.mkdir()
    watching.read_all()
    assert KEY in problems()
    watching.start()
    path.rmdir()
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    assert problems() == {}
    assert words() == {f"{KEY} 1": "thinking"}


def test_a_transcript_that_cannot_be_read_is_tried_again_though_nothing_shows_a_change(watching, store, monkeypatch):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    source, refuse = watching.reader.source, [True]
    read = source.read

    def refusing(transcript, mark, budget):
        if refuse[0]:
            return replace(read("none.jsonl", mark, 0), problem="no permission")
        return read(transcript, mark, budget)

    monkeypatch.setattr(source, "read", refusing)
    watching.read_all()
    assert problems() == {KEY: "no permission"}
    saved: list[object] = []
    monkeypatch.setattr("sessions_app.ingest.watcher.apply", _noting(saved))
    watching.step()
    assert saved == []
    monkeypatch.undo()
    refuse[0] = False
    watching.step()
    assert problems() == {}
    assert words() == {f"{KEY} 1": "thinking"}


def test_a_reader_that_raises_costs_only_that_transcript(watching, store, monkeypatch):
    watching.rows({"agent:main:bad": row("bad"), KEY: row("w", status="running", startedAt=START)})
    store.write("bad.jsonl", header())
    store.write("w.jsonl", header(), asked(START))
    read = watching.reader.source.read

    def breaking(transcript, mark, budget):
        if "bad" in transcript:
            raise RuntimeError("a bug of ours")
        return read(transcript, mark, budget)

    monkeypatch.setattr(watching.reader.source, "read", breaking)
    watching.read_all()
    assert words() == {f"{KEY} 1": "thinking"}
    assert "could not be read; the log says why" in problems()["agent:main:bad"]


def test_a_store_that_cannot_be_looked_at_is_reported_and_loses_nothing(watching, store, monkeypatch):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    store.write("w.jsonl", header(), asked(START))
    watching.read_all()

    def breaking():
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(watching.reader.source, "survey", breaking)
    store.write("w.jsonl", answered(START + 1))
    watching.step()
    watching.step()
    assert "could not be looked at" in watching.reader.problems[0]
    assert Run.objects.get().value.say == "done"


def test_two_rows_that_name_the_same_transcript_do_not_share_its_lines(watching, store):
    file = str(store.sessions() / "w.jsonl")
    store.write("w.jsonl", header(), asked(START))
    watching.rows({KEY: row("a", sessionFile=file), MAIN: row("b", sessionFile=file)})
    watching.read_all()
    store.write("w.jsonl", answered(START + 1))
    watching.step()
    assert list(words()) == [f"{KEY} 1"]
    assert Checkpoint.objects.get().session.key == KEY


# --- many and large


def test_a_round_reads_a_bit_of_every_transcript_so_that_a_large_one_holds_up_nobody(watching, store, monkeypatch):
    monkeypatch.setattr(module, "PER_TRANSCRIPT", 300_000)
    watching.rows({KEY: row("w"), MAIN: row("m")})
    store.write("w.jsonl", header(), *(asked(START + no, "x" * 100_000) for no in range(20)))
    store.write("m.jsonl", header(), asked(START, "small"))
    watching.reader.sweep()
    for news in watching.reader.news():
        watching.loop._apply(watching.reader.source.name, news, START)
    assert 0 < Run.objects.filter(session__key=KEY).count() < 20
    assert Run.objects.filter(session__key=MAIN).count() == 1
    assert watching.reader.unread() == {KEY}
    for _ in range(20):
        watching.step()
    assert Run.objects.filter(session__key=KEY).count() == 20
    assert watching.reader.unread() == set()


def test_all_sessions_of_a_large_store_are_taken_in_pieces(watching, monkeypatch):
    monkeypatch.setattr(module, "SESSIONS_AT_ONCE", 10)
    watching.rows({f"agent:main:{no}": row(f"w{no}") for no in range(35)})
    news = list(watching.reader.news())
    assert [len(one.facts) for one in news] == [10, 10, 10, 5]


def test_a_changed_file_is_read_when_it_is_heard_of(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    path = store.write("w.jsonl", header(), asked(START))
    watching.read_all()
    store.write("w.jsonl", called(START + 1, "a"))
    watching.reader.heard(str(path))
    assert [reading.key for news in watching.reader.news() for reading in news.readings] == [KEY]
    watching.reader.heard(str(path.with_name("unknown.jsonl")))
    assert watching.reader.look_due


def test_hearing_of_very_many_files_is_quick(watching, store, django_assert_max_num_queries):
    watching.rows({f"agent:main:{no}": row(f"w{no}") for no in range(500)})
    watching.read_all()
    looks = []
    owners = watching.reader._owners()
    watching.reader._owned = owners
    with django_assert_max_num_queries(0):
        for no in range(20_000):
            watching.reader.heard(str(store.root / "agents" / "main" / "sessions" / f"w{no % 500}.jsonl"))
            looks.append(watching.reader._owners() is owners)
    assert all(looks)
    assert len(watching.reader.pending) == 500


def test_a_state_of_another_version_in_the_database_is_written_anew(watching, store):
    watching.rows({KEY: row("w", status="running", startedAt=START)})
    watching.read_all()
    Session.objects.update(facts='{"outcome": "of the future", "key": 5}')
    watching.start()
    watching.read_all()
    assert "of the future" not in Session.objects.get().facts


def test_an_empty_look_is_no_news(watching):
    assert list(watching.reader._surveyed(Survey())) == []
    assert Mark() == Mark(position=0)
