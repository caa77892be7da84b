"""User lines of OpenClaw: who speaks, and what was asked.

2026.2 wraps everything in the text: a time in brackets, ``System:`` lines, and fenced JSON headed "(untrusted
metadata)". Later releases keep the text clean and put the rest beside it (``__openclaw``, ``provenance``).
"""

import re
from typing import Any

from sessions_app.events import Origin, Outcome, UserSaid
from sessions_app.sources.openclaw_keys import MATTERMOST_ID, key_of
from sessions_app.sources.openclaw_shapes import Extra, Provenance, Transport
from sessions_app.sources.text import LOOKED_AT, clean

PROMPT_CHARS = 2000
TIME = re.compile(r"\A\[\w{3} \d{4}-\d\d-\d\d \d\d:\d\d(?: [^\]]{1,20})?\] ")
HEADING_CHARS = 200
UNTRUSTED = " (untrusted"
FENCE, FENCE_END = "):\n```json\n", "\n```"
SYSTEM = re.compile(r"System: \[[^\]\n]{1,40}\] (?P<text>[^\n]*)\n*")
FROM_MATTERMOST = re.compile(
    r"\AMattermost (?:message|DM)\b[^\n]*? from @?(?P<sender>[^\s:]+): (?P<text>.*)", re.DOTALL
)
MESSAGE_ID = re.compile(r'"message_id": ?"(?P<id>[^"\n]{1,60})"')
TASK = re.compile(r"\[Subagent Task\]:?\s*(?P<task>.*?)(?:\n\nBegin\. Execute the assigned task.*)?\Z", re.DOTALL)
ANNOUNCEMENT = re.compile(
    r"\A\[System Message\]\s{0,9}(?:\[sessionId: (?P<session>[^\]\n]{1,100})\]\s*)?"
    r"(?:A subagent task \"(?P<label>.{0,300}?)\" just (?P<end>completed|failed|timed out)"
    r"(?:[^\n:]*: ?(?P<why>[^\n]*))?)?",
    re.DOTALL,
)
CRON = re.compile(r"\A\[cron:\S{1,100} (?P<name>[^\]\n]{1,200})\] ?")
CRON_WAKE = "[OpenClaw cron wake]"
CRON_TAIL = re.compile(r"\n+(?:Current time: |Reference UTC: |This is an unattended scheduled run)")
HOOKED = re.compile(r"<<<EXTERNAL_UNTRUSTED_CONTENT[^>\n]{0,100}>>>\n(?P<body>.*?)\n<<<END_EXTERNAL", re.DOTALL)
# 2026.9 says it in one line; before that OpenClaw's own prompt named the file and the answer.
HEARTBEATS = ("[OpenClaw heartbeat poll]", "Read HEARTBEAT.md", "Run the following periodic tasks")
# A job's result, told to the session of the channel that it goes to: a turn of that session, asked for by nobody.
TOLD_OF = r"\A\[System Message\]\s{0,9}(?:\[sessionId: [^\]\n]{1,100}\]\s*)?"
CRON_TOLD = re.compile(TOLD_OF + r"A cron job \"(?P<name>[^\"\n]{0,200})\"")
QUEUED = re.compile(r"\A\[Queued messages while agent was busy\]\s*(?:---\s*)?(?:Queued #1\s*)?")
RESET = "A new session was started via /new or /reset."
OWN = (
    "[System Message]",
    "[OpenClaw exec completion]",
    "[System] Your previous turn was interrupted",
    "[OpenClaw ",
    "Continue where you left off. The previous model attempt failed",
    # 2026.7 gives the turn back while an approval is pending; this is the turn after it was answered.
    "An async command the user already approved has completed.\nDo not run the command again.",
    "An async command did not run.\nDo not run the command again.",
)


