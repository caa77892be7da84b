"""Takes secrets out of text, before it is stored and again before it is shown.

Promises: `redact` works on whole text, in time linear in its length (RE2 has no backtracking), never
raises, and withholds the text when it cannot do its work. What names a secret stays:
``API_KEY=[redacted]``. Applied twice it changes nothing more.
How a rule reads: every capturing group of its pattern is a place where the secret stands, a pattern
without groups is the secret; ``real`` says whether what stands there is a secret or only looks like one.
"""

import base64
import binascii
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

import re2

GONE = "[redacted]"
WITHHELD = "[text withheld]"
MIN_OWN_SECRET = 8  # characters; anything shorter would also match ordinary text
SHORT = 1000  # characters; texts up to this length are drawn again and again, so their result is kept

Real = Callable[[str, str], bool]  # (value, the text of the match before it) → is it a secret?

# Words that stand behind "password:" in documentation, type annotations and error messages.
WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and any are as at be bool bytes by cannot changed correct did does empty expired expires false field
        file flag for from has hidden if in incorrect int invalid is it key masked missing must needs nil no none not
        null of off on option optional or prompt redacted required reset secret secretstr see set should str string
        the this to token too true undefined unset unknown update updated used value was when will with wrong yes""",
    )
)
PLACEHOLDER = re.compile(
    r"\[(?i:redacted)\]?[^A-Za-z0-9]*$|\$(?:[A-Z_][A-Z0-9_]*|[a-z_]+)(?:[^A-Za-z0-9_]|$)|\$[{(]|<[\w .-]*>|\{\{|%\("
    r"|\*{3}|\.{3}|…"
)
CODE = re.compile(
    r"(?:self|this|settings|config|cfg|conf|os|env|environ|process|args|opts|options|ctx|request|response|await)"
    r"(?:\.[A-Za-z_]+)+\b|[a-z_][A-Za-z_.]*\((?:\)|$)|(?:get|load|read|make|new|create)_?[A-Za-z_]*\("
)
UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
HEX = re.compile(r"[0-9a-fA-F]+")
PATH = re.compile(r"(?:~|\.{1,2})/|/(?:[\w.-]{1,15}/)*[\w.-]{1,15}$")
RUN = re.compile(r"[A-Za-z0-9]{16}")


def _entropy(value: str) -> float:
    """Shannon entropy in bits per character."""
    counts = Counter(value)
    return -sum(n / len(value) * math.log2(n / len(value)) for n in counts.values())


def _mixed(value: str) -> bool:
    """Digits and letters together, as keys have them and most words have not."""
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)


def _always(value: str, before: str) -> bool:
    return not PLACEHOLDER.match(value)


def _password(value: str, before: str) -> bool:
    """People choose words as passwords, so only words of documentation and code are spared."""
    if PLACEHOLDER.match(value) or CODE.match(value) or value.lower().strip(".,;:!?)]}") in WORDS:
        return False
    # PWD is a password in a connection string and a folder in a shell.
    return not ("pwd" in before.lower() and value.startswith(("/", "~", ".")))


def _key(value: str, before: str) -> bool:
    """Assigned to a name like API_KEY; a short number is a count, and a public key is public."""
    if (value.isdigit() and len(value) <= 4) or PATH.match(value):
        return False
    return "PUBLIC" not in before.upper() and _password(value, before)


def _key_in_prose(value: str, before: str) -> bool:
    """After ``token:`` without quotes, where a plain word or a count is more likely than a secret."""
    word = value.isalpha() and len(value) < 15 and (value.islower() or value.istitle())
    return not word and not (value.isdigit() and len(value) <= 8) and _key(value, before)


def _random(value: str, before: str) -> bool:
    """Long and mixed, and no UUID, digest, path or session key: for names that only might hold a secret."""
    if len(value) < 16 or UUID.fullmatch(value) or HEX.fullmatch(value) or value.startswith(("/", ".", "~")):
        return False
    return _mixed(value) and _entropy(value) > 3 and bool(RUN.search(value)) and _always(value, before)


def _named_random(value: str, before: str) -> bool:
    """Behind the word "token" or "secret" even a digest or an id is one; a slug or a path is not."""
    if value.startswith(("/", ".", "~")):
        return False
    return _mixed(value) and (bool(RUN.search(value)) or bool(UUID.fullmatch(value)))


def _not_number(value: str, before: str) -> bool:
    """Behind ``-u name:`` stands a password, behind ``-u 1000:`` a group."""
    return not value.isdigit() and _always(value, before)


def _mixed_token(value: str, before: str) -> bool:
    return _mixed(value) and _always(value, before)


def _basic(value: str, before: str) -> bool:
    """Whether this is base64 of ``user:password``; the word "Basic" alone is an ordinary one."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return False


