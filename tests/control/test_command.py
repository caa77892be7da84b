"""`manage.py control`: it finds what people name, asks before what cannot be undone, and says how it went by status."""

import getpass
import io

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from sessions_app.control.actions import VERBS
from sessions_app.management.commands import control as module
from sessions_app.models import Action, Circuit, Destination, Post, Run, Session
from sessions_app.state.view import Word
from tests import factories as make

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def run(*words: str) -> str:
    said = io.StringIO()
    call_command("control", *words, stdout=said)
    return said.getvalue()


def refused(*words: str) -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        run(*words)
    return error.value.returncode, str(error.value)


@pytest.fixture
def no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())


def test_a_destination_by_its_address():
    make.destination()
    assert "is paused" in run("pause", f"{make.MATTERMOST}/")
    assert Destination.objects.get().paused
    assert refused("pause", make.MATTERMOST) == (1, f"Delivery to {make.MATTERMOST} is paused already.")
    assert "goes on" in run("resume", str(Destination.objects.get().pk))
    one = Action.objects.order_by("id")[0]
    assert (one.who, one.source, one.verb) == (getpass.getuser(), "command", "pause")


def test_all_destinations():
    make.destination()
    make.destination(base_url="https://other.example.com")
    assert run("pause", "--all") == "Paused 2 destinations.\n"
    assert refused("pause", "--all")[0] == 1
    assert refused("finish", "--all")[0] == 2
    assert refused("pause", "--all", make.MATTERMOST)[0] == 2
    assert refused("pause", make.MATTERMOST, "--all")[0] == 2
    assert run("resume", "--all") == "Resumed 2 destinations.\n"


def test_the_circuit():
    make.destination(circuit=Circuit.OPEN, failures=3, open_until=9e9)
    assert "tried at once" in run("reset-circuit", make.MATTERMOST)
    assert Destination.objects.get().circuit == Circuit.CLOSED


def test_a_post_by_its_id_or_a_link_to_it():
    post = make.post(make.run(), parked="The channel is archived.", post_id="a" * 26)
    assert refused("send-now", "a" * 26) == (1, "It is parked, so nothing is sent: The channel is archived.")
    assert "next chance" in run("try-again", post.address)
    assert "next chance" in run("send-now", str(post.pk))


def test_a_session_by_its_key_or_number():
    of = make.session()
    assert "is muted" in run("mute", of.key)
    assert "not muted any more" in run("unmute", str(of.pk))
    assert refused("read-again", of.key)[0] == 1
    make.checkpoint(of)
    assert "next look" in run("read-again", of.key)


def test_a_key_in_two_stores_is_an_error_that_lists_both():
    here, there = make.session(key="agent:main:main"), make.session(key="agent:main:main", store="/elsewhere")
    status, said = refused("mute", "agent:main:main")
    assert status == 2
    assert f"{here.pk}: agent:main:main in {make.STORE}" in said
    assert f"{there.pk}: agent:main:main in /elsewhere" in said
    assert not Session.objects.filter(muted=True).exists()
    run("mute", "agent:main:main", "--store", "/elsewhere")
    assert list(Session.objects.filter(muted=True)) == [there]


def test_a_run_by_its_number_or_its_sessions_key_where_one_lives():
    of = make.session()
    make.run(Word.DONE, session=of)
    live = make.run(session=of)
    assert "is being finished" in run("finish", of.key, "--yes")
    assert Run.objects.get(id=live.id).finished_by_hand_at is not None
    second = make.run(session=of)
    status, said = refused("finish", of.key, "--yes")
    assert (status, f"{second.pk}: " in said) == (2, True)
    assert "is being finished" in run("finish", str(second.pk), "--yes")


@pytest.mark.parametrize("verb", ["pause", "send-now", "finish", "mute"])
def test_what_is_not_there_is_an_error(verb):
    assert refused(verb, "99999999999999999999")[0] == 2
    assert refused(verb, "nothing of this name")[0] == 2
    assert refused(verb)[0] == 2


def test_without_a_terminal_nothing_is_done_that_cannot_be_undone(no_terminal):
    one = make.run()
    status, said = refused("finish", str(one.pk))
    assert (status, said) == (2, "There is no terminal to ask at. Add --yes if you are sure.")
    assert Run.objects.get().finished_by_hand_at is None


@pytest.mark.parametrize(("typed", "left"), [("yes\n", 0), ("y\n", 1), ("\n", 1), ("", 1)])
def test_at_a_terminal_it_asks_and_only_yes_is_yes(monkeypatch, typed, left):
    of = make.session()
    make.run(session=of, title="Deploy")
    monkeypatch.setattr("sys.stdin", Terminal(typed))
    said = io.StringIO()
    try:
        call_command("control", "forget", of.key, stdout=said)
        status = 0
    except CommandError as error:
        status = error.returncode
    assert "This cannot be undone." in said.getvalue()
    assert "1 run with no steps" in said.getvalue()
    assert (Session.objects.count(), status) == (left, 1 if left else 0)


def test_posting_again(no_terminal):
    one = make.run()
    make.post(one)
    assert "Another post" in run("post-again", str(one.pk), "--yes")
    assert Post.objects.count() == 2


def test_help_tells_every_verb_and_status(capsys):
    with pytest.raises(SystemExit) as ended:
        module.Command().run_from_argv(["manage.py", "control", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for verb in VERBS:
        assert f"    {verb.name} " in text
    assert "Exit status: 0 done, 1 there was nothing to do, 2" in text
    assert "--yes" in text


def test_an_unknown_verb_is_status_2(capsys):
    with pytest.raises(SystemExit) as ended:
        module.Command().run_from_argv(["manage.py", "control", "explode", "x"])
    assert ended.value.code == 2


def test_text_from_outside_cannot_break_out_of_its_line():
    make.session(key="two\nlines\x1b[31m", store="/a")
    make.session(key="two\nlines\x1b[31m", store="/b")
    status, said = refused("mute", "two\nlines\x1b[31m")
    assert status == 2
    assert "\x1b" not in said
    assert len(said.splitlines()) == 3
