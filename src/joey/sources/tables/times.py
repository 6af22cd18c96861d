"""The stamps of a table: from text to nanoseconds, and whether they lie on a grid."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import FormatError
from joey.signals import NS, Clock, Repair, runs_of
from joey.sources.clocks import (
    FARTHEST_BACK_NS,
    HOUR_NS,
    anchor,
    join_notes,
    lay_steps,
    notes_on,
    step_note,
    step_repair,
    zone_of,
)
from joey.sources.files import printable

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Place", "Stamps", "fit_grid", "fit_pieces", "fit_rows", "read_stamps"]

UNIT_NS = {"s": NS, "sec": NS, "ms": 10**6, "us": 10**3, "ns": 1, "min": 60 * NS, "h": 3600 * NS}
EPOCH_S = 10**9  # s; no recording is 31 years old: such a number counts from 1970
LATEST_S = 10**11  # s, the year 5138; beyond is not a time
# Within a day of what a calendar has, so that no zone leads out of it. [us]
EARLIEST_US, LATEST_US = -62_135_500_000 * 10**6, 253_402_200_000 * 10**6
ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}(?P<between>[T ])\d{2}:\d{2}(?P<seconds>:\d{2}(?P<fraction>[.]\d{1,9})?)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
OF_DAY = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?")
DATE_OF_A_COUNTRY = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b")  # whose day may be its month
DAY_NS = 86400 * NS
LONGEST_DAYS = 30  # without a row, in one file
MOST_PIECES = 0.01  # of the rows; stamps that leave their grid more often have none
GOES_ON = 1.5  # usual steps: after a clock was set back, the next row follows as rows do
WAVEFORM_NS = NS // 10  # rows that follow each other faster are samples of a waveform


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where the rows of a table stand in their file, for errors.

    Parameters
    ----------
    path : Path
        The file.
    word : str
        What is counted: ``line`` or ``row``.
    numbers : ndarray of int64, shape (n,)
        The number of each row.
    """

    path: Path
    word: str
    numbers: NDArray[np.int64]

    def error(self, row: int, reason: str) -> FormatError:
        """Return the error that a row makes."""
        return FormatError(self.path, reason, f"{self.word} {self.numbers[row]}")


@dataclass(frozen=True, slots=True, eq=False)
class Stamps:
    """The time of each row.

    Parameters
    ----------
    origin_ns : int
        What `ns` counts from. [ns]
    ns : ndarray of int64, shape (n,)
        Never decreasing. [ns]
    step_ns : int
        The stamps' own resolution. [ns]
    clock : Clock
        What is known of the times.
    facts : dict
        A time of day without a date.
    repairs : tuple of Repair
        Steps of the clock.
    """

    origin_ns: int
    ns: NDArray[np.int64]
    step_ns: int
    clock: Clock
    facts: dict[str, str]
    repairs: tuple[Repair, ...] = ()


def read_stamps(place: Place, column: pl.Series, unit: str, zone: str | None) -> Stamps:
    """Return the times of a column of stamps.

    Parameters
    ----------
    place : Place
        Where the rows stand.
    column : polars Series
        Text, numbers or datetimes.
    unit : str
        Of numbers; empty for seconds.
    zone : str or None
        In which stamps without a zone are read.

    Raises
    ------
    FormatError
        If a row has no time, or one that is not in order: over an hour before the row before it,
        before it by less and not going on from there as a clock does that was set back, or over 30
        days after it.
    InputError
        If the zone is not known.
    """
    missing = column.is_null().to_numpy()
    if missing.any():
        raise place.error(int(missing.argmax()), "the row has no time")
    if column.dtype.is_temporal():
        stamps = _from_datetimes(place, column, zone)
    elif column.dtype.is_numeric():
        stamps = _from_numbers(place, column, unit, zone, 9)
    else:
        stamps = _from_text(place, column, unit, zone)
    stamps = _laid(place, stamps, zone)
    far = np.flatnonzero(np.diff(stamps.ns) > LONGEST_DAYS * DAY_NS)
    if len(far):
        days = int(stamps.ns[far[0] + 1] - stamps.ns[far[0]]) // DAY_NS
        raise place.error(int(far[0]) + 1, f"the time jumps by {days} days; check the year")
    return stamps


