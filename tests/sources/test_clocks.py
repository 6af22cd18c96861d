"""What a clock says of a file's date rests on the file, not on the day it is read."""

import datetime as dt
from pathlib import Path

import pytest

from joey.sources import clocks


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (2026, ""),
        (clocks.RELEASED + 1, ""),
        (clocks.RELEASED + 2, "may be de-identified, or a clock set wrong"),
        (2099, "may be de-identified, or a clock set wrong"),
        (2100, "de-identified, not the true date"),
        (2901, "de-identified, not the true date"),
    ],
)
def test_a_date_is_measured_against_fixed_years(year: int, words: str) -> None:
    """A year after 2099 is no true date; the year of the release is a constant of the source."""
    notes = clocks.notes_on(dt.date(year, 3, 1), "UTC")
    assert len(notes) == (1 if words else 0)
    assert all(words in note for note in notes)


def test_no_reader_asks_for_today() -> None:
    """The same bytes give the same facts in any year."""
    for path in Path(clocks.__file__).parent.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not any(call in text for call in (".now(", ".today(", "time.time("))
