"""Times of messages, whole nanoseconds, in the zone that is known best."""

import pytest

from joey.sources.hl7.times import Stamp, date_of, offset_of, read_time

SECOND = 10**9
NOON = 1740826800  # s, 2025-03-01 11:00 UTC, noon in Copenhagen
ROWS = [
    ("20250301120000+0100", NOON, ""),
    ("20250301110000Z", NOON, ""),
    ("20250301060000-0500", NOON, ""),
    ("20250301120000", NOON, "Europe/Copenhagen"),
    ("202503011200", NOON, "Europe/Copenhagen"),
    ("2025030112", NOON, "Europe/Copenhagen"),
    ("20250301", NOON - 12 * 3600, "Europe/Copenhagen"),
    ("20250301120000+01:00", NOON, ""),
    ("20250301120000^S", NOON, "Europe/Copenhagen"),
    (" 20250301120000 ", NOON, "Europe/Copenhagen"),
    ("20250301115960+0100", NOON, ""),  # a leap second is the one after
    ("19700101000000+0000", 0, ""),
    ("19691231235959+0000", -1, ""),
    ("20240229120000+0000", 1709208000, ""),
]


@pytest.mark.parametrize(("text", "seconds", "zone"), ROWS)
def test_a_time_is_read(text: str, seconds: int, zone: str) -> None:
    stamp = read_time(text.encode(), None, "Europe/Copenhagen")
    assert stamp == Stamp(seconds * SECOND, zone, "")


@pytest.mark.parametrize(
    ("fraction", "rest_ns"),
    [
        (".5", 500_000_000),
        (".25", 250_000_000),
        (".123456789", 123_456_789),
        (".1234567891", 123_456_789),
        ("000", 0),
        ("250", 250_000_000),  # 17 digits: milliseconds without their point
        (".", 0),
    ],
)
def test_a_fraction_is_exact(fraction: str, rest_ns: int) -> None:
    stamp = read_time(f"20250301120000{fraction}+0100".encode(), None, None)
    assert stamp.ns == NOON * SECOND + rest_ns


def test_the_messages_zone_goes_before_the_sources() -> None:
    stamp = read_time(b"20250301060000", -5 * 3600, "Europe/Copenhagen")
    assert stamp == Stamp(NOON * SECOND, "", "")
    assert read_time(b"20250301060000", None, None) == Stamp(None)


@pytest.mark.parametrize(
    "text",
    [
        *("2025", "202503", "20251301", "20250230", "20250301250000", "20250301126000"),
        *("20250301120061", "2025030112000", "x", "20250301120000+2500", "20250301120000+01"),
        *("20250301120000+0160", "20250301.5", "00000000000000", "-", "+0100", "2025-03-01"),
        *("00010101000000", "16771231235959", "22620101000000", "99991231235959+0000"),
        *("20250301120000.5.5", "9" * 5000, "20250301120000+", "\u0662\u0660250301"),
    ],
)
def test_what_is_no_time_has_none(text: str) -> None:
    stamp = read_time(text.encode(), None, "UTC")
    assert stamp.ns is None
    assert stamp.note == ("" if not text.strip("0") and not text else "not a time")


@pytest.mark.parametrize("text", ["", " ", '""', "\x00"])
def test_an_empty_time_is_none_and_nothing_to_tell(text: str) -> None:
    assert read_time(text.encode(), None, "UTC") == Stamp(None)


def test_the_hours_of_a_clock_change_are_told() -> None:
    twice = read_time(b"20251026023000", None, "Europe/Copenhagen")
    assert twice.ns == 1761438600 * SECOND  # 00:30 UTC, still summer time
    assert "occurs twice" in twice.note
    never = read_time(b"20250330023000", None, "Europe/Copenhagen")
    assert never.ns is not None
    assert "does not exist" in never.note
    assert not read_time(b"20251026023000+0100", None, "Europe/Copenhagen").note
    assert not read_time(b"20251026023000", 3600, "Europe/Copenhagen").note


def test_dates_and_offsets() -> None:
    assert date_of(b"20250301120000+0100") == "2025-03-01"
    assert date_of(b"20250231") == ""
    assert date_of(b"2025") == ""
    assert offset_of(b"20250301120000-0330") == -12600
    assert offset_of(b"20250301120000") is None
