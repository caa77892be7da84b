import time
import tracemalloc

import pytest

from sessions_app.events import (
    Aborted,
    AgentSaid,
    Ask,
    Call,
    Compacted,
    Noted,
    Opened,
    Restarted,
    Spawned,
    Stop,
    ToolEnded,
    Usage,
)
from sessions_app.sources.openclaw_lines import BadLineError, line_id, tidy
from tests.sources.lines import AT, AT_S, agent, call, event, line, message, result, text

SECRET = "ghp_16C7e42F292c6912E7710c838347Ae178B4a"


KINDS = [
    # a header, forked from another transcript that OpenClaw saw under another path
    (
        {"type": "session", "version": 3, "parentSession": "/home/x/.openclaw/agents/main/sessions/cb3c.jsonl"},
        Opened(id="8f68192c", at=AT_S, session_id="8f68192c", parent="cb3c.jsonl"),
    ),
    ({"type": "session", "version": 4}, Opened(id="8f68192c", at=AT_S, session_id="8f68192c")),
    (
        {"type": "session", "parentSession": "C:\\Users\\x\\cb3c.jsonl"},
        Opened(id="8f68192c", at=AT_S, session_id="8f68192c", parent="cb3c.jsonl"),
    ),
    ({"type": "compaction", "summary": "s"}, Compacted(id="8f68192c", at=AT_S)),
    ({"type": "reset", "reason": "reset"}, Restarted(id="8f68192c", at=AT_S)),
    (
        {"type": "custom", "customType": "openclaw:prompt-error", "data": {"error": "aborted"}},
        Aborted(id="8f68192c", at=AT_S),
    ),
    # an error of another kind is told by the agent's own line
    (
        {"type": "custom", "customType": "openclaw:prompt-error", "data": {"error": "timeout"}},
        Noted(id="8f68192c", at=AT_S, kind="openclaw:prompt-error"),
    ),
    ({"type": "custom", "customType": "model-snapshot"}, Noted(id="8f68192c", at=AT_S, kind="model-snapshot")),
    ({"type": "custom_message", "customType": "x"}, Noted(id="8f68192c", at=AT_S, kind="x")),
    ({"type": "model_change"}, Noted(id="8f68192c", at=AT_S, kind="model_change")),
    ({"type": "of the future", "message": None}, Noted(id="8f68192c", at=AT_S, kind="of the future")),
    ({"type": "message"}, Noted(id="8f68192c", at=AT_S, kind="message")),
    ({"type": "message", "message": {"role": "bashExecution"}}, Noted(id="8f68192c", at=AT_S, kind="bashExecution")),
    ({}, Noted(id="8f68192c", at=AT_S)),
]


@pytest.mark.parametrize(("fields", "expected"), KINDS)
def test_every_kind_of_line_becomes_its_event(fields, expected):
    assert event(line(**fields)) == expected


def test_a_whole_message_of_the_agent_is_read():
    said = agent(
        {"type": "thinking", "thinking": "hm"},
        text("I will run it."),
        call(command="git push origin"),
        stopReason="toolUse",
        model="claude",
        usage={"input": 10, "output": 2, "cacheRead": 3, "cacheWrite": 1, "cost": {"total": 0.25}},
        __openclaw={"runId": "announce:v1:x"},
    )
    assert said == AgentSaid(
        id="8f68192c",
        at=AT_S,
        stop=Stop.TOOLS,
        text="I will run it.",
        calls=(Call(id="call_1", tool="exec", target="git push"),),
        usage=Usage(input=10, output=2, cache_read=3, cache_write=1, cost=0.25),
        model="claude",
        turn_id="announce:v1:x",
        woken_by="announce:v1:x",
    )
    assert said.usage.tokens == 16


def test_parallel_calls_are_all_kept_in_order():
    said = agent(call(call_id="a"), call("read", call_id="b", path="x/y.py"), call(call_id="c"), stopReason="toolUse")
    assert [(one.id, one.tool) for one in said.calls] == [("a", "exec"), ("b", "read"), ("c", "exec")]


STOPS = [
    ({"stopReason": "stop"}, Stop.STOP),
    ({"stopReason": "length"}, Stop.LENGTH),
    ({"stopReason": "error"}, Stop.ERROR),
    ({"stopReason": "aborted"}, Stop.ABORTED),
    ({"stopReason": "toolUse"}, Stop.TOOLS),
    # an abort through the gateway looks like success
    ({"stopReason": "stop", "openclawAbort": {"aborted": True}}, Stop.ABORTED),
    ({"stopReason": "stop", "openclawAbort": {"aborted": False}}, Stop.STOP),
    ({"stopReason": "stop", "openclawAbort": "odd"}, Stop.STOP),
    # a reason that we do not know
    ({"stopReason": "of the future"}, Stop.STOP),
    ({}, Stop.STOP),
]


