"""From the monitor's heart rate to that of the ECG, where the ECG is connected later.

A recording is read whole: where it has an ECG, the heart rate is that of its beats. A stream may
begin with an oximeter, or with leads that are off. Then heart rate and its events rest on the
monitor's numbers until a minute that is set by the first samples of the ECG and by when they came,
and from there on on the beats: the same whenever it was looked, and wherever reading began again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.live.doubts import clipped
from joey.live.joining import HOLD_S
from joey.quality import join_quality
from joey.signals import Series, join_series

if TYPE_CHECKING:
    from joey.quality import Quality

__all__ = ["HeartRate", "Turn"]

MINUTE_S = 60


@dataclass(frozen=True, slots=True, eq=False)
class HeartRate:
    """What became known of the heart rate.

    Parameters
    ----------
    series : Series or None
        New values.
    upto, doubts_upto : float
        Before when its values, and the doubts in it, are all known. [s]
    quality : Quality or None
        New judgments.
    """

    series: Series | None
    upto: float
    quality: Quality | None
    doubts_upto: float = np.inf


class Turn:
    """Heart rates of both kinds, until the one takes the place of the other.

    Parameters
    ----------
    begins, comes : float
        When the ECG begins, and when it came. [s]
    """

    def __init__(self, begins: float, comes: float) -> None:
        self.begins = begins
        # No number of the monitor that is told by now lies behind it.
        self.at = math.ceil((max(begins, comes) + HOLD_S) / MINUTE_S) * MINUTE_S
        self._beats: list[HeartRate] = []

    def take(self, numbers: HeartRate, beats: HeartRate, *, last: bool) -> tuple[HeartRate, ...]:
        """Take what is new of both; return what counts: once it is over, the beats' comes second.

        Parameters
        ----------
        numbers, beats : HeartRate
            The monitor's, and the ECG's.
        last : bool
            Whether nothing more will come.
        """
        self._beats.append(beats)
        before = replace(
            numbers,
            series=_between(numbers.series, -np.inf, self.at),
            upto=min(numbers.upto, self.at),
        )
        if min(numbers.upto, beats.upto) < self.at and not last:
            return (before,)
        rates = [each.series for each in self._beats if each.series is not None]
        judged = [each.quality for each in self._beats if each.quality is not None]
        series = _between(join_series(rates), self.at, np.inf) if rates else None
        quality = join_quality(judged[0].channel, judged) if judged else None
        if quality is not None:
            verdicts = tuple(each for each in quality.verdicts if each.span.end > self.at)
            # What came before does not rest on the ECG.
            behind = tuple(clipped(each, self.at, np.inf) for each in verdicts)
            quality = replace(quality, verdicts=behind)
        return before, replace(beats, series=series, quality=quality)


def _between(series: Series | None, start: float, end: float) -> Series | None:
    """Return the values that begin between two times; none stands longer than to the second."""
    if series is None:
        return None
    lo, hi = np.searchsorted(series.times, (start, end))
    if lo == hi:
        return None
    times = series.times[lo:hi]
    return Series(
        series.channel, times, series.values[lo:hi], np.minimum(series.ends[lo:hi], end) - times
    )
