"""What openclaw.json says of the release and of the place; as JSON, as JSON5, and as neither."""

import json

import pytest

from sessions_app.sources.openclaw_config import Config, config_of

ELSEWHERE = "/data/{agentId}/sessions.json"


def written(root, text):
    (root / "openclaw.json").write_text(text)
    return config_of(root)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"gateway": {}, "session": {"store": ELSEWHERE}, "meta": {"lastTouchedVersion": "2026.9.6"}}),
        "{ // what people write\n  session: { reset: {mode: 'idle'}, store: '" + ELSEWHERE + "', },\n"
        "  meta: { lastTouchedVersion: '2026.9.6', },\n}",
    ],
    ids=["json", "json5"],
)  # fmt: skip
def test_the_release_and_the_place(tmp_path, text):
    found = written(tmp_path, text)
    assert found.version == "2026.9.6"
    assert found.elsewhere is not None
    assert f"session.store is {ELSEWHERE}" in found.elsewhere.sentence
    assert "take session.store out of it" in found.elsewhere.next_step


def test_a_comment_says_nothing(tmp_path):
    assert written(tmp_path, "{ // session: { store: '/data/x.json' }\n gateway: {}, }") == Config()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"meta": 7, "session": []}', '{"meta": {"lastTouchedVersion": 7}}'])
def test_what_says_nothing(tmp_path, text):
    assert written(tmp_path, text) == Config()


def test_no_file(tmp_path):
    assert config_of(tmp_path) == Config()


@pytest.mark.parametrize(
    "store", ["agents/{agentId}/sessions/sessions.json", "{root}/agents/{agentId}/sessions/sessions.json"]
)
def test_a_place_within_is_no_other_place(tmp_path, store):
    store = store.replace("{root}", str(tmp_path))
    assert written(tmp_path, json.dumps({"session": {"store": store}})).elsewhere is None


def test_the_home_is_that_of_the_owner(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/not/this/one")
    store = "~/oc/agents/{agentId}/sessions/sessions.json"
    found = written(tmp_path, json.dumps({"session": {"store": store}})).elsewhere
    assert found is not None
    assert found.next_step.endswith("/oc.")
    assert "/not/this/one" not in found.next_step