@pytest.mark.parametrize(("fields", "stop"), STOPS)
def test_the_reason_to_stop_is_read(fields, stop):
    assert agent(text("x"), **fields).stop is stop


def test_calls_without_a_known_reason_keep_the_turn_open():
    assert agent(call(), stopReason="of the future").stop is Stop.TOOLS


def test_an_error_message_is_kept():
    assert agent(stopReason="error", errorMessage="400 bad request").error == "400 bad request"


@pytest.mark.parametrize("answer", [" NO_REPLY\n", "HEARTBEAT_OK", "**HEARTBEAT_OK**", "NO_REPLY."])
def test_the_words_for_nothing_to_say_are_silence_and_no_text(answer):
    said = agent(text(answer))
    assert (said.silent, said.text) == (True, "")


def test_an_answer_that_names_such_a_word_is_an_answer():
    said = agent(text("I would say NO_REPLY here"))
    assert (said.silent, said.text) == (False, "I would say NO_REPLY here")


def test_what_another_session_sent_to_the_channel_is_no_turn():
    said = agent(text("The job is done."), provider="openclaw", model="delivery-mirror", stopReason="stop")
    assert said == Noted(id=said.id, at=said.at, kind="delivery-mirror")


def test_a_command_that_waits_for_an_approval_says_until_when():
    details = {"status": "approval-pending", "approvalId": "61bc", "expiresAtMs": 1_795_471_436_986}
    said = result(details=details)
    assert (said.ok, said.asks) == (True, Ask(id="61bc", until=1_795_471_436.986))
    assert result(details={**details, "expiresAtMs": "soon"}).asks == Ask(id="61bc")
    assert result(details={"status": "completed"}).asks is None


def test_the_error_of_a_command_is_what_openclaw_says_behind_its_output():
    output = [text("start\nmore of it\n\nCommand aborted by signal SIGTERM")]
    assert result(content=output, isError=True).error == "Command aborted by signal SIGTERM"
    assert result("read", content=[text("no such file\nat line 7")], isError=True).error == "no such file"


USAGES = [
    ({"input": 1.0, "output": 2.6}, Usage(input=1, output=2)),
    ({"input": "12"}, Usage(input=12)),
    ({"input": -5, "output": 3}, Usage(output=3)),
    ({"input": "many", "output": 3}, Usage(output=3)),
    ({"input": "nan", "output": "inf", "cacheRead": "-inf", "cacheWrite": 1}, Usage(cache_write=1)),
    ({"input": 10**40, "output": 3}, Usage(output=3)),
    ({"input": None, "output": [], "cacheRead": {}, "cacheWrite": True}, Usage()),
    ({"cost": {"total": -1}}, Usage()),
    ({"cost": {"total": "inf"}}, Usage()),
    ({"cost": {"total": "0.5"}}, Usage(cost=0.5)),
    ({"cost": 0.5}, Usage()),
    ({"cost": None}, Usage()),
    ("odd", Usage()),
    (None, Usage()),
    ([], Usage()),
]


@pytest.mark.parametrize(("usage", "expected"), USAGES)
def test_usage_of_any_shape_never_costs_the_line_that_ends_a_turn(usage, expected):
    said = agent(text("done"), stopReason="stop", usage=usage)
    assert (said.stop, said.text, said.usage) == (Stop.STOP, "done", expected)


def test_a_line_without_usage_costs_nothing():
    assert agent(text("x")).usage == Usage()


RESULTS = [
    # (tool, fields, ok, error)
    ("exec", {"details": {"status": "completed", "exitCode": 0}, "isError": False}, True, ""),
    # a failing command is no error to OpenClaw
    ("exec", {"details": {"status": "completed", "exitCode": 3}, "isError": False}, False, "exit 3"),
    ("exec", {"details": {"exitCode": -9}}, False, "exit -9"),
    ("exec", {"details": {"exitCode": "127"}}, False, "exit 127"),
    ("exec", {"details": {"exitCode": None}}, True, ""),
    ("exec", {"details": {"exitCode": {}}}, True, ""),
    # a file that is not there
    ("read", {"details": {"status": "error", "error": "ENOENT: no such file"}}, False, "ENOENT: no such file"),
    ("read", {"details": {"status": "error", "error": {"code": 1}}, "content": "first\nsecond"}, False, "first"),
    (
        "nope",
        {"content": [{"type": "text", "text": "Tool nope not found"}], "isError": True},
        False,
        "Tool nope not found",
    ),
    ("nope", {"isError": True}, False, "failed"),
    ("nope", {"isError": True, "content": "\x00"}, False, "failed"),
    # details of any shape
    ("exec", {"details": None}, True, ""),
    ("exec", {"details": "text"}, True, ""),
    ("exec", {"details": [1, 2]}, True, ""),
    ("exec", {"details": {"status": 5, "exitCode": 1}}, True, ""),
    ("exec", {"isError": None}, True, ""),
    ("exec", {}, True, ""),
]


