"""The leak test: is the holder's breathing visible in the infant's chest impedance?

While bodies touch, the holder's chest moves the infant's electrodes. Adult breathing at 0.2 to
0.5 Hz then keeps the impedance moving while the infant does not breathe, and an apnea is missed.
The test looks for a narrow line below the infant's own breathing, minute by minute; and in ten
minutes together for a second hump below it, as an adult makes who breathes as fast as 30/min, or
without a steady pace. It names what is in the signal; whether a hold ran, it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import cut
from joey.spans import Span, Spans

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Signal

__all__ = ["Leak", "LeakRules", "slow_line"]

WINDOW = 60.0  # s: three or four bins across an adult's breathing line


@dataclass(frozen=True, slots=True)
class LeakRules:
    """When a slow line counts as visible: named, printed, configurable defaults of Joey.

    Parameters
    ----------
    low, high : float
        Where an adult breathes; below lies drift, above the infant. [Hz]
    breath_low, breath_high : float
        Where the infant breathes. [Hz]
    prominence : float
        Power of the line over the power around it.
    relative : float
        Power of the line over that of the infant's breathing line: 0.05 is 22 % of its amplitude.
    share : float
        Share of the minutes with a line from which the test fails, 0 to 1.
    least_minutes : int
        Fewest valid minutes for a result.
    together : int
        Minutes that are looked at together for two humps.
    fastest : float
        Where the slow one of two humps ends. [Hz]
    apart : float
        Between the two, at least. [Hz]
    valley : float
        Power of the lower hump over the least between them, and of the slow one over the least
        below it.
    hump : float
        Power of either hump over that of the other: 0.1 is 32 % of its amplitude.
    overtone : float
        Power over that of the slow one from which a hump at twice its pace is not its overtone.
    """

    low: float = 0.18
    high: float = 0.42
    breath_low: float = 0.5
    breath_high: float = 1.7
    prominence: float = 8.0
    relative: float = 0.05
    share: float = 0.2
    least_minutes: int = 5
    together: int = 10
    fastest: float = 0.58
    apart: float = 0.15
    valley: float = 2.5
    hump: float = 0.1
    overtone: float = 0.3


@dataclass(frozen=True, slots=True)
class Leak:
    """What the test found in one phase.

    Parameters
    ----------
    minutes, lines : int
        Valid minutes, and those of them with a line.
    frequency : float
        Median frequency of the lines; NaN without one. [Hz]
    passes : bool or None
        Whether the impedance is free of the line; None with too few minutes.
    """

    minutes: int
    lines: int
    frequency: float
    passes: bool | None

    @property
    def words(self) -> str:
        """The result for people."""
        if self.passes is None:
            return f"cannot say: {self.minutes} valid minutes of impedance"
        if self.lines == 0:
            return f"no slow line in {self.minutes} min"
        return f"a line at {self.frequency:.2f} Hz in {self.lines} of {self.minutes} min: " + (
            "the test passes" if self.passes else "the test fails"
        )


def slow_line(resp: Signal, phase: Spans, rules: LeakRules | None = None) -> Leak:
    """Return how often a line of adult breathing stands in the impedance during a phase.

    Parameters
    ----------
    resp : Signal
        Chest impedance of the infant. Minutes with a missing sample are left out.
    phase : Spans
        Where to look. [s]
    rules : LeakRules
        The thresholds.

    Returns
    -------
    Leak
        The phase as a whole.
    """
    rules = rules or LeakRules()
    windows = _windows(resp, phase)
    if len(windows) == 0:
        return Leak(0, 0, float("nan"), None)
    frequencies = _lines(windows, float(resp.fs), rules)
    lines = int(np.isfinite(frequencies).sum())
    enough = len(windows) >= rules.least_minutes
    return Leak(
        len(windows),
        lines,
        float(np.nanmedian(frequencies)) if lines else float("nan"),
        lines < rules.share * len(windows) if enough else None,
    )


def _windows(resp: Signal, phase: Spans) -> NDArray[np.float64]:
    """Return the whole valid minutes, shape (n, samples)."""
    size = round(WINDOW * float(resp.fs))
    found = []
    for span in phase:
        for segment in cut(resp, Span(span.start, span.end)).segments:
            count = len(segment.counts) // size
            values = resp.values_of(segment)[: count * size].reshape(count, size)
            found.append(values[np.isfinite(values).all(axis=1)])
    return np.concatenate(found) if found else np.empty((0, size))


def _lines(windows: NDArray[np.float64], fs: float, rules: LeakRules) -> NDArray[np.float64]:
    """Return the frequency of each window's slow line; NaN where there is none. [Hz]"""
    size = windows.shape[1]
    taper = np.hanning(size)
    centered = windows - windows.mean(axis=1, keepdims=True)
    power = np.abs(np.fft.rfft(centered * taper, axis=1)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / fs)
    # Three bins hold a tapered line wherever it falls between them.
    line = power[:, :-2] + power[:, 1:-1] + power[:, 2:]
    middle = np.asarray(frequency[1:-1], dtype=np.float64)
    found = _narrow(line, middle, rules)
    for first in range(0, len(line), rules.together):
        mine = slice(first, first + rules.together)
        hump = _slow_hump(line[mine], middle, rules)
        found[mine] = np.where(np.isfinite(found[mine]), found[mine], hump)
    return found


