"""Secrets go, ordinary text stays. All secrets here are made up, and put together so that scanners let them be."""

import json
import string

import pytest
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import default_settings
from hypothesis import given, settings
from hypothesis import strategies as st

from sessions_app import redact as module
from sessions_app.redact import GONE, WITHHELD, redact, register_secrets

MIXED = "aB3dE5gH7jK9mN1pQ2sT4vW6yZ8bC0dF2hJ4kL6nP8rS"
LOWER = "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6"
ID = "x7k2m9q4w8e1r5t3y6u0i2o4pa"  # 26 characters, as Mattermost's tokens and ids have
BODY = "\n".join((MIXED + MIXED)[i : i + 64] for i in range(4))


def pem(kind: str = "RSA PRIVATE KEY") -> str:
    return f"-----BEGIN {kind}-----\n{BODY}\n-----END {kind}-----"


def jwt() -> str:
    return "ey" + f"J{MIXED[:20]}." + "ey" + f"J{MIXED[4:34]}.{MIXED[:30]}"


# Family → (the text, what must not be in it any more).
SECRETS: dict[str, tuple[str, str]] = {
    "pem": (pem(), MIXED[:30]),
    "pem openssh": (pem("OPENSSH PRIVATE KEY"), MIXED[:30]),
    "pem pgp": (pem("PGP PRIVATE KEY BLOCK"), MIXED[:30]),
    "pem without its end": (pem()[:-50], MIXED[:30]),
    "pem without its beginning": (f"{BODY}\n-----END EC PRIVATE KEY-----", MIXED[:30]),
    "url": (f"postgres://bob:{MIXED[:9]}@db.internal:5432/app", MIXED[:9]),
    "url with @ in the password": ("amqp://bob:p@ss-w0rd@mq/vhost", "ss-w0rd"),
    "url with a token": (f"https://{MIXED[:24]}@git.example.com/a.git", MIXED[:24]),
    "authorization": (f"Authorization: Custom {MIXED[:12]}", MIXED[:12]),
    "authorization in curl": (f"curl -H 'authorization: token {ID}' https://x.example", ID),
    "bearer": (f"sent bearer {MIXED[:20]} to it", MIXED[:20]),
    "basic": ("Basic Ym9iOnN3b3JkZmlzaA==", "Ym9iOnN3b3JkZmlzaA"),
    "cookie": (f"Cookie: lang=de; session={MIXED[:16]}", MIXED[:16]),
    "set-cookie": (f"Set-Cookie: sid={MIXED[:16]}; HttpOnly", MIXED[:16]),
    "env": ("export API_KEY=swordfish", "swordfish"),
    "env quoted": ("DJANGO_SECRET_KEY='sword fish, and salt'", "sword fish"),
    "env password": ("DB_PASSWORD=sw0rd,fi;sh", "fi;sh"),
    "env pass": ("SMTP_PASS=swordfish", "swordfish"),
    "env mixed": (f"STRIPE_SIGNING_KEY={ID}", ID),
    "json": ('{"user": "bob", "password": "sword\\"fish", "n": 1}', "fish"),
    "json camel": ('{"accessToken":"swordfish"}', "swordfish"),
    "yaml": ("db:\n  passwd: swordfish\n  port: 5432", "swordfish"),
    "yaml token": (f"token: {ID}", ID),
    "kubernetes": ("- name: GITHUB_TOKEN\n  value: swordfish", "swordfish"),
    "xml": ("<password>swordfish</password>", "swordfish"),
    "python": ('headers["X-Api-Key"] = "swordfish"', "swordfish"),
    "python bytes": ('secret = b"swordfish"', "swordfish"),
    "flag": ("tool --token swordfish --verbose", "swordfish"),
    "flag with =": ("tool --db-password=swordfish", "swordfish"),
    "flag in a list": ('["tool", "--api-key", "swordfish"]', "swordfish"),
    "curl user": ("curl -u bob:swordfish https://x.example", "swordfish"),
    "netrc": ("machine x.example login bob password swordfish", "swordfish"),
    "said": ("the password is sw0rdfish", "sw0rdfish"),
    "random after token": (f"use the token {LOWER} for it", LOWER),
    "query": (f"https://x.example/a?access_token={MIXED[:20]}&b=1", MIXED[:20]),
    "aws id": ("AK" + "IAQ7XT5RN2KPLM4W8Z", "IAQ7XT5RN2KPLM4W8Z"),
    "aws session id": ("AS" + "IAQ7XT5RN2KPLM4W8Z", "IAQ7XT5RN2KPLM4W8Z"),
    "aws secret": (f"aws_secret_access_key = {MIXED[:18]}/{MIXED[:21]}", MIXED[:18]),
    "aws secret, unnamed": (f"aws: the pair is ('{MIXED[:18]}/{MIXED[:21]}')", MIXED[:18]),
    "github": ("gh" + f"p_{MIXED[:36]}", MIXED[:36]),
    "github oauth": ("gh" + f"o_{MIXED[:36]}", MIXED[:36]),
    "github fine": ("github" + f"_pat_{MIXED[:22]}_{MIXED[:40]}", MIXED[:22]),
    "gitlab": ("gl" + f"pat-{MIXED[:20]}", MIXED[:20]),
    "slack": ("xo" + f"xb-123456789012-{MIXED[:24]}", MIXED[:24]),
    "slack webhook": ("https://hooks.slack" + f".com/services/T0000/B0000/{MIXED[:24]}", MIXED[:24]),
    "mattermost webhook": (f"https://chat.example.com/hooks/{ID}", ID),
    "discord webhook": ("https://discord" + f".com/api/webhooks/123456/{MIXED[:40]}", MIXED[:40]),
    "openai": ("s" + f"k-{MIXED[:40]}", MIXED[:40]),
    "openai project": ("s" + f"k-proj-{MIXED[:40]}", MIXED[:40]),
    "anthropic": ("s" + f"k-ant-api03-{MIXED[:40]}", MIXED[:40]),
    "google": ("AI" + f"za{MIXED[:35]}", MIXED[:35]),
    "stripe": ("sk" + f"_live_{MIXED[:24]}", MIXED[:24]),
    "stripe restricted": ("rk" + f"_live_{MIXED[:24]}", MIXED[:24]),
    "npm": ("np" + f"m_{MIXED[:36]}", MIXED[:36]),
    "pypi": ("py" + f"pi-AgEIcHlwaS5vcmc{MIXED[:40]}", MIXED[:40]),
    "jwt": (jwt(), MIXED[4:34]),
    "jwt without its signature": (jwt().rpartition(".")[0], MIXED[4:34]),
    "telegram": (f"123456789:AA{MIXED[:33]}", MIXED[:33]),
    "sendgrid": (f"SG.{MIXED[:22]}.{MIXED[:43]}", MIXED[:43]),
    "twilio": ("S" + f"K{LOWER}", LOWER),
    "hugging face": ("h" + f"f_{MIXED[:34]}", MIXED[:34]),
    "putty": (f"PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 1\n{BODY}\nPrivate-MAC: {LOWER}", MIXED[:30]),
}