@pytest.mark.parametrize(("tool", "fields", "ok", "error"), RESULTS)
def test_a_result_says_whether_it_went_well(tool, fields, ok, error):
    ended = result(tool, **fields)
    assert (ended.ok, ended.error) == (ok, error)
    assert (ended.call_id, ended.tool) == ("call_1", tool)


def test_an_exit_code_beyond_all_numbers_still_fails():
    ended = event(b'{"type":"message","message":{"role":"toolResult","details":{"exitCode":' + b"9" * 60 + b"}}}")
    assert ended.ok is False
    assert len(ended.error) <= 40


def test_an_accepted_spawn_names_the_session_of_the_sub_agent():
    ended = result(
        "sessions_spawn", details={"status": "accepted", "childSessionKey": "agent:main:subagent:A", "runId": "r"}
    )
    assert ended.spawned == Spawned(key="agent:main:subagent:a", turn_id="r")
    assert ended.ok


@pytest.mark.parametrize("status", ["error", "forbidden"])
def test_a_refused_spawn_is_a_failed_step_and_no_sub_agent(status):
    ended = result("sessions_spawn", details={"status": status, "error": "not allowed", "childSessionKey": "agent:a:b"})
    assert (ended.spawned, ended.ok, ended.error) == (None, False, "not allowed")


def test_a_command_in_the_background_is_named_until_it_ends():
    assert result("exec", details={"status": "running", "sessionId": "tidal-reef"}).running == "tidal-reef"
    assert result("process", details={"status": "running", "sessionId": "tidal-reef"}).running == ""
    assert result("process", details={"status": "completed", "sessionId": "tidal-reef"}).finished == "tidal-reef"
    assert result("process", details={"status": "failed", "sessionId": "tidal-reef", "exitCode": 1}).finished


def test_a_yield_gives_the_turn_back():
    assert result("sessions_yield", details={"status": "yielded"}).yielded
    assert not result("exec", details={"status": "yielded"}).yielded


def test_content_may_be_text_parts_or_nothing():
    assert event(message("assistant", content="plain")).text == "plain"
    assert event(message("assistant", content=None)).text == ""
    assert agent(text("a"), text("b"), text(None), {"type": "image", "data": "x"}).text == "a\nb"


def test_an_odd_part_costs_only_itself():
    said = agent("loose", 7, None, [], {"type": 5}, text(["list"]), call(call_id=None), text("good"), stopReason="stop")
    assert (said.text, said.calls, said.stop) == ("good", (), Stop.STOP)


BAD = [
    b"",
    b"not json",
    b"[]",
    b"7",
    b'"text"',
    b"null",
    b'{"type":"message","message":"text"}',
    b'{"type":"message","message":{"role":"assistant"',
    b'{"usage":NaN}',
    b'{"type":5}',
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"details":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b"\xff\xfe\x00",
]


@pytest.mark.parametrize("raw", BAD, ids=lambda raw: repr(raw[:20]))
def test_what_is_no_line_is_refused_with_a_reason(raw):
    with pytest.raises(BadLineError) as caught:
        event(raw)
    assert str(caught.value)


def test_deep_details_are_left_out_and_the_result_stays():
    deep = b"[" * 900 + b"]" * 900
    raw = (
        b'{"type":"message","message":{"role":"toolResult","toolCallId":"c","toolName":"exec","details":' + deep + b"}}"
    )
    assert isinstance(event(raw), ToolEnded)


SURROGATES = [
    # (as it stands in the JSON, what is read)
    (rb"cut \ud83d", "cut \ufffd"),
    (rb"\ude00 cut", "\ufffd cut"),
    (rb"\ud83d\ud83d\ude00", "\ufffd😀"),
    (rb"\uD83D\uDE00", "😀"),
    # a backslash before it makes it text
    (rb"\\ud83d \ud83d", "\\ud83d \ufffd"),
    (b"bytes \xff \\u00e9", "bytes \ufffd é"),
]


@pytest.mark.parametrize(("written", "read"), SURROGATES)
def test_a_text_cut_inside_an_emoji_is_mended(written, read):
    raw = b'{"type":"message","id":"1","message":{"role":"assistant","stopReason":"stop","content":"' + written + b'"}}'
    assert event(raw).text == read
    assert line_id(raw) == "1"