def _narrow(
    line: NDArray[np.float64], middle: NDArray[np.float64], rules: LeakRules
) -> NDArray[np.float64]:
    """Return the frequency of each minute's narrow slow line; NaN where there is none. [Hz]"""
    slow = (middle >= rules.low) & (middle <= rules.high)
    around = (middle >= rules.low / 2) & (middle <= rules.high * 1.5)
    fast = (middle >= rules.breath_low) & (middle <= rules.breath_high)
    at = line[:, slow].argmax(axis=1)
    here = np.take_along_axis(line[:, slow], at[:, np.newaxis], axis=1)[:, 0]
    # A slope of drift or of the infant's own line has its largest value at the edge of the band.
    inside = (at > 0) & (at < int(slow.sum()) - 1)
    visible = (
        inside
        & (here > rules.prominence * np.median(line[:, around], axis=1))
        & (here >= rules.relative * line[:, fast].max(axis=1))
    )
    return np.asarray(np.where(visible, middle[slow][at], np.nan))


def _slow_hump(line: NDArray[np.float64], middle: NDArray[np.float64], rules: LeakRules) -> float:
    """Return where the slow one of two humps stands in some minutes together; NaN of one. [Hz]"""
    if len(line) < rules.least_minutes:
        return float("nan")
    band = (middle >= rules.low / 2) & (middle <= rules.breath_high)
    # The median of shares: a minute of motion does not speak for the others.
    whole = line[:, band].sum(axis=1, keepdims=True)
    shares = np.divide(line[:, band], whole, where=whole > 0, out=np.zeros_like(line[:, band]))
    height = np.convolve(np.median(shares, axis=0), np.full(3, 1 / 3), mode="same")
    at = middle[band]
    # Only tops can be the slow hump.
    top = (height[1:-1] >= height[:-2]) & (height[1:-1] > height[2:])
    inside = (at[1:-1] >= rules.low) & (at[1:-1] <= rules.fastest)
    best, where = 0.0, float("nan")
    for k in np.flatnonzero(top & inside) + 1:
        fast = np.flatnonzero(at >= max(rules.breath_low, at[k] + rules.apart))
        far = fast[height[fast].argmax()]
        twice = abs(at[far] - 2 * at[k]) < 2 * (at[1] - at[0])
        least = rules.overtone if twice else rules.hump
        lower = min(height[k], height[far])
        deep = lower > rules.valley * height[k:far].min()
        rises = height[k] > rules.valley * height[:k].min()
        visible = height[k] >= rules.hump * height[far] and height[far] >= least * height[k]
        if deep and rises and visible and height[k] > best:
            best, where = float(height[k]), float(at[k])
    return where
