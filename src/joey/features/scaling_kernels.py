"""How far summed intervals swing about a straight line, box by box: compiled by numba.

Every kernel has its declared signature: importing this module compiles them, or loads what an
earlier import compiled. Arrays come in C order and writable.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from joey.compiled import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fluctuations", "fluctuations_of"]


@kernel("void(f8[::1], i8[:,::1], i8[::1], f8[::1])")
def fluctuations(
    profile: NDArray[np.float64],
    runs: NDArray[np.int64],
    sizes: NDArray[np.int64],
    swing: NDArray[np.float64],
) -> None:
    """Write the root mean square of a profile about the straight line of each box.

    Four partial sums go on side by side, since without them each addition waits for the one before.

    Parameters
    ----------
    profile : ndarray of float64, shape (n,)
        The summed series.
    runs : ndarray of int64, shape (k, 2)
        First sample of each unbroken run, and the one after its last.
    sizes : ndarray of int64, shape (s,)
        Samples of a box, at least 2.
    swing : ndarray of float64, shape (s,)
        Written: NaN where no run holds a box.
    """
    for s in range(len(sizes)):
        n = sizes[s]
        middle = (n - 1) / 2.0
        spread = n * (n * n - 1.0) / 12.0  # sum of (t - middle)^2
        quads = n - n % 4
        squares = 0.0
        boxes = 0
        for r in range(len(runs)):
            for start in range(runs[r, 0], runs[r, 1] - n + 1, n):
                box = profile[start : start + n]
                # Less its chord a box is small, so that one pass over it loses no digits.
                level = box[0]
                chord = (box[n - 1] - level) / (n - 1)
                y0 = y1 = y2 = y3 = 0.0
                t0 = t1 = t2 = t3 = 0.0
                q0 = q1 = q2 = q3 = 0.0
                for k in range(0, quads, 4):
                    t = k - middle
                    line = level + chord * k
                    a = box[k] - line
                    b = box[k + 1] - (line + chord)
                    c = box[k + 2] - (line + 2.0 * chord)
                    d = box[k + 3] - (line + 3.0 * chord)
                    y0 += a
                    y1 += b
                    y2 += c
                    y3 += d
                    t0 += a * t
                    t1 += b * (t + 1.0)
                    t2 += c * (t + 2.0)
                    t3 += d * (t + 3.0)
                    q0 += a * a
                    q1 += b * b
                    q2 += c * c
                    q3 += d * d
                for k in range(quads, n):
                    a = box[k] - (level + chord * k)
                    y0 += a
                    t0 += a * (k - middle)
                    q0 += a * a
                y0 = (y0 + y1) + (y2 + y3)
                t0 = (t0 + t1) + (t2 + t3)
                squares += max((q0 + q1) + (q2 + q3) - y0 * y0 / n - t0 * t0 / spread, 0.0)
                boxes += 1
        swing[s] = math.sqrt(squares / (boxes * n)) if boxes else math.nan


@kernel("void(f8[:,::1], f8[::1], i8[::1], f8[:,::1])")
def fluctuations_of(
    rows: NDArray[np.float64],
    means: NDArray[np.float64],
    sizes: NDArray[np.int64],
    swing: NDArray[np.float64],
) -> None:
    """Write what `fluctuations` does for many short series.

    Parameters
    ----------
    rows : ndarray of float64, shape (w, wide)
        One series each, NaN at breaks and behind the end.
    means : ndarray of float64, shape (w,)
        Of each; NaN: nothing is written.
    sizes : ndarray of int64, shape (s,)
        As in `fluctuations`.
    swing : ndarray of float64, shape (w, s)
        To be filled.
    """
    wide = rows.shape[1]
    profile = np.empty(wide)
    runs = np.empty((wide // 2 + 1, 2), np.int64)
    for w in range(rows.shape[0]):
        if np.isnan(means[w]):
            continue
        total = 0.0
        count = 0
        inside = False
        for i in range(wide):
            known = not np.isnan(rows[w, i])
            total += rows[w, i] - means[w] if known else 0.0
            profile[i] = total
            if known and not inside:
                runs[count, 0] = i
            if inside and not known:
                runs[count, 1] = i
                count += 1
            inside = known
        if inside:
            runs[count, 1] = wide
            count += 1
        fluctuations(profile, runs[:count], sizes, swing[w])
