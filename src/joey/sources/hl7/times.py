"""Times of messages: ``YYYYMMDD[HH[MM[SS[.S...]]]][+ZZZZ]`` to nanoseconds UTC.

A stamp's own zone comes first, then that of MSH-7, then the zone that the unit declared for the
source. In the hour that a zone's clocks go through twice the first pass is taken, and said.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from joey.signals import NS
from joey.sources.clocks import EPOCH, SECOND, zone_of

__all__ = ["Stamp", "date_of", "offset_of", "read_time"]

DAY_DIGITS = 8
LONGEST = 48  # bytes of a time that can be one
EPOCH_DAY = EPOCH.date().toordinal()
YEARS = range(1678, 2262)  # what 64 bits of nanoseconds can say
MOST_OFFSET_S = 15 * 3600  # no zone on Earth is further from UTC
OUTSIDE = "a time that does not exist in its zone (clocks go forward)"
TWICE = "a time that occurs twice in its zone (clocks go back): the first is taken"


class Stamp(NamedTuple):
    """A time that was read.

    Parameters
    ----------
    ns : int or None
        None where the text is no time, or no zone is known. [ns UTC]
    zone : str
        The zone that was assumed; empty where the stamp or the message had one.
    note : str
        What was found odd.
    """

    ns: int | None
    zone: str = ""
    note: str = ""


NOTHING = Stamp(None)
NO_TIME = Stamp(None, "", "not a time")


def read_time(text: bytes, offset_s: int | None, zone: str | None) -> Stamp:
    """Return the time of a field.

    Parameters
    ----------
    text : bytes
        The field. A fraction without its point, as some monitors send, is understood.
    offset_s : int or None
        Offset of MSH-7 from UTC; None where it has none. [s]
    zone : str or None
        IANA zone of the source; None: a text without zone has no time.

    Examples
    --------
    >>> read_time(b"20250301120000.5+0100", None, None)
    Stamp(ns=1740826800500000000, zone='', note='')
    """
    return _read_time(text, offset_s, zone) if len(text) <= LONGEST else NO_TIME


@lru_cache(maxsize=8192)
def _read_time(text: bytes, offset_s: int | None, zone: str | None) -> Stamp:
    digits, own, note = _parts(text)
    if not digits:
        return NO_TIME if text.strip(b'\x00 "') else NOTHING
    seconds, rest_ns = _local(digits)
    if seconds is None:
        return NO_TIME
    if own is None:
        own = offset_s
    if own is not None:
        return Stamp((seconds - own) * NS + rest_ns, "", note)
    if zone is None:
        return NOTHING
    try:
        naive = datetime(1970, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 (zone follows)
        moment = naive.replace(tzinfo=zone_of(zone))
        offset = (moment.utcoffset() or timedelta()) // SECOND
        other = (moment.replace(fold=1).utcoffset() or timedelta()) // SECOND
    except OverflowError:
        return NO_TIME
    if other != offset:
        note = TWICE if other < offset else OUTSIDE
    return Stamp((seconds - offset) * NS + rest_ns, zone, note)


def offset_of(text: bytes) -> int | None:
    """Return the offset from UTC that a time brings; None where it brings none. [s]"""
    return _parts(text)[1] if len(text) <= LONGEST else None


def date_of(text: bytes) -> str:
    """Return the date of a field as ``YYYY-MM-DD``; empty where it has none that exists."""
    digits = text.strip()[:DAY_DIGITS]
    if len(digits) == DAY_DIGITS and digits.isdigit() and _local(digits)[0] is not None:
        day = digits.decode("ascii")
        return f"{day[:4]}-{day[4:6]}-{day[6:]}"
    return ""


def _parts(text: bytes) -> tuple[bytes, int | None, str]:
    """Return digits, with the point of the fraction, offset and note; no digits: not a time."""
    text = text.partition(b"^")[0].strip(b"\x00 ")
    at = max(text.rfind(b"+"), text.rfind(b"-"))
    offset, note = None, ""
    if at >= 0 or text.endswith((b"Z", b"z")):
        own = text[at:] if at >= 0 else b"+0000"
        text = text[: at if at >= 0 else -1].rstrip()
        digits = own[1:].replace(b":", b"")
        if not (len(digits) == 4 and digits.isdigit() and digits.isascii()):
            return b"", None, ""
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        if offset > MOST_OFFSET_S or int(digits[2:]) > 59:
            return b"", None, ""
        offset = -offset if own[:1] == b"-" else offset
    whole, _, rest = text.partition(b".")
    if not whole.isdigit() or (rest and not rest.isdigit()) or not DAY_DIGITS <= len(whole) <= 23:
        return b"", None, ""
    return text, offset, note


def _local(text: bytes) -> tuple[int | None, int]:
    """Return seconds from 1970 on the local clock, and nanoseconds; None where there is no such.

    A leap second is the second after.
    """
    whole, _, rest = text.partition(b".")
    if len(whole) > 14:
        whole, rest = whole[:14], whole[14:] + rest
    if len(whole) % 2 or (rest and len(whole) < 14):
        return None, 0
    try:
        day = datetime(int(whole[:4]), int(whole[4:6]), int(whole[6:8])).toordinal()  # noqa: DTZ001
    except ValueError:
        return None, 0
    if int(whole[:4]) not in YEARS:
        return None, 0
    hour, minute, second = int(whole[8:10] or 0), int(whole[10:12] or 0), int(whole[12:14] or 0)
    if hour > 23 or minute > 59 or second > 60:
        return None, 0
    rest_ns = int((rest[:9]).ljust(9, b"0")) if rest else 0
    return (day - EPOCH_DAY) * 86400 + hour * 3600 + minute * 60 + second, rest_ns
