"""The last minutes of a bed as its monitor told them, on the host's clock.

The archive does not have them yet: the OxyCRG ends with them, a tile's trend is made of them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.live.board import Strip
    from joey.sources.hl7 import Numeric

__all__ = ["CELLS", "CELL_MS", "GOOD", "KINDS", "NS_PER_MS", "PULSE", "TREND_MS", "Recent", "Trend"]

NS_PER_MS = 1_000_000
CELL_MS = 250  # ms: 4 Hz, as the envelope of the archive
CELLS = 2400  # 10 min, and a whole number of points of the trend
KINDS = ("heart_rate", "spo2", "resp_low", "resp_high")
PULSE = "pulse_rate"  # of the monitor, where there is no heart rate
GOOD = "good_heart_rate"  # what of it rests on good quality: known of the archive alone
STANDS_MS = 10_000  # ms that a number of a slow monitor stands at most
USUAL_MS = 1000  # ms between two numbers, until more is known

TREND_MS = 30_000  # ms of one point of the trend
TREND_POINTS = 120  # an hour


class Recent:
    """Ten minutes of heart rate, SpO2 and respiration at 4 Hz; NaN where nothing was measured."""

    __slots__ = ("_last_ms", "_newest", "_rows")

    def __init__(self) -> None:
        self._rows = {kind: np.full(CELLS, np.nan, np.float32) for kind in (*KINDS, PULSE)}
        self._newest = -1  # number of the newest cell
        self._last_ms: dict[str, int] = {}

    def take_number(self, kind: str, numeric: Numeric, offset_ns: int) -> None:
        """Take a number; it stands until the next one is due."""
        at = (numeric.time_ns + offset_ns) // NS_PER_MS
        before = self._last_ms.get(kind)
        stands = USUAL_MS if before is None else min(max(at - before, USUAL_MS), STANDS_MS)
        self._last_ms[kind] = at
        first = at // CELL_MS
        self._fill(kind, first, np.full(-(-stands // CELL_MS), numeric.value, np.float32))

    def take_breathing(self, strip: Strip, offset_ns: int) -> None:
        """Take samples of the impedance: the least and the largest of each cell."""
        start = (strip.start_ns + offset_ns) / NS_PER_MS
        values = strip.counts * strip.scale + strip.offset
        for lo, hi in strip.runs.tolist():
            times = start + np.arange(lo, hi) * (1000 / float(strip.fs))
            cells = (times // CELL_MS).astype(np.int64)
            at = np.flatnonzero(np.r_[True, np.diff(cells) > 0])
            places, known = cells[at], values[lo:hi]
            for kind, reduce in (("resp_low", np.fmin), ("resp_high", np.fmax)):
                self._widen(kind, places, reduce.reduceat(known, at), reduce)

    def cells(self, kind: str, first: int, stop: int) -> NDArray[np.float32]:
        """Return cells `first` to `stop` of the host's clock, NaN where there are none."""
        found = np.full(stop - first, np.nan, np.float32)
        lo, hi = max(first, self._newest - CELLS + 1), min(stop, self._newest + 1)
        if lo < hi:
            found[lo - first : hi - first] = self._rows[kind][np.arange(lo, hi) % CELLS]
        return found

    def _advance(self, cell: int) -> bool:
        if cell <= self._newest - CELLS:
            return False
        if cell > self._newest:
            begin = max(self._newest + 1, cell - CELLS + 1)
            gone = np.arange(begin, cell + 1) % CELLS
            for row in self._rows.values():
                row[gone] = np.nan
            self._newest = cell
        return True

    def _fill(self, kind: str, first: int, values: NDArray[np.float32]) -> None:
        if self._advance(first) and self._advance(first + len(values) - 1):
            self._rows[kind][np.arange(first, first + len(values)) % CELLS] = values

    def _widen(
        self, kind: str, cells: NDArray[np.int64], values: NDArray[np.float64], reduce: np.ufunc
    ) -> None:
        """Widen cells, each of which is named once and none before the one in front of it."""
        self._advance(int(cells[-1]))
        kept = cells > self._newest - CELLS
        row, places = self._rows[kind], cells[kept] % CELLS
        row[places] = reduce(row[places], values[kept])


class Trend:
    """The lowest value of each half minute of an hour: a fall that a mean would hide is seen."""

    __slots__ = ("_newest", "_values")

    def __init__(self) -> None:
        self._values = np.full(TREND_POINTS, np.nan)
        self._newest = -1

    def take(self, at_ms: int, value: float) -> None:
        """Take a value. [ms UTC]"""
        point = at_ms // TREND_MS
        if math.isnan(value) or point <= self._newest - TREND_POINTS:
            return
        if point > self._newest:
            begin = max(self._newest + 1, point - TREND_POINTS + 1)
            self._values[np.arange(begin, point + 1) % TREND_POINTS] = np.nan
            self._newest = point
        self._values[point % TREND_POINTS] = np.fmin(self._values[point % TREND_POINTS], value)

    def take_cells(self, first: int, values: NDArray[np.floating]) -> None:
        """Take values of consecutive cells; NaN is none."""
        known = np.flatnonzero(np.isfinite(values))
        if not len(known):
            return
        points = (first + known) * CELL_MS // TREND_MS
        opens = np.flatnonzero(np.diff(points, prepend=points[0] - 1))
        least = np.minimum.reduceat(values[known], opens)
        for point, value in zip(points[opens].tolist(), least.tolist(), strict=True):
            self.take(point * TREND_MS, value)

    def until(self, now_ms: int) -> NDArray[np.float64]:
        """Return the points of the hour up to a time, oldest first; NaN where there is none."""
        points = np.arange(now_ms // TREND_MS - TREND_POINTS + 1, now_ms // TREND_MS + 1)
        known = (points > self._newest - TREND_POINTS) & (points <= self._newest)
        return np.where(known, self._values[points % TREND_POINTS], np.nan)
