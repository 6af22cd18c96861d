"""The threshold that holds for each value: fixed, or relative to a trailing baseline.

A trailing baseline looks back a bounded time, on minutes of UTC, so that it is the same wherever
the recording was cut, provided that much was heard before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.events.pieces import Pieces
    from joey.events.types import Preset

__all__ = ["LOOKBACK_S", "Limits", "fixed_limit"]

MINUTE_S = 60.0
USUAL_MIN = 60  # min, the trailing baseline of a share (brady_rel33)
FEWEST_MIN = 10  # min with values among them, else no baseline: Joey default
BEFORE_S = 90.0  # s before a fall, its baseline (ih_rel5)
FEWEST_S = 45.0  # s with values among them, else no baseline: Joey default
LONGEST_FALL_S = 600.0  # s; a longer fall is held against what was usual that long ago
LOOKBACK_S = (USUAL_MIN + 1) * MINUTE_S  # s, longest reach into the past
EQUAL = 2e-6  # units; so that a fall of exactly `fall` counts where the comparison is strict


def fixed_limit(preset: Preset, baseline: float | None) -> float | None:
    """Return the threshold that holds for all values; None where it trails them.

    Parameters
    ----------
    preset : Preset
        A definition on one signal.
    baseline : float or None
        The usual value, if it is known.
    """
    if baseline is None:
        return None if preset.of_baseline or preset.fall else preset.below
    limit = preset.below * baseline if preset.of_baseline else preset.below
    return min(limit, baseline - preset.fall + EQUAL) if preset.fall else limit


class Limits:
    """The thresholds of successive pieces; keeps no more of the past than `LOOKBACK_S`.

    Parameters
    ----------
    preset : Preset
        A definition on one signal.
    baseline : float or None
        The usual value, if it is known; None: the trailing one.
    """

    def __init__(self, preset: Preset, baseline: float | None = None) -> None:
        self._preset = preset
        self._baseline = baseline
        # Of the past: the medians of whole minutes, and the pieces since.
        self._minutes = np.empty(0)
        self._medians = np.empty(0)
        self._past = np.empty((3, 0))

    def take(self, pieces: Pieces) -> NDArray[np.float64]:
        """Return the threshold of each of the next pieces; NaN where there is no baseline."""
        preset = self._preset
        limit = fixed_limit(preset, self._baseline)
        if limit is not None:
            return np.full(len(pieces), limit)
        if preset.of_baseline:
            return preset.below * self._usual(pieces)
        return self._fallen(pieces)

    def _usual(self, pieces: Pieces) -> NDArray[np.float64]:
        """Return the median of the 1-min medians of the 60 minutes before each piece's minute."""
        new = np.array([pieces.times, pieces.ends, pieces.values])
        kept = np.concatenate((self._past, new[:, np.isfinite(pieces.values)]), axis=1)
        minute = np.floor(kept[0] / MINUTE_S)
        minutes, medians = _group_medians(minute, kept[2])
        if len(minutes):
            # The last minute may still grow.
            self._minutes = np.concatenate((self._minutes, minutes[:-1]))
            self._medians = np.concatenate((self._medians, medians[:-1]))
            self._past = kept[:, minute == minutes[-1]]
        asked, back = np.unique(np.floor(pieces.times / MINUTE_S), return_inverse=True)
        lo = np.searchsorted(self._minutes, asked - USUAL_MIN)
        hi = np.searchsorted(self._minutes, asked)
        at = lo[:, None] + np.arange(USUAL_MIN)
        inside = at < hi[:, None]
        table = np.full(at.shape, np.inf)
        table[inside] = self._medians[at[inside]]
        table.sort(axis=1)
        count = hi - lo
        row = np.arange(len(asked))
        low = table[row, np.maximum(count - 1, 0) // 2]
        high = table[row, np.minimum(count // 2, USUAL_MIN - 1)]
        usual = np.full(len(asked), np.nan)
        enough = count >= FEWEST_MIN
        usual[enough] = (low[enough] + high[enough]) / 2
        if len(minutes):
            recent = self._minutes >= minutes[-1] - USUAL_MIN
            self._minutes, self._medians = self._minutes[recent], self._medians[recent]
        return usual[back]

    def _fallen(self, pieces: Pieces) -> NDArray[np.float64]:
        """Return the limit by the mean of the 90 s before the value fell below the preset's."""
        preset = self._preset
        known = np.isfinite(pieces.values)
        new = np.array([pieces.times, pieces.ends, pieces.values])[:, known]
        times, ends, values = kept = np.concatenate((self._past, new), axis=1)
        limit = np.full(len(pieces), np.nan)
        if new.shape[1] == 0:
            return limit
        low = values < preset.below
        opens = np.ones(len(times), dtype=np.bool_)
        opens[1:] = (times[1:] - ends[:-1] > preset.bridge) | ~low[:-1]
        fell = times[np.maximum.accumulate(np.where(opens, np.arange(len(times)), 0))]
        fell = np.maximum(fell, times - LONGEST_FALL_S)
        # Sums of integers are the same wherever they begin.
        held = np.rint((ends - times) * 1e6).astype(np.int64)
        weight = np.concatenate(([0], np.cumsum(held)))
        area = np.concatenate(([0], np.cumsum(np.rint(values * held).astype(np.int64))))
        first, last = (
            np.searchsorted(times, fell - BEFORE_S),
            np.searchsorted(times, fell),
        )
        heard = weight[last] - weight[first]
        enough = heard >= FEWEST_S * 1e6
        usual = np.full(len(times), np.nan)
        usual[enough] = (area[last] - area[first])[enough] / heard[enough]
        found = np.minimum(preset.below, usual - preset.fall + EQUAL)
        found[~low] = preset.below  # high enough, whatever the baseline
        limit[known] = found[self._past.shape[1] :]
        self._past = kept[:, times >= times[-1] - LONGEST_FALL_S - BEFORE_S - MINUTE_S]
        return limit


def _group_medians(
    group: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each group's number and median; the groups come in order."""
    ordered = values[np.lexsort((values, group))]
    first = np.flatnonzero(np.diff(group, prepend=-np.inf) > 0)
    count = np.diff(np.append(first, len(group)))
    return group[first], (ordered[first + (count - 1) // 2] + ordered[first + count // 2]) / 2
