"""A model that follows a script: an OpenAI-compatible server on loopback, without any memory.

What it answers is found in the request alone: the newest user message with a tag like ``play:nested`` names the play,
the number of assistant messages after it the step. So it does not matter how often OpenClaw asks.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

THINKS_S = 0.3
LONG = "echo begun; sleep 30; echo ended"
OWN_WORDS = re.compile(r"OPENCLAW_INTERNAL_CONTEXT|\[System Message\]|completion event|just completed|now settled")


@dataclass(frozen=True, slots=True)
class Step:
    """One answer of the model: words, and the tools it wants to use with their arguments."""

    text: str
    calls: tuple[tuple[str, dict[str, Any]], ...] = ()


def run(command: str) -> tuple[str, dict[str, Any]]:
    return ("exec", {"command": command, "yieldMs": 120_000})


def spawn(play: str, label: str) -> tuple[str, dict[str, Any]]:
    return ("sessions_spawn", {"task": f"play:{play} as {label}", "label": label})


PLAYS = {
    "plain": (Step("A plain answer."),),
    "tools": (
        Step("A command first.", (run("echo one; sleep 2"),)),
        Step("Then a file.", (("write", {"path": "note.txt", "content": "a line\n"}),)),
        Step("Then two at once.", (("read", {"path": "note.txt"}), run("sleep 1; ls"))),
        Step("All four tools worked."),
    ),
    "nested": (
        Step("Two sub-agents.", (spawn("middle", "left"), spawn("leaf", "right"))),
        Step("They are at work."),
    ),
    "middle": (Step("One more below me.", (spawn("leaf", "below"),)), Step("It is at work.")),
    "leaf": (Step("A command.", (run("echo leaf; sleep 3"),)), Step("The leaf is done.")),
    "long": (Step("A command that takes long.", (run(LONG),)), Step("It has ended.")),
}


def answer(messages: list[dict[str, Any]]) -> Step:
    """The step that these messages have come to."""
    told = [(number, found) for number, one in enumerate(messages) if (found := _play(one))]
    if not told:
        return Step("Nothing to do.")
    number, name = told[-1]
    step = sum(1 for one in messages[number + 1 :] if one.get("role") == "assistant")
    steps = PLAYS.get(name, ())
    return steps[step] if step < len(steps) else Step("Noted.")


def _play(message: dict[str, Any]) -> str:
    """The play that a person's message names; reports of sub-agents quote the tags of others."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content or ""}]
    text = "\n".join(str(part.get("text") or "") for part in parts)
    if message.get("role") != "user" or OWN_WORDS.search(text):
        return ""
    found = re.findall(r"play:(\w+)", text)
    return found[-1] if found else ""


class Model:
    """``with Model() as model:`` serves on ``model.url``."""

    def __enter__(self) -> Self:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Requests)
        self._server.daemon_threads = True
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:  # silence
        pass

    def do_GET(self) -> None:
        self._send("application/json", json.dumps({"object": "list", "data": [{"id": "scripted"}]}).encode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        step = answer(asked.get("messages", []))
        time.sleep(THINKS_S)
        if asked.get("stream"):
            lines = (f"data: {json.dumps(chunk)}\n\n" for chunk in _chunks(step))
            self._send("text/event-stream", ("".join(lines) + "data: [DONE]\n\n").encode())
        else:
            message = {"role": "assistant", "content": step.text, "tool_calls": _calls(step) or None}
            self._send("application/json", json.dumps(_envelope({"message": message}, step, USAGE)).encode())

    def _send(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


USAGE = {"prompt_tokens": 1000, "completion_tokens": 20, "total_tokens": 1020}


def _chunks(step: Step) -> Iterator[dict[str, Any]]:
    yield _envelope({"delta": {"role": "assistant", "content": step.text}}, None)
    for number, call in enumerate(_calls(step)):
        yield _envelope({"delta": {"tool_calls": [{"index": number, **call}]}}, None)
    yield _envelope({"delta": {}}, step, USAGE)


def _calls(step: Step) -> list[dict[str, Any]]:
    return [
        {"id": f"call_{uuid.uuid4().hex[:20]}", "type": "function",
         "function": {"name": name, "arguments": json.dumps(arguments)}}
        for name, arguments in step.calls
    ]  # fmt: skip


def _envelope(choice: dict[str, Any], ended: Step | None, usage: dict[str, int] | None = None) -> dict[str, Any]:
    reason = None if ended is None else "tool_calls" if ended.calls else "stop"
    choices = [{"index": 0, "finish_reason": reason, **choice}]
    whole = {"id": "scripted", "object": "chat.completion", "created": int(time.time()), "model": "scripted"}
    return {**whole, "choices": choices, **({"usage": usage} if usage else {})}
