"""Times as people write them, placed on a recording's clock - and back into words.

A time is never guessed: what a change of the clock makes ambiguous, and what lacks a date, a zone
or a start to count from, is an error that says what to add.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from joey.errors import InputError
from joey.holds.cells import likely

if TYPE_CHECKING:
    from joey.holds.cells import Place
    from joey.signals import Clock
    from joey.spans import Span

__all__ = [
    "Zones",
    "date_of",
    "day_start",
    "read_time",
    "say_length",
    "say_span",
    "say_time",
    "write_time",
    "zone_of",
    "zones",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONG_S = 120  # s; what lasts as long is said in minutes
ROUNDING_S = 1e-3  # s, of sums of times
ABSOLUTE = re.compile(
    r"(?P<day>(?:1[89]|2\d)\d{2}-\d{2}-\d{2})[T ](?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)"
    r" ?(?P<offset>Z|[+-]\d{2}:?\d{2})?",
    re.ASCII,
)
RELATIVE = re.compile(
    r"(?P<sign>-?)(?P<h>\d{1,4}):(?P<m>[0-5]\d)(?::(?P<s>[0-5]\d(?:\.\d{1,6})?))?",
    re.ASCII,
)
# With a colon or two date marks: digits alone may be the number of a patient.
TIME_LIKE = re.compile(r"(?=.*(?::|\d[-./]\d{1,2}[-./]\d))[0-9TZ:+\-./ ]{1,40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones in which a file's local times are read.

    Parameters
    ----------
    clock : Clock
        The recording's clock.
    given : str
        The user's zone, else the recording's own; empty where neither is known.
    """

    clock: Clock
    given: str


def zones(clock: Clock, zone: str | None) -> Zones:
    """Return the zones of a file: the user's, else the recording's own.

    Raises
    ------
    InputError
        If the user's zone does not exist.
    """
    if zone and zone_of(zone) is None:
        hint = likely(zone, sorted(available_timezones())) or "use a name such as Europe/Berlin"
        raise InputError(f'the time zone "{zone}" is not known; {hint}')
    return Zones(clock, zone or clock.zone)


def zone_of(name: str) -> ZoneInfo | None:
    """Return the IANA zone of that name; None where there is none."""
    if not name:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not found; not a path; a folder such as "Europe"
        return None


def read_time(text: str, row_zone: str, local: Zones, place: Place) -> float:
    """Return the time a cell gives on the recording's clock. [s]

    Parameters
    ----------
    text : str
        ISO 8601 with an offset; ISO 8601 local time; or ``hh:mm[:ss]`` from the recording's start,
        also beyond 24 h and with a leading minus.
    row_zone : str
        The row's own zone; empty where it has none.
    local : Zones
        The recording's clock, and the zone of local times without one of their own.
    place : Place
        Where the cell stands.

    Raises
    ------
    FormatError
        If the time cannot be placed; says what to add.
    """
    absolute = ABSOLUTE.fullmatch(text)
    if absolute:
        if not local.clock.dated:
            raise place.wrong(
                f"{text} cannot be placed: the recording carries no date. "
                "Give the time from its start, as hh:mm:ss"
            )
        return _absolute(absolute, row_zone or local.given, place)
    relative = RELATIVE.fullmatch(text)
    if relative:
        if local.clock.dated:
            raise place.wrong(f"{text} has no date; write the date too, as in 2026-03-01 13:05")
        sign = -1.0 if relative["sign"] else 1.0
        return sign * (
            int(relative["h"]) * 3600 + int(relative["m"]) * 60 + float(relative["s"] or 0)
        )
    shown = f"{text} " if TIME_LIKE.fullmatch(text) else ""
    form = "2026-03-01 13:05 or 2026-03-01T13:05+01:00" if local.clock.dated else "hh:mm:ss"
    raise place.wrong(f"{shown}is not a time; write it as {form}")


def is_local(text: str) -> bool:
    """Return whether a cell gives a date and time without an offset."""
    found = ABSOLUTE.fullmatch(text)
    return found is not None and not found["offset"]


