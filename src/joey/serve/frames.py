"""Joined samples and values of a stream into the archive's frames of ten minutes.

A frame is closed once nothing can be joined to it any more, and is kept with the checkpoint that
needs it no longer in the journal. Its name says where it belongs: made a second time, after a
restart, it is the same frame, and the archive has it already. Until then all but its newest pieces
lie on the disk (`spill`), and the beds of a ward close theirs one after the other: ten minutes of
samples of all of them, at once and in memory, were most of what a worker held.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

import numpy as np

from joey.live.facts import Chunk
from joey.live.joining import HOLD_S
from joey.signals import NS, Segment, Series, join_segments, join_series, pick
from joey.store.frames import FRAME_NS, Frame, ValueFrame, frame_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from joey.live.facts import Facts
    from joey.serve.spill import Spill, Spilled
    from joey.signals import Channel, Grid

__all__ = ["NEVER", "FrameMaker", "Made"]

SLACK_NS = round((HOLD_S + 5.0) * NS)  # ns after a mark from which on nothing is joined before it

PIECES = 16  # of a frame that are kept apart
LEAST = 1024  # bytes that are put aside at once
SMALL = 2**15  # beyond all counts that two bytes hold

NEVER = -(1 << 62)  # ns, before all
LONGEST_WAIT_NS = 9 * 60 * NS  # ns; who goes on reads the frame before the open one, and no more

Made: TypeAlias = "Frame | ValueFrame"
P = TypeVar("P")


class FrameMaker:
    """The open frames of one stream.

    Parameters
    ----------
    stream : str
        Its name.
    spill : Spill
        Where their pieces are put aside.
    wait_ns : int
        For how long a frame stays open that could be closed: not those of all beds of a ward at
        once. Less than nine minutes, as who goes on after a restart reads the frame before the
        open one again, and no more. [ns]

    Raises
    ------
    ValueError
        If it would wait for longer.
    """

    def __init__(self, stream: str, spill: Spill, wait_ns: int = 0) -> None:
        if wait_ns >= LONGEST_WAIT_NS:
            raise ValueError("a frame is closed within nine minutes of when it could be")
        self._stream = stream
        self._spill = spill
        self._wait_ns = wait_ns
        self._samples: dict[tuple[int, Channel, int], _Samples] = {}  # by mark and grid's start
        self._values: dict[tuple[int, Channel], _Values] = {}  # by mark
        self._newest = NEVER  # ns, the newest time that is known to have passed
        self._closed: list[Made] = []

    @property
    def newest_mark(self) -> int:
        """The newest mark of an open frame; before all of them where none is open. [ns]"""
        return max(self._marks, default=NEVER)

    def has_open(self, mark_ns: int) -> bool:
        """Whether a frame of a mark, or of one before it, is open. [ns UTC, the device's]"""
        return any(mark <= mark_ns for mark in self._marks)

    @property
    def _marks(self) -> set[int]:
        return {mark for mark, _, _ in self._samples} | {mark for mark, _ in self._values}

    def take(self, found: Facts) -> None:
        """Take what was joined."""
        for chunk in found.chunks:
            self._add(chunk)
        for series in found.values:
            self._add_values(series)
        for late in found.late:
            self._came_late(late.data)
        if found.chunks:
            self.pass_to(max(_end_ns(chunk) for chunk in found.chunks))

    def pass_to(self, device_ns: int) -> None:
        """Close what nothing can be joined to any more, by the device's time. [ns UTC]"""
        self._newest = max(self._newest, device_ns)
        self._close(self._newest - FRAME_NS - SLACK_NS - self._wait_ns)

    def finish(self) -> None:
        """Close all: nothing will come."""
        self._close(-NEVER)

    def take_closed(self) -> list[Made]:
        """Return what was closed since this was last asked."""
        closed, self._closed = self._closed, []
        return closed

    def _add(self, chunk: Chunk) -> None:
        for mark, segment in _by_mark(chunk.segment):
            key = mark, chunk.channel, segment.grid.start_ns
            kept = self._samples.get(key)
            if kept is None:
                pieces = _Pieces(
                    self._spill, mark, _join_small, _bytes_of, partial(_segment_of, segment.grid)
                )
                kept = self._samples[key] = _Samples(pieces, chunk.scale, chunk.offset)
            kept.pieces.add(segment)

    def _add_values(self, series: Series) -> None:
        for mark, piece in _series_by_mark(series):
            key = mark, series.channel
            kept = self._values.get(key)
            if kept is None:
                pieces = _Pieces(
                    self._spill, mark, join_series, _bytes_of_values,
                    partial(_series_of, series.channel),
                )  # fmt: skip
                kept = self._values[key] = _Values(pieces)
            elif piece.times[0] <= kept.last:
                # Told out of order, as after the host's clock was set: a frame of its own.
                part = -round(float(piece.times[0]) * NS)
                self._closed.append(ValueFrame(self._stream, piece, mark, part))
                continue
            kept.pieces.add(piece)
            kept.last = float(piece.times[-1])

    def _came_late(self, data: Chunk | Series) -> None:
        """Keep late data as frames of their own: what was told stays as it was told."""
        if isinstance(data, Chunk):
            whole = data.segment
            for lo, hi in whole.runs.tolist():
                run = whole.part(whole.first + lo, whole.first + hi)
                for mark, piece in _by_mark(run):
                    part = -_time_ns(piece, piece.first)
                    self._closed.append(
                        Frame(
                            self._stream, data.channel, mark, part, piece, data.scale, data.offset
                        )
                    )
            return
        for mark, series in _series_by_mark(data):
            part = -round(float(series.times[0]) * NS)
            self._closed.append(ValueFrame(self._stream, series, mark, part))

    def _close(self, before_ns: int) -> None:
        """Close the frames of marks up to a time, in the order in which they were opened."""
        for key in [key for key in self._samples if key[0] <= before_ns]:
            mark, channel, start_ns = key
            kept = self._samples.pop(key)
            segment = join_segments(kept.pieces.all)
            segment = replace(segment, counts=segment.counts.astype(np.int32, copy=False))
            self._closed.append(
                Frame(self._stream, channel, mark, start_ns, segment, kept.scale, kept.offset)
            )
        for name in [name for name in self._values if name[0] <= before_ns]:
            series = join_series(self._values.pop(name).pieces.all)
            self._closed.append(ValueFrame(self._stream, series, name[0], 0))


class _Pieces(Generic[P]):
    """The pieces of an open frame: the newest as they came, the others put aside.

    Parameters
    ----------
    spill, mark_ns : Spill, int
        Where to.
    join : callable
        Makes one piece of several.
    pack, unpack : callable
        A piece as bytes, and back.
    """

    __slots__ = ("_join", "_mark_ns", "_new", "_pack", "_spill", "_spilled", "_unpack")

    def __init__(
        self,
        spill: Spill,
        mark_ns: int,
        join: Callable[[Sequence[P]], P],
        pack: Callable[[P], bytes],
        unpack: Callable[[bytes], P],
    ) -> None:
        self._spill, self._mark_ns = spill, mark_ns
        self._join, self._pack, self._unpack = join, pack, unpack
        self._spilled: list[Spilled] = []
        self._new: list[P] = []

    def add(self, piece: P) -> None:
        """Take a piece that follows."""
        self._new.append(piece)
        if len(self._new) < PIECES:
            return
        joined = self._join(self._new)
        data = self._pack(joined)
        self._new.clear()
        if len(data) < LEAST:
            self._new.append(joined)
        else:
            self._spilled.append(self._spill.put(self._mark_ns, data))

    @property
    def all(self) -> list[P]:
        """All of them.

        Raises
        ------
        StorageError
            If what was put aside does not come back.
        """
        return [*(self._unpack(each.read()) for each in self._spilled), *self._new]


@dataclass(slots=True)
class _Samples:
    """An open frame of samples."""

    pieces: _Pieces[Segment]
    scale: float
    offset: float


@dataclass(slots=True)
class _Values:
    """An open frame of values, and the last stamp in it. [s]"""

    pieces: _Pieces[Series]
    last: float = -np.inf


def _join_small(parts: Sequence[Segment]) -> Segment:
    """Return segments as one, in two bytes a sample where they fit."""
    segment = join_segments(parts)
    counts = segment.counts
    if counts.dtype != np.int16 and len(counts) and -SMALL <= counts.min() <= counts.max() < SMALL:
        return replace(segment, counts=counts.astype(np.int16))
    return segment


def _bytes_of(segment: Segment) -> bytes:
    """Return a segment, but for its grid."""
    head = np.array([segment.first, len(segment.runs), segment.counts.itemsize], np.int64)
    return head.tobytes() + segment.runs.astype(np.int64).tobytes() + segment.counts.tobytes()


def _segment_of(grid: Grid, data: bytes) -> Segment:
    first, number, width = np.frombuffer(data, np.int64, 3).tolist()
    runs = np.frombuffer(data, np.int64, 2 * number, 24).reshape(-1, 2)
    kind = np.int16 if width == np.dtype(np.int16).itemsize else np.int32
    return Segment(grid, first, np.frombuffer(data, kind, offset=24 + 16 * number), runs)


def _bytes_of_values(series: Series) -> bytes:
    """Return values, but for their channel."""
    return np.concatenate((series.times, series.values, series.valid_s)).tobytes()


def _series_of(channel: Channel, data: bytes) -> Series:
    return Series(channel, *np.frombuffer(data, np.float64).reshape(3, -1))


def _end_ns(chunk: Chunk) -> int:
    return _time_ns(chunk.segment, chunk.segment.stop)


def _time_ns(segment: Segment, index: int) -> int:
    """Return the time of a sample, as a whole number: no float decides on a frame. [ns]"""
    fs = segment.grid.fs
    return segment.grid.start_ns + index * NS * fs.denominator // fs.numerator


def _by_mark(segment: Segment) -> Iterable[tuple[int, Segment]]:
    """Yield the parts of a segment between marks."""
    fs = segment.grid.fs
    at = segment.first
    while at < segment.stop:
        mark = frame_of(_time_ns(segment, at))
        ahead = (mark + FRAME_NS - segment.grid.start_ns) * fs.numerator
        stop = min(-(-ahead // (NS * fs.denominator)), segment.stop)
        whole = (at, stop) == (segment.first, segment.stop)  # nearly always
        yield mark, segment if whole else segment.part(at, stop)
        at = stop


def _series_by_mark(series: Series) -> Iterable[tuple[int, Series]]:
    marks: NDArray[np.int64] = np.floor_divide(series.times, FRAME_NS / NS).astype(np.int64)
    if marks[0] == marks[-1]:  # nearly always
        yield int(marks[0]) * FRAME_NS, series
        return
    for mark in np.unique(marks).tolist():
        yield mark * FRAME_NS, pick(series, marks == mark)
