"""The OxyCRG at 4 Hz, minute by minute: heart and pulse rate, saturation, and the impedance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.live.facts import EnvelopeMinute
from joey.signals import NS, join_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.live.facts import Chunk
    from joey.signals import Series

__all__ = ["Envelope"]

RATE = 4  # Hz
MINUTE_S = 60
HOLE_S = 10  # s between samples that are looked at together
MANY = RATE * MINUTE_S


class Envelope:
    """Final values and samples, collected until a minute is full."""

    def __init__(self) -> None:
        self._low: dict[int, NDArray[np.float32]] = {}
        self._high: dict[int, NDArray[np.float32]] = {}
        self._chunks: list[Chunk] = []  # of the impedance, that came since the last look
        self._rates: list[Series] = []
        self._spo2: list[Series] = []
        self._pulses: list[Series] = []
        self._told = -np.inf  # s

    @property
    def since(self) -> float:
        """The next minute that may be told begins here. [s]"""
        return self._told

    def take_resp(self, chunk: Chunk) -> None:
        """Take samples of the impedance; they are looked at with the next minutes."""
        if self._chunks and not _follows(self._chunks[-1], chunk):
            self._look()
        self._chunks.append(chunk)

    def _look(self) -> None:
        """Lay the waiting samples, which are of one grid and scale, into their minutes."""
        chunks, self._chunks = self._chunks, []
        if not chunks:
            return
        chunk, segment = chunks[0], join_segments([each.segment for each in chunks])
        for lo, hi in segment.runs.tolist():
            index = np.arange(segment.first + lo, segment.first + hi)
            quarter = np.floor(segment.grid.times(index) * RATE + 1e-4).astype(np.int64)
            values = (segment.counts[lo:hi] * chunk.scale + chunk.offset).astype(np.float32)
            opens = np.flatnonzero(np.diff(quarter, prepend=quarter[0] - 1))
            least = np.minimum.reduceat(values, opens)
            most = np.maximum.reduceat(values, opens)
            for at, low, high in zip(quarter[opens].tolist(), least, most, strict=True):
                minute, place = divmod(at, MANY)
                if minute * MINUTE_S < self._told:
                    continue
                if minute not in self._low:
                    self._low[minute] = np.full(MANY, np.nan, dtype=np.float32)
                    self._high[minute] = np.full(MANY, np.nan, dtype=np.float32)
                self._low[minute][place] = np.fmin(self._low[minute][place], low)
                self._high[minute][place] = np.fmax(self._high[minute][place], high)

    def take_rates(
        self, heart_rate: Series | None, spo2: Series | None, pulse_rate: Series | None
    ) -> None:
        """Take values that are final."""
        new = zip((heart_rate, spo2, pulse_rate), self._numbers(), strict=True)
        for series, kept in new:
            if series is not None and len(series.times):
                kept.append(series)

    def _numbers(self) -> tuple[list[Series], ...]:
        return self._rates, self._spo2, self._pulses

    def minutes(self, until: float) -> list[EnvelopeMinute]:
        """Return the minutes that are over at a time; those without anything are left out. [s]"""
        self._look()
        if not np.isfinite(until):
            ends = [s.ends[-1] for kept in self._numbers() for s in kept]
            last = max((float(end) for end in ends), default=-np.inf)
            until = max([last, *((m + 1.0) * MINUTE_S for m in self._low)]) + MINUTE_S
        if not np.isfinite(until):
            return []
        stop = int(until // MINUTE_S)
        if stop * MINUTE_S <= self._told:
            return []
        starts = {minute for minute in self._low if minute < stop}
        for series in (each for kept in self._numbers() for each in kept):
            first, last = float(series.times[0]), float(series.ends[-1])
            starts.update(range(int(first // MINUTE_S), min(int(last // MINUTE_S) + 1, stop)))
        found = [self._minute(each) for each in sorted(starts) if each * MINUTE_S >= self._told]
        self._told = float(stop * MINUTE_S)
        for minute in [m for m in self._low if m < stop]:
            del self._low[minute], self._high[minute]
        for kept in self._numbers():
            kept[:] = [s for s in kept if s.ends[-1] > self._told]
        return found

    def _minute(self, minute: int) -> EnvelopeMinute:
        nothing = np.full(MANY, np.nan, dtype=np.float32)
        return EnvelopeMinute(
            minute * MINUTE_S * NS,
            _sampled(self._rates, minute),
            _sampled(self._spo2, minute),
            self._low.get(minute, nothing),
            self._high.get(minute, nothing),
            _sampled(self._pulses, minute),
        )


def _follows(one: Chunk, other: Chunk) -> bool:
    """Whether both are of one grid and scale, with no long hole between."""
    before, after = one.segment, other.segment
    if (before.grid, one.scale, one.offset) != (after.grid, other.scale, other.offset):
        return False
    return 0 <= after.first - before.stop <= HOLE_S * after.grid.fs


def _sampled(parts: list[Series], minute: int) -> NDArray[np.float32]:
    """Return the value that stands in the middle of each quarter of a second."""
    at = minute * MINUTE_S + (np.arange(MANY) + 0.5) / RATE
    out = np.full(MANY, np.nan, dtype=np.float32)
    for series in parts:
        if series.ends[-1] <= at[0] or series.times[0] > at[-1]:
            continue
        index = np.searchsorted(series.times, at, side="right") - 1
        stands = (index >= 0) & (at < series.ends[np.maximum(index, 0)])
        out[stands] = series.values[index[stands]]
    return out