def _laid(place: Place, stamps: Stamps, zone: str | None) -> Stamps:
    """Return stamps that never decrease: where a clock was set back, what follows goes on."""
    steps = np.diff(stamps.ns)
    back = np.flatnonzero(steps < 0)
    if not len(back):
        return _without_an_hour(stamps, steps, zone)
    ordinary = steps > 0
    ordinary[np.minimum(back + 1, len(steps) - 1)] = False  # a row out of order jumps forth again
    usual = int(np.median(steps[ordinary])) if ordinary.any() else 0
    row = int(back[0]) + 1
    farthest = int(steps.min())
    if -farthest > FARTHEST_BACK_NS:
        reason = (
            f"the time is earlier than in the row before by {-farthest / HOUR_NS:.3g} h, more than "
            "a clock is set back: give two recordings as two files, or sort the rows by time"
        )
        raise place.error(int(steps.argmin()) + 1, reason)
    after = np.append(steps, np.iinfo(np.int64).max)[back + 1]
    goes_on = (usual > 0) & (after >= 0) & (after <= GOES_ON * usual)
    if not np.all(goes_on):
        row = int(back[goes_on.argmin()]) + 1
        reason = "the time is earlier than in the row before, and does not go on from there: sort"
        raise place.error(row, f"{reason} the rows by time")
    laid = lay_steps(stamps.ns, back + 1, usual, usual if usual < WAVEFORM_NS else 0)
    where = f"{printable(place.path.name)}, {place.word} {place.numbers[row]}"
    note = step_note(laid, dated=stamps.clock.dated, zone=zone)
    clock = replace(stamps.clock, note=join_notes([stamps.clock.note, note]))
    return replace(stamps, ns=laid.ns, clock=clock, repairs=(step_repair(laid, where),))


def _without_an_hour(stamps: Stamps, steps: NDArray[np.int64], zone: str | None) -> Stamps:
    """Return the stamps with a note if an hour may be missing because clocks went forward."""
    if zone is not None or not stamps.clock.dated or not len(steps):
        return stamps
    usual = int(np.median(steps))
    hours = int(np.count_nonzero(np.abs(steps - HOUR_NS - usual) * 2 < usual))
    # The clock of a table with zones in its stamps, or of seconds since 1970, is never set forward.
    if not 0 < hours <= 2 or usual * 4 > HOUR_NS or "no time zone given" not in stamps.clock.note:
        return stamps
    note = "an hour is missing, as where summer time begins: name the time zone if so"
    return replace(stamps, clock=replace(stamps.clock, note=join_notes([stamps.clock.note, note])))


def _from_text(place: Place, column: pl.Series, unit: str, zone: str | None) -> Stamps:
    import polars as pl  # noqa: PLC0415 (slow to import)

    first = str(column[0])
    iso = ISO.fullmatch(first)
    if iso:
        form = f"%Y-%m-%d{iso['between']}%H:%M"
        form += ":%S" if iso["seconds"] else ""
        form += "%.f" if iso["seconds"] else ""
        form += "%#z" if iso["zone"] else ""
        parsed = column.str.to_datetime(form, time_unit="us", strict=False)
        return _from_datetimes(place, _all_there(place, parsed), zone)
    if OF_DAY.fullmatch(first):
        return _from_times_of_day(place, column)
    numbers = column.cast(pl.Float64, strict=False)
    if numbers[0] is None:
        reason = "the time is not a number, hh:mm:ss or an ISO stamp (2024-07-01T10:00:00)"
        if DATE_OF_A_COUNTRY.match(first):
            reason += "; day or month first is not guessed: write the year first (2024-07-01)"
        raise place.error(0, reason)
    _all_there(place, numbers)
    decimals = 0
    if column.str.contains(".", literal=True).any():
        digits = column.str.extract(r"\.(\d*)", 1).str.len_chars().fill_null(0)
        decimals = int(digits.to_numpy().max())
    return _from_numbers(place, numbers, unit, zone, decimals)


def _all_there(place: Place, parsed: pl.Series) -> pl.Series:
    strange = parsed.is_null().to_numpy()
    if strange.any():
        reason = "the cell is not a time of the form of the first"
        raise place.error(int(strange.argmax()), reason)
    return parsed


