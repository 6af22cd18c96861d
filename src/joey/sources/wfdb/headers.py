"""WFDB headers: what a ``.hea`` file says, checked line by line; no signal file is opened here.

After the WFDB Applications Guide, header(5).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING

from joey.errors import FormatError
from joey.sources.files import load_text

if TYPE_CHECKING:
    from pathlib import Path

    from joey.signals import Source

__all__ = ["Header", "Part", "SignalLine", "read_header"]

DEFAULT_FS = Fraction(250)  # Hz, header(5)
DEFAULT_GAIN = 200.0  # counts per unit, header(5): "uncalibrated"
SLOWEST, FASTEST = Fraction(1, 10**6), Fraction(10**7)  # Hz; outside no physiology is sampled
MOST_FRAMES = 2**53  # beyond, a sample's index is not exact in float64

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?"
RECORD = re.compile(
    rf"(?P<name>[^\s/]+)(?:/(?P<parts>\d{{1,12}}))?\s+(?P<signals>\d{{1,12}})"
    rf"(?:\s+(?P<fs>{_NUMBER})(?:/(?P<counter>{_NUMBER})(?:\((?P<base>{_NUMBER})\))?)?"
    r"(?:\s+(?P<frames>\d{1,15})"
    r"(?:\s+(?P<time>[\d:.]+)"
    r"(?:\s+(?P<date>\d{1,2}/\d{1,2}/\d{4}))?)?)?)?\s*"
)
FORMAT = re.compile(r"(\d{1,4})(?:x(\d{1,9}))?(?::(\d{1,9}))?(?:\+(\d{1,15}))?")
GAIN = re.compile(rf"({_NUMBER})(?:\(([-+]?\d{{1,12}})\))?(?:/(\S+))?")
WHOLE = re.compile(r"[-+]?\d{1,12}")
PART = re.compile(r"(\S+)\s+(\d{1,15})\s*")
TIME = re.compile(r"(?:(?:(\d{1,2}):)?(\d{1,2}):)?(\d{1,5}(?:\.\d{1,12})?)")


@dataclass(frozen=True, slots=True)
class SignalLine:
    """One signal as its header line describes it.

    Parameters
    ----------
    line : int
        Line number in the header.
    file : str
        Name of the signal file.
    format : int
        Storage format, signal(5).
    per_frame : int
        Samples per frame.
    skew : int
        Frames by which its samples come later in the file than those of other signals.
    offset : int
        Bytes before the first sample.
    gain : float
        Counts per unit.
    calibrated : bool
        Whether the header gives a gain.
    baseline : int
        Count of value zero.
    unit : str
        As in the header; empty where it gives none (by header(5), then, millivolts).
    initial, checksum : int or None
        Value of sample 0; sum of all samples modulo 65536. None where not given.
    label : str
        The description; its place among the signals where there is none, ``signal 1``.
    """

    line: int
    file: str
    format: int
    per_frame: int
    skew: int
    offset: int
    gain: float
    calibrated: bool
    baseline: int
    unit: str
    initial: int | None
    checksum: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Part:
    """One segment of a multi-segment record: line in the header, record name, length in frames."""

    line: int
    name: str
    frames: int


@dataclass(frozen=True, slots=True)
class Header:
    """A header file.

    Parameters
    ----------
    path : Path
        The file.
    source : Source
        Its name and hash.
    name : str
        Record name.
    fs : Fraction
        Frames per second. [Hz]
    frames : int or None
        Length; None where the header does not say.
    time : Fraction or None
        Time of day of frame 0, local. [s]
    day : date or None
        Date of frame 0, local.
    signals : tuple of SignalLine
        The signals of a record of one segment.
    parts : tuple of Part
        The segments of a record of several.
    comments : tuple of str
        Comment lines without their mark.
    counter : str
        Counter frequency and base, as in the header.
    """

    path: Path
    source: Source
    name: str
    fs: Fraction
    frames: int | None
    time: Fraction | None
    day: date | None
    signals: tuple[SignalLine, ...]
    parts: tuple[Part, ...]
    comments: tuple[str, ...]
    counter: str


def read_header(path: Path) -> Header:
    """Return what a WFDB header says.

    Raises
    ------
    FormatError
        If it breaks header(5), with the line.
    OSError
        If it cannot be read.
    """
    text, source = load_text(path, "wfdb")
    lines = [(n, line.strip()) for n, line in enumerate(text.splitlines(), 1)]
    body = [(n, line) for n, line in lines if line and not line.startswith("#")]
    if not body:
        raise FormatError(path, "the header is empty")
    number, first = body[0]
    record = RECORD.fullmatch(first)
    if record is None:
        reason = (
            "not a record line: name, number of signals, sampling frequency, length, time, date"
        )
        raise FormatError(path, reason, f"line {number}")
    where = f"line {number}"
    parts = record["parts"]
    count = int(parts if parts is not None else record["signals"])
    if len(body) - 1 < count:
        what = "segments" if parts is not None else "signals"
        reason = f"{count} {what} are announced and {len(body) - 1} described"
        raise FormatError(path, reason, where)
    described = body[1 : count + 1]
    frames = int(record["frames"]) if record["frames"] else None
    if frames is not None and frames > MOST_FRAMES:
        raise FormatError(path, f"a length of {frames} frames is not possible", where)
    return Header(
        path=path,
        source=source,
        name=record["name"],
        fs=_frequency(path, record["fs"], where),
        frames=frames or None,  # header(5): zero means not known
        time=_time(path, record["time"], where),
        day=_day(path, record["date"], where),
        signals=() if parts is not None else _signals(path, described),
        parts=tuple(_part(path, *each) for each in described) if parts is not None else (),
        comments=tuple(line.lstrip("#").strip() for _, line in lines if line.startswith("#")),
        counter="/".join(each for each in (record["counter"], record["base"]) if each),
    )


def _frequency(path: Path, text: str | None, where: str) -> Fraction:
    if text is None:
        return DEFAULT_FS
    fs = Fraction(text)
    if not SLOWEST <= fs <= FASTEST:
        raise FormatError(path, f"a sampling frequency of {text} Hz is not possible", where)
    mantissa = text.lower().partition("e")[0]
    if len(mantissa.replace(".", "").lstrip("0")) < 9:
        return fs
    # So many digits are a rounded quotient: 0.0166666666667 Hz is one sample a minute.
    simple = fs.limit_denominator(1000)
    half_digit = Fraction(1, 2 * 10 ** len(mantissa.partition(".")[2]))
    return simple if abs(simple - fs) <= half_digit else fs.limit_denominator(10**9)


def _time(path: Path, text: str | None, where: str) -> Fraction | None:
    if text is None:
        return None
    match = TIME.fullmatch(text)
    if match is None:
        raise FormatError(path, "the start is not a time of day", where)
    hours, minutes, seconds = match.groups(default="0")
    time = Fraction(int(hours) * 3600 + int(minutes) * 60) + Fraction(seconds)
    if int(minutes) >= 60 or time >= 86400:
        raise FormatError(path, "the start is not a time of day", where)
    return time


def _day(path: Path, text: str | None, where: str) -> date | None:
    if text is None:
        return None
    day, month, year = map(int, text.split("/"))
    try:
        return date(year, month, day)
    except ValueError as error:
        raise FormatError(path, "the start is not a date day/month/year", where) from error


def _signals(path: Path, described: list[tuple[int, str]]) -> tuple[SignalLine, ...]:
    return tuple(
        _signal(path, number, line, f"signal {place}")
        for place, (number, line) in enumerate(described, 1)
    )


def _signal(path: Path, number: int, line: str, name: str) -> SignalLine:
    where = f"line {number}"
    fields = line.split(None, 8)
    form = FORMAT.fullmatch(fields[1]) if len(fields) > 1 else None
    if form is None:
        raise FormatError(path, "not a signal line: file name and format come first", where)
    per_frame = int(form[2] or 1)
    gain = GAIN.fullmatch(fields[2]) if len(fields) > 2 else None
    if len(fields) > 2 and gain is None:
        raise FormatError(path, "the third field is not a gain: counts(baseline)/unit", where)
    numbers = fields[3:8]
    if not all(WHOLE.fullmatch(each) for each in numbers):
        reason = "resolution, zero, initial value, checksum and block size are whole numbers"
        raise FormatError(path, reason, where)
    zero = int(numbers[1]) if len(numbers) > 1 else 0
    factor = float(gain[1]) if gain else 0.0
    if per_frame < 1 or not abs(factor) < 1e12 or 0 < abs(factor) < 1e-12:
        raise FormatError(path, "samples per frame or gain are not possible", where)
    return SignalLine(
        line=number,
        file=fields[0],
        format=int(form[1]),
        per_frame=per_frame,
        skew=int(form[3] or 0),
        offset=int(form[4] or 0),
        gain=factor or DEFAULT_GAIN,
        calibrated=factor != 0.0,
        baseline=int(gain[2]) if gain and gain[2] is not None else zero,
        unit=(gain[3] or "") if gain else "",
        initial=int(numbers[2]) if len(numbers) > 2 else None,
        checksum=int(numbers[3]) % 2**16 if len(numbers) > 3 else None,
        label=fields[8].strip() if len(fields) > 8 else name,
    )


def _part(path: Path, number: int, line: str) -> Part:
    match = PART.fullmatch(line)
    if match is None:
        raise FormatError(path, "not a segment line: record name and length", f"line {number}")
    return Part(number, match[1], int(match[2]))
