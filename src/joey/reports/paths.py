"""Curves as compact SVG paths: values to pixels, thinned to what a screen can show.

Paths are written in whole tenths of a pixel, relative, and drawn in a group scaled by 0.1: a third
shorter than decimals. Coordinates are rounded before they are differenced, so nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Axis", "area", "line", "runs", "stairs", "ticks"]

COLUMN = 5  # tenths of a pixel: columns narrower than this cannot be told apart


@dataclass(frozen=True, slots=True)
class Axis:
    """A straight scale from values to pixels.

    Parameters
    ----------
    low, high : float
        Values at the two ends.
    at_low, at_high : float
        Pixels of the two ends; `at_high` is the smaller one of a vertical axis.
    """

    low: float
    high: float
    at_low: float
    at_high: float

    def __call__(self, value: float) -> float:
        """Return the pixel of one value."""
        share = (value - self.low) / (self.high - self.low)
        return self.at_low + share * (self.at_high - self.at_low)

    def tenths(self, values: Floats) -> NDArray[np.int64]:
        """Return the pixels of values in whole tenths, held within the ends."""
        share = (np.clip(values, self.low, self.high) - self.low) / (self.high - self.low)
        return np.rint(10 * (self.at_low + share * (self.at_high - self.at_low))).astype(np.int64)


def runs(values: Floats) -> list[slice]:
    """Return the runs of consecutive finite values."""
    finite = np.concatenate(([False], np.isfinite(values), [False]))
    edges = np.flatnonzero(finite[1:] != finite[:-1])
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


def line(times: Floats, values: Floats, x: Axis, y: Axis) -> str:
    """Return the path of a curve; NaN breaks it, and a lone value is a short dash."""
    parts = []
    for run in runs(values):
        px, py = _thinned(x.tenths(times[run]), y.tenths(values[run]))
        if len(px) == 1:
            px, py = px + np.array([-8, 8]), np.repeat(py, 2)
        parts.append(_path(px, py))
    return "".join(parts)


def area(times: Floats, low: Floats, high: Floats, x: Axis, y: Axis) -> str:
    """Return the path of the band between two curves; NaN in either breaks it."""
    parts = []
    for run in runs(low + high):
        px = x.tenths(times[run])
        columns = np.flatnonzero(np.diff(px // COLUMN, prepend=px[0] // COLUMN - 1))
        tops = np.minimum.reduceat(y.tenths(high[run]), columns)
        bottoms = np.maximum.reduceat(y.tenths(low[run]), columns)
        at = px[columns]
        if len(at) == 1:
            at, tops, bottoms = at + np.array([-8, 8]), np.repeat(tops, 2), np.repeat(bottoms, 2)
        both = _path(np.concatenate((at, at[::-1])), np.concatenate((tops, bottoms[::-1])))
        parts.append(f"{both}z")
    return "".join(parts)


def stairs(times: Floats, values: Floats, end: float, x: Axis, y: Axis) -> str:
    """Return the path of steps: each value holds until the next one, the last until `end`."""
    parts = []
    for run in runs(values):
        until = times[run.stop] if run.stop < len(times) else end
        edges = np.repeat(np.append(times[run], until), 2)[1:-1]
        parts.append(_path(x.tenths(edges), y.tenths(np.repeat(values[run], 2))))
    return "".join(parts)


def ticks(low: float, high: float, most: int) -> list[float]:
    """Return round numbers within the ends, evenly spaced, as many as `most` allows."""
    power = 10.0 ** np.floor(np.log10((high - low) / most))
    for step in (power * m for m in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 50.0)):
        first, last = np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9)
        if last - first < most:
            return [float(k * step) for k in np.arange(first, last + 1)]
    return []


def _thinned(
    px: NDArray[np.int64], py: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keep the lowest and the highest point of each column: spikes stay, bytes go."""
    column = px // COLUMN
    starts = np.flatnonzero(np.diff(column, prepend=column[0] - 1))
    if len(px) <= 2 * len(starts):
        return px, py
    low, high = np.minimum.reduceat(py, starts), np.maximum.reduceat(py, starts)
    falls = py[starts] > py[np.append(starts[1:], len(py)) - 1]
    pairs = np.where(falls[:, None], np.column_stack((high, low)), np.column_stack((low, high)))
    return np.repeat(px[starts], 2), pairs.ravel()


def _path(px: NDArray[np.int64], py: NDArray[np.int64]) -> str:
    dx, dy = np.diff(px), np.diff(py)
    moved = (dx != 0) | (dy != 0)
    steps = [
        f"{a}{b}" if b < 0 else f"{a} {b}"
        for a, b in zip(dx[moved].tolist(), dy[moved].tolist(), strict=True)
    ]
    joined = "".join(
        step if k == 0 or step[0] == "-" else f" {step}" for k, step in enumerate(steps)
    )
    return f"M{px[0]} {py[0]}" + (f"l{joined}" if steps else "")