def test_a_broken_surrogate_in_a_field_that_is_skipped_costs_nothing():
    raw = b'{"type":"compaction","id":"1","summary":"\\ud83d","details":{"\\ude00":1}}'
    assert event(raw) == Compacted(id="1", at=0.0)


def test_nothing_that_a_database_refuses_comes_out():
    dirty = "a\x00b\ud83dc"
    for made in (
        event(line(id=dirty, type=dirty)),
        event(line(type="session", id=dirty, parentSession=dirty)),
        agent(text(dirty), call(dirty, call_id=dirty, path=dirty), model=dirty, errorMessage=dirty),
        result(dirty, content=dirty, isError=True, details={"sessionId": dirty, "status": "completed"}),
        result(details={"status": "accepted", "childSessionKey": dirty, "runId": dirty}),
        event(message(dirty)),
    ):
        assert "\\x00" not in repr(made)
        repr(made).encode()


def test_ids_and_names_are_cut():
    huge = "x" * 100_000
    for made in (
        event(line(id=huge, type=huge)),
        agent(call(huge, call_id=huge), model=huge, errorMessage=huge, __openclaw={"runId": huge}),
        result(huge, content=huge, isError=True, details={"sessionId": huge, "status": "running"}),
        result(details={"status": "accepted", "childSessionKey": huge, "runId": huge}),
    ):
        assert len(repr(made)) < 3000


def test_the_id_of_a_line_is_the_same_whoever_asks():
    raw = line(id="x" * 300 + "\x00", type="message")
    assert line_id(raw) == event(raw).id
    assert line_id(b"broken") == ""
    assert line_id(b'{"id":7}') == ""
    assert line_id(b"[" * 100_000) == ""


TIMES = [
    (AT, AT_S),
    ("2026-11-22T11:01:44.988+01:00", AT_S),
    ("2026-11-22T10:01:44.988", AT_S),
    ("yesterday", 0.0),
    ("", 0.0),
    (None, 0.0),
    ("9999-12-31T23:59:59.999999-14:00", 253402351199.999999),
    ("0001-01-01T00:00:00+14:00", -62135647200.0),
]


@pytest.mark.parametrize(("timestamp", "seconds"), TIMES)
def test_times_are_seconds_since_1970(timestamp, seconds):
    assert event(line(type="x", timestamp=timestamp)).at == pytest.approx(seconds)


def test_secrets_are_redacted_in_texts_errors_and_targets():
    events = (
        agent(text(f"use {SECRET}"), call(command=f"git {SECRET}"), call("read", call_id="b", path=f"/x/{SECRET}")),
        agent(stopReason="error", errorMessage=f"token {SECRET} refused"),
        result(content=f"bad {SECRET}", isError=True),
        result(details={"status": "error", "error": f"bad {SECRET}"}),
    )
    for made in events:
        assert SECRET not in repr(made)
    assert "[redacted]" in events[0].text


def test_a_secret_cut_by_the_limit_is_still_redacted():
    said = agent(text("x" * 590 + " " + SECRET))
    assert "ghp_" not in said.text
    assert len(said.text) <= 600


def test_what_stands_around_a_line_is_taken_off():
    assert tidy(b"\x00\x00 {}\r") == b"{}"
    assert tidy(b"\xef\xbb\xbf{}") == b"{}"


BOMBS = [
    # nothing but empty objects: as a whole line, and wherever any shape is allowed
    b'{"type":"compaction","x":[%s]}',
    b'{"type":"message","message":{"role":"toolResult","details":[%s]}}',
    b'{"type":"message","message":{"role":"user","provenance":[%s],"__openclaw":[%s]}}',
    b'{"type":"message","message":{"role":"assistant","usage":{"cost":[%s]},"openclawAbort":[%s]}}',
    b'{"type":"message","message":{"role":"assistant","content":[{"type":"toolCall","id":"a","arguments":{"x":[%s]}}]}}',
]


@pytest.mark.parametrize("shape", BOMBS)
def test_a_line_of_50_mb_of_nothing_costs_no_memory(shape):
    raw = shape.replace(b"%s", b",".join([b'{"a":{}}'] * (5_500_000 // shape.count(b"%s"))))
    tracemalloc.start()
    began = time.process_time()
    try:
        event(raw)
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    # Raw parts are copies of the bytes themselves; what is forbidden is millions of objects.
    assert peak < 2.5 * len(raw)
    assert time.process_time() - began < 10


def test_a_command_that_was_denied_is_not_told_with_all_its_words():
    said = result(content=[text("Exec denied (gateway id=2c2c, user-denied): curl -H 'token: x'")], isError=True)
    assert said.error == "denied"
