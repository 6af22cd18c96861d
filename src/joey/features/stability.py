"""A stability score in blocks of five minutes: SCRIP-like, automated.

The Stability of Cardio-Respiratory system In Preterms (SCRIP) gives 0, 1 or 2 points each to heart
rate, breathing and oxygen saturation [1]_. It was made for an observer, its limits are given here
from memory of how later trials print them, and those print two limits of saturation: so this is
never called SCRIP, only like it, and the limit is named with each score.

References
----------
.. [1] C. B. Fischer, D. Sontheimer, F. Scheffer, J. Bauer, O. Linderkamp, "Cardiorespiratory
   stability of premature boys and girls during kangaroo care", Early Hum. Dev., vol. 52,
   pp. 145-153, 1998.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.events import PRESETS, find_apneas
from joey.features.breathing import breath_intervals, measure_breath_rate
from joey.features.windows import windows_within
from joey.signals import measured
from joey.spans import EMPTY, Span, Spans, intersect, union

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.breaths import Breaths
    from joey.events import Events
    from joey.signals import Series

__all__ = ["StabilityBlocks", "score_stability"]

BLOCK_S = 300.0  # s
LEAST = 0.8  # share of a block in which a signal must be valid
SLOW, SLOWED, FAST = 80.0, 100.0, 200.0  # beats/min
LONG_S = 10.0  # s, an apnea of more takes all points
TACHYPNEA = 80.0  # breaths/min, the mean of a block
LOW = 80.0  # %
REGULAR = (87.0, 89.0)  # %, saturation is regular above: one or the other, by version
# Pauses as they come: two with a breath between are two.
_PAUSES = replace(PRESETS["central10"], name="pause5", at_least=5.0, join=0.0)


@dataclass(frozen=True, slots=True, eq=False)
class StabilityBlocks:
    """Points in blocks of five minutes: arrays of shape (b,), one value per block.

    Points are NaN where the signal was valid in less than 80 % of the block.

    Parameters
    ----------
    start, end : ndarray of float64
        Of each block, half-open. [s]
    heart_rate, breathing, saturation : ndarray of float64
        0, 1 or 2 points.
    total : ndarray of float64
        Their sum, 0 to 6; NaN where one of them is.
    heart_rate_valid, breathing_valid, saturation_valid : ndarray of float64
        Share of the block in which it was valid, 0 to 1.
    regular_above : float
        The limit of saturation for two points. [%]
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    heart_rate: NDArray[np.float64]
    breathing: NDArray[np.float64]
    saturation: NDArray[np.float64]
    total: NDArray[np.float64]
    heart_rate_valid: NDArray[np.float64]
    breathing_valid: NDArray[np.float64]
    saturation_valid: NDArray[np.float64]
    regular_above: float

    def __len__(self) -> int:
        """Return how many blocks there are."""
        return len(self.start)

    @property
    def words(self) -> str:
        """What a score must be printed with."""
        return f"SCRIP-like, automated; SpO2 regular above {self.regular_above:g} %"