def _from_numbers(
    place: Place, numbers: pl.Series, unit: str, zone: str | None, decimals: int
) -> Stamps:
    each = UNIT_NS.get(unit.strip().lower() or "s")
    if each is None:
        raise FormatError(place.path, "the unit of the times is not one of s, ms, us, ns, min, h")
    values = numbers.to_numpy().astype(np.float64)
    possible = np.abs(values) <= LATEST_S * NS / each  # false for NaN
    if not np.all(possible):
        raise place.error(int(possible.argmin()), "the time is not possible")
    # Digits are those of the text: an integer of them is exact, a product with 10**9 is not.
    decimals = min(decimals, max(len(str(each)) - 1, 0))
    while decimals > 0 and np.max(np.abs(values)) * 10.0**decimals > 2**53:
        decimals -= 1
    step_ns = Fraction(each, 10**decimals)
    digits = np.rint(values * 10.0**decimals).astype(np.int64)
    first = int(digits[0])
    # The span of a table fits 64 bits of nanoseconds; its origin need not.
    if (int(digits.max()) - int(digits.min())) * step_ns >= 2**62:
        raise FormatError(place.path, "the times are too far apart")
    ns = _scaled(digits - first, step_ns)
    origin_ns = round(first * step_ns)
    clock = Clock(dated=False)
    if origin_ns >= EPOCH_S * NS:
        day = date(1970, 1, 1) + timedelta(seconds=origin_ns // NS)
        notes = ["times are read as seconds since 1970 (UTC)", *notes_on(day, "UTC")]
        clock = Clock(dated=True, zone=zone or "UTC", note=join_notes(notes))
    return Stamps(origin_ns, ns, max(round(step_ns), 1), clock, {})


def _scaled(digits: NDArray[np.int64], step_ns: Fraction) -> NDArray[np.int64]:
    if step_ns.denominator == 1:
        return digits * int(step_ns)
    return np.asarray(np.rint(digits * float(step_ns)), dtype=np.int64)


def _from_datetimes(place: Place, column: pl.Series, zone: str | None) -> Stamps:
    import polars as pl  # noqa: PLC0415

    if column.dtype == pl.Date:
        raise FormatError(place.path, "the stamps have a date and no time of day")
    if not isinstance(column.dtype, pl.Datetime):
        raise FormatError(place.path, f"stamps of type {column.dtype} are not read")
    has_zone = column.dtype.time_zone is not None
    us = column.dt.cast_time_unit("us").to_physical().to_numpy().astype(np.int64)
    if us.min() < EARLIEST_US or us.max() > LATEST_US:
        raise FormatError(place.path, "a stamp is before the year 1 or after 9999")
    first = datetime(1970, 1, 1) + timedelta(microseconds=int(us[0]))  # noqa: DTZ001 (local)
    note: tuple[str, ...] = ()
    if has_zone:
        origin_us = int(us[0])
        clock = Clock(
            dated=True, zone=zone or "UTC", note=join_notes(notes_on(first.date(), "UTC"))
        )
    else:
        _, clock = anchor(first.replace(microsecond=0), zone)
        us, note = _to_utc(place, us, zone or "UTC")
        origin_us = int(us[0])
        clock = replace(clock, note=join_notes([clock.note, *note]))
    if int(us.max()) - int(us.min()) >= 2**62 // 1000:
        raise FormatError(place.path, "the times are too far apart")
    step_us = int(np.gcd.reduce(np.append(us % 10**6, 10**6)))
    return Stamps(origin_us * 1000, (us - us[0]) * 1000, step_us * 1000, clock, {})


def _to_utc(
    place: Place, local_us: NDArray[np.int64], zone: str
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return local stamps as UTC; an hour that occurs twice is told apart by its order."""
    where = zone_of(zone)
    if zone == "UTC":
        return local_us, ()
    # Offsets change at most once an hour: one look per quarter of an hour that has a stamp.
    quarters, index = np.unique(local_us // (900 * 10**6), return_inverse=True)
    early, late = (
        np.array([_offset_us(where, int(q), fold) for q in quarters], dtype=np.int64)[index]
        for fold in (0, 1)
    )
    if np.any(late > early):
        row = int(np.argmax(late > early))
        reason = (
            f"this local time does not exist in {zone} (clocks go forward): the device kept its "
            "time, so name a zone without summer time, such as UTC or Etc/GMT-1"
        )
        raise place.error(row, reason)
    twice = late < early
    if not twice.any():
        return local_us - early, ()
    # Within the doubled hour the second pass begins where the local time steps back.
    second = np.zeros(len(local_us), dtype=np.bool_)
    for lo, hi in runs_of(twice).tolist():
        back = np.flatnonzero(np.diff(local_us[lo:hi]) < 0)
        if len(back):
            second[lo + int(back[0]) + 1 : hi] = True
    note = () if second.any() else (f"an hour occurs twice in {zone}: the first is taken",)
    return local_us - np.where(second, late, early), note


def _offset_us(where: object, quarter: int, fold: int) -> int:
    local = datetime(1970, 1, 1) + timedelta(seconds=900 * quarter)  # noqa: DTZ001 (local)
    offset = local.replace(tzinfo=where, fold=fold).utcoffset()  # type: ignore[arg-type]
    return (offset or timedelta()) // timedelta(microseconds=1)


def _from_times_of_day(place: Place, column: pl.Series) -> Stamps:
    """Return times of day as an undated clock; past midnight they go on."""
    ns = np.empty(len(column), dtype=np.int64)
    digits = 0
    for row, text in enumerate(column.to_list()):
        match = OF_DAY.fullmatch(text)
        if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3]) > 59:
            raise place.error(row, "the cell is not a time of day hh:mm:ss")
        digits = max(digits, len(match[4] or ""))
        seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
        ns[row] = seconds * NS + int((match[4] or "").ljust(9, "0"))
    # More than half a day back is midnight; less is a step of the clock, or no order.
    ns += DAY_NS * np.cumsum(np.diff(ns, prepend=ns[0]) < -DAY_NS // 2)
    note = "the stamps have a time of day and no date"
    facts = {f"{printable(place.path.stem)} start time": str(column[0])}
    return Stamps(0, ns - ns[0], NS // 10**digits, Clock(dated=False, note=note), facts)


def fit_grid(ns: NDArray[np.int64], step_ns: int) -> tuple[Fraction, NDArray[np.int64]] | None:
    """Return sampling frequency [Hz] and grid indices of stamps; None where they are irregular.

    Parameters
    ----------
    ns : ndarray of int64, shape (n,)
        Strictly increasing. [ns]
    step_ns : int
        Resolution of the stamps: so much they may be off the grid. [ns]

    Returns
    -------
    fs : Fraction
        Sampling frequency. [Hz]
    index : ndarray of int64, shape (n,)
        Increasing from 0; a step over 1 is a gap.
    """
    if len(ns) < 3:
        return None
    steps = np.diff(ns)
    period = int(np.median(steps))
    rel = ns - ns[0]
    if np.mean(steps == period) >= 0.5 and not np.any(steps % period):
        return Fraction(NS, period), rel // period
    # Stamps rounded to their last digit, as 60 Hz in milliseconds.
    near = steps[np.abs(steps - period) <= step_ns]
    if len(near) * 2 < len(steps) or step_ns * 4 > period:
        return None
    mean = float(np.mean(near))
    index = np.concatenate(([0], np.cumsum(np.rint(steps / mean)))).astype(np.int64)
    if np.any(np.diff(index) < 1):
        return None
    fs = _simplest(index, rel, 1.01 * step_ns)
    return None if fs is None else (fs, index)


def fit_pieces(ns: NDArray[np.int64], step_ns: int) -> tuple[Fraction, NDArray[np.int64]] | None:
    """Return sampling frequency [Hz] and pieces of stamps that leave their grid now and then.

    A clock that is set by a part of a period goes on with the same period: each piece between two
    steps or gaps lies on a grid of its own.

    Parameters
    ----------
    ns, step_ns
        As of `fit_grid`.

    Returns
    -------
    fs : Fraction
        Sampling frequency of every piece. [Hz]
    bounds : ndarray of int64, shape (k, 2)
        Half-open ranges of stamps, which together are all.
    """
    if len(ns) < 3:
        return None
    steps = np.diff(ns)
    period = int(np.median(steps))
    leaves = np.abs(steps - period) > step_ns
    edges = np.flatnonzero(leaves) + 1
    if len(edges) > MOST_PIECES * len(ns) or np.any(steps[leaves] < period):
        return None
    starts = np.append(0, edges)
    bounds = np.column_stack((starts, np.append(edges, len(ns))))
    lo, hi = bounds[np.argmax(bounds[:, 1] - bounds[:, 0])]
    fitted = fit_grid(ns[lo:hi], step_ns)
    if fitted is None:
        return None
    own = np.arange(len(ns)) - np.repeat(starts, bounds[:, 1] - starts)
    off = own * (NS / float(fitted[0])) - (ns - np.repeat(ns[starts], bounds[:, 1] - starts))
    return (fitted[0], bounds) if np.max(np.abs(off)) <= 1.01 * step_ns else None


def fit_rows(ns: NDArray[np.int64]) -> Fraction | None:
    """Return the sampling frequency of rows that follow each other without a gap. [Hz]

    For stamps with too few digits to tell neighbors apart (``100.02, 100.02, 100.03``): the number
    of the row is the time, if that puts no row further than one period from its stamp; else None.
    """
    rel = ns - ns[0]
    if len(ns) < 3 or rel[-1] <= 0:
        return None
    rows = np.arange(len(ns))
    return _simplest(rows, rel, float(rel[-1]) / (len(ns) - 1))


def _simplest(index: NDArray[np.int64], rel: NDArray[np.int64], slack_ns: float) -> Fraction | None:
    """Return the simplest frequency that puts every index within the slack of its stamp."""
    exact = Fraction(int(index[-1]) * NS, int(rel[-1]))
    for denominator in (1, 2, 3, 4, 5, 8, 10, 100, 1000, 10**6):
        fs = exact.limit_denominator(denominator)
        if fs > 0 and np.max(np.abs(index * (NS / float(fs)) - rel)) <= slack_ns:
            return fs
    return None
