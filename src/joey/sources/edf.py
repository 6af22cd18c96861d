"""EDF, EDF+ and BDF files: records of a fixed length, with gaps between them where a file says so.

After the EDF+ standard (Kemp and Olivan 2003, doi:10.1016/S1388-2457(03)00123-8) and BioSemi's
description of BDF. Read by Joey itself: a discontinuous file (EDF+D) read as if it were continuous
moves every sample after its first gap, and a hostile header must not allocate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from joey.errors import FormatError
from joey.signals import (
    NS,
    Annotation,
    Channel,
    Clock,
    Grid,
    Recording,
    Repair,
    Segment,
    Signal,
)
from joey.sources.clocks import anchor
from joey.sources.codes import name_channel
from joey.sources.files import load, printable, says_simulated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from joey.signals import Source
    from joey.sources.codes import Meaning

__all__ = ["read_edf"]

BLOCK = 256  # bytes of the fixed header, and of each signal's part of the header
EDF_MAGIC, BDF_MAGIC = b"0       ", b"\xffBIOSEMI"
# Widths of a signal's fields: label, transducer, dimension, physical and digital extremes, ...
WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
DATE = re.compile(r"(\d{1,2})[./-](\d{1,2})[./-](\d{2})")
TIME = re.compile(r"(\d{1,2})[.:](\d{1,2})[.:](\d{1,2})")
STARTDATE = re.compile(r"Startdate (\d{1,2})-([A-Z]{3})-(\d{4})(?: |$)")
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
ONSET = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,12})?)(?:\x15(\d{1,12}(?:\.\d{0,12})?))?")
NO_DATE = date(1985, 1, 1)  # what anonymised files carry
SLOWEST, FASTEST = Fraction(1, 1000), Fraction(10**6)  # Hz, of a signal
ON_GRID = Fraction(1, 10**6)  # s; a run that starts this close to the grid lies on it
LARGEST_SCALE, SMALLEST_SCALE = 1e12, 1e-15


@dataclass(frozen=True, slots=True)
class _Line:
    """One signal's part of the header."""

    label: str
    unit: str
    physical: tuple[float, float]
    digital: tuple[int, int]
    per_record: int
    first: int  # bytes into a record

    @property
    def is_annotations(self) -> bool:
        return self.label in {"EDF Annotations", "BDF Annotations"}


@dataclass(frozen=True, slots=True)
class _Header:
    path: Path
    kind: str  # EDF, EDF+C, EDF+D, BDF, BDF+C or BDF+D
    width: int  # bytes per sample
    recording: str
    start_date: str
    start_time: str
    records: int
    duration: Fraction
    lines: tuple[_Line, ...]
    commas: int  # numbers with a decimal comma

    @property
    def record_bytes(self) -> int:
        return sum(line.per_record for line in self.lines) * self.width


@dataclass(frozen=True, slots=True)
class _Run:
    """Records `first` to before `stop`, without a gap between them; `onset` is in seconds."""

    first: int
    stop: int
    onset: Fraction


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
    header = _read_header(path, data)
    start_ns, clock, facts = _clock(header, zone)
    body = memoryview(data)[BLOCK * (len(header.lines) + 1) :]
    records, truncated, repairs = _count_records(header, len(body))
    if not records:
        raise FormatError(path, "the file does not hold a single record")
    table = np.frombuffer(body, dtype=np.uint8, count=records * header.record_bytes)
    table = table.reshape(records, header.record_bytes)
    onsets, annotations = _read_annotations(header, table, start_ns, repairs)
    runs = _runs(header, onsets, records, repairs)
    signals = tuple(
        _read_signal(header, line, table, runs, start_ns, channels, repairs)
        for line in header.lines
        if not line.is_annotations and line.per_record
    )
    return Recording(
        signals=signals,
        annotations=annotations,
        clock=clock,
        sources=(_named(source, header.kind),),
        repairs=tuple(repairs),
        truncated=truncated,
        simulated=says_simulated(header.recording),
        facts=facts,
    )


def _named(source: Source, kind: str) -> Source:
    return type(source)(source.name, source.sha256, kind.lower())