def _absolute(found: re.Match[str], zone: str, place: Place) -> float:
    shown = f"{found['day']} {found['clock']}"
    offset = (found["offset"] or "").replace("Z", "+00:00")
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{found['clock']}{offset}")
    except ValueError:
        raise place.wrong(f"{shown}{offset} is not a date and time that exists") from None
    if moment.tzinfo is None:
        moment = _in_zone(moment, shown, zone, place)
    return seconds_of(moment)


def _in_zone(moment: datetime, shown: str, name: str, place: Place) -> datetime:
    if not name:
        raise place.wrong(
            f"{shown} is a local time and its zone is not known: add an offset such as +01:00, "
            "a column zone, or --tz"
        )
    zone = zone_of(name)
    if zone is None:
        hint = likely(name, sorted(available_timezones())) or "use a name such as Europe/Berlin"
        raise place.wrong(f"cannot be placed: its time zone is not known; {hint}")
    first, second = (moment.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return first
    if before > after:
        raise place.wrong(
            f"{shown} happened twice in {zone.key}: add the offset, "
            f"{first.strftime('%z')[:3]}:{first.strftime('%z')[3:]} or "
            f"{second.strftime('%z')[:3]}:{second.strftime('%z')[3:]}"
        )
    raise place.wrong(
        f"{shown} did not happen in {zone.key}, where the clock was put forward: "
        "correct the time or add the offset"
    )


def seconds_of(moment: datetime) -> float:
    """Return an aware moment as seconds UTC, rounded once. [s]"""
    return ((moment - EPOCH) // MICROSECOND) / 1_000_000


def moment_of(time: float, zone: str) -> datetime:
    """Return seconds UTC as a moment in a zone, to the microsecond."""
    moment = EPOCH + round(time * 1_000_000) * MICROSECOND
    return moment.astimezone(zone_of(zone) or UTC)


def date_of(time: float, zone: str) -> date:
    """Return the calendar day of a time in a zone."""
    return moment_of(time, zone).date()


def day_start(day: date, zone: str) -> float:
    """Return when a calendar day starts in a zone. [s UTC]"""
    local = datetime(day.year, day.month, day.day, tzinfo=zone_of(zone) or UTC)
    return seconds_of(local.astimezone(UTC))


def say_time(time: float, clock: Clock) -> str:
    """Return a time in words: local date and time, or hours from an undated recording's start."""
    if clock.dated:
        return moment_of(time, clock.zone).strftime("%Y-%m-%d %H:%M")
    whole = round(abs(time))
    sign = "-" if time < 0 and whole else ""
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def say_span(span: Span, clock: Clock) -> str:
    """Return a span in words, with its zone or its origin."""
    zone = zone_of(clock.zone)
    origin = f"({zone.key if zone else 'UTC'})" if clock.dated else "(from the recording's start)"
    return f"{say_time(span.start, clock)} to {say_time(span.end, clock)} {origin}"


def say_length(seconds: float, *, down: bool = False) -> str:
    """Return how long something lasts: in seconds below 2 min, else in whole minutes.

    Parameters
    ----------
    seconds : float
        The length. [s]
    down : bool
        Minutes are those that are full: nearly enough is not written as enough.

    Examples
    --------
    >>> say_length(1.77), say_length(1199.0), say_length(1199.0, down=True)
    ('2 s', '20 min', '19 min')
    """
    if round(seconds) < LONG_S:
        return f"{seconds:.0f} s"
    minutes = (seconds + ROUNDING_S) // 60 if down else round(seconds / 60)
    return f"{minutes:.0f} min"


def write_time(time: float, clock: Clock) -> str:
    """Return a time as `read_time` reads it, to the microsecond."""
    if clock.dated:
        return moment_of(time, "").isoformat(timespec="auto").replace("+00:00", "Z")
    whole, micro = divmod(round(abs(time) * 1_000_000), 1_000_000)
    fraction = f".{micro:06d}".rstrip("0").rstrip(".")
    sign = "-" if time < 0 else ""
    return f"{sign}{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}{fraction}"