INNOCENTS = """
commit 3f1b2c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b on branch main
9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  dist/app.tar.gz
run 3fa85f64-5717-4562-b3fc-2c963f66afa6 finished
channel bq7kz3mwrty5xd8nhf1pao6ecu, post 8c1w5gzsm7dkxpe4u9ynr3ohqa
/home/me/.openclaw/agents/main/sessions/sessions.json
claude-opus-4-5-20260115, gpt-5.2-mini-2026-08-07, llama-3.3-70b-instruct
max_tokens=4096, total_tokens: 84211, token_count=12, 84k tokens
token: expired
the token expired yesterday; password: required
password: str, api_key: str | None = None, secret: Optional[str]
token = os.environ["MM_BOT_TOKEN"]
password=$DB_PASSWORD and ${API_KEY} and api_key: <your key>
PWD=/home/me/project OLDPWD=/home/me
git@github.com:example/repo.git and ssh://git@example.com:22/repo.git
http://127.0.0.1:8080/path@v1.2.3?page=2&sort_key=name
https://example.com/a/b?q=tokens&next=/login
docker run -u 1000:1000 -p 8080:80 --name web image:latest
git push -u origin main
basic usage of bearer tokens in functional tests
primary_key: user_id, sort_key=created_at, cache_key: run-12
ssh-key: ~/.ssh/id_ed25519.pub
agent:main:mattermost:channel:bq7kz3mwrty5xd8nhf1pao6ecu
risk-assessment-for-the-desk-lamp-and-task-42-of-the-plan
sk-learn-compatible-estimators-everywhere
secretary: Jane, author: John, keyboard: qwerty
-----BEGIN CERTIFICATE-----
PUBLIC_KEY=abcdef
"sessionKey": "agent:main:main", "totalTokens": 1234
error: password incorrect. Secret not found: my-secret
use --token to pass it, or --password-file /run/pw
ünïcödé — 日本語 🎉 stays as it is
""".strip().splitlines()