def _read_header(path: Path, data: bytes) -> _Header:
    if len(data) < BLOCK:
        raise FormatError(path, f"{len(data)} bytes are too few for an EDF header")
    magic = data[:8]
    if magic not in {EDF_MAGIC, BDF_MAGIC}:
        raise FormatError(path, "neither EDF nor BDF: the file begins otherwise", "byte 0")
    is_bdf = magic == BDF_MAGIC
    text = data[:BLOCK].decode("latin-1")
    plus = re.match(r"[EB]DF\+[CD]", text[192:197])
    kind = plus[0] if plus else ("BDF" if is_bdf else "EDF")
    count = _whole(path, text[252:256], 252)
    size = BLOCK * (count + 1)
    if count < 1 or size > len(data):
        raise FormatError(path, f"a header of {count} signals does not fit the file", "byte 252")
    if _whole(path, text[184:192], 184) != size:
        raise FormatError(path, f"{count} signals need a header of {size} bytes", "byte 184")
    duration = _number(path, text[244:252], 244)
    if not 0 <= duration <= 10**7:
        raise FormatError(path, "a record of this duration is not possible", "byte 244")
    block = data[BLOCK:size].decode("latin-1")
    lines = _read_lines(path, block, count, width=3 if is_bdf else 2)
    for line in lines:
        fs = line.per_record / duration if duration and not line.is_annotations else 1
        if line.per_record and not SLOWEST <= fs <= FASTEST:
            raise FormatError(path, "no signal has the rate of these records", "byte 244")
    if duration == 0 and not all(line.is_annotations for line in lines):
        raise FormatError(path, "signals in records of no duration have no rate", "byte 244")
    return _Header(
        path=path,
        kind=kind,
        width=3 if is_bdf else 2,
        recording=text[88:168].strip(),
        start_date=text[168:176].strip(),
        start_time=text[176:184].strip(),
        records=_whole(path, text[236:244], 236),
        duration=duration,
        lines=lines,
        commas=(text[244:252] + _numeric_part(block, count)).count(","),
    )


def _fields(block: str, count: int, index: int) -> tuple[int, list[str]]:
    """Return where a field of the signal header begins, and its text for each signal."""
    begin = count * sum(WIDTHS[:index])
    width = WIDTHS[index]
    return begin, [block[begin + k * width : begin + (k + 1) * width] for k in range(count)]


def _numeric_part(block: str, count: int) -> str:
    return "".join("".join(_fields(block, count, index)[1]) for index in (3, 4))


def _read_lines(path: Path, block: str, count: int, width: int) -> tuple[_Line, ...]:
    fields = [_fields(block, count, index) for index in range(len(WIDTHS))]

    def at(index: int, signal: int) -> tuple[str, int]:
        begin, texts = fields[index]
        return texts[signal], BLOCK + begin + signal * WIDTHS[index]

    lines, first = [], 0
    for k in range(count):
        per_record = _whole(path, *at(8, k))
        if per_record < 0:
            raise FormatError(path, "samples per record are not negative", f"byte {at(8, k)[1]}")
        lines.append(
            _Line(
                label=at(0, k)[0].strip("\0 "),
                unit=at(2, k)[0].strip("\0 "),
                physical=(float(_number(path, *at(3, k))), float(_number(path, *at(4, k)))),
                digital=(_whole(path, *at(5, k)), _whole(path, *at(6, k))),
                per_record=per_record,
                first=first,
            )
        )
        first += per_record * width
    return tuple(lines)


def _number(path: Path, text: str, byte: int) -> Fraction:
    plain = text.strip("\0 ").replace(",", ".")
    if not NUMBER.fullmatch(plain):
        raise FormatError(path, "a field of the header is not a number", f"byte {byte}")
    return Fraction(plain)


def _whole(path: Path, text: str, byte: int) -> int:
    number = _number(path, text, byte)
    if number.denominator != 1 or abs(number) > 10**9:
        raise FormatError(path, "a field of the header is not a whole number", f"byte {byte}")
    return int(number)


def _clock(header: _Header, zone: str | None) -> tuple[int, Clock, dict[str, str]]:
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


