"""From the local times of a file to the clock of a recording.

A file's times are local to a place that the file does not name. The zone comes from the user;
where it does not, times are read as UTC and the clock says so. A date that cannot be (a shift made
to hide when an infant was ill) stays as it is, and the clock says that too: measured against fixed
years, never against today.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from joey.errors import InputError
from joey.signals import NS, Clock

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

__all__ = ["anchor", "join_notes", "notes_on", "zone_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
# Fixed, not today's: the same file gives the same notes in every year.
RELEASED = 2026  # year of this version of Joey; raised with each release
LAST_TRUE_YEAR = 2099  # no monitor records later: such a date was shifted to hide the true one


def zone_of(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = f"there is no time zone {name!r}; give an IANA name such as Europe/Copenhagen"
        raise InputError(msg) from error


def anchor(local: datetime, zone: str | None, rest_s: Fraction = Fraction()) -> tuple[int, Clock]:
    """Return a file's start as nanoseconds UTC, and the clock that goes with it.

    Parameters
    ----------
    local : datetime
        Date and time as the file has them, without a zone, in whole seconds.
    zone : str or None
        IANA zone in which to read them; None reads them as UTC and notes it.
    rest_s : Fraction
        What comes after the whole seconds. [s]

    Raises
    ------
    InputError
        If the zone is not known.
    """
    where = zone_of(zone or "UTC")
    moment = local.replace(tzinfo=where)
    # Offsets are whole seconds; an integer division keeps far years exact.
    seconds = (local.replace(tzinfo=UTC) - EPOCH) // SECOND
    offset = moment.utcoffset() or timedelta()
    start_ns = (seconds - offset // SECOND) * NS + round(rest_s * NS)
    notes = [*notes_on(local.date(), zone)]
    other = moment.replace(fold=1).utcoffset() or timedelta()
    if other < offset:
        notes.append(f"the start occurs twice in {zone} (clocks go back): the first is taken")
    if other > offset:
        notes.append(f"the start does not exist in {zone} (clocks go forward)")
    return start_ns, Clock(dated=True, zone=zone or "UTC", note=join_notes(notes))


def notes_on(day: date, zone: str | None) -> tuple[str, ...]:
    """Return what a reader must know about a date: no zone given, a date that cannot be.

    A year after 2099 is de-identified for certain; one later than the year after this version of
    Joey was released may be, or a clock is set wrong.
    """
    notes = []
    if zone is None:
        notes.append("no time zone given: local times are read as UTC")
    if day.year > LAST_TRUE_YEAR:
        notes.append(f"the date lies in the future ({day.year}): de-identified, not the true date")
    elif day.year > RELEASED + 1:
        notes.append(
            f"the date ({day.year}) lies after {RELEASED + 1}, the year after this version of Joey "
            "was released: it may be de-identified, or a clock set wrong"
        )
    return tuple(notes)


def join_notes(notes: Iterable[str]) -> str:
    """Return notes as one text, each once."""
    return "; ".join(dict.fromkeys(note for note in notes if note))
