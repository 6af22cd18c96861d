"""Recordings to WFDB: one record of one file, every signal at its own rate.

For simulated infants and for what Joey found; what was not measured is written as invalid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import reduce
from math import gcd
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import NS
from joey.sources.codes import label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from joey.signals import Segment, Signal

__all__ = ["write_wfdb"]

# Units as other WFDB software spells them.
SPELLED = {"/min": "bpm", "mm[Hg]": "mmHg", "Cel": "degC"}
INVALID_16, INVALID_32 = -(2**15), -(2**31)


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """A signal on the record's frames: counts without gaps, invalid where not measured."""

    signal: Signal
    per_frame: int
    counts: NDArray[np.integer]


def write_wfdb(
    folder: str | Path,
    record: str,
    signals: Sequence[Signal],
    start_ns: int | None,
    comments: Sequence[str] = (),
) -> tuple[Path, ...]:
    """Write signals as one WFDB record and return the paths of its files.

    Parameters
    ----------
    folder : str or Path
        An existing folder.
    record : str
        Record name: letters, digits, ``_`` and ``-``.
    signals : sequence of Signal
        Of any rates that have a common divisor of at least 0.01 Hz; their segments lie on one grid
        each. The label is the source's own where Joey reads it back as the same channel.
    start_ns : int or None
        Time of frame 0, written as UTC. [ns] None: the record carries no date, and frame 0 is at
        zero.
    comments : sequence of str
        Written as comment lines; the word "simulated" in one marks the record as simulated.

    Returns
    -------
    tuple of Path
        Header and signal file.

    Raises
    ------
    ValueError
        If a signal begins before `start_ns` or off its own grid from there, its offset is not a
        whole number of counts, or there is nothing to write.

    Notes
    -----
    Format 16 where all counts fit, else 32, so that counts come back unchanged. The last frame is
    filled up with invalid samples.
    """
    if not signals or not record.replace("_", "").replace("-", "").isalnum():
        msg = "a record needs signals, and a name of letters, digits, '_' and '-'"
        raise ValueError(msg)
    folder = Path(folder)
    frame_rate = _common_rate([signal.fs for signal in signals])
    origin = start_ns or 0
    frames = max(_frames(signal, frame_rate, origin) for signal in signals)
    if not frames:
        msg = "the signals hold no samples"
        raise ValueError(msg)
    columns = [_column(signal, frame_rate, origin, frames) for signal in signals]
    wide = any(_is_wide(column) for column in columns)
    form, dtype = (32, np.dtype("<i4")) if wide else (16, np.dtype("<i2"))
    table = np.empty((frames, sum(column.per_frame for column in columns)), dtype=dtype)
    lines, at = [], 0
    for column in columns:
        counts = column.counts
        if not wide:
            counts = np.where(counts == INVALID_32, INVALID_16, counts)
        table[:, at : at + column.per_frame] = counts.reshape(frames, column.per_frame)
        at += column.per_frame
        lines.append(_signal_line(f"{record}.dat", form, column, counts))
    data_path, header_path = folder / f"{record}.dat", folder / f"{record}.hea"
    data_path.write_bytes(table.tobytes())
    first = f"{record} {len(signals)} {_decimal(frame_rate)} {frames}"
    if start_ns is not None:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=start_ns // NS)
        rest = f"{start_ns % NS:09d}".rstrip("0")
        first += f" {moment:%H:%M:%S}{'.' + rest if rest else ''} {moment:%d/%m/%Y}"
    remarks = [f"# {line}" for comment in comments for line in comment.splitlines()]
    header_path.write_text("\n".join([first, *lines, *remarks, ""]), encoding="utf-8")
    return header_path, data_path


def _common_rate(rates: Sequence[Fraction]) -> Fraction:
    below = reduce(lambda a, b: a * b // gcd(a, b), (fs.denominator for fs in rates))
    rate = Fraction(reduce(gcd, (int(fs * below) for fs in rates)), below)
    if rate < Fraction(1, 100) or Fraction(_decimal(rate)) != rate:
        msg = "the rates have no common divisor that a header can hold: write a record for each"
        raise ValueError(msg)
    return rate


def _frames(signal: Signal, frame_rate: Fraction, origin: int) -> int:
    stop = max(
        (_index(segment, origin) + len(segment.counts) for segment in signal.segments), default=0
    )
    return -(-stop // int(signal.fs / frame_rate))


def _index(segment: Segment, origin: int) -> int:
    """Return a segment's first sample as counted from the record's start."""
    exact = Fraction(segment.grid.start_ns - origin, NS) * segment.grid.fs + segment.first
    index = round(exact)
    if index < 0 or abs(exact - index) > Fraction(1, 1000):
        msg = "a signal begins before the record, or between two of its samples"
        raise ValueError(msg)
    return index


def _column(signal: Signal, frame_rate: Fraction, origin: int, frames: int) -> _Column:
    per_frame = int(signal.fs / frame_rate)
    counts = np.full(frames * per_frame, INVALID_32, dtype=np.int32)
    for segment in signal.segments:
        first = _index(segment, origin)
        for lo, hi in segment.runs.tolist():
            counts[first + lo : first + hi] = segment.counts[lo:hi]
    return _Column(signal, per_frame, counts)


def _is_wide(column: _Column) -> bool:
    """Whether the counts need more than 16 bits."""
    known = column.counts[column.counts != INVALID_32]
    return bool(len(known)) and bool(known.min() <= INVALID_16 or known.max() > -INVALID_16 - 1)


def _signal_line(file: str, form: int, column: _Column, counts: NDArray[np.integer]) -> str:
    signal = column.signal
    baseline = -signal.offset / signal.scale
    if abs(baseline - round(baseline)) > 1e-6 or abs(baseline) >= 2**31:
        msg = "the offset of a signal is a whole number of its steps"
        raise ValueError(msg)
    unit = SPELLED.get(signal.channel.unit, "_".join(signal.channel.unit.split()) or "NU")
    checksum = int(np.sum(counts, dtype=np.int64)) % 2**16
    initial = int(counts[0]) if len(counts) else 0
    gain = f"{1 / signal.scale!r}({round(baseline)})/{unit}"
    per_frame = f"x{column.per_frame}" if column.per_frame > 1 else ""
    head = f"{file} {form}{per_frame} {gain} {form} 0 {initial} {checksum} 0"
    return f"{head} {label_of(signal.channel)}"


def _decimal(fs: Fraction) -> str:
    return str(fs.numerator) if fs.denominator == 1 else f"{float(fs):.8g}"
