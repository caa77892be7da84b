"""What people see."""

from sessions_app.doctor.finding import Diagnosis, Part, broken, look, well
from sessions_app.doctor.page import lines, plain, summary

FOUND = Diagnosis(
    findings=(
        well(Part.SETTINGS, "Good."),
        look(Part.STORES, "No session yet.", "Ask an agent."),
        well(Part.STORES, "Three folders."),
        broken(Part.DELIVERY, "Redis cannot be reached, so nothing is published for now.", "Start it."),
    )
)


def test_parts_signs_sentences_and_steps():
    assert [line.text for line in lines(FOUND)] == [
        "Settings",
        "  ✓ Good.",
        "Stores",
        "  ! No session yet.",
        "    → Ask an agent.",
        "  ✓ Three folders.",
        "Delivery",
        "  ✗ Redis cannot be reached, so nothing is published for now.",
        "    → Start it.",
        "",
        "1 broken, 1 to look at, 2 well.",
    ]


def test_long_sentences_are_folded_under_themselves():
    shown = [line.text for line in lines(FOUND, 45)]
    assert "  ✗ Redis cannot be reached, so nothing is" in shown
    assert "    published for now." in shown


def test_only_signs_are_coloured_and_the_last_line():
    assert [line.text[: line.signed] or line.text for line in lines(FOUND) if line.level] == [
        "  ✓ ", "  ! ", "  ✓ ", "  ✗ ", "1 broken, 1 to look at, 2 well.",
    ]  # fmt: skip


def test_all_well():
    assert summary(Diagnosis(findings=(well(Part.STORES, "Good."),))) == "All well: 1 well."


def test_without_the_letters_for_signs_there_are_words():
    assert [plain(text) for text in ("  ✓ Good.", "  ✗ Bad.", "    → Mend.")] == [
        "  ok Good.", "  BROKEN Bad.", "    -> Mend.",
    ]  # fmt: skip
