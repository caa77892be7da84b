"""Reads a growing store in processes that are killed at any moment: ``python -m tests.ingest.killing DIR SEED kill``.

Prints what stands in the database at the end, and how many processes were killed. The database is the one that
DATABASE_URL names; a fork for each attempt, so that nothing is remembered but what was committed.
"""

import json
import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import django

KILLED = 9


def pieces(dice: random.Random) -> Iterator[tuple[str, bytes]]:
    """Appends to transcripts, in pieces of random size; and new rows, under the name of their file."""
    from tests.ingest.watching import KEY, START, answered, asked, called, header, result, row, spawned

    child = "agent:main:subagent:1"
    rows: dict[str, Any] = {KEY: row("w", status="running", startedAt=START)}
    announced = '[System Message] [sessionId: c] A subagent task "x" just completed successfully'
    story: list[tuple[str, bytes | dict[str, Any]]] = [
        ("sessions.json", rows),
        ("w.jsonl", header() + b"\n" + asked(START) + b"\n" + called(START + 1, "a") + b"\n"),
        ("w.jsonl", result(START + 2, "a", exitCode=3) + b"\n" + called(START + 3, "s", "sessions_spawn") + b"\n"),
        ("c.jsonl", header() + b"\n" + asked(START + 4, "task") + b"\n" + called(START + 5, "a") + b"\n"),
        ("sessions.json", {**rows, child: row("c", status="running", startedAt=START + 4)}),
        ("w.jsonl", spawned(START + 5, "s", child) + b"\nbroken\n" + answered(START + 6) + b"\n"),
        ("c.jsonl", result(START + 6, "a") + b"\n" + answered(START + 7) + b"\n"),
        ("w.jsonl", asked(START + 8, announced) + b"\n" + answered(START + 9) + b"\n"),
        ("sessions.json", {KEY: row("w", status="done", endedAt=START + 9), child: row("c", status="done")}),
        ("w.jsonl", asked(START + 20, "second") + b"\n" + called(START + 21, "b") + b"\n"),
        ("sessions.json", {KEY: row("w2", at=START + 30), child: row("c", status="done")}),
        ("w2.jsonl", header() + b"\n" + asked(START + 31, "third") + b"\n" + answered(START + 32) + b"\n"),
        ("sessions.json", {KEY: row("w2", at=START + 33, status="done", endedAt=START + 32)}),
    ]
    for name, content in story:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        while name.endswith(".jsonl") and data:
            size = dice.choice((20, 150, 1000))
            yield name, data[:size]
            data = data[size:]
        if data:
            yield name, data


def attempt(root: Path, now: float, deadly: int) -> int:
    """Read all there is in a process of its own, which dies at its so many-th step; its exit code."""
    from django.db import connection

    connection.close()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        _read(root, now, deadly)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


def _read(root: Path, now: float, deadly: int) -> None:
    from django.db import connection

    from tests.ingest.watching import Watching

    left = [deadly]

    def step() -> None:
        left[0] -= 1
        if left[0] == 0:
            os._exit(KILLED)

    def query(execute: Callable[..., Any], *args: Any) -> Any:
        step()
        made = execute(*args)
        step()
        return made

    commit = connection._commit  # type: ignore[attr-defined]

    def committing() -> None:
        step()
        commit()
        step()

    connection._commit = committing  # type: ignore[attr-defined]
    watching = Watching(root, now=now)
    with connection.execute_wrapper(query):
        watching.read_all()
        watching.step()


def main(root: Path, seed: int, kill: bool) -> None:
    """Write the story; after each piece, read until a process has lived to the end."""
    from tests.ingest.watching import START, Watching, everything

    dice, deaths = random.Random(seed), random.Random(seed + 1000)
    folder = Watching(root).store.sessions()
    killed = 0
    for no, (name, data) in enumerate(pieces(dice)):
        with (folder / name).open("ab" if name.endswith(".jsonl") else "wb") as file:
            file.write(data)
        while code := attempt(root, START + no, deaths.randrange(1, 60) if kill else 0):
            assert code == KILLED, code
            killed += 1
    attempt(root, START + 10_000, 0)
    attempt(root, START + 20_000, 0)
    print(json.dumps({"killed": killed, "rows": [repr(row) for row in everything()]}))


if __name__ == "__main__":
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] == "kill")