def user_said(
    text: str,
    common: dict[str, Any],
    *,
    hidden: bool,
    provenance: Provenance | None,
    extra: Extra,
    from_channel: bool,
) -> UserSaid:
    """Tell a prompt from a task, an announcement or a wake-up, and unwrap what was asked.

    ``from_channel``: that the line has an owner at all says that it came through a channel (2026.7; from 2026.8 on
    every line has one, and the transport tells).
    """
    body = TIME.sub("", text.lstrip(), count=1)
    if body.startswith("[Subagent Context]") and "[Subagent Task]" in body and not hidden:
        return _task(body, common)
    if told := CRON_TOLD.match(body):
        return UserSaid(**common, origin=Origin.HEARTBEAT, text=clean(told["name"], 300) or "cron job")
    if body.startswith(RESET):
        return UserSaid(**common, origin=Origin.PROMPT, text="/new")
    if body.startswith("[System Message]"):
        return _announcement(body, common)
    if body.startswith(HEARTBEATS):
        return UserSaid(**common, origin=Origin.HEARTBEAT, text="heartbeat")
    if body.startswith(CRON_WAKE):
        return UserSaid(**common, origin=Origin.PROMPT, text="cron job")  # what the job says is not in the store
    from_job = CRON.match(body) is not None and not hidden  # 2026.9 names the job as where it comes from
    if not from_job and (provenance is not None or hidden or body.startswith(OWN)):
        return _own(body, common, provenance or Provenance())
    return _prompt(body, common, extra, from_channel)


def _own(body: str, common: dict[str, Any], provenance: Provenance) -> UserSaid:
    """A line of OpenClaw's own: 2026.9 says beside it where it comes from."""
    if provenance.kind == "inter_session":
        return UserSaid(**common, origin=Origin.ANNOUNCEMENT, child_key=key_of(provenance.source_session_key or ""))
    ended = provenance.source_tool == "exec" or body.startswith("[OpenClaw exec completion]")
    return UserSaid(**common, origin=Origin.WAKE, command_ended=ended)


def _task(body: str, common: dict[str, Any]) -> UserSaid:
    # The preamble of 2026.9 names "[Subagent Task]" in a sentence before the heading itself: take the last.
    heading = body.rfind("[Subagent Task]")
    found = TASK.match(body[heading : heading + LOOKED_AT])
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


def _prompt(body: str, common: dict[str, Any], extra: Extra, from_channel: bool) -> UserSaid:
    sender = extra.sender_name or ""
    transport = extra.transport or Transport()
    message_id = transport.message_id or ""
    from_mattermost = transport.channel == "mattermost" or (from_channel and bool(bytes(extra.sender_is_owner)))
    said, start = "", 0
    while system := SYSTEM.match(body, start):
        start = system.end()
        if found := FROM_MATTERMOST.match(system["text"]):
            from_mattermost, sender, said = True, "@" + found["sender"], found["text"]
    asked, metadata = _unwrapped(_wanted(body[start:]))
    for block in metadata:
        if not message_id and (found := MESSAGE_ID.search(block)):
            message_id = found["id"]
            from_mattermost = from_mattermost or bool(MATTERMOST_ID.match(message_id))
    return UserSaid(
        **common,
        origin=Origin.PROMPT,
        text=clean(asked.strip() or said, PROMPT_CHARS),
        sender=clean(sender, 100),
        message_id=message_id if MATTERMOST_ID.match(message_id) else "",
        from_mattermost=from_mattermost,
    )


def _wanted(body: str) -> str:
    """What a schedule or a hook wants, without what OpenClaw says around it to the model."""
    body = QUEUED.sub("", body, count=1)
    if found := CRON.match(body):
        wanted = body[found.end() :]
        return found["name"] if not wanted.strip() else CRON_TAIL.split(wanted, maxsplit=1)[0]
    if "SECURITY NOTICE: The following content is from an EXTERNAL" in body and (found := HOOKED.search(body)):
        head, line, text = found["body"].partition("---\n")
        return text if line else head
    return body


def _unwrapped(body: str) -> tuple[str, list[str]]:
    """The text without its fenced metadata, and the metadata. By hand: a pattern would take quadratic time."""
    kept, metadata, done = [], list[str](), 0
    while (fence := body.find(FENCE, done)) >= 0 and (end := body.find(FENCE_END, fence + len(FENCE) - 1)) >= 0:
        heading, after = max(done, body.rfind("\n", done, fence) + 1), end + len(FENCE_END)
        if UNTRUSTED in body[heading:fence] and fence - heading < HEADING_CHARS:
            kept.append(body[done:heading])
            metadata.append(body[fence + len(FENCE) : end])
            while body.startswith("\n", after):
                after += 1
        else:
            kept.append(body[done:after])
        done = after
    return "".join([*kept, body[done:]]), metadata
