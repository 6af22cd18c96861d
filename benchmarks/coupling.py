"""Cross-correlation of heart rate and SpO2 in sliding windows over a month, beside numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from harness import RUNS, Row, measure, version

from joey.features.coupling import LAGS, STEP_S, slide_cross_correlation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

LENGTH = 300  # values at 2 s: 10 min
STEP = 15  # values: 30 s
GOAL = 50.0
TOLERANCE = 1e-9


def rows(*, quick: bool) -> Iterator[Row]:
    """Yield a month without gaps, and one with."""
    days, runs = (1, 3) if quick else (30, RUNS)
    rate, saturation = series(days)
    note = (
        f"windows of 10 min every 30 s, lags of 30 s to both sides at 2 s; values within "
        f"{TOLERANCE:g}, lags exact; two coupled random walks, no simulator"
    )
    seen = measure(
        lambda: slide_cross_correlation(rate, saturation, length=LENGTH, step=STEP),
        lambda: correlate(rate, saturation),
        runs=runs,
    )
    value, lag = seen.peer_answer
    near = np.max(np.abs(seen.answer.value - value)) <= TOLERANCE
    work = f"HR-SpO2 cross-correlation, {days} days, {len(value):,} windows"
    yield seen.row(
        work,
        peer_version=f"{version('numpy')} correlate",
        goal=GOAL,
        agrees=bool(near and np.array_equal(seen.answer.lag_s, lag)),
        note=note,
    )
    gaps = np.random.default_rng(8).random(len(rate)) < 0.0005
    missing = np.convolve(gaps, np.ones(15))[: len(rate)] > 0
    with_gaps = np.where(missing, np.nan, saturation)
    seen = measure(
        lambda: slide_cross_correlation(rate, with_gaps, length=LENGTH, step=STEP), runs=runs
    )
    yield seen.row(
        f"{work}, gaps", note=f"{100 * np.mean(missing):.1f} % missing; no peer takes gaps"
    )


def series(days: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return heart rate and SpO2 as a monitor shows them, every 2 s: whole numbers that wander."""
    rng = np.random.default_rng(7)
    count = round(days * 86_400 / STEP_S)
    kernel = np.exp(-np.arange(60) / 10)
    common = np.convolve(rng.normal(0, 1, count + 69), kernel, "valid")
    own = np.convolve(rng.normal(0, 1, count + 59), kernel, "valid")
    rate = np.rint(np.clip(150 + 3 * common[10:] + 2 * own, 60, 230))
    return rate, np.rint(np.clip(94 + common[:count], 50, 100))


def correlate(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest normalized cross-correlation of each window and its lag, with numpy."""
    count = (len(x) - LENGTH) // STEP + 1
    best, at = np.empty(count), np.empty(count)
    # In the order in which of equal values the first is taken: 0, -1, 1, -2 ...
    order = np.argsort(np.abs(np.arange(-LAGS, LAGS + 1)), kind="stable")
    padded = np.zeros(LENGTH + 2 * LAGS)
    cut_x, cut_y = np.zeros(2 * LAGS + 1), np.zeros(2 * LAGS + 1)
    for k in range(count):
        a, b = x[k * STEP : k * STEP + LENGTH], y[k * STEP : k * STEP + LENGTH]
        a, b = a - a.mean(), b - b.mean()
        padded[LAGS : LAGS + LENGTH] = b
        products = np.correlate(padded, a)
        # Power of what overlaps: all, less what a lag pushes out at either end.
        aa, bb = a * a, b * b
        cut_x[:LAGS] = np.cumsum(aa[:LAGS])[::-1]
        cut_x[LAGS + 1 :] = np.cumsum(aa[: -LAGS - 1 : -1])
        cut_y[:LAGS] = np.cumsum(bb[: -LAGS - 1 : -1])[::-1]
        cut_y[LAGS + 1 :] = np.cumsum(bb[:LAGS])
        value = products / np.sqrt((aa.sum() - cut_x) * (bb.sum() - cut_y))
        top = order[np.argmax(value[order])]
        best[k], at[k] = value[top], (top - LAGS) * STEP_S
    return best, at
