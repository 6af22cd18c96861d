"""Numbers over a span: rates, variability, oxygen, temperature - each with its coverage."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Summary"]


@dataclass(frozen=True, slots=True)
class Summary:
    """One number with what stands behind it.

    Parameters
    ----------
    value : float
        NaN where nothing can be said.
    low, high : float
        95 % interval; NaN where there is none.
    unit : str
        Unit of all three.
    n : int
        What it rests on (10-min blocks for an interval, else intervals, values or events).
    coverage : float
        Share of the phase with valid data, 0 to 1.
    reason : str
        Why there is no value or no interval; empty where there is.
    """

    value: float
    low: float
    high: float
    unit: str
    n: int
    coverage: float
    reason: str = ""
