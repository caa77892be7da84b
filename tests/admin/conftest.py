"""One row of every model, quiet or hostile, and the addresses of their pages."""

import pytest

from sessions_app.models import Action, Checkpoint, Delivery, Destination, Post, Run, Session, Step, Watcher
from sessions_app.state.run_state import Step as StepValue
from sessions_app.state.view import Word
from tests import factories as make

MODELS = (Session, Run, Step, Checkpoint, Post, Delivery, Destination, Watcher, Action)


def listing(model) -> str:
    return f"/admin/sessions_app/{model._meta.model_name}/"


def page(row) -> str:
    return f"{listing(type(row))}{row.pk}/change/"


def hostile_rows() -> None:
    """One of each, with text from outside wherever there can be some."""
    text = make.HOSTILE
    of = make.session(
        key=text[:500], agent=text[:200], label=text[:300], channel_name=text[:120], problem=text,
        parent_key=text[:400], store=text[:400], facts=f'{{"reason": "{text}"}}',
        registered="not JSON <script>alert(1)</script>",
    )  # fmt: skip
    running = StepValue(call_id="1", tool="<script>alert(1)</script>", target=text[:300])
    root = make.run(
        Word.WAITING, session=of, title=text[:300], reason=text[:400], because=text[:200], say=text, steps=(running,)
    )
    make.run(Word.FAILED, parent=root, label=text[:300], reason=text[:400], no_post=text[:200])
    make.step(root, tool=text[:120], target=text[:300], error=text[:400], child_key=text[:500], ok=False)
    make.checkpoint(of, transcript=text[:500], copying=text[:300], bad_lines=3)
    to = make.destination(bot_name=text[:100], last_error=text)
    post = make.post(root, destination=to, last_error=text, parked=text[:400])
    make.delivery(post, kind="failed", error=text)
    make.action(who=text[:150], object_name=text[:300], said=text[:400])
    make.watcher(name=text[:400], host=text[:200], stores=text, problems=text)


@pytest.fixture
def root_client(client):
    """Somebody who may do everything."""
    client.force_login(make.admin())
    return client
