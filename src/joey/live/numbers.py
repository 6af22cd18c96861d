"""Heart rate and saturation of the monitor, without what cannot be trusted, value by value.

The same judgment as of a recording: what no infant has is bad, and so is the time in which two
of them stand still together, a heart or pulse rate and saturation; a value is told once that is
known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.quality import FrozenDetector, NumericDetector, Quality, bad_spans
from joey.signals import Series, blank, pick
from joey.spans import EMPTY, Spans, union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from joey.signals import Channel

__all__ = ["Closer", "Numbers", "Told", "Values", "series_with"]

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

    def take(self, series: Series | None, upto: float) -> tuple[Series | None, Told]:
        """Return the new closed values as they are, and those that some infant may have."""
        if series is not None and self.judge is None:
            self.channel, self.judge = series.channel, NumericDetector(series.channel)
        rows = self.closer.take(series, upto)
        if self.channel is None or self.judge is None or not len(rows):
            return None, Told(None, None, self.closer.final)
        closed = series_with(self.channel, rows)
        quality = self.judge.update({"pieces": closed}, {})
        return closed, Told(blank(closed, bad_spans(quality)), quality, self.closer.final)

    def wait(self, trusted: Series | None) -> None:
        """Keep values until it is known what froze."""
        if trusted is not None:
            rows = np.column_stack((trusted.times, trusted.ends, trusted.values))
            self.waiting = np.concatenate((self.waiting, rows))

    def release(self, frozen: Spans, upto: float, quality: Quality | None) -> Told:
        """Return the values that end before a time before which it is known what froze."""
        ready = int(np.searchsorted(self.waiting[:, 1], upto, side="right"))
        rows, self.waiting = self.waiting[:ready], self.waiting[ready:]
        rows = rows[np.isfinite(rows[:, 2])]
        series = None
        if len(rows) and self.channel is not None:
            series = blank(series_with(self.channel, rows), frozen)
            series = pick(series, np.isfinite(series.values))
        first = float(self.waiting[0, 0]) if len(self.waiting) else np.inf
        return Told(series, quality, min(upto, self.closer.final, first))


@dataclass(frozen=True, slots=True, eq=False)
class Values:
    """What of the monitor's numerics became known.

    Parameters
    ----------
    heart_rate, spo2 : Told
        Without what froze: what events are looked for in.
    pulse_rate : Told
        Without what froze: what is kept beside them.
    shown : dict of str to Told
        ``heart_rate`` and ``pulse_rate`` with it: what the beats are compared with.
    """

    heart_rate: Told
    spo2: Told
    pulse_rate: Told
    shown: dict[str, Told]


class Numbers:
    """Heart rate, pulse rate and saturation, judged as they come."""

    def __init__(self) -> None:
        self._heart, self._spo2, self._pulse = _Side(), _Side(), _Side()
        self._detector, self._oximeter = FrozenDetector(), FrozenDetector()
        self._frozen, self._stuck = EMPTY, EMPTY

    def take(self, series: Mapping[str, Series | None], upto: Mapping[str, float]) -> Values:
        """Take values, and until when all of them are known; return what can be trusted."""
        first, heart = self._heart.take(series["heart_rate"], upto["heart_rate"])
        second, spo2 = self._spo2.take(series["spo2"], upto["spo2"])
        third, pulse = self._pulse.take(series["pulse_rate"], upto["pulse_rate"])
        self._heart.wait(heart.series)
        self._spo2.wait(spo2.series)
        self._pulse.wait(pulse.series)
        self._frozen = union(self._frozen, _both(self._detector, first, second, heart, spo2))
        self._stuck = union(self._stuck, _both(self._oximeter, third, second, pulse, spo2))
        final = self._detector.final
        good = (
            self._heart.release(self._frozen, final, heart.quality),
            self._spo2.release(
                union(self._frozen, self._stuck), min(final, self._oximeter.final), spo2.quality
            ),
            self._pulse.release(self._stuck, self._oximeter.final, pulse.quality),
        )
        oldest = min(each.upto for each in good)
        self._frozen = Spans(self._frozen.bounds[self._frozen.bounds[:, 1] > oldest])
        self._stuck = Spans(self._stuck.bounds[self._stuck.bounds[:, 1] > oldest])
        shown = {"heart_rate": heart, "pulse_rate": pulse}
        sides = {"heart_rate": self._heart, "pulse_rate": self._pulse}
        return Values(*good, {k: v for k, v in shown.items() if sides[k].channel is not None})


def _both(
    detector: FrozenDetector, first: Series | None, second: Series | None, one: Told, other: Told
) -> Spans:
    """Return where two numerics stood still together, as far as that became known."""
    new = {"first": first, "second": second}
    return detector.update(
        {name: each for name, each in new.items() if each is not None},
        {"first": one.upto, "second": other.upto},
    )
