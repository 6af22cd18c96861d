"""Heart rate and saturation of the monitor, without what cannot be trusted, value by value.

The same judgment as of a recording: what no infant has is bad, and so is the time in which both
stand still together; a value is told once that is known of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.quality import FrozenDetector, NumericDetector, Quality, bad_spans
from joey.signals import Series, blank
from joey.spans import EMPTY, Spans, union

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Channel

__all__ = ["Closer", "Numbers", "Told", "series_with"]

COLUMNS = 3  # start, end, value


def series_with(channel: Channel, rows: NDArray[np.float64]) -> Series:
    """Return a series of rows of start, end and value."""
    return Series(channel, rows[:, 0], rows[:, 2], rows[:, 1] - rows[:, 0])


class Closer:
    """Values of which it is known until when they stand."""

    def __init__(self) -> None:
        self._open = np.empty((0, COLUMNS))
        self._upto = -np.inf

    @property
    def final(self) -> float:
        """All values that begin before this time are told. [s]"""
        return float(self._open[0, 0]) if len(self._open) else self._upto

    def take(self, series: Series | None, upto: float) -> NDArray[np.float64]:
        """Take values, and until when all are known; return rows of start, end, value, no NaN."""
        rows = self._open
        if series is not None and len(series.times):
            new = np.column_stack((series.times, series.times + series.valid_s, series.values))
            rows = np.concatenate((rows, new))
        self._upto = max(self._upto, upto)
        if not len(rows):
            return rows
        rows = rows.copy()
        rows[:-1, 1] = np.minimum(rows[:-1, 1], rows[1:, 0])
        closed = len(rows) - int(not self._upto >= rows[-1, 1])
        self._open, rows = rows[closed:], rows[:closed]
        return np.asarray(rows[np.isfinite(rows[:, 2])])


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """Values that can be trusted, their judgment, and until when that is all."""

    series: Series | None
    quality: Quality | None
    upto: float


class _Side:
    """One of the two numerics."""

    def __init__(self) -> None:
        self.channel: Channel | None = None
        self.closer = Closer()
        self.judge: NumericDetector | None = None
        self.waiting = np.empty((0, COLUMNS))

    def take(self, series: Series | None, upto: float) -> tuple[Series | None, Quality | None]:
        """Return the new closed values as they are, and their judgment."""
        if series is not None and self.judge is None:
            self.channel, self.judge = series.channel, NumericDetector(series.channel)
        rows = self.closer.take(series, upto)
        if self.channel is None or self.judge is None or not len(rows):
            return None, None
        closed = series_with(self.channel, rows)
        quality = self.judge.update({"pieces": closed}, {})
        trusted = blank(closed, bad_spans(quality))
        self.waiting = np.concatenate(
            (self.waiting, np.column_stack((trusted.times, trusted.ends, trusted.values)))
        )
        return closed, quality

    def release(self, frozen: Spans, upto: float, quality: Quality | None) -> Told:
        """Return the values that end before a time before which it is known what froze."""
        ready = int(np.searchsorted(self.waiting[:, 1], upto, side="right"))
        rows, self.waiting = self.waiting[:ready], self.waiting[ready:]
        rows = rows[np.isfinite(rows[:, 2])]
        series = None
        if len(rows) and self.channel is not None:
            series = blank(series_with(self.channel, rows), frozen)
            known = np.isfinite(series.values)
            series = Series(
                series.channel, series.times[known], series.values[known], series.valid_s[known]
            )
        first = float(self.waiting[0, 0]) if len(self.waiting) else np.inf
        return Told(series, quality, min(upto, self.closer.final, first))


class Numbers:
    """Heart rate and saturation, judged as they come."""

    def __init__(self) -> None:
        self._heart, self._spo2 = _Side(), _Side()
        self._detector = FrozenDetector()
        self._frozen = EMPTY

    def take(
        self, heart: Series | None, spo2: Series | None, heart_upto: float, spo2_upto: float
    ) -> tuple[Told, Told]:
        """Take values, and until when all of them are known; return what can be trusted."""
        first, heart_quality = self._heart.take(heart, heart_upto)
        second, spo2_quality = self._spo2.take(spo2, spo2_upto)
        new = {"first": first, "second": second}
        upto = {"first": self._heart.closer.final, "second": self._spo2.closer.final}
        told = self._detector.update({k: v for k, v in new.items() if v is not None}, upto)
        self._frozen = union(self._frozen, told)
        final = self._detector.final
        found = (
            self._heart.release(self._frozen, final, heart_quality),
            self._spo2.release(self._frozen, final, spo2_quality),
        )
        oldest = min(each.upto for each in found)
        self._frozen = Spans(self._frozen.bounds[self._frozen.bounds[:, 1] > oldest])
        return found