ADVERSARIAL = [
    "a", "token=", '"', "-----BEGIN ", "-----BEGIN RSA PRIVATE KEY-----", "://a:", "abcdefghijklmnopqrst\n", "cookie: ",
    "--token ", "token: true ", "_key=", "password", "name: key value: ", "eyJ", "A_", '"\\', "api_key: [", "sk-", "x@",
    "-----END RSA PRIVATE KEY-----", "login a password ", "https://a/hooks/", "token token ", "\x00", "é",
]  # fmt: skip


@pytest.fixture
def own_secrets(monkeypatch):
    """Secrets registered by a test end with it."""
    monkeypatch.setattr(module, "_own", ())
    module._redact_short.cache_clear()
    yield
    module._redact_short.cache_clear()


@pytest.mark.parametrize("family", SECRETS)
def test_a_secret_is_gone_wherever_it_stands(family):
    text, secret = SECRETS[family]
    assert secret in text
    for whole in (
        text,
        f"[12:00:01] INFO {text}",
        f"first\n{text}\nlast",
        f"({text})",
        json.dumps({"log": f"x {text}"}),
    ):
        redacted = redact(whole)
        assert secret not in redacted, redacted
        assert GONE in redacted


@pytest.mark.parametrize("family", SECRETS)
def test_applied_twice_it_changes_nothing_more(family):
    once = redact(f"before {SECRETS[family][0]} after")
    assert redact(once) == once


@pytest.mark.parametrize("text", INNOCENTS)
def test_ordinary_text_stays(text):
    assert redact(text) == text


def test_what_names_a_secret_stays():
    assert redact("export API_KEY=swordfish # new") == "export API_KEY=[redacted] # new"
    assert redact('{"password": "swordfish", "port": 1}') == '{"password": "[redacted]", "port": 1}'
    assert redact("postgres://bob:swordfish@db/app") == "postgres://bob:[redacted]@db/app"
    assert redact("tool --token swordfish -v") == "tool --token [redacted] -v"
    assert redact("https://chat.example.com/hooks/" + ID) == "https://chat.example.com/hooks/[redacted]"


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(sorted(SECRETS)),
    st.text(max_size=40),
    st.sampled_from([" ", "\n", "\t", '"', "(", ", ", "> "]),
    st.sampled_from([" ", "\n", '"', ") ", "\r\n", "\t"]),
    st.text(max_size=40),
)
def test_no_text_around_it_saves_a_secret(family, before, left, right, after):
    text, secret = SECRETS[family]
    assert secret not in redact(before + left + text + right + after)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300) | st.text(alphabet=string.printable, max_size=300))
def test_any_text_gives_text_that_can_be_stored(text):
    assert redact(text).encode("utf-8") is not None  # no lone surrogate is left to stumble over


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz .,\n", max_size=200))
def test_words_stay(text):
    # Nothing is assigned in it; what is left are the words that introduce a secret in a sentence.
    words = ("token", "secret", "pass", "key", "login", "auth", "basic", "bearer", "pin", "aws", "amz", "amazon")
    if not any(word in text for word in words):
        assert redact(text) == text


@pytest.mark.parametrize("piece", ADVERSARIAL)
def test_text_made_to_be_slow_is_finished(piece):
    redacted = redact((piece * 65536)[:65536])
    assert isinstance(redacted, str)


def test_an_error_withholds_the_text(monkeypatch):
    monkeypatch.setattr(module, "RULES", (None,))
    assert redact("anything that was not seen before") == WITHHELD
    assert redact("x" * 5000) == WITHHELD


def test_text_that_nests_too_deeply_is_withheld():
    assert redact("_key=" * 13000) == WITHHELD


@pytest.mark.usefixtures("own_secrets")
def test_own_secrets_are_known_by_heart():
    assert redact("it says correct-horse here") == "it says correct-horse here"
    register_secrets(["correct-horse", 'quo"te/and slash', "short"])
    assert redact("it says correct-horse here") == "it says [redacted] here"
    assert redact(json.dumps('quo"te/and slash')) == '"[redacted]"'
    assert redact("?a=quo%22te%2Fand%20slash") == "?a=[redacted]"
    assert redact("short") == "short"


@pytest.mark.usefixtures("own_secrets")
def test_own_secrets_do_not_forget_earlier_ones():
    register_secrets(["first-secret"])
    register_secrets(["first-secret-and-more"])
    assert redact("first-secret-and-more, first-secret") == "[redacted], [redacted]"


def second_opinion(text):
    with default_settings():
        return {found.secret_value or "" for line in text.splitlines() for found in scan_line(line)}


def test_a_second_opinion_finds_nothing_left():
    known = [(text, secret) for text, secret in SECRETS.values() if any(secret in v for v in second_opinion(text))]
    assert len(known) > 15  # or it would be no opinion
    for text, secret in known:
        assert not any(secret in value for value in second_opinion(redact(text)))
