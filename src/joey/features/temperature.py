"""Body temperature by site: five-minute medians, and classes only where classes hold."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.signals import Series
    from joey.spans import Spans

__all__ = ["CLASSED_SITES", "NORMAL_FROM", "classify_temperature", "five_minute_medians"]

CLASSED_SITES = frozenset({"axilla", "rectal", "core"})
SEVERE_BELOW, MODERATE_BELOW, NORMAL_FROM, NORMAL_TO = 32.0, 36.0, 36.5, 37.5  # degree Celsius
BLOCK_S = 300.0  # s: numbers come with 0.1 degree and lag a probe by minutes


def classify_temperature(celsius: float, site: str) -> str | None:
    """Return the WHO class of a body temperature, or None where none may be given.

    Parameters
    ----------
    celsius : float
        Temperature. [degree Celsius]
    site : str
        ``axilla``, ``rectal`` or ``core``. A skin probe reads differently, is steered by the
        incubator and warmed by the holder: no class. Nor is there one for an unknown site.

    Returns
    -------
    str or None
        ``severe hypothermia`` below 32.0, ``moderate hypothermia`` below 36.0, ``mild hypothermia``
        below 36.5, ``normal`` to 37.5, ``hyperthermia`` above.

    References
    ----------
    .. [1] World Health Organization, "Thermal protection of the newborn: a practical guide",
       WHO/RHT/MSM/97.2, 1997 (limits as quoted in secondary sources).

    Examples
    --------
    >>> classify_temperature(36.4, "axilla")
    'mild hypothermia'
    >>> classify_temperature(36.4, "skin") is None
    True
    """
    if site not in CLASSED_SITES or not isfinite(celsius):
        return None
    if celsius < SEVERE_BELOW:
        return "severe hypothermia"
    if celsius < MODERATE_BELOW:
        return "moderate hypothermia"
    if celsius < NORMAL_FROM:
        return "mild hypothermia"
    return "normal" if celsius <= NORMAL_TO else "hyperthermia"


def five_minute_medians(temperature: Series, spans: Spans) -> NDArray[np.float64]:
    """Return the median of every five minutes of the spans that have a stamp. [degree Celsius]

    Only values stamped inside count: a temperature taken before says nothing about the span. Spot
    readings and continuous probes are treated alike.
    """
    medians: list[float] = []
    for start, end in spans.bounds:
        lo, hi = np.searchsorted(temperature.times, (start, end))
        values, times = temperature.values[lo:hi], temperature.times[lo:hi]
        known = np.isfinite(values)
        block = ((times[known] - start) // BLOCK_S).astype(np.int64)
        edges = np.flatnonzero(np.diff(block)) + 1
        medians += [float(np.median(part)) for part in np.split(values[known], edges) if len(part)]
    return np.array(medians)
