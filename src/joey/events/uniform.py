"""Stretches of a signal of uniform samples and a fixed threshold: as of its pieces, but faster.

What is beyond is decided by `stretches.rows_of` alone; here only what cannot be is left out before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.events.pieces import SLACK_S, Pieces
from joey.events.stretches import ROW, SLACK, compress, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from joey.events.types import Preset
    from joey.signals import Segment, Signal

__all__ = ["rows_of_signal"]

AT_ONCE = 65_536  # stretches found in one call


def rows_of_signal(signal: Signal, limit: float, preset: Preset) -> NDArray[np.void]:
    """Return the maximal stretches of a signal, as `rows_of` and `compress` of its pieces.

    Parameters
    ----------
    signal : Signal
        Counts of int16 or int32, or float32.
    limit : float
        The threshold. [unit of the signal]
    preset : Preset
        Its side, and what counts.

    Raises
    ------
    ValueError
        If segments overlap.
    """
    parts = [_Part(signal, each, limit, preset) for each in signal.segments if len(each.runs)]
    parts = [part for part in parts if len(part.first)]
    if not parts:
        return np.zeros(0, dtype=ROW)
    starts = np.concatenate([part.grid_times(part.first) for part in parts])
    lasts = np.concatenate([part.grid_times(part.stop - 1) for part in parts])
    if np.any(starts[1:] <= lasts[:-1]):
        msg = "pieces come in time order"
        raise ValueError(msg)
    # As of pieces: a value stands for a period, at most until the next; slack opens no gap.
    after = np.append(starts[1:], np.inf)
    ends = np.minimum(lasts + float(1 / signal.fs), after)
    ends = np.where(after - ends < SLACK_S, after, ends)
    near = np.concatenate([part.near for part in parts])
    quiet = np.zeros(int(np.sum(~near)), dtype=ROW)
    quiet["start"], quiet["end"], quiet["last_time"] = starts[~near], ends[~near], lasts[~near]
    quiet["first"] = np.concatenate([part.values(part.first[~part.near]) for part in parts])
    quiet["last"] = np.concatenate([part.values(part.stop[~part.near] - 1) for part in parts])
    quiet["nadir"] = quiet["nadir_time"] = np.nan
    inside = [part.inside() for part in parts]
    times = np.concatenate([part.grid_times(at) for part, at in zip(parts, inside, strict=True)])
    values = np.concatenate([part.values(at) for part, at in zip(parts, inside, strict=True)])
    stands = np.append(times[1:], np.inf)[: len(times)]
    count = np.concatenate([part.stop - part.first for part in parts])[near]
    stands[np.cumsum(count) - 1] = ends[near]
    beyond = rows_of(Pieces(times, stands, values), np.full(len(times), limit), preset)
    rows = np.concatenate((quiet, beyond))
    return compress(rows.take(np.argsort(rows["start"], kind="stable")), preset)


class _Part:
    """The stretches of one segment, near the threshold or far from it, as indices."""

    __slots__ = ("_scale", "_segment", "first", "near", "stop")

    def __init__(self, signal: Signal, segment: Segment, limit: float, preset: Preset) -> None:
        self._segment = segment
        self._scale = signal.scale, signal.offset
        rows = np.concatenate(list(_stretches(signal, segment, limit, preset)))
        self.first, self.stop, self.near = rows[:, 0], rows[:, 1], rows[:, 2] > 0

    def inside(self) -> NDArray[np.int64]:
        """Return the indices of all samples near the threshold."""
        first, count = self.first[self.near], (self.stop - self.first)[self.near]
        begins = np.cumsum(count) - count
        inner = np.arange(int(np.sum(count)), dtype=np.int64)
        return np.asarray(np.repeat(first - begins, count) + inner, dtype=np.int64)

    def grid_times(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the times of samples. [s]"""
        return self._segment.grid.times(self._segment.first + at)

    def values(self, at: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the values of samples, as `Signal.values_of` does."""
        scale, offset = self._scale
        return np.asarray(self._segment.counts[at] * scale + offset, dtype=np.float64)


def _stretches(
    signal: Signal, segment: Segment, limit: float, preset: Preset
) -> Iterator[NDArray[np.int64]]:
    from joey.events.skipping import near_stretches  # noqa: PLC0415 - numba is slow to import

    counts = np.ascontiguousarray(segment.counts)
    bound, below = _bound(signal, limit, preset, counts.dtype)
    place = np.zeros(2, dtype=np.int64)
    while place[0] < len(segment.runs):
        out = np.empty((AT_ONCE, 3), dtype=np.int64)
        yield out[: near_stretches(counts, segment.runs, bound, below, place, out)]


def _bound(
    signal: Signal, limit: float, preset: Preset, dtype: np.dtype[np.generic]
) -> tuple[np.generic, bool]:
    """Return a count that is certainly not beyond, and whether beyond lies below it."""
    # Farther than the slack of equal values and any rounding of count, scale and offset.
    margin = 4 * SLACK + 1e-6 * (abs(limit) + abs(signal.offset))
    at = (limit + (-margin if preset.above else margin) - signal.offset) / signal.scale
    below = preset.above == (signal.scale < 0)
    if dtype.kind == "f":
        return dtype.type(at), below
    most = np.iinfo(dtype.name)
    whole = np.floor(at) if below else np.ceil(at)
    return dtype.type(int(np.clip(whole, most.min, most.max))), below
