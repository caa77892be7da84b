import tracemalloc

import pytest
import zstandard

from sessions_app.sources.openclaw_db import AgentDatabase
from sessions_app.sources.openclaw_look import LARGEST_EVENT
from tests.sources.databases import KEY, Database


@pytest.fixture
def database(tmp_path):
    made = Database(tmp_path)
    yield made
    made.close()


def bodies(database):
    with AgentDatabase(database.path).look() as look:
        return [one.raw for page in look.pages("w1", 0) for one in page]


def streamed(body):
    """A frame that does not say how much it holds."""
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress(body) + packer.flush()


@pytest.mark.parametrize("pack", [zstandard.compress, streamed])
def test_a_packed_body_is_what_was_packed(database, pack):
    database.put("w1", 0, None, pack(b"body" * 500))
    assert bodies(database) == [b"body" * 500]


@pytest.mark.parametrize("pack", [zstandard.compress, streamed])
def test_a_bomb_is_not_unpacked(database, pack):
    frame = pack(b"\x00" * (64 * LARGEST_EVENT))
    assert len(frame) < 100_000
    database.put("w1", 0, None, frame)
    database.put("w1", 1, None, pack(b"x" * LARGEST_EVENT))
    tracemalloc.start()
    try:
        assert bodies(database) == [None, b"x" * LARGEST_EVENT]
        assert tracemalloc.get_traced_memory()[1] < 6 * LARGEST_EVENT
    finally:
        tracemalloc.stop()


def test_a_frame_that_wants_a_huge_window_is_refused(database):
    parameters = zstandard.ZstdCompressionParameters(window_log=30, enable_ldm=1)
    frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    database.put("w1", 0, None, frame.compress(b"x" * 1000) + frame.flush())
    assert bodies(database) == [None]


def test_text_beyond_the_limit_is_left_out(database):
    database.put("w1", 0, "x" * (LARGEST_EVENT + 1))
    assert bodies(database) == [None]


def test_a_page_is_no_larger_than_the_memory(database):
    for seq in range(20):
        database.put("w1", seq, None, zstandard.compress(b"\x00" * LARGEST_EVENT))
    with AgentDatabase(database.path).look() as look:
        assert [len(page) for page in look.pages("w1", 0)] == [1] * 20


def test_a_queue_that_holds_anything(tmp_path):
    columns = "session_key, input_id, message_json, accepted_at, state, seq"
    made = Database(tmp_path / "queue", session_pending_inputs=columns)
    rows = [(KEY, "a", "{}", 5, "queued", 1), (KEY, None, None, "then", "queued", 2), (KEY, "c", "{}", 5, "taken", 3)]
    made.live.executemany("INSERT INTO session_pending_inputs VALUES (?, ?, ?, ?, ?, ?)", rows)
    with AgentDatabase(made.path).look() as look:
        assert [(one.key, one.at) for one in look.queue()] == [(KEY, 5), (KEY, 0)]
    made.close()
