"""The leak test: is the holder's breathing visible in the infant's chest impedance?

While bodies touch, the holder's chest moves the infant's electrodes. Adult breathing at 0.2 to
0.4 Hz then keeps the impedance moving while the infant does not breathe, and an apnea is missed.
The test looks for a narrow line below the infant's own breathing, minute by minute. It names what
is in the signal; whether a hold ran, it does not know.
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
    """

    low: float = 0.18
    high: float = 0.42
    breath_low: float = 0.5
    breath_high: float = 1.7
    prominence: float = 8.0
    relative: float = 0.05
    share: float = 0.2
    least_minutes: int = 5


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
    middle = frequency[1:-1]
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
