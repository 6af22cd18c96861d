"""Whether breaths stand in motion that goes on and on: then a pause cannot be seen.

Bouts of motion stand out from the calm around them. Motion all the time has no calm to stand out
from, but it marks the breaths: they are of uneven height, and what is between them turns more
quickly than their own pace explains. Either alone happens in plain breathing (bouts of shallow
breaths; breaths of two peaks, white noise), the two together do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["PACES", "restless"]

BREATHS = 48  # that are looked at together
EVERY = 4  # breaths, after which they are looked at anew
QUICK = 1.2  # times the briskness of a sine of the breaths' pace
RESTLESS = 0.48
PACES = np.arange(0.25, 2.5, 0.05)  # Hz


def restless(
    peaks: NDArray[np.int64],
    rises: NDArray[np.float64],
    shapes: NDArray[np.float64],
    sines: NDArray[np.float64],
    fs: float,
    lo: int,
    hi: int,
) -> NDArray[np.int64]:
    """Return from where to where breaths stand in motion, shape (n, 2). [samples]

    Parameters
    ----------
    peaks, rises : ndarray, shape (m,)
        All breaths as found, and how far they rose.
    shapes : ndarray of float64, shape (m,)
        Briskness for its height at each.
    sines : ndarray of float64, shape (len(PACES),)
        The same of sines of `PACES`.
    fs : float
        Sampling frequency. [Hz]
    lo, hi : int
        Samples that are asked for.
    """
    first, last = np.searchsorted(peaks, (lo, hi))
    first = max(int(first) // EVERY * EVERY - EVERY, BREATHS + EVERY)
    at = np.arange(first, int(last), EVERY)
    if len(at) == 0:
        return np.empty((0, 2), dtype=np.int64)
    rows = at[:, None] + np.arange(-BREATHS, 0)
    middle, quarter = BREATHS // 2, BREATHS // 4
    gaps = np.partition(peaks[rows] - peaks[rows - 1], middle, axis=1)[:, middle]
    heights = np.partition(rises[rows], (quarter, middle), axis=1)
    shape = np.partition(shapes[rows], middle, axis=1)[:, middle]
    quick = shape / np.interp(fs / gaps, PACES, sines)
    with np.errstate(invalid="ignore", divide="ignore"):
        uneven = 1 - heights[:, quarter] / heights[:, middle]
        found = (quick > QUICK) & (np.log(quick) + uneven > RESTLESS)
    stops = np.append(peaks, np.iinfo(np.int64).max)[np.minimum(at + EVERY, len(peaks))]
    return np.asarray(np.column_stack((peaks[at], stops))[found])
