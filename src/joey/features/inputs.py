"""What the arrays given to a measure must be: what cannot have been measured is refused by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["intervals_in", "values_in"]

# An interval lies between these, in its unit: a tick of 0.001 ms, and eleven days.
SHORTEST = {"ms": 1e-3, "s": 1e-6}
LONGEST = {"ms": 1e9, "s": 1e6}
LARGEST = 1e60  # any unit: sums of fourth powers are still numbers


def intervals_in(given: ArrayLike, unit: str, what: str = "NN intervals") -> NDArray[np.float64]:
    """Return intervals as an array of float64, shape (n,), with NaN where there is none.

    Parameters
    ----------
    given : array_like
        The intervals. [`unit`]
    unit : str
        ``ms`` or ``s``.
    what : str
        Their name in the message.

    Raises
    ------
    ValueError
        If one is infinite, zero, negative, or beyond what a beat or a breath can last.
    """
    values = _row(given, what)
    low, high = SHORTEST[unit], LONGEST[unit]
    # fmin and fmax leave NaN out.
    if len(values) and (np.fmin.reduce(values) < low or np.fmax.reduce(values) > high):
        at = int(np.flatnonzero((values < low) | (values > high))[0])
        msg = (
            f"{what} are {low:g} to {high:g} {unit} long, or NaN where there is none, "
            f"not {values[at]!s} (number {at}): take out what is no interval"
        )
        raise ValueError(msg)
    return values


def values_in(given: ArrayLike, what: str = "values") -> NDArray[np.float64]:
    """Return any series as an array of float64, shape (n,); what is not finite is a break.

    Raises
    ------
    ValueError
        If a value is so large that its powers would be infinite.
    """
    values = _row(given, what)
    if len(values) and not np.fmax.reduce(np.abs(values)) <= LARGEST:
        far = np.flatnonzero(np.isfinite(values) & (np.abs(values) > LARGEST))
        if len(far):
            msg = f"{what} lie within {LARGEST:g} of zero, not {values[far[0]]!s} (number {far[0]})"
            raise ValueError(msg)
    return values


def _row(given: ArrayLike, what: str) -> NDArray[np.float64]:
    values = np.array(given, dtype=np.float64, order="C")
    if values.ndim != 1:
        msg = f"{what} come in one row, shape (n,), not in shape {values.shape}"
        raise ValueError(msg)
    return values