def _aws(value: str, before: str) -> bool:
    return not HEX.fullmatch(value) and _mixed(value) and value.lower() != value and _entropy(value) > 3.5


@dataclass(frozen=True, slots=True)
class Rule:
    pattern: Any  # a compiled RE2
    real: Real = _always


def _rule(pattern: str, real: Real = _always) -> Rule:
    options = re2.Options()
    options.log_errors = False
    return Rule(re2.compile(pattern, options), real)


# Pieces of patterns. CLOSE ends a key, as in `"key\\"`, `['key']`; QUOTED and BARE are values.
CLOSE = r"""[\\"'\])`]{0,6}[ \t]*"""
EQUALS = r"(?:=>|:=|==?)[ \t]*"
COLON = r":[ \t]*"
QUOTED = (
    r"""(?:[bBrRuUfF]{0,2}(?:"((?:[^"\\\r\n]|\\[^\r\n])+)|'((?:[^'\\\r\n]|\\[^\r\n])+)|`([^`\r\n]+)"""
    r"""|\\+"((?:[^"\\\r\n]|\\[^"\\\r\n]|\\\\+"?)+)|\\+'((?:[^'\\\r\n]|\\[^'\\\r\n]|\\\\+'?)+)))"""
)
BARE = r"""([^\s"'`\\,;&<>|(){}\[\]][^\s"'`,;&<>|){}\[\]]*)"""
BARE_PASSWORD = r"""([^\s"'`\\][^\s"'`]*)"""  # noqa: S105 - punctuation may be a part of it

SUFFIX = r"(?:[_-]?(?:access|key|value|hash|b64|base64|raw|text|plain|prod|dev|test|live|old|new|[0-9]{1,2})){0,3}"
PASSWORD = (
    r"(?:(?i:passw(?:or)?d|passphrase|passcode|\bpwd|[_-]pwd|(?:db|smtp|mail|user|admin|root|ftp|http|proxy|redis|mysql|"
    rf"postgres|pg|ssh|ldap)[_-]?pass)(?i:{SUFFIX})|[A-Z0-9]_PASS)"
)
KEY = (
    r"(?i:(?:token|secret|credential|(?:api|access|secret|private|encryption|signing|master|auth|account|service|"
    r"license|ssh|deploy|storage|shared|client|app|webhook|jwt|hmac|crypto|admin)[_-]?key(?:[_-]?id)?)"
    rf"{SUFFIX})"
)
ENV_KEY = r"[A-Z0-9_]*_KEY"
OTHER_KEY = r"(?i:[_-]key)"
FLAG = r"(?i:token|password|passwd|pass|secret|passphrase|api-?key|access-?key|private-?key|auth-?key|credentials?)"
PRIVATE = r"(?:[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?)"

TOKENS = "|".join(
    (
        r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}",  # AWS
        r"gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}",
        r"gl(?:pat|dt|rt|ptt|ft|soat|cbt|agent|oas|imt|ffct)-[A-Za-z0-9_.-]{16,}",
        r"xox[a-z](?:\.xox[a-z])?-[A-Za-z0-9-]{10,}|xapp-[0-9]-[A-Za-z0-9-]{10,}",  # Slack
        r"sk-ant-[A-Za-z0-9_-]{10,}|sk-(?:proj|svcacct|admin|or-v1|lf)-[A-Za-z0-9_-]{16,}",  # Anthropic, OpenAI
        r"AIza[0-9A-Za-z_-]{30,}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}",  # Google
        r"(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{10,}|whsec_[A-Za-z0-9+/=]{20,}",  # Stripe
        r"npm_[A-Za-z0-9]{30,}|pypi-Ag[A-Za-z0-9_-]{16,}|rubygems_[a-f0-9]{40,}",
        r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)+\.?",  # JWT, JWE, and cut ones
        r"[0-9]{8,10}:AA[A-Za-z0-9_-]{30,}",  # Telegram
        r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hf_[A-Za-z0-9]{30,}",
        r"\bSK[0-9a-f]{32}\b|\bkey-[0-9a-f]{32}\b|\bdapi[0-9a-f]{32}",  # Twilio, Mailgun, Databricks
        r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|dop_v1_[a-f0-9]{64}|dckr_pat_[A-Za-z0-9_-]{20,}",
        r"\bgsk_[A-Za-z0-9]{30,}|\bxai-[A-Za-z0-9]{30,}|\bpplx-[A-Za-z0-9]{30,}|\bnvapi-[A-Za-z0-9_-]{30,}",
        r"\br8_[A-Za-z0-9]{30,}|lin_api_[A-Za-z0-9]{30,}|\bntn_[A-Za-z0-9]{30,}|\btvly-[A-Za-z0-9-]{20,}",
        r"hv[sbr]\.[A-Za-z0-9_-]{20,}|glsa_[A-Za-z0-9_]{30,}|sntrys_[A-Za-z0-9+/=_-]{20,}|tskey-[A-Za-z0-9-]{16,}",
        r"ATATT3[A-Za-z0-9_=-]{20,}|figd_[A-Za-z0-9_-]{20,}|PMAK-[A-Za-z0-9-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}",
        r"b3BlbnNzaC1rZXktdjE[A-Za-z0-9+/=\s\\]*",  # the body of an OpenSSH key without its frame
    )
)

