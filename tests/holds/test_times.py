"""Times as people write them: placed once, or refused with what to add."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from joey.errors import FormatError, InputError
from joey.holds.cells import Place
from joey.holds.times import day_start, read_time, say_length, say_span, say_time, write_time, zones
from joey.signals import Clock
from joey.spans import Span

DATED = Clock(dated=True)
UNDATED = Clock(dated=False)
HERE = Place("log.csv", 7, "start")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2026-03-01T13:05:00+01:00", "", "2026-03-01 12:05"),
        ("2026-03-01 13:05 +0100", "", "2026-03-01 12:05"),
        ("2026-03-01T13:05-05:30", "Europe/Berlin", "2026-03-01 18:35"),
        ("2026-03-01 13:05Z", "Europe/Berlin", "2026-03-01 13:05"),
        ("2026-03-01 13:05", "Europe/Berlin", "2026-03-01 12:05"),
        ("2026-07-01 13:05:30", "Europe/Berlin", "2026-07-01 11:05:30"),
        ("2026-07-01 13:05:30.25", "America/New_York", "2026-07-01 17:05:30.250000"),
        ("2026-03-01 13:05", "UTC", "2026-03-01 13:05"),
        ("2191-03-01 13:05", "UTC", "2191-03-01 13:05"),  # a de-identified year
        # Berlin puts the clock forward at 02:00 on 29 March and back at 03:00 on 25 October 2026.
        ("2026-03-29 01:59:59", "Europe/Berlin", "2026-03-29 00:59:59"),
        ("2026-03-29 03:00", "Europe/Berlin", "2026-03-29 01:00"),
        ("2026-10-25 01:59:59", "Europe/Berlin", "2026-10-24 23:59:59"),
        ("2026-10-25 03:00", "Europe/Berlin", "2026-10-25 02:00"),
        ("2026-10-25T02:30+02:00", "Europe/Berlin", "2026-10-25 00:30"),
        ("2026-10-25T02:30+01:00", "Europe/Berlin", "2026-10-25 01:30"),
    ],
)
def test_a_dated_time_is_one_moment(text: str, zone: str, expected: str) -> None:
    assert read_time(text, "", zones(DATED, zone), HERE) == utc(expected)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("00:00", 0),
        ("1:05", 3900),
        ("01:05:30", 3930),
        ("01:05:30.5", 3930.5),
        ("26:10:00", 94200),
        ("-00:30", -1800),
    ],
)
def test_an_undated_time_counts_from_the_start(text: str, seconds: float) -> None:
    assert read_time(text, "", zones(UNDATED, None), HERE) == seconds


@pytest.mark.parametrize(
    ("text", "zone", "reason"),
    [
        (
            "2026-10-25 02:30",
            "Europe/Berlin",
            "2026-10-25 02:30 happened twice in Europe/Berlin: add the offset, +02:00 or +01:00",
        ),
        (
            "2026-10-25 02:00",
            "Europe/Berlin",
            "2026-10-25 02:00 happened twice in Europe/Berlin: add the offset, +02:00 or +01:00",
        ),
        (
            "2026-03-29 02:30",
            "Europe/Berlin",
            (
                "2026-03-29 02:30 did not happen in Europe/Berlin, where the clock was put "
                "forward: correct the time or add the offset"
            ),
        ),
        (
            "2026-03-01 13:05",
            "",
            (
                "2026-03-01 13:05 is a local time and its zone is not known: add an offset such as "
                "+01:00, a column zone, or --tz"
            ),
        ),
        ("13:05", "UTC", "13:05 has no date; write the date too, as in 2026-03-01 13:05"),
        ("2026-02-30 13:05", "UTC", "2026-02-30 13:05 is not a date and time that exists"),
        ("2026-02-28 24:00", "UTC", "2026-02-28 24:00 is not a date and time that exists"),
        (
            "2026-03-01",
            "UTC",
            "2026-03-01 is not a time; write it as 2026-03-01 13:05 or 2026-03-01T13:05+01:00",
        ),
        (
            "01.03.2026 13:05",
            "UTC",
            (
                "01.03.2026 13:05 is not a time; write it as 2026-03-01 13:05 or "
                "2026-03-01T13:05+01:00"
            ),
        ),
        (
            "004417823",  # the number of a patient in the wrong column: never repeated
            "UTC",
            "is not a time; write it as 2026-03-01 13:05 or 2026-03-01T13:05+01:00",
        ),
    ],
)
def test_a_time_that_cannot_be_placed_says_what_to_add(text: str, zone: str, reason: str) -> None:
    with pytest.raises(FormatError) as error:
        read_time(text, "", zones(DATED, zone), HERE)
    assert str(error.value) == f"log.csv, line 7: start {reason}"


def test_the_rows_zone_goes_before_the_users_and_that_before_the_recordings() -> None:
    clock = Clock(dated=True, zone="Europe/Berlin")
    text = "2026-03-01 13:05"
    assert read_time(text, "", zones(clock, None), HERE) == utc("2026-03-01 12:05")
    assert read_time(text, "", zones(clock, "Asia/Tokyo"), HERE) == utc("2026-03-01 04:05")
    assert read_time(text, "UTC", zones(clock, "Asia/Tokyo"), HERE) == utc("2026-03-01 13:05")


@pytest.mark.parametrize("name", ["Europe/Belin", "Europe", "../etc", "Mars/Olympus", "x\0y"])
def test_an_unknown_zone_is_refused_wherever_it_stands(name: str) -> None:
    with pytest.raises(InputError, match="is not known"):
        zones(DATED, name)
    with pytest.raises(FormatError, match="its time zone is not known"):
        read_time("2026-03-01 13:05", name, zones(DATED, None), HERE)


def test_a_misspelt_zone_is_recognized() -> None:
    with pytest.raises(InputError) as error:
        zones(DATED, "Europe/Belin")
    assert str(error.value) == (
        'the time zone "Europe/Belin" is not known; did you mean Europe/Berlin?'
    )


@given(st.integers(-3_000_000_000, 7_000_000_000), st.booleans())
def test_a_written_time_reads_back_to_the_microsecond(milliseconds: int, dated: bool) -> None:
    clock = Clock(dated=dated)
    time = milliseconds / 1000
    if not dated:
        time = time % 3e7
    found = read_time(write_time(time, clock), "", zones(clock, None), HERE)
    assert found == pytest.approx(time, abs=1e-6)


def test_times_in_words() -> None:
    berlin = Clock(dated=True, zone="Europe/Berlin")
    span = Span(utc("2026-03-01 12:05"), utc("2026-03-01 13:00"))
    assert say_time(span.start, berlin) == "2026-03-01 13:05"
    assert say_span(span, berlin) == "2026-03-01 13:05 to 2026-03-01 14:00 (Europe/Berlin)"
    assert say_span(span, DATED) == "2026-03-01 12:05 to 2026-03-01 13:00 (UTC)"
    assert say_time(-90, UNDATED) == "-00:01:30"
    assert say_time(94200, UNDATED) == "26:10:00"


@pytest.mark.parametrize(
    ("seconds", "said", "full"),
    [
        (1.77, "2 s", "2 s"),
        (119.4, "119 s", "119 s"),
        (119.9, "2 min", "1 min"),
        (1199.0, "20 min", "19 min"),
        (1200.0 - 1e-6, "20 min", "20 min"),
        (7260.0, "121 min", "121 min"),
    ],
)
def test_a_length_is_said_as_people_do(seconds: float, said: str, full: str) -> None:
    """Nearly enough is not written as enough where it is compared with what is asked for."""
    assert say_length(seconds) == said
    assert say_length(seconds, down=True) == full


def test_a_day_starts_at_its_local_midnight() -> None:
    assert day_start(date(2026, 3, 29), "Europe/Berlin") == utc("2026-03-28 23:00")
    assert day_start(date(2026, 3, 30), "Europe/Berlin") == utc("2026-03-29 22:00")
    assert day_start(date(2026, 3, 29), "") == utc("2026-03-29 00:00")
