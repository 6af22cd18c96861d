"""EDF, EDF+ and BDF files: records of a fixed length, with gaps between them where a file says so.

After the EDF+ standard (Kemp and Olivan 2003, doi:10.1016/S1388-2457(03)00123-8) and BioSemi's
description of BDF. Read by Joey itself: a discontinuous file (EDF+D) read as if it were continuous
moves every sample after its first gap, and a hostile header must not allocate.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import FormatError
from joey.signals import NS, Channel, Clock, Grid, Recording, Repair, Segment, Signal
from joey.sources.clocks import anchor, join_notes
from joey.sources.codes import name_channel
from joey.sources.edf.headers import BLOCK, read_header
from joey.sources.edf.onsets import annotations_of, lay_onsets, read_lists, runs_between_gaps
from joey.sources.files import load, printable, says_simulated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.signals import Source
    from joey.sources.codes import Meaning
    from joey.sources.edf.headers import Header, Line
    from joey.sources.edf.onsets import Run

__all__ = ["read_edf"]

DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2})")
TIME = re.compile(r"(\d{1,2})[.:](\d{1,2})[.:](\d{1,2})")
STARTDATE = re.compile(r"Startdate (\d{1,2})-([A-Z]{3})-(\d{4})(?: |$)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
NO_DATE = date(1985, 1, 1)  # what anonymised files carry
ON_GRID = Fraction(1, 10**6)  # s; a run that starts this close to the grid lies on it
LARGEST_SCALE, SMALLEST_SCALE = 1e12, 1e-15


def read_edf(
    path: Path, zone: str | None = None, channels: Mapping[str, Meaning] | None = None
) -> Recording:
    """Return the recording of an EDF, EDF+ or BDF file.

    Parameters
    ----------
    path : Path
        The file.
    zone : str, optional
        IANA zone of the header's time; without it a dated file is read as UTC and says so.
    channels : mapping of str to Meaning, optional
        What the user says certain labels stand for.

    Raises
    ------
    FormatError
        If the file breaks its format, with the place.
    InputError
        If the zone is not known.
    OSError
        If it cannot be read.
    """
    data, source = load(path, "edf")
    header = read_header(path, data)
    start_ns, clock, facts = _clock(header, zone)
    body = memoryview(data)[BLOCK * (len(header.lines) + 1) :]
    records, truncated, repairs = _count_records(header, len(body))
    if not records:
        raise FormatError(path, "the file does not hold a single record")
    table = np.frombuffer(body, dtype=np.uint8, count=records * header.record_bytes)
    table = table.reshape(records, header.record_bytes)
    onsets, marks = read_lists(header, table, repairs)
    onsets, later, note = lay_onsets(header, onsets, repairs)
    clock = replace(clock, note=join_notes([clock.note, note]))
    runs = runs_between_gaps(header, onsets, records, repairs)
    signals = tuple(
        _read_signal(header, line, table, runs, start_ns, channels, repairs)
        for line in header.lines
        if not line.is_annotations and line.per_record
    )
    return Recording(
        signals=signals,
        annotations=annotations_of(marks, later, start_ns),
        clock=clock,
        sources=(_named(source, header.kind),),
        repairs=tuple(repairs),
        truncated=truncated,
        simulated=says_simulated(header.recording),
        facts=facts,
    )


def _named(source: Source, kind: str) -> Source:
    return type(source)(source.name, source.sha256, kind.lower())


def _clock(header: Header, zone: str | None) -> tuple[int, Clock, dict[str, str]]:
    facts = {f"{printable(header.path.stem)} type": header.kind}
    match = TIME.fullmatch(header.start_time)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59 or int(match[3]) > 59:
        raise FormatError(header.path, "the start is not a time hh.mm.ss", "byte 176")
    hours, minutes, seconds = map(int, match.groups())
    day = _day(header)
    if day is None:
        facts[f"{printable(header.path.stem)} start time"] = (
            f"{hours:02d}:{minutes:02d}:{seconds:02d}"
        )
        note = "the header's date is anonymised: times count from the start"
        return 0, Clock(dated=False, note=note), facts
    local = datetime(day.year, day.month, day.day, hours, minutes, seconds)  # noqa: DTZ001 (local)
    start_ns, clock = anchor(local, zone)
    return start_ns, clock, facts


def _day(header: Header) -> date | None:
    """Return the date of the start; None where it is anonymised."""
    where, plus = "byte 168", STARTDATE.match(header.recording)
    if "+" in header.kind and header.recording.startswith("Startdate X"):
        return None
    short = DATE.fullmatch(header.start_date)
    if plus and plus[2] in MONTHS:
        day, month, year = int(plus[1]), MONTHS.index(plus[2]) + 1, int(plus[3])
        where = "byte 88"
    elif short:
        day, month, year = int(short[1]), int(short[2]), int(short[3])
        year += 1900 if year >= 85 else 2000  # the standard's clipping date is 1985
    else:
        raise FormatError(header.path, "the start is not a date dd.mm.yy", where)
    try:
        found = date(year, month, day)
    except ValueError as error:
        raise FormatError(header.path, "there is no such start date", where) from error
    return None if found == NO_DATE else found


def _count_records(header: Header, size: int) -> tuple[int, str, list[Repair]]:
    """Return how many records are there, what is lost, and what was mended."""
    name = printable(header.path.name)
    repairs = []
    if header.commas:
        repairs.append(Repair("decimal comma in the header, read as a point", header.commas, name))
    if not header.record_bytes:
        raise FormatError(header.path, "the records are empty")
    there, rest = divmod(size, header.record_bytes)
    claimed = header.records
    if claimed < -1:
        raise FormatError(header.path, f"{claimed} records are not possible", "byte 236")
    if claimed == -1:
        repairs.append(Repair("number of records not in the header, taken from the size", 1, name))
        lost = f"{name}: the last record is cut off" if rest else ""
        return there, lost, repairs
    if there < claimed:
        return there, f"{name}: {there} of {claimed} records are there", repairs
    if size > claimed * header.record_bytes:
        what = "bytes after the last record, left out"
        repairs.append(Repair(what, size - claimed * header.record_bytes, name))
    return claimed, "", repairs


def _read_signal(
    header: Header,
    line: Line,
    table: NDArray[np.uint8],
    runs: Sequence[Run],
    start_ns: int,
    channels: Mapping[str, Meaning] | None,
    repairs: list[Repair],
) -> Signal:
    fs = line.per_record / header.duration
    stop = line.first + line.per_record * header.width
    raw = np.ascontiguousarray(table[:, line.first : stop])
    counts = _counts_24(raw) if header.width == 3 else raw.reshape(-1).view("<i2")
    counts = counts.astype(counts.dtype.newbyteorder("="), copy=False)
    channel, scale, offset = _calibrate(header, line, channels, repairs)
    segments = []
    origin = runs[0].onset
    grid = Grid(start_ns + round(origin * NS), fs)
    for run in runs:
        part = counts[run.first * line.per_record : run.stop * line.per_record]
        whole = np.array([[0, len(part)]], dtype=np.int64)
        index = (run.onset - origin) * fs
        if abs(index - round(index)) <= ON_GRID * fs:
            segments.append(Segment(grid, round(index), part, whole))
        else:
            own = Grid(start_ns + round(run.onset * NS), fs)
            segments.append(Segment(own, 0, part, whole))
    return Signal(channel, fs, tuple(segments), scale, offset)


def _counts_24(raw: NDArray[np.uint8]) -> NDArray[np.integer]:
    wide = np.zeros((raw.size // 3, 4), dtype=np.uint8)
    wide[:, 1:] = raw.reshape(-1, 3)
    return wide.reshape(-1).view("<i4") >> 8


def _calibrate(
    header: Header,
    line: Line,
    channels: Mapping[str, Meaning] | None,
    repairs: list[Repair],
) -> tuple[Channel, float, float]:
    """Return the channel, and scale and offset from counts to its unit."""
    stem = printable(header.path.stem)
    (low, high), (least, most) = line.physical, line.digital
    scale = (high - low) / (most - least) if most > least else 0.0
    if not SMALLEST_SCALE <= abs(scale) <= LARGEST_SCALE or abs(low) > LARGEST_SCALE:
        what = "no physical range in the header: kept as counts"
        repairs.append(Repair(what, 1, f"{stem}/{line.label}"))
        return Channel("unknown", "NU", source=f"{stem}/{line.label}"), 1.0, 0.0
    naming = name_channel(line.label, line.unit, stem, channels)
    if naming.note:
        repairs.append(Repair(naming.note, 1, stem))
    offset = low - least * scale
    return naming.channel, scale * naming.factor, offset * naming.factor + naming.shift
