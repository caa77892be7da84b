"""All parts side by side: what hangs, what breaks, and what must not be shown."""

import threading
import time

from sessions_app.doctor.examine import PARTS, examine
from sessions_app.doctor.finding import Part, well
from tests.doctor.conftest import told


def test_every_part_is_examined():
    assert list(PARTS) == list(Part)


def test_what_hangs_is_left_behind_with_what_it_has_found():
    never = threading.Event()

    def hangs():
        yield well(Part.STORES, "The first one is good.")
        never.wait()

    began = time.monotonic()
    found = examine({Part.STORES: hangs, Part.CLOCKS: lambda: [well(Part.CLOCKS, "Good.")]}, patience_s=0.3)
    assert time.monotonic() - began < 5
    assert told(found.findings) == [
        "ok: The first one is good.",
        "broken: No answer within 0.3 s: a disk, the network or a server hangs. What was found before stands above.",
        "ok: Good.",
    ]
    never.set()


def test_what_breaks_costs_only_itself():
    def breaks():
        yield well(Part.STORES, "The first one is good.")
        raise ValueError("seven")

    found = examine({Part.STORES: breaks, Part.CLOCKS: lambda: [well(Part.CLOCKS, "Good.")]})
    first, second, third = told(found.findings)
    assert (first, third) == ("ok: The first one is good.", "ok: Good.")
    assert second.startswith("broken: This part could not be examined (ValueError: seven).")


def test_no_secret_is_shown_and_no_sentence_is_endless(change):
    change(mm_bot_token="x7k2m9q4w8e5r1t6y3u0i9o8p7", database_url="postgres://ada:ho:rse-battery@db/x")
    sentence = "Bearer x7k2m9q4w8e5r1t6y3u0i9o8p7 \x1b[31mred\nho:rse-battery " + "so " * 1000
    (found,) = examine({Part.STORES: lambda: [well(Part.STORES, sentence)]}).findings
    assert "x7k2m9q4w8e5r1t6y3u0i9o8p7" not in found.sentence
    assert "rse-battery" not in found.sentence
    assert "\x1b" not in found.sentence
    assert "\n" not in found.sentence
    assert len(found.sentence) <= 1000
