"""Rows for tests: each function makes one that makes sense, whatever is left out; its times are those of now."""

import itertools
import time
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission, User

from sessions_app.control.actions import By, Source
from sessions_app.models import (
    Action,
    Checkpoint,
    Delivery,
    Destination,
    Judgement,
    Post,
    Run,
    Session,
    Step,
    Watcher,
)  # fmt: skip
from sessions_app.models.times import moment
from sessions_app.state.codec import to_json
from sessions_app.state.run_state import RunState
from sessions_app.state.run_state import Step as StepValue
from sessions_app.state.view import OVER, Word

STORE = "/home/ada/.openclaw"
MATTERMOST = "https://chat.example.com"
HOSTILE = "<script>alert(1)</script> \u202eevil\u202c **b** @all " + "x" * 10_000
_numbers = itertools.count(1)


def user(name: str = "ada", *, permissions: tuple[str, ...] = (), role: str = "", **fields: Any) -> User:
    """A person; ``permissions`` are code names of this app, ``role`` is the name of a group."""
    made: User = get_user_model().objects.create_user(name, "", "a good password", **fields)
    made.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    made.groups.set(Group.objects.filter(name=role))
    return made


def admin(name: str = "root") -> User:
    """Somebody who may do everything."""
    return user(name, is_staff=True, is_superuser=True)


def by(name: str = "ada", *, account: User | None = None, at: float | None = None) -> By:
    """Somebody who acts, with an account or from a command line."""
    now = time.time() if at is None else at
    return By.account(account, Source.ADMIN, now) if account else By(name=name, source=Source.COMMAND, at=now)


def session(**fields: Any) -> Session:
    """A session that the store knows."""
    number = next(_numbers)
    defaults = {
        "store": STORE, "key": f"agent:main:{number}", "agent": "main", "channel_name": "platform", "in_store": True,
        "seen_at": moment(time.time() - 3),
    }  # fmt: skip
    return Session.objects.create(**defaults | fields)


def run(word: Word = Word.THINKING, *, ago: float = 90.0, steps: tuple[StepValue, ...] = (), **fields: Any) -> Run:
    """A run with this word, asked for ``ago`` seconds ago; below ``parent`` where there is one."""
    of = fields.pop("session", None) or session()
    parent: Run | None = fields.get("parent")
    began, over = time.time() - ago, word in OVER
    state = RunState(
        no=of.last_run + 1, start_id="1", started_at=began, last_at=began, say=fields.pop("say", ""), open=steps
    )
    of.last_run += 1
    of.save(update_fields=["last_run"])
    defaults = {
        "session": of, "no": of.last_run, "title": "Fix flaky CI test", "word": word.value, "over": over,
        "root": (parent.root or parent) if parent else None, "started_at": moment(began), "since": moment(began),
        "seen_at": moment(time.time()), "ended_at": moment(time.time() - 1) if over else None, "revision": 3,
        "state": to_json(state), "because": "the last line leaves it open",
    }  # fmt: skip
    return Run.objects.create(**defaults | fields)


def step(of: Run, **fields: Any) -> Step:
    """A step that is going on."""
    number = next(_numbers)
    defaults = {
        "call_id": f"call-{number}",
        "tool": "exec",
        "target": "npm test",
        "started_at": moment(time.time() - 9),
    }
    return Step.objects.create(run=of, **defaults | fields)


def judgement(of: Run, **fields: Any) -> Judgement:
    """Its present word."""
    defaults = {"word": of.word, "at": time.time(), "because": of.because}
    return Judgement.objects.create(run=of, **defaults | fields)


def destination(**fields: Any) -> Destination:
    """A server that answers."""
    return Destination.objects.create(**{"base_url": MATTERMOST, "last_ok_at": moment(time.time())} | fields)


def post(of: Run, **fields: Any) -> Post:
    """A post that says the newest."""
    to = fields.pop("destination", None) or Destination.objects.first() or destination()
    defaults = {
        "destination": to, "channel_id": "c" * 26, "post_id": f"{next(_numbers):026}", "wanted_revision": of.revision,
        "sent_revision": of.revision, "wanted_word": of.word, "sent_word": of.word, "run_over": of.over,
        "closed": of.over,
    }  # fmt: skip
    return Post.objects.create(run=of, **defaults | fields)


def watcher(**fields: Any) -> Watcher:
    """A watcher that beats."""
    now = time.time()
    defaults = {
        "name": f"here {STORE}", "host": "here", "pid": 4711, "stores": STORE, "started_at": moment(now - 60),
        "beat_at": moment(now), "lag_s": 0.1,
    }  # fmt: skip
    return Watcher.objects.create(**defaults | fields)


def checkpoint(of: Session, **fields: Any) -> Checkpoint:
    """A transcript that has been read."""
    defaults = {"transcript": f"agents/main/sessions/{next(_numbers)}.jsonl", "position": 4096}
    return Checkpoint.objects.create(session=of, **defaults | fields)


def delivery(of: Post, **fields: Any) -> Delivery:
    """An edit that went well."""
    defaults = {"at": time.time(), "kind": "edited", "revision": of.sent_revision, "word": of.sent_word, "took_s": 0.1}
    return Delivery.objects.create(post=of, **defaults | fields)


def action(**fields: Any) -> Action:
    """Something that somebody did."""
    defaults = {
        "at": moment(time.time()), "who": "ada", "source": "admin", "verb": "pause", "kind": "destination",
        "object_id": 1, "object_name": MATTERMOST, "said": "Paused delivery.",
    }  # fmt: skip
    return Action.objects.create(**defaults | fields)
