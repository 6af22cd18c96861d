"""What the rates of one heart doubt in the ECG, as it becomes known: `response.disagreement`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import RateDetector, heart_rate_series
from joey.quality import Quality, Verdict, add_doubt, bad_spans
from joey.response.disagreement import DIFFERS
from joey.spans import EMPTY, Span, Spans, contains, intersect, subtract, union

if TYPE_CHECKING:
    from collections.abc import Mapping

    from joey.beats import Intervals
    from joey.signals import Channel, Series

__all__ = ["HeartDoubts", "Outside", "clipped"]

RECENT_S = 60.0  # s
PULSES = "pulses"
REASONS = {PULSES: DIFFERS["pulse_rate"], **DIFFERS}  # in the order in which they are asked


class Outside:
    """Intervals that begin outside bad time, as soon as that is known."""

    def __init__(self) -> None:
        self._waiting: Intervals | None = None
        self._bad = EMPTY

    def take(
        self, intervals: Intervals | None, upto: float, quality: Quality, judged: float
    ) -> tuple[Intervals | None, float]:
        """Take intervals and judgments, and before when each is all; return what is good."""
        self._bad = union(self._bad, bad_spans(quality))
        waiting = self._waiting
        if intervals is not None:
            waiting = intervals if waiting is None else _joined(waiting, intervals)
        known = min(upto, judged)
        if waiting is None:
            return None, known
        ready = int(np.searchsorted(waiting.times, known))
        first = _part(waiting, slice(0, ready))
        good = _part(first, ~contains(self._bad, first.times))
        self._waiting = _part(waiting, slice(ready, None))
        self._bad = Spans(self._bad.bounds[self._bad.bounds[:, 1] > known])
        return good, known


def _part(of: Intervals, which: slice | np.ndarray) -> Intervals:
    columns = {name: getattr(of, name)[which] for name in ("times", "rr", "nn", "corrected")}
    return replace(of, **columns)


def _joined(one: Intervals, other: Intervals) -> Intervals:
    names = ("times", "rr", "nn", "corrected")
    columns = {name: np.concatenate((getattr(one, name), getattr(other, name))) for name in names}
    return replace(other, **columns)


class HeartDoubts:
    """The judgment of the ECG with what other rates of the heart doubt in it."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._detectors: dict[str, RateDetector] = {}
        self._apart: dict[str, Spans] = dict.fromkeys(REASONS, EMPTY)
        self._verdicts: tuple[Verdict, ...] = ()
        self._judged = EMPTY
        self._recent: Intervals | None = None

    def take(
        self,
        beats: tuple[Intervals | None, float],
        pulses: tuple[Intervals | None, float] | None,
        numerics: Mapping[str, tuple[Series | None, float]],
        quality: Quality,
        judged: float,
    ) -> tuple[Quality, float]:
        """Take what is new, and before when each is all; return the judgment that is final.

        Parameters
        ----------
        beats, pulses : (Intervals or None, float)
            Outside bad time; None where there is no pleth. [s]
        numerics : mapping of str to (Series or None, float)
            The monitor's ``heart_rate`` and ``pulse_rate``, where there are such. [s]
        quality : Quality
            New of the ECG alone, and before when it is judged. [s]
        """
        others: dict[str, tuple[Series | None, float]] = dict(numerics)
        if pulses is not None:
            found, upto = pulses
            others[PULSES] = None if found is None else heart_rate_series(found), upto
        known = judged
        self._keep(beats[0], beats[1])
        for name, (series, upto) in others.items():
            detector, intervals = self._detectors.get(name), beats[0]
            if detector is None:
                if series is None:
                    continue
                detector = self._detectors[name] = RateDetector(series.channel)
                intervals = self._recent
            told = detector.update(intervals, beats[1], series, upto)
            self._apart[name] = union(self._apart[name], told.apart)
            known = min(known, detector.final)
        return self._cut(quality, known)

    def _keep(self, intervals: Intervals | None, upto: float) -> None:
        """Keep the last intervals for a rate that comes later than the beats."""
        if intervals is None:
            return
        recent = intervals if self._recent is None else _joined(self._recent, intervals)
        first = int(np.searchsorted(recent.times, upto - RECENT_S))
        self._recent = _part(recent, slice(first, None))

    def _cut(self, quality: Quality, known: float) -> tuple[Quality, float]:
        before = Spans(np.array([[-np.inf, known]]))
        verdicts = (*self._verdicts, *quality.verdicts)
        now = [clipped(each, -np.inf, known) for each in verdicts if each.span.start < known]
        later = [clipped(each, known, np.inf) for each in verdicts if each.span.end > known]
        looked = union(self._judged, quality.judged)
        told = Quality(self._channel, tuple(now), intersect(looked, before))
        self._verdicts, self._judged = tuple(later), subtract(looked, before)
        for name, reason in REASONS.items():
            told = add_doubt(told, intersect(self._apart[name], before), reason)
            self._apart[name] = subtract(self._apart[name], before)
        return told, known


def clipped(verdict: Verdict, low: float, high: float) -> Verdict:
    """Return what of a verdict lies between two times."""
    span = Span(max(verdict.span.start, low), min(verdict.span.end, high))
    return replace(verdict, span=span)
