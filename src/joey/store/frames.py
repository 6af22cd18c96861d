"""Frames: ten minutes of one channel, packed without loss, with a hash of all that they say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from joey.signals import Channel, Grid, Segment, Series
from joey.store.journal import StorageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "FRAME_NS",
    "Frame",
    "ValueFrame",
    "channel_of",
    "frame_of",
    "pack_frame",
    "pack_values",
    "text_of",
    "unpack_frame",
    "unpack_values",
]

FRAME_NS = 600 * 1_000_000_000  # ns, of a frame: the marks of Law 1
WRITER = "pco-1"  # how they are packed
MOST_SAMPLES = 1 << 26  # of a frame; 600 s at 100 kHz


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Samples of one channel between two marks, or a part of them where the grid changed.

    Parameters
    ----------
    stream : str
        Of what stream.
    channel : Channel
        What was measured.
    mark_ns : int
        The mark before the first sample. [ns UTC, the device's]
    part : int
        Its name within the mark, the same however often it is made: the start of its grid [ns]; of
        what came late minus the time of its first sample. [ns]
    segment : Segment
        The samples on their grid.
    scale, offset : float
        From counts to the channel's unit.
    revision : int
        Rises where a part was made anew.
    """

    stream: str
    channel: Channel
    mark_ns: int
    part: int
    segment: Segment
    scale: float
    offset: float
    revision: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class ValueFrame:
    """Values of one numeric between two marks; of a correction the value that counts.

    Parameters
    ----------
    stream : str
        Of what stream.
    series : Series
        The values with their stamps, bit by bit.
    mark_ns : int
        The mark before the first stamp. [ns UTC, the device's]
    part : int
        Its name within the mark: 0, or after the device's clock was set the entry with which it
        was; of what came late minus its stamp. [ns]
    revision : int
        Rises where a part was made anew.
    """

    stream: str
    series: Series
    mark_ns: int
    part: int
    revision: int = 0


def frame_of(time_ns: int) -> int:
    """Return the mark at or before a time. [ns UTC]"""
    return time_ns // FRAME_NS * FRAME_NS


def text_of(channel: Channel) -> str:
    """Return a channel as text, all of it."""
    parts = [getattr(channel, name) for name in Channel.__slots__]
    return json.dumps(parts, separators=(",", ":"))


def channel_of(text: str) -> Channel:
    """Return the channel of a text."""
    return Channel(*json.loads(text))


def pack_frame(frame: Frame) -> tuple[object, ...]:
    """Return a frame as a row of the table ``frames``."""
    from pcodec import ChunkConfig, standalone  # noqa: PLC0415  (only who writes needs it)

    segment = frame.segment
    lo, hi = int(segment.counts.min(initial=0)), int(segment.counts.max(initial=0))
    small = lo >= -(2**15) and hi < 2**15
    counts: NDArray[np.integer] = segment.counts.astype(np.int16 if small else np.int32)
    head = (
        frame.stream, text_of(frame.channel), frame.mark_ns, frame.part, frame.revision,
        segment.grid.start_ns, str(segment.grid.fs), segment.first, len(counts), counts.dtype.name,
        frame.scale, frame.offset, segment.runs.astype("<i8").tobytes(), lo, hi,
    )  # fmt: skip
    data = standalone.simple_compress(counts, ChunkConfig())
    return (*head, _hash(head, counts.astype("<i4")), WRITER, data)


def unpack_frame(row: tuple[Any, ...]) -> Frame:
    """Return the frame of a row of the table ``frames``.

    Raises
    ------
    StorageError
        If it is not what was written.
    """
    stream, channel, mark, part, revision, grid_ns, fs, first, n, dtype, scale, offset, runs = row[
        :13
    ]
    counts = _unpacked(row[17], n, dtype) if dtype in {"int16", "int32"} else None
    if counts is None or _hash(row[:15], counts.astype("<i4")) != row[15]:
        raise StorageError(_not_as_written(stream, mark))
    measured = np.frombuffer(runs, "<i8").reshape(-1, 2)
    segment = Segment(Grid(grid_ns, Fraction(fs)), first, counts, measured)
    return Frame(stream, channel_of(channel), mark, part, segment, scale, offset, revision)


def pack_values(frame: ValueFrame) -> tuple[object, ...]:
    """Return a frame of values as a row of the table ``numerics``."""
    from pcodec import ChunkConfig, standalone  # noqa: PLC0415

    series = frame.series
    head = (
        frame.stream, text_of(series.channel), frame.mark_ns, frame.part, frame.revision,
        len(series.times),
    )  # fmt: skip
    columns = np.concatenate((series.times, series.values, series.valid_s)).astype(np.float64)
    data = standalone.simple_compress(columns, ChunkConfig())
    return (*head, _hash(head, columns.astype("<f8")), WRITER, data)


def unpack_values(row: tuple[Any, ...]) -> ValueFrame:
    """Return the frame of a row of the table ``numerics``.

    Raises
    ------
    StorageError
        If it is not what was written.
    """
    stream, channel, mark, part, revision, n = row[:6]
    columns = _unpacked(row[8], 3 * n, "float64") if isinstance(n, int) else None
    if columns is None or _hash(row[:6], columns.astype("<f8")) != row[6]:
        raise StorageError(_not_as_written(stream, mark))
    series = Series(channel_of(channel), columns[:n], columns[n : 2 * n], columns[2 * n :])
    return ValueFrame(stream, series, mark, part, revision)


def _unpacked(data: bytes, n: object, dtype: str) -> NDArray[Any] | None:
    """Return numbers that were packed; None where they cannot be had."""
    from pcodec import standalone  # noqa: PLC0415

    if not isinstance(n, int) or not 0 <= n <= MOST_SAMPLES:
        return None
    numbers: NDArray[Any] = np.zeros(n, dtype=dtype)
    try:
        standalone.simple_decompress_into(data, numbers)
    except (RuntimeError, TypeError):  # pcodec's, of bytes that are none of its own
        return None
    return numbers


def _hash(head: tuple[object, ...], numbers: NDArray[Any]) -> bytes:
    """Return the hash of a frame's numbers and of all that gives them a time and a value."""
    digest = blake2b(repr(head).encode(), digest_size=16)
    digest.update(numbers.tobytes())
    return digest.digest()


def _not_as_written(stream: str, mark_ns: int) -> str:
    return f"a frame of stream {stream} at {mark_ns} ns is not what was written: restore a backup"