def score_stability(
    heart_rate: Series,
    breaths: Breaths,
    spo2: Series,
    *,
    within: Spans | None = None,
    distrusted: Spans = EMPTY,
    regular_above: float = REGULAR[0],
) -> StabilityBlocks:
    """Return a SCRIP-like score of every whole block of five minutes.

    Parameters
    ----------
    heart_rate : Series
        Heart rate, beat by beat or as a monitor prints it. [1/min]
    breaths : Breaths
        Breaths and where they were searched.
    spo2 : Series
        Oxygen saturation. [%]
    within : Spans, optional
        Where blocks lie: each span holds whole blocks from its start on. Left out, one span from
        the first to the last time of all three. [s]
    distrusted : Spans
        Time in which breaths are not searched (another's breathing, leads off). [s]
    regular_above : float, default 87
        Saturation is regular above it: 87 or 89, as versions of the score differ. [%]

    Returns
    -------
    StabilityBlocks
        In the order of time, of those that hold something of any of the three.

    Raises
    ------
    ValueError
        If `regular_above` is another limit, or a time is beyond what seconds can tell.

    Notes
    -----
    Heart rate: 0 below 80 or above 200 /min, 1 where it falls to 100 or less, else 2. Breathing: 0
    with an apnea of over 10 s or a mean rate above 80 /min, 1 with a pause of 5 s or more or
    periodic breathing, else 2. Saturation: 0 below 80 %, 1 at the limit or below, else 2.
    The extreme value of a block counts however short it was, as any fall does for an observer, so
    a value that is wrong costs points: give what was graded good. A pause counts, at its whole
    length, in each block that it reaches into. From when a pause counts (5 s) and what periodic
    breathing is (preset ``periodic_breathing``) are Joey's defaults, as is the mean rate.

    Examples
    --------
    >>> import numpy as np
    >>> from joey.breaths import Breaths
    >>> from joey.signals import Channel, Series
    >>> from joey.spans import Spans
    >>> t = np.arange(300.0)
    >>> rate = Series(Channel("heart_rate", "/min"), t, np.where(t == 100, 92, 150.0), t * 0 + 1)
    >>> spo2 = Series(Channel("spo2", "%"), t, np.full(300, 96.0), t * 0 + 1)
    >>> times = np.arange(0.5, 300, 1.2)
    >>> breaths = Breaths(
    ...     Channel("resp", "ohm"), times, np.zeros(250, dtype=np.uint8), Spans.of([(0, 300)])
    ... )
    >>> scored = score_stability(rate, breaths, spo2)
    >>> scored.total.tolist(), scored.words
    ([5.0], 'SCRIP-like, automated; SpO2 regular above 87 %')
    """
    if regular_above not in REGULAR:
        msg = f"saturation is regular above 87 or 89 %, by version, not {regular_above!r}"
        raise ValueError(msg)
    found = find_apneas(breaths, _PAUSES, distrusted=distrusted)
    rhythms = find_apneas(breaths, PRESETS["periodic_breathing"], distrusted=distrusted)
    searched = intersect(found.searched, rhythms.searched)  # of nothing but silence nothing is said
    rated, saturated = measured(heart_rate), measured(spo2)
    there = union(rated, saturated, searched)
    if within is None:
        ends = there.bounds
        within = Spans.of([(ends[0, 0], ends[-1, 1])] if len(ends) else [])
    starts = [
        start + k * BLOCK_S
        for start, first, stop in windows_within(within, there, BLOCK_S, BLOCK_S)
        for k in range(first, stop)
    ]
    pauses, periodic = _bounds(found), _bounds(rhythms)
    at = np.array(starts, dtype=np.float64)
    spans = [Span(start, start + BLOCK_S) for start in starts]
    valid = np.column_stack([_shares(each, at) for each in (rated, searched, saturated)])
    rate_ends, spo2_ends = heart_rate.ends, spo2.ends
    points = np.array(
        [
            [
                _of_heart(_values(heart_rate, rate_ends, span)),
                _of_breathing(
                    breath_intervals(breaths, intersect(Spans.of([span]), searched), EMPTY),
                    _longest(pauses, span),
                    periodic=_longest(periodic, span) > 0,
                ),
                _of_saturation(_values(spo2, spo2_ends, span), regular_above),
            ]
            for span in spans
        ]
    ).reshape(-1, 3)
    points[valid < LEAST - 1e-9] = np.nan
    return StabilityBlocks(
        start=at,
        end=at + BLOCK_S,
        heart_rate=points[:, 0],
        breathing=points[:, 1],
        saturation=points[:, 2],
        total=points.sum(axis=1),
        heart_rate_valid=valid[:, 0],
        breathing_valid=valid[:, 1],
        saturation_valid=valid[:, 2],
        regular_above=regular_above,
    )


def _shares(spans: Spans, starts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return which share of each block some spans cover."""
    bounds = spans.bounds
    before = np.concatenate(((0.0,), np.cumsum(bounds[:, 1] - bounds[:, 0])))

    def covered(until: NDArray[np.float64]) -> NDArray[np.float64]:
        nth = np.searchsorted(bounds[:, 0], until, side="right")
        last = np.maximum(nth - 1, 0)
        beyond = np.maximum(bounds[last, 1] - until, 0.0) if len(bounds) else 0.0
        return np.asarray(before[nth] - np.where(nth > 0, beyond, 0.0), dtype=np.float64)

    return (covered(starts + BLOCK_S) - covered(starts)) / BLOCK_S


def _values(series: Series, ends: NDArray[np.float64], span: Span) -> NDArray[np.float64]:
    """Return the measured values that stand in a span; `ends` are the series' own."""
    lo = np.searchsorted(ends, span.start, side="right")
    hi = np.searchsorted(series.times, span.end, side="left")
    values = series.values[lo:hi]
    return np.asarray(values[np.isfinite(values)], dtype=np.float64)


def _bounds(found: Events) -> NDArray[np.float64]:
    rows = [(each.span.start, each.span.end) for each in found.items]
    return np.array(rows, dtype=np.float64).reshape(-1, 2)


def _longest(bounds: NDArray[np.float64], span: Span) -> float:
    """Return the length of the longest of some events that reach into a span; 0 of none. [s]"""
    lo = np.searchsorted(bounds[:, 1], span.start, side="right")
    hi = np.searchsorted(bounds[:, 0], span.end, side="left")
    return float(np.max(bounds[lo:hi, 1] - bounds[lo:hi, 0], initial=0.0))


def _of_heart(rates: NDArray[np.float64]) -> float:
    if len(rates) == 0:
        return np.nan
    if rates.min() < SLOW or rates.max() > FAST:
        return 0.0
    return 1.0 if rates.min() <= SLOWED else 2.0


def _of_breathing(intervals: NDArray[np.float64], pause_s: float, *, periodic: bool) -> float:
    if pause_s > LONG_S or measure_breath_rate(intervals) > TACHYPNEA:
        return 0.0
    return 1.0 if pause_s > 0 or periodic else 2.0


def _of_saturation(values: NDArray[np.float64], regular_above: float) -> float:
    if len(values) == 0:
        return np.nan
    if values.min() < LOW:
        return 0.0
    return 1.0 if values.min() <= regular_above else 2.0
