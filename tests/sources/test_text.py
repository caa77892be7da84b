from hypothesis import given
from hypothesis import strategies as st

from sessions_app.sources.text import clean, mended, plain

ANY = st.text(st.characters(codec=None, exclude_categories=()), max_size=200)


@given(ANY, st.integers(0, 50))
def test_text_that_comes_out_can_be_stored(text, limit):
    for made in (clean(text, limit), plain(text, limit)):
        made.encode()
        assert "\x00" not in made
        assert len(made) <= limit


@given(st.binary(max_size=200))
def test_mended_bytes_are_utf8(raw):
    mended(raw).decode()


@given(st.text(max_size=100))
def test_whole_text_is_not_changed(text):
    raw = text.encode()
    assert mended(raw) == raw or b"\\u" in raw


def test_a_secret_that_the_limit_would_cut_is_redacted_first():
    assert clean("ghp_16C7e42F292c6912E7710c838347Ae178B4a", 6) == "[redac"
