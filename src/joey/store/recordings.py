"""Joined samples and values as a recording: on the grids they were joined on, counts as they came.

A frame ends at a mark because frames do: what follows on its grid is the same segment again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Protocol

import numpy as np

from joey.signals import NS, Signal, join_segments, join_series, pick

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from joey.signals import Channel, Grid, Segment, Series

__all__ = ["Piece", "Samples", "after", "beyond", "series_of", "signals_of", "values_beyond"]


LAST_NS = 1 << 62  # ns, after all


class Samples(Protocol):
    """Consecutive samples of one signal: a frame, or a chunk that is in no frame yet."""

    @property
    def channel(self) -> Channel:
        """What was measured."""

    @property
    def segment(self) -> Segment:
        """The samples on their grid, on the device's clock."""

    @property
    def scale(self) -> float:
        """From counts to the channel's unit."""

    @property
    def offset(self) -> float:
        """From counts to the channel's unit."""


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Some of the samples of a frame or chunk; as `Samples`."""

    channel: Channel
    segment: Segment
    scale: float
    offset: float


def beyond(frames: Iterable[Samples], newer: Iterable[Samples]) -> list[Piece]:
    """Return of newer samples those that lie behind the frames on their grid.

    Parameters
    ----------
    frames, newer : iterable of Samples
        Both joined on the same grids; `newer` may say again what the frames have.
    """
    stops: dict[tuple[Channel, Grid], int] = {}
    for frame in frames:
        key = frame.channel, frame.segment.grid
        stops[key] = max(stops.get(key, frame.segment.stop), frame.segment.stop)
    found = []
    for each in newer:
        segment = each.segment
        first = stops.get((each.channel, segment.grid), segment.first)
        if first < segment.stop:
            rest = segment.part(max(first, segment.first), segment.stop)
            found.append(Piece(each.channel, rest, each.scale, each.offset))
    return found


def after(pieces: Iterable[Piece], time_ns: int) -> list[Piece]:
    """Return samples from a time on: what is before was laid on other grids since. [ns]"""
    rest = [replace(each, segment=_within(each.segment, time_ns, LAST_NS)) for each in pieces]
    return [each for each in rest if len(each.segment.counts)]


def values_beyond(frames: Iterable[Series], newer: Iterable[Series]) -> list[Series]:
    """Return of newer values those after the last that the frames have of their channel."""
    last: dict[Channel, float] = {}
    for frame in frames:
        if len(frame.times):
            last[frame.channel] = max(last.get(frame.channel, -np.inf), float(frame.times[-1]))
    return [pick(each, each.times > last.get(each.channel, -np.inf)) for each in newer]


def signals_of(
    pieces: Iterable[Samples], start_ns: int, end_ns: int, offset_ns: int
) -> tuple[Signal, ...]:
    """Return samples as signals, by channel, rate and scale; a segment for each grid.

    Parameters
    ----------
    pieces : iterable of Samples
        Each channel's in the order of time.
    start_ns, end_ns : int
        From when to when, by the host's clock. [ns UTC]
    offset_ns : int
        Host minus device: grids are moved by it, nothing is resampled. [ns]
    """
    by_channel: dict[Channel, list[Samples]] = {}
    for each in pieces:
        segment = _within(each.segment, start_ns - offset_ns, end_ns - offset_ns)
        if len(segment.counts):
            piece = Piece(each.channel, segment, each.scale, each.offset)
            by_channel.setdefault(each.channel, []).append(piece)
    signals = []
    for channel, rows in by_channel.items():
        for (fs, scale, offset), same in groupby(rows, _kind):
            segments = tuple(
                _moved(join_segments([each.segment for each in on_grid]), offset_ns)
                for _, on_grid in groupby(same, lambda each: each.segment.grid)
            )
            signals.append(Signal(channel, fs, segments, scale, offset))
    return tuple(signals)


def series_of(
    parts: Iterable[Series], start_ns: int, end_ns: int, offset_ns: int
) -> tuple[Series, ...]:
    """Return values as one series for each channel, by the host's clock; see `signals_of`."""
    start, end, offset = (ns / NS for ns in (start_ns, end_ns, offset_ns))
    by_channel: dict[Channel, list[Series]] = {}
    for part in parts:
        times = part.times + offset
        piece = pick(part, (times >= start) & (times < end))
        if len(piece.times):
            by_channel.setdefault(part.channel, []).append(piece)
    joined = [join_series(pieces) for pieces in by_channel.values()]
    return tuple(replace(each, times=each.times + offset) for each in joined)


def _kind(of: Samples) -> tuple[Fraction, float, float]:
    return of.segment.grid.fs, of.scale, of.offset


def _within(segment: Segment, start_ns: int, end_ns: int) -> Segment:
    """Return the samples of a span; whole numbers decide, no float. [ns]"""
    fs, zero = segment.grid.fs, segment.grid.start_ns
    first, stop = (
        -(-(at - zero) * fs.numerator // (NS * fs.denominator)) for at in (start_ns, end_ns)
    )
    if first <= segment.first and stop >= segment.stop:
        return segment
    return segment.part(first, stop)


def _moved(segment: Segment, offset_ns: int) -> Segment:
    grid = segment.grid
    return replace(segment, grid=replace(grid, start_ns=grid.start_ns + offset_ns))
