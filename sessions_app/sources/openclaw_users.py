"""User lines of OpenClaw: who speaks, and what was asked.

2026.2 wraps everything in the text: a time in brackets, ``System:`` lines, and fenced JSON headed "(untrusted
metadata)". Later releases keep the text clean and put the rest beside it (``__openclaw``, ``provenance``).
"""

import re
from typing import Any

from sessions_app.events import Origin, Outcome, UserSaid
from sessions_app.sources.openclaw_keys import MATTERMOST_ID
from sessions_app.sources.text import clean

PROMPT_CHARS = 2000
TIME = re.compile(r"\A\[\w{3} \d{4}-\d\d-\d\d \d\d:\d\d(?: [^\]]{1,20})?\] ")
METADATA = re.compile(
    r"^[^\n]{0,80}\(untrusted[^)\n]{0,60}\):\n```json\n(?P<json>.*?)\n```\n*", re.DOTALL | re.MULTILINE
)
SYSTEM = re.compile(r"\ASystem: \[[^\]\n]{1,40}\] (?P<text>[^\n]*)\n*")
FROM_MATTERMOST = re.compile(
    r"\AMattermost (?:message|DM)\b[^\n]*? from @?(?P<sender>[^\s:]+): (?P<text>.*)", re.DOTALL
)
MESSAGE_ID = re.compile(r'"message_id": ?"(?P<id>[^"\n]{1,60})"')
TASK = re.compile(r"\[Subagent Task\]:?\s*(?P<task>.*?)(?:\n\nBegin\. Execute the assigned task.*)?\Z", re.DOTALL)
ANNOUNCEMENT = re.compile(
    r"\A\[System Message\]\s*(?:\[sessionId: (?P<session>[^\]\n]{1,100})\]\s*)?"
    r"(?:A subagent task \"(?P<label>.{0,300}?)\" just (?P<end>completed|failed|timed out)"
    r"(?:[^\n:]*: ?(?P<why>[^\n]*))?)?",
    re.DOTALL,
)
OWN = ("[System Message]", "[OpenClaw exec completion]", "[System] Your previous turn was interrupted", "[OpenClaw ")


def user_said(text: str, common: dict[str, Any], *, display: bool | None, provenance: Any, extra: Any) -> UserSaid:
    """Tell a prompt from a task, an announcement or a wake-up, and unwrap what was asked."""
    body = TIME.sub("", text.lstrip(), count=1)
    if body.startswith("[Subagent Context]") and "[Subagent Task]" in body and display is not False:
        return _task(body, common)
    if body.startswith("[System Message]"):
        return _announcement(body, common)
    if provenance or display is False or body.startswith(OWN):
        return _own(body, common, provenance if isinstance(provenance, dict) else {})
    return _prompt(body, common, extra if isinstance(extra, dict) else {})


def _own(body: str, common: dict[str, Any], provenance: dict[str, Any]) -> UserSaid:
    """A line of OpenClaw's own: 2026.9 says beside it where it comes from."""
    if provenance.get("kind") == "inter_session":
        key = str(provenance.get("sourceSessionKey") or "").lower()
        return UserSaid(**common, origin=Origin.ANNOUNCEMENT, child_key=clean(key, 500))
    ended = provenance.get("sourceTool") == "exec" or body.startswith("[OpenClaw exec completion]")
    return UserSaid(**common, origin=Origin.WAKE, command_ended=ended)


def _task(body: str, common: dict[str, Any]) -> UserSaid:
    # The preamble of 2026.9 names "[Subagent Task]" in a sentence before the heading itself: take the last.
    heading = body.rfind("[Subagent Task]")
    found = TASK.match(body[heading:])
    return UserSaid(**common, origin=Origin.TASK, text=clean(found["task"] if found else "", PROMPT_CHARS))


def _announcement(body: str, common: dict[str, Any]) -> UserSaid:
    found = ANNOUNCEMENT.match(body)
    end = found["end"] if found else None
    outcome = {"completed": Outcome.DONE, "failed": Outcome.FAILED, "timed out": Outcome.FAILED}.get(end or "")
    why = (found["why"] or "") if found and outcome is Outcome.FAILED else ""
    return UserSaid(
        **common,
        origin=Origin.ANNOUNCEMENT,
        child_session_id=((found["session"] or "") if found else "").strip(),
        child_label=clean((found["label"] or "") if found else "", 300),
        child_outcome=outcome,
        child_error=clean(why.rstrip("."), 400) or ("time limit reached" if end == "timed out" else ""),
    )


def _prompt(body: str, common: dict[str, Any], extra: dict[str, Any]) -> UserSaid:
    sender = str(extra.get("senderName") or "")
    transport = extra.get("transport")
    message_id = str(transport.get("messageId") or "") if isinstance(transport, dict) else ""
    from_mattermost = bool(message_id) or "senderIsOwner" in extra
    said = ""
    while system := SYSTEM.match(body):
        body = body[system.end() :]
        if found := FROM_MATTERMOST.match(system["text"]):
            from_mattermost, sender, said = True, "@" + found["sender"], found["text"]
    for block in METADATA.finditer(body):
        if not message_id and (found := MESSAGE_ID.search(block["json"])):
            message_id = found["id"]
            from_mattermost = from_mattermost or bool(MATTERMOST_ID.match(message_id))
    asked = METADATA.sub("", body).strip() or said
    return UserSaid(
        **common,
        origin=Origin.PROMPT,
        text=clean(asked, PROMPT_CHARS),
        sender=clean(sender, 100),
        message_id=message_id if MATTERMOST_ID.match(message_id) else "",
        from_mattermost=from_mattermost,
    )
