"""Stretches: a series as maximal stretches on one side of a threshold, with the gaps between.

This is the form in which parts of a recording can be joined: the stretches of the whole are those
of its parts laid side by side, whatever the cut. All sums are integers (microseconds, millionths of
the unit), so that they do not depend on the order in which the parts were added.
Nothing here knows a shortest duration or a preset's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.events.limits import Limits
from joey.events.pieces import NO_PIECES, Pieces
from joey.spans import Spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.events.types import Preset
    from joey.signals import Series

__all__ = ["MICRO", "ROW", "Stretches", "find_stretches", "join_stretches"]

SLACK = 1e-6  # units; values this close to a threshold are equal to it (scaled counts)
MICRO = 1e6  # per unit: the quantum of the integer sums

ROW = np.dtype(
    [
        ("start", np.float64),
        ("end", np.float64),
        ("beyond", np.bool_),
        ("nadir", np.float64),  # the extreme; NaN unless beyond
        ("nadir_time", np.float64),
        ("area", np.int64),  # millionths of unit x s
        ("below", np.int64),  # microseconds truly beyond
        ("missing", np.int64),  # microseconds of bridged gaps inside
        ("values", np.int64),
        ("steep", np.bool_),
        (
            "first",
            np.float64,
        ),  # value and time of the outer pieces: for the step between rows
        ("last", np.float64),
        ("last_time", np.float64),
    ]
)


@dataclass(frozen=True, slots=True, eq=False)
class Stretches:
    """A part of a series, cut into stretches.

    Parameters
    ----------
    rows : ndarray of ROW
        Maximal stretches of touching pieces on one side of the threshold, in time order. What lies
        between two rows is missing.
    last : Pieces
        The last piece, whose end the next part may still cut: one, or none in an empty part.
    last_limit : float
        Its threshold; NaN where unknown.
    begin : float
        The first stamp of the part, measured or not; infinite in an empty part. [s]
    preset : Preset
        The threshold and its side.
    """

    rows: NDArray[np.void]
    last: Pieces
    last_limit: float
    begin: float
    preset: Preset

    @property
    def whole(self) -> NDArray[np.void]:
        """All rows, with the last piece standing as long as it says."""
        tail = rows_of(self.last, np.array([self.last_limit])[: len(self.last)], self.preset)
        return compress(np.concatenate((self.rows, tail)), self.preset)

    @property
    def searched(self) -> Spans:
        """Where there was a value and a threshold to hold it against."""
        return covered(self.whole)


def covered(rows: NDArray[np.void]) -> Spans:
    """Return the spans of the rows."""
    return Spans.of(np.column_stack((rows["start"], rows["end"])))


def find_stretches(
    series: Series,
    preset: Preset,
    *,
    baseline: float | None = None,
    since: float = -np.inf,
) -> Stretches:
    """Return the stretches of a series, or of its later part.

    Parameters
    ----------
    series : Series
        Values that stand for a while.
    preset : Preset
        A threshold on one signal.
    baseline : float or None
        What the infant's usual value is, for presets relative to it; None: the trailing one.
    since : float
        Earlier values serve only as the trailing baseline of later ones; give `limits.LOOKBACK_S`
        of them and the result is that of the whole, cut at `since`. [s]
    """
    pieces = NO_PIECES.then(Pieces.of(series))
    limit = Limits(preset, baseline).take(pieces)
    first = int(np.searchsorted(pieces.times, since))
    pieces, limit = pieces.part(first, len(pieces)), limit[first:]
    stop = max(len(pieces) - 1, 0)
    rows = compress(rows_of(pieces.part(0, stop), limit[:stop], preset), preset)
    last_limit = float(limit[-1]) if len(limit) else np.nan
    begin = float(pieces.times[0]) if len(pieces) else np.inf
    return Stretches(rows, pieces.part(stop, len(pieces)), last_limit, begin, preset)


def join_stretches(a: Stretches, b: Stretches) -> Stretches:
    """Return the stretches of two neighboring parts as one: associative, with empty parts neutral.

    Raises
    ------
    ValueError
        If the parts are of different presets, or not in time order.
    """
    if a.preset != b.preset:
        msg = f"parts of {a.preset.name} and {b.preset.name} cannot be joined"
        raise ValueError(msg)
    if len(b.last) == 0:
        return a
    if len(a.last) == 0:
        return b
    stamp = np.array([b.begin])
    closed = a.last.then(Pieces(stamp, stamp, np.array([np.nan]))).part(0, 1)
    tail = rows_of(closed, np.array([a.last_limit]), a.preset)
    # The step to the next part is seen where b's rows carry their first value.
    rows = np.concatenate((a.rows, tail, b.rows))
    return Stretches(compress(rows, a.preset), b.last, b.last_limit, a.begin, a.preset)


def rows_of(pieces: Pieces, limit: NDArray[np.float64], preset: Preset) -> NDArray[np.void]:
    """Return the maximal stretches of pieces; those without value or limit are missing."""
    known = np.isfinite(pieces.values) & np.isfinite(limit) & (pieces.ends > pieces.times)
    times, ends, values = pieces.times[known], pieces.ends[known], pieces.values[known]
    if len(times) == 0:
        return np.zeros(0, dtype=ROW)
    # Depth is positive beyond the threshold, on whichever side that is.
    sign = -1.0 if preset.above else 1.0
    depth = sign * (limit[known] - values)
    beyond = depth >= -SLACK if preset.inclusive else depth > SLACK
    opens = np.empty(len(times), dtype=np.bool_)
    opens[0] = True
    opens[1:] = (times[1:] != ends[:-1]) | (beyond[1:] != beyond[:-1])
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(times)) - 1
    rows = np.zeros(len(first), dtype=ROW)
    rows["start"], rows["end"] = times[first], ends[last]
    rows["first"], rows["last"], rows["last_time"] = (
        values[first],
        values[last],
        times[last],
    )
    rows["beyond"] = beyond[first]
    rows["nadir"] = rows["nadir_time"] = np.nan
    inside = np.flatnonzero(beyond)
    if len(inside) == 0:
        return rows
    row = np.flatnonzero(rows["beyond"])
    count = (last - first + 1)[row]
    at = np.cumsum(count) - count  # where each row beyond begins among the pieces beyond
    held = np.rint((ends - times)[inside] * MICRO).astype(np.int64)
    area = np.rint(np.maximum(depth[inside], 0) * held).astype(np.int64)
    height = sign * values[inside]
    nadir = np.minimum.reduceat(height, at)
    when = np.where(height == np.repeat(nadir, count), times[inside], np.inf)
    rows["nadir"][row], rows["nadir_time"][row] = (
        sign * nadir,
        np.minimum.reduceat(when, at),
    )
    rows["area"][row], rows["below"][row] = (
        np.add.reduceat(area, at),
        np.add.reduceat(held, at),
    )
    rows["values"][row] = count
    if np.isfinite(preset.steepest):
        step = _steep(values[:-1], times[:-1], values[1:], times[1:], preset)
        step &= ~opens[1:]  # steps between rows are looked at where rows meet
        into = np.concatenate(([False], step))
        rows["steep"][row] = np.logical_or.reduceat(into[inside], at)
    return rows


def _steep(
    value: NDArray[np.float64],
    time: NDArray[np.float64],
    next_value: NDArray[np.float64],
    next_time: NDArray[np.float64],
    preset: Preset,
) -> NDArray[np.bool_]:
    # Within less than a second a step is measured against a second: one quantum of a fast series
    # is no steep fall.
    allowed = preset.steepest * np.maximum(next_time - time, 1.0)
    return np.asarray(np.abs(next_value - value) > allowed, dtype=np.bool_)


def compress(rows: NDArray[np.void], preset: Preset) -> NDArray[np.void]:
    """Return rows with touching neighbors of one side joined, and steps between them marked."""
    if len(rows) < 2:
        return rows
    rows = rows.copy()
    touch = rows["start"][1:] == rows["end"][:-1]
    if np.isfinite(preset.steepest):
        here, there = rows[:-1], rows[1:]
        step = touch & _steep(
            here["last"], here["last_time"], there["first"], there["start"], preset
        )
        rows["steep"][:-1] |= step & here["beyond"]
        rows["steep"][1:] |= step & there["beyond"]
    same = touch & (rows["beyond"][1:] == rows["beyond"][:-1])
    return merged(rows, np.concatenate(([True], ~same)), preset)


def merged(rows: NDArray[np.void], opens: NDArray[np.bool_], preset: Preset) -> NDArray[np.void]:
    """Return one row for each group of rows of one side; the first of each group is marked."""
    if bool(np.all(opens)):
        return rows
    first = np.flatnonzero(opens)
    last = np.append(first[1:], len(rows)) - 1
    out = rows.take(first)  # by fields, as an index does it, takes twenty times as long
    for name in ("end", "last", "last_time"):
        out[name] = rows[name][last]
    for name in ("area", "below", "missing", "values"):
        out[name] = np.add.reduceat(rows[name], first)
    out["steep"] = np.logical_or.reduceat(rows["steep"], first)
    sign = -1.0 if preset.above else 1.0
    height = np.where(rows["beyond"], sign * rows["nadir"], np.inf)
    nadir = np.minimum.reduceat(height, first)
    deepest = height == np.repeat(nadir, last - first + 1)
    when = np.minimum.reduceat(np.where(deepest, rows["nadir_time"], np.inf), first)
    out["nadir"] = np.where(out["beyond"], sign * nadir, np.nan)
    out["nadir_time"] = np.where(out["beyond"], when, np.nan)
    return out
