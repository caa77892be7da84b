"""Settings: each bad one is named, and does not keep the others from being looked at."""

from sessions_app.doctor.settings import settings, us
from tests.doctor.conftest import only, told


def test_good_ones(change, tmp_path):
    change(data_dir=tmp_path, problems=())
    assert only(settings()).sentence == f"All can be used; looked at as {us()}, our own files are in {tmp_path}."


def test_bad_ones_keep_the_watcher_from_starting(change):
    change(problems=("PORT is 'x'; set it to a number.", "HOST is '!'; correct it."))
    first, second, third = told(settings())
    assert first == "broken: PORT is 'x'; set it to a number."
    assert second == "broken: HOST is '!'; correct it."
    assert third.startswith("broken: So the watcher does not start")
