"""Oxygen saturation over time: how it is spread, and how long it was where the unit wants it.

Targets are orders for one infant: they are arguments here and never made up.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.events.stretches import SLACK
from joey.features.standing import standing, standing_at
from joey.spans import total

if TYPE_CHECKING:
    from joey.features.standing import Standing
    from joey.signals import Series
    from joey.spans import Spans

__all__ = [
    "BIN_EDGES",
    "SaturationHistogram",
    "TargetTime",
    "measure_saturation_histogram",
    "measure_saturation_per_oxygen",
    "measure_target_time",
    "weighted_median",
]

BIN_EDGES = (
    0.0,
    80.0,
    85.0,
    90.0,
    95.0,
    98.0,
    100.0,
)  # %, each bin from its edge to below the next


@dataclass(frozen=True, slots=True)
class SaturationHistogram:
    """How SpO2 is spread over measured time.

    Parameters
    ----------
    shares : tuple of float
        Share of measured time in [0, 80) [80, 85) [85, 90) [90, 95) [95, 98) [98, 100]; they sum to
        100; NaN where nothing was measured. [%]
    mean, median : float
        Over measured time. [%]
    missing : float
        Share of the spans without a value. [%]
    """

    shares: tuple[float, ...]
    mean: float
    median: float
    missing: float


@dataclass(frozen=True, slots=True)
class TargetTime:
    """Share of measured time below, in and above the target range, and of missing time. [%]

    Above the target is NaN, with a reason, where it is not known whether oxygen is given; in room
    air there is no upper limit, and what is above it is counted as inside.
    """

    below: float
    inside: float
    above: float
    missing: float
    reason: str = ""


def measure_saturation_histogram(spo2: Series, spans: Spans) -> SaturationHistogram:
    """Return how oxygen saturation is spread over the measured time inside spans.

    Parameters
    ----------
    spo2 : Series
        Oxygen saturation. [%]
    spans : Spans
        Where to look.
    """
    there = standing(spo2, spans)
    # The last bin holds 100 itself, and what a monitor may print above it.
    number = np.searchsorted(BIN_EDGES[1:-1], there.values + SLACK, side="right")
    shares = tuple(there.share(number == k) for k in range(len(BIN_EDGES) - 1))
    return SaturationHistogram(shares, there.mean, weighted_median(there), _missing(there, spans))


def measure_target_time(
    spo2: Series, spans: Spans, low: float, high: float, *, upper: bool | None
) -> TargetTime:
    """Return how long oxygen saturation was below, in and above the infant's target.

    Parameters
    ----------
    spo2 : Series
        Oxygen saturation. [%]
    spans : Spans
        Where to look.
    low, high : float
        The target as ordered; both belong to it. [%]
    upper : bool or None
        Whether the upper limit holds, which it does where oxygen is given; None where that is not
        known (`joey.holds.breathes_room_air` tells).

    Raises
    ------
    ValueError
        If the target is empty.
    """
    if not low < high:
        msg = f"a target runs from low to high, not from {low:g} to {high:g} %"
        raise ValueError(msg)
    there = standing(spo2, spans)
    below = there.share(there.values < low - SLACK)
    missing = _missing(there, spans)
    if there.total == 0:
        return TargetTime(nan, nan, nan, missing, "no SpO2")
    if upper is None:
        reason = "whether oxygen is given is not known: time above the target cannot be said"
        return TargetTime(below, nan, nan, missing, reason)
    above = there.share(there.values > high + SLACK) if upper else 0.0
    return TargetTime(below, 100.0 - below - above, above, missing)


def measure_saturation_per_oxygen(spo2: Series, fio2: Series, spans: Spans) -> Standing:
    """Return SpO2 / FiO2 while both are known. [%]

    Parameters
    ----------
    spo2 : Series
        Oxygen saturation. [%]
    fio2 : Series
        Inspired fraction of oxygen, in unit ``1`` or ``%``.
    spans : Spans
        Where to look.

    Returns
    -------
    Standing
        The ratio of each saturation with the FiO2 that stood when it came, in % over a fraction
        (saturation 95 % in room air: 452).
    """
    there = standing(spo2, spans)
    percent = 100.0 if fio2.channel.unit == "%" else 1.0
    given = standing_at(fio2, there.starts) / percent
    known = np.isfinite(given) & (given > 0)
    ratio = there.values[known] / given[known]
    return type(there)(there.starts[known], ratio, there.seconds[known])


def weighted_median(there: Standing) -> float:
    """Return the value that half of the measured time is at or below; NaN of none."""
    if len(there.values) == 0:
        return nan
    order = np.argsort(there.values, kind="stable")
    reached = np.cumsum(there.seconds[order])
    half = np.searchsorted(reached, reached[-1] / 2.0)
    return float(there.values[order[half]])


def _missing(there: Standing, spans: Spans) -> float:
    whole = total(spans)
    return 100.0 * (1.0 - there.total / whole) if whole > 0 else nan
