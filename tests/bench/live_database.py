"""How soon events are seen that another process writes into a live SQLite store, and whether we are in its way."""

import multiprocessing
import os
import shutil
import sqlite3
import statistics
import threading
import time
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).parent.parent / "data" / "openclaw" / "2026.9.6" / "plain" / "agents" / "main" / "agent"
FILE = "openclaw-agent.sqlite"
LINE = '{"type":"custom","customType":"bench","id":"%s","timestamp":"2026-11-22T10:00:00.000Z","data":"%s"}'


def write(path: Path, per_s: int, seconds: float, told: Any) -> None:
    """The other process: one commit per event. Tells when each was committed, errors, and the size of the WAL."""
    live = sqlite3.connect(path, isolation_level=None, timeout=5)
    live.execute("PRAGMA ignore_check_constraints = 1")
    live.execute("PRAGMA journal_mode = WAL")
    window = live.execute("SELECT current_session_id FROM session_nodes LIMIT 1").fetchone()[0]
    first = live.execute("SELECT max(seq) + 1 FROM transcript_events WHERE session_id = ?", (window,)).fetchone()[0]
    committed, errors, largest = {}, 0, 0
    began = time.monotonic()
    for number in range(int(per_s * seconds)):
        time.sleep(max(0.0, began + number / per_s - time.monotonic()))
        body = LINE % (f"bench-{number}", "x" * 600)
        values = (window, first + number, body, len(body), 0)
        try:
            live.execute(
                "INSERT INTO transcript_events (session_id, seq, event_json, event_utf8_bytes, created_at) "
                "VALUES (?, ?, ?, ?, ?)",
                values,
            )
            committed[f"bench-{number}"] = time.monotonic()
        except sqlite3.OperationalError:
            errors += 1
        largest = max(largest, path.with_name(path.name + "-wal").stat().st_size)
    time.sleep(0.5)
    told.put((committed, errors, largest))
    live.close()


def live_database(folder: Path, per_s: int = 200, seconds: float = 10.0) -> None:
    """Prints the figures. Needs Django to be set up, and an empty database of our own."""
    from sessions_app.ingest import apply as apply_module
    from sessions_app.ingest import watcher
    from sessions_app.ingest.posts import PostPolicy
    from sessions_app.sources.found import open_sources
    from sessions_app.state.turns import Limits

    store = folder / "database-store"
    path = store / "agents" / "main" / "agent" / FILE
    path.parent.mkdir(parents=True)
    shutil.copy(RECORDED / FILE, path)
    seen: dict[str, float] = {}
    applied = apply_module.apply

    def noted(name: str, news: Any, *rest: Any) -> Any:
        result = applied(name, news, *rest)
        now = time.monotonic()
        seen.update({event.id: now for reading in news.readings for event in reading.chunk.events})
        return result

    setattr(watcher, "apply", noted)  # noqa: B010 - the loop's own name for it
    settings = watcher.Settings(name="bench", host="bench", pid=os.getpid(), limits=Limits(), policy=PostPolicy())
    loop = watcher.WatchLoop(open_sources([store]), settings, time.time)
    thread = threading.Thread(target=loop.run)
    thread.start()
    time.sleep(1.0)
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    writer = context.Process(target=write, args=(path, per_s, seconds, told))
    writer.start()
    committed, errors, largest = told.get(timeout=seconds + 30)
    writer.join()
    time.sleep(1.0)
    loop.stop.set()
    thread.join()
    taken = sorted(seen[id_] - at for id_, at in committed.items() if id_ in seen)
    left = [name for name in ("-wal", "-shm") if path.with_name(path.name + name).exists()]
    print(f"live SQLite store, {per_s} events/s for {seconds:.0f} s by another process:")
    print(
        f"  committed → applied: median {statistics.median(taken) * 1000:.0f} ms, "
        f"p99 {taken[int(len(taken) * 0.99)] * 1000:.0f} ms; {len(taken)} of {len(committed)} seen, "
        f"{errors} writes failed, WAL at most {largest / 1e6:.1f} MB, files left after its close: {left or 'none'}"
    )