RULES = (
    # To its END line, and to the end of the text where that was cut off; then what stands before a lone END line.
    _rule(rf"-----BEGIN {PRIVATE}-----(?s:.*?)(?:-----END {PRIVATE}-----|\z)"),
    _rule(r"PuTTY-User-Key-File-[0-9](?s:.*?)(?:Private-MAC:[^\r\n]*|\z)"),
    _rule(
        r"(?:[A-Za-z0-9+/=]{16,}[>|\s]*(?:\\r|\\n)*[>|\s]*)*(?:[A-Za-z0-9+/=]{1,80}[>|\s]*(?:\\r|\\n)*)?"
        rf"-----END {PRIVATE}-----"
    ),
    _rule(TOKENS),
    _rule(r"(?:^|[^A-Za-z0-9_-])(sk-[A-Za-z0-9_-]{20,})", _random),
    _rule(r"(pypi-[A-Za-z0-9_-]{32,})", _random),
    _rule(r"(?i:https?://hooks\.slack\.com/)([^\s\"'<>)\]]+)"),
    _rule(r"(?i:https?://[^\s\"'<>]{1,200}/hooks/)([a-z0-9]{26})"),  # Mattermost
    _rule(r"(?i:https?://(?:[a-z]+\.)?discord(?:app)?\.com/api/(?:v[0-9]+/)?webhooks/)([0-9]+/[A-Za-z0-9_-]+)"),
    _rule(r"(?i:[a-z0-9-]+\.webhook\.office\.com/)([^\s\"'<>)\]]+)"),
    _rule(r"""(?i:[a-z][a-z0-9+.-]*://)[^\s/@:"'<>]*:([^\s/"'<>]+)@"""),
    _rule(r"""(?i:[a-z][a-z0-9+.-]*://)([^\s/@:"'<>]{16,})@""", _mixed_token),
    _rule(r"(?i:[?&](?:sig|signature|x-amz-signature|x-amz-credential|key|code)=)([^\s&\"'<>]{12,})", _random),
    _rule(r"(?i:\bdigest\s+(?:username|realm|nonce|uri|response)=)([^\r\n]+)"),
    _rule(rf"(?i:\b(?:proxy-)?authorization{CLOSE}[:=][ \t]*)" + r"""["'\\`]*([^\r\n"'\\`]+)"""),
    _rule(r"(?i:\bbearer)\s+([A-Za-z0-9._~+/=-]{8,})", _mixed_token),
    _rule(r"(?i:\bbasic)\s+([A-Za-z0-9+/=]{8,})", _basic),
    _rule(rf"(?i:\b(?:set-)?cookie2?{CLOSE}:[ \t]*)" + r"""["'\\`]*([^\r\n"'=;]+=[^\r\n"']*)"""),
    _rule(r"""(?:\s|^)(?i:--cookie)[= ]["']?([^\s"'=]+=[^\r\n"']+)"""),
    _rule(r"""(?:\s|^)(?i:-u|--user|--proxy-user)[= ]["']?[^\s"':=/]*:([^\s"'/]+)""", _not_number),
    _rule(rf"{PASSWORD}{CLOSE}(?:{EQUALS}|{COLON})(?:{QUOTED}|{BARE_PASSWORD})", _password),
    _rule(rf"{KEY}{CLOSE}{EQUALS}(?:{QUOTED}|{BARE})", _key),
    _rule(rf"{KEY}{CLOSE}{COLON}{QUOTED}", _key),
    _rule(rf"{KEY}{CLOSE}{COLON}{BARE}", _key_in_prose),
    _rule(rf"{ENV_KEY}{CLOSE}(?:{EQUALS}|{COLON})(?:{QUOTED}|{BARE})", _key),
    _rule(rf"{OTHER_KEY}{CLOSE}(?:{EQUALS}|{COLON})(?:{QUOTED}|{BARE})", _random),
    _rule(rf"""--?(?:[a-z0-9]+-)*{FLAG}["',\\]*(?:\s+|=)["'\\]*([^\s"'`,\]-][^\s"'`\]]*)""", _key),
    _rule(r"""--?key["',\\]*(?:\s+|=)["'\\]*([^\s"'`,\]-][^\s"'`,\]]*)""", _random),
    _rule(
        r"""(?i:name[\\"']*\s*[:=]\s*[\\"']*[a-z0-9_.-]*(?:token|secret|password|passwd|key)(?:[\s,"']|\\+[nrt"'])+"""
        r"""value[\\"']*)"""
        rf"\s*[:=]\s*(?:{QUOTED}|{BARE})",
        _key,
    ),
    _rule(r"(?i:<(?:[a-z0-9_:.-]*(?:token|secret|password|passwd|apikey|api_key|api-key))>)([^<]+)", _password),
    _rule(r"(?i:\blogin\s+\S+\s+password\s+)(\S+)", _password),  # .netrc
    _rule(r"(?i:\b(?:password|passphrase|passcode|pin)\s+(?:is|was)[: ]\s*)[\"'`]?([^\s\"'`]{4,})", _mixed_token),
    _rule(r"""(?i:\baws|\bamazon|\bamz)[^\r\n]{0,60}?[\s"'=:(]([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+]|$)""", _aws),
    _rule(
        r"(?i:\b(?:tokens?|secrets?|passwords?|passphrase|api[ _-]?keys?|credentials?)[\"'`)]*\s*"
        r"(?:is|was|to|of|=|:|->|→)?\s*[\"'`(]*)([A-Za-z0-9+/_=.~-]{16,})",
        _named_random,
    ),
)


