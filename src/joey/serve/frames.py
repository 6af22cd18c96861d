"""Joined samples and values of a stream into the archive's frames of ten minutes.

A frame is closed once nothing can be joined to it any more, and is kept with the checkpoint that
needs it no longer in the journal. Its name says where it belongs: made a second time, after a
restart, it is the same frame, and the archive has it already.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from joey.live.facts import Chunk
from joey.live.joining import HOLD_S
from joey.signals import NS, Segment, Series, join_segments, join_series, pick
from joey.store.frames import FRAME_NS, Frame, ValueFrame, frame_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from joey.live.facts import Facts
    from joey.signals import Channel

__all__ = ["FrameMaker", "Made"]

SLACK_NS = round((HOLD_S + 5.0) * NS)  # ns after a mark from which on nothing is joined before it

PIECES = 16  # of a frame that are kept apart
SMALL = 2**15

NEVER = -(1 << 62)  # ns, before all

Made: TypeAlias = "Frame | ValueFrame"


class FrameMaker:
    """The open frames of one stream.

    Parameters
    ----------
    stream : str
        Its name.
    """

    def __init__(self, stream: str) -> None:
        self._stream = stream
        self._samples: dict[tuple[int, Channel, int], _Pieces] = {}  # by mark and grid's start
        self._values: dict[tuple[int, Channel], list[Series]] = {}  # by mark
        self._newest = NEVER  # ns, the newest time that is known to have passed
        self._closed: list[Made] = []

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
        self._close(self._newest - FRAME_NS - SLACK_NS)

    def finish(self) -> None:
        """Close all: nothing will come."""
        self._close(-NEVER)

    def take_closed(self) -> list[Made]:
        """Return what was closed since this was last asked."""
        closed, self._closed = self._closed, []
        return closed

    @property
    def open(self) -> tuple[Made, ...]:
        """What is open, as if it were closed now."""
        frames = [self._frame(key, kept.all) for key, kept in self._samples.items()]
        values = [self._value_frame(mark, parts) for (mark, _), parts in self._values.items()]
        return (*frames, *values)

    def _add(self, chunk: Chunk) -> None:
        for mark, segment in _by_mark(chunk.segment):
            key = mark, chunk.channel, segment.grid.start_ns
            kept = self._samples.setdefault(key, _Pieces())
            kept.add(Chunk(chunk.channel, segment, chunk.scale, chunk.offset))

    def _add_values(self, series: Series) -> None:
        for mark, piece in _series_by_mark(series):
            parts = self._values.setdefault((mark, series.channel), [])
            if parts and piece.times[0] <= parts[-1].times[-1]:
                # Told out of order, as after the host's clock was set: a frame of its own.
                part = -round(float(piece.times[0]) * NS)
                self._closed.append(self._value_frame(mark, [piece], part))
                continue
            parts.append(piece)

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
            self._closed.append(self._frame(key, self._samples.pop(key).all))
        for name in [name for name in self._values if name[0] <= before_ns]:
            self._closed.append(self._value_frame(name[0], self._values.pop(name)))

    def _frame(self, key: tuple[int, Channel, int], chunks: Sequence[Chunk]) -> Frame:
        mark, channel, start_ns = key
        of = chunks[0]
        segment = join_segments([chunk.segment for chunk in chunks])
        segment = replace(segment, counts=segment.counts.astype(np.int32, copy=False))
        return Frame(self._stream, channel, mark, start_ns, segment, of.scale, of.offset)

    def _value_frame(self, mark_ns: int, parts: Sequence[Series], part: int = 0) -> ValueFrame:
        return ValueFrame(self._stream, join_series(parts), mark_ns, part)


class _Pieces:
    """The samples of an open frame: the newest as they came, the others in few pieces."""

    __slots__ = ("_new", "_packed")

    def __init__(self) -> None:
        self._packed: list[Chunk] = []
        self._new: list[Chunk] = []

    def add(self, chunk: Chunk) -> None:
        """Take samples that follow."""
        self._new.append(chunk)
        if len(self._new) == PIECES:
            self._packed.append(_packed(self._new))
            self._new.clear()
            if len(self._packed) == PIECES:
                self._packed[:] = [_packed(self._packed)]

    @property
    def all(self) -> list[Chunk]:
        """All of them."""
        return [*self._packed, *self._new]


def _packed(pieces: Sequence[Chunk]) -> Chunk:
    """Return pieces of one frame as one, in two bytes a sample where they fit: beds are many."""
    of = pieces[0]
    segment = join_segments([each.segment for each in pieces])
    counts = segment.counts
    if counts.dtype != np.int16 and len(counts) and -SMALL <= counts.min() <= counts.max() < SMALL:
        segment = replace(segment, counts=counts.astype(np.int16))
    return Chunk(of.channel, segment, of.scale, of.offset)


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
