"""The last words of a post that no run stands behind any more.

It must not go on saying "working", and nothing new will be known: what stays is what it is about, and why it ends.
"""

import re

from sessions_app.render.lines import DOT, SIGNS, said

SIGN = "⏹️"
ENDED = "no longer followed"
WHY_CHARS = 160
HEAD_CHARS = 200
# Line 1 as `lines.head` writes it: sign, bold title, agent. A title has no asterisk of its own that is not escaped.
_SIGN = "|".join(map(re.escape, (*SIGNS.values(), SIGN)))
_HEAD = re.compile(rf"^(?:{_SIGN}) (\*\*(?:\\.|[^*\\])+\*\*)(?: · ([^·]+))?")


def leave(text: str, why: str) -> str:
    """What a post says for good that said ``text`` (Markdown of ours) until now; ``why`` is a short reason.

    Of a text that is not ours, because somebody else wrote into the post, nothing is kept.
    """
    found = _HEAD.match(text.partition("\n")[0])
    about = [part.strip() for part in found.groups() if part] if found and len(found[0]) <= HEAD_CHARS else []
    reason = said(why, WHY_CHARS)
    ended = f"{ENDED}: {reason}" if reason else ENDED
    return f"{SIGN} " + DOT.join([*about, ended])