_own: tuple[bytes, ...] = ()


def register_secrets(values: Iterable[str]) -> None:
    """Adds this service's own secrets, as they are and as they look in a URL or in JSON."""
    global _own
    own = [value for value in values if len(value) >= MIN_OWN_SECRET]
    forms = {form.encode() for value in own for form in (value, quote(value, safe=""), json.dumps(value)[1:-1])}
    _own = tuple(sorted(forms | set(_own), key=lambda form: (-len(form), form)))
    _redact_short.cache_clear()


def redact(text: str) -> str:
    """The text with every secret replaced by ``[redacted]``; ``[text withheld]`` if that cannot be done."""
    try:
        return _redact_short(text) if len(text) <= SHORT else _redact(text)
    except Exception:
        # Whatever went wrong, text that was not looked at does not leave.
        return WITHHELD


def _redact(text: str) -> str:
    # Bytes, because RE2 counts in bytes; a lone surrogate cannot be encoded and becomes "?".
    data = text.encode("utf-8", "replace")
    for secret in _own:
        data = data.replace(secret, GONE.encode())
    for rule in RULES:
        data = _apply(rule, data)
    return _text(data)


_redact_short = lru_cache(maxsize=4096)(_redact)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _apply(rule: Rule, data: bytes) -> bytes:
    pieces: list[bytes] = []
    done = position = spared = 0
    while match := rule.pattern.search(data, position):
        places = [match.span(i) for i in range(1, rule.pattern.groups + 1) if match.start(i) >= 0]
        start, end = places[0] if places else match.span()
        if rule.real(_text(data[start:end]), _text(data[match.start() : start])):
            pieces += [data[done:start], GONE.encode()]
            done = end
            position = end
        else:
            # The spared value may itself begin a match: `token: password=...`.
            position = start if start > match.start() else end
            spared += end - start
            if spared > 4 * len(data):
                # Only text made for it gets here, and it would cost quadratic time.
                raise ValueError("too many nested assignments")
    return b"".join(pieces) + data[done:]