def _day(header: _Header) -> date | None:
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


def _count_records(header: _Header, size: int) -> tuple[int, str, list[Repair]]:
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


def _read_annotations(
    header: _Header, table: NDArray[np.uint8], start_ns: int, repairs: list[Repair]
) -> tuple[list[Fraction] | None, tuple[Annotation, ...]]:
    """Return each record's onset (None for a file without them) and the annotations."""
    lines = [line for line in header.lines if line.is_annotations]
    if not lines or "+" not in header.kind:
        return None, ()
    onsets: list[Fraction] = []
    found: list[Annotation] = []
    broken = 0
    for index, line in enumerate(lines):
        stop = line.first + line.per_record * header.width
        rows = np.ascontiguousarray(table[:, line.first : stop])
        for record, row in enumerate(rows):
            tals = _tals(row.tobytes())
            if index == 0:
                onsets.append(_onset(header, record, tals))
                tals = [(tals[0][0], tals[0][1], tals[0][2][1:]), *tals[1:]]
            for onset, length, texts in tals:
                broken += onset is None
                if onset is not None:
                    found += _marks(onset, length, texts, start_ns)
    if broken:
        repairs.append(
            Repair("annotations that cannot be read, left out", broken, printable(header.path.name))
        )
    return onsets, tuple(sorted(found, key=lambda mark: mark.time))


def _tals(raw: bytes) -> list[tuple[Fraction | None, str, list[bytes]]]:
    """Return the time-stamped lists of one record: onset, duration and texts of each."""
    out: list[tuple[Fraction | None, str, list[bytes]]] = []
    for tal in raw.split(b"\0"):
        if not tal:
            continue
        stamp, *texts = tal.split(b"\x14")
        match = ONSET.fullmatch(stamp)
        if match is None or not texts or texts[-1]:
            out.append((None, "", []))
            continue
        out.append((Fraction(match[1].decode()), (match[2] or b"").decode(), texts[:-1]))
    return out


def _onset(
    header: _Header, record: int, tals: Sequence[tuple[Fraction | None, str, list[bytes]]]
) -> Fraction:
    if not tals or tals[0][0] is None or tals[0][2][:1] != [b""]:
        at = BLOCK * (len(header.lines) + 1) + record * header.record_bytes
        raise FormatError(header.path, f"record {record} does not say when it starts", f"byte {at}")
    return tals[0][0]


def _marks(onset: Fraction, length: str, texts: Sequence[bytes], start_ns: int) -> list[Annotation]:
    time = float(Fraction(start_ns, NS) + onset)
    tail = f" ({length} s)" if length else ""
    return [
        Annotation(time, '"', 0, text.decode("utf-8", errors="replace") + tail)
        for text in texts
        if text
    ]


def _runs(
    header: _Header, onsets: list[Fraction] | None, records: int, repairs: list[Repair]
) -> list[_Run]:
    """Return the runs of records without a gap between them."""
    if onsets is None:
        return [_Run(0, records, Fraction())]
    most = max((line.per_record for line in header.lines if not line.is_annotations), default=1)
    # Half of the shortest sample period: closer, and no sample could have been lost.
    tolerance = header.duration / (2 * max(most, 1))
    runs: list[_Run] = []
    first = 0
    for record in range(1, records + 1):
        expected = onsets[first] + (record - first) * header.duration
        if record < records and abs(onsets[record] - expected) <= tolerance:
            continue
        runs.append(_Run(first, record, onsets[first]))
        if record < records and onsets[record] < expected:
            reason = f"record {record} starts before the one before it has ended"
            at = BLOCK * (len(header.lines) + 1) + record * header.record_bytes
            raise FormatError(header.path, reason, f"byte {at}")
        first = record
    if len(runs) > 1 and header.kind.endswith("C"):
        what = "gaps in a file marked as continuous, kept as gaps"
        repairs.append(Repair(what, len(runs) - 1, printable(header.path.name)))
    return runs


def _read_signal(
    header: _Header,
    line: _Line,
    table: NDArray[np.uint8],
    runs: Sequence[_Run],
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
    header: _Header,
    line: _Line,
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
