"""Pictures of the board: drawn once for all who look at the same, and never an old one for long."""

import gzip
import threading

import pytest

from sessions_app.web import gallery as gallery_module
from sessions_app.web.filters import Filters, Places
from sessions_app.web.gallery import KEPT, Gallery, Picture, draw
from sessions_app.web.header import Health
from sessions_app.web.look import Look

NOW = 1_800_000_000.0
EVERYTHING = Filters()


def look(number: int, headline: str = "All well") -> Look:
    return Look(number=number, health=Health(headline=headline, kind="done"), places=Places(kinds={}, hosts={}))


@pytest.fixture(autouse=True)
def _kept(settings):
    settings.KEEP_DRAWINGS = True


@pytest.fixture
def drawn(monkeypatch) -> list[str]:
    """What each picture that was drawn was filtered by."""
    found: list[str] = []

    def noted(of: Look, filters: Filters, now: float) -> Picture:
        found.append(filters.q)
        return draw(of, filters, now)

    monkeypatch.setattr(gallery_module, "draw", noted)
    return found


def test_without_news_each_filter_is_drawn_once_a_second(drawn):
    gallery = Gallery()
    for q, passed in (("", 0.1), ("", 0.9), ("fix", 0.2), ("", 0.5), ("fix", 0.9), ("", 1.0)):
        gallery.picture(Filters(q=q), NOW + passed, lambda: look(1))
    assert drawn == ["", "fix", ""]


def test_news_are_drawn_at_once(drawn):
    gallery = Gallery()
    first = gallery.picture(EVERYTHING, NOW, lambda: look(1))
    second = gallery.picture(EVERYTHING, NOW + 0.1, lambda: look(2, "Broken"))
    assert b"Broken" in second.body
    assert first.etag != second.etag
    assert gallery.picture(EVERYTHING, NOW + 0.2, lambda: look(1)) is second, "a late look is not shown again"


def test_only_the_last_ones_are_kept():
    gallery = Gallery()
    for number in range(KEPT + 20):
        gallery.picture(Filters(q=str(number)), NOW, lambda: look(1))
    assert len(gallery) == KEPT


def test_while_one_is_drawn_the_others_see_the_last_one_unless_it_is_old(monkeypatch):
    gallery = Gallery()
    last = gallery.picture(EVERYTHING, NOW, lambda: look(1))
    begun, go = threading.Event(), threading.Event()

    def slow(of: Look, filters: Filters, now: float) -> Picture:
        begun.set()
        assert go.wait(10)
        return draw(of, filters, now)

    monkeypatch.setattr(gallery_module, "draw", slow)
    got: list[Picture] = []

    def ask(now: float) -> None:
        got.append(gallery.picture(EVERYTHING, now, lambda: look(2)))

    drawing = threading.Thread(target=ask, args=(NOW + 0.2,))
    drawing.start()
    assert begun.wait(10)
    ask(NOW + 0.3)
    assert got == [last]
    waiting = threading.Thread(target=ask, args=(NOW + 5,))
    waiting.start()
    go.set()
    for thread in (drawing, waiting):
        thread.join(10)
    assert [one.number for one in got] == [1, 2, 2]
    assert max(one.at for one in got) == NOW + 5, "who waited got the ages of that time"


def test_what_is_packed_says_the_same():
    picture = draw(look(1), EVERYTHING, NOW)
    assert gzip.decompress(picture.packed) == picture.body
    assert draw(look(7), EVERYTHING, NOW + 1).etag == picture.etag, "whatever the number of the look"
