"""Which beats have another shape than the infant's usual one: ectopic, aberrant, or no beats.

A beat is compared with the sixteen around it, not with one template that is learned: what is said
of it rests on a bounded stretch, and a new axis after a lift is the usual shape eight beats later.
Nothing here names a rhythm; what is flagged is marked in pictures and left out of NN intervals.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from joey.beats.types import BeatFlag
from joey.streams import GAP_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats.types import Beats
    from joey.signals import Signal

__all__ = ["REACH_S", "centers_of", "mark_shapes", "shapes_of"]

REACH_S = 0.08  # s to either side: a neonatal QRS of 50-80 ms whole, an ectopic one's larger part
POINTS = 33  # of a shape: 5 ms apart, whatever the sampling frequency
AROUND = 8  # beats to either side that a beat is compared with
FEWEST = 8  # of those there must be so many
SMOOTH = 4  # points, 20 ms: a mean over so many takes out 50 Hz, and half of the noise
ALIKE = 0.9  # correlation of two beats of one shape
SPREAD = 2.5  # times what the usual two beats lack of 1: noise makes all of them less alike
USUAL = 0.75  # quantile of a beat's correlations that is of its own shape, if most beats are
FEW = 1 / 3  # share of the beats around that are like an odd one: fewer
STABLE = 0.75  # share of the beats around that must be of a shape that is common there
EARLY = 0.85  # of the median interval: an earlier beat is early
WIDE = 1.25  # times the width of the narrow beats around
NARROW = 0.25  # quantile of the widths around: half of the beats of a bigeminy are wide


def mark_shapes(signal: Signal, beats: Beats) -> Beats:
    """Return the beats with `BeatFlag.ODD_SHAPE` and `BeatFlag.EARLY_WIDE` set where they are.

    Parameters
    ----------
    signal : Signal
        The ECG the beats were found in.
    beats : Beats
        Of this signal; flags it has are kept.

    Returns
    -------
    Beats
        A beat is odd where its shape (80 ms to either side, without its slope, a mean over 20 ms)
        correlates by 0.9 with fewer than a third of up to eight beats before and eight after it,
        while three quarters of those are of a common shape. Where noise makes all beats less alike,
        less is asked: 1 less two and a half times what usual correlations there lack of 1. It is
        early and wide where it comes before 0.85 of the median interval around it and is 1.25 times
        as wide (area over height) as the narrow quarter of the beats around: so the wide beats of a
        bigeminy are told, of which there are too many to be odd. A beat at the edge of what was
        measured, or with fewer than eight around it within 10 s of each other, is not judged.

    Notes
    -----
    What is said of a beat rests on the eight beats before and after it. Correlation with the usual
    beat is common to ectopy detectors (a limit of 0.9 among others in G. D. Clifford, F. Azuaje and
    P. McSharry, *Advanced Methods and Tools for ECG Data Analysis*, 2006); the other limits are
    Joey's own, and neonatal ectopy was not at hand to check them on.
    """
    flags = beats.flags & ~np.uint8(BeatFlag.ODD_SHAPE | BeatFlag.EARLY_WIDE)
    shapes = shapes_of(signal, beats.times)
    known = np.isfinite(shapes[:, 0])
    at, there = _around(beats.times)
    there &= known[at] & known[:, None]
    judged = there.sum(axis=1) >= FEWEST
    # A notched beat is timed at either apex: it is as alike as it is by its middle.
    centers = centers_of(shapes)
    moved = shapes_of(signal, beats.times + np.where(known, centers, 0.0))
    alike = np.fmax(_alike(shapes), _alike(moved))
    usual = _quantile(_quantile(alike, there, USUAL)[at], there, 0.5)
    limit = np.minimum(ALIKE, 1.0 - SPREAD * (1.0 - usual))
    like = (alike >= limit[:, None]) & there
    few = like.sum(axis=1) < FEW * there.sum(axis=1)
    around = there & judged[at]
    common = (around & ~few[at]).sum(axis=1) >= STABLE * around.sum(axis=1)
    odd = judged & few & common & around.any(axis=1)
    widths = _widths(shapes)
    intervals = np.diff(beats.times, prepend=np.nan)
    timed = there & np.isfinite(intervals)[at]
    early = intervals < EARLY * _quantile(intervals[at], timed, 0.5)
    wide = widths > WIDE * _quantile(widths[at], there, NARROW)
    flags = flags | np.where(odd, BeatFlag.ODD_SHAPE, 0).astype(np.uint8)
    flags |= np.where(judged & early & wide, BeatFlag.EARLY_WIDE, 0).astype(np.uint8)
    return replace(beats, flags=flags)


def _around(times: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the places of the beats around each, and whether there is one in the same stretch."""
    n = len(times)
    at = np.arange(n)[:, None] + np.concatenate((np.arange(-AROUND, 0), np.arange(1, AROUND + 1)))
    inside = (at >= 0) & (at < n)
    at = np.clip(at, 0, max(n - 1, 0))
    stretch = np.cumsum(np.diff(times, prepend=times[:1]) > GAP_S)
    return at, inside & (stretch[at] == stretch[:, None])


def centers_of(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return where the steep parts of each shape have their middle, from its time. [s]"""
    steep = np.diff(shapes, axis=1) ** 2
    at = np.linspace(-REACH_S, REACH_S, POINTS)
    total = steep.sum(axis=1)
    return np.asarray(
        steep @ (0.5 * (at[1:] + at[:-1])) / np.where(total > 0, total, np.inf), dtype=np.float64
    )


def _alike(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the correlation of each beat with each around it, in the order of `_around`."""
    size = np.sqrt(np.sum(shapes * shapes, axis=1, keepdims=True))
    unit = np.divide(shapes, size, out=np.zeros_like(shapes), where=size > 0)
    out = np.zeros((len(shapes), 2 * AROUND))
    for shift in range(1, min(AROUND, len(shapes) - 1) + 1):
        like = np.einsum("ij,ij->i", unit[:-shift], unit[shift:])
        out[shift:, AROUND - shift] = like
        out[:-shift, AROUND + shift - 1] = like
    return out


def _quantile(
    values: NDArray[np.float64], there: NDArray[np.bool_], share: float
) -> NDArray[np.float64]:
    """Return a quantile of each row's values that are there, itself one of them; NaN for none."""
    ordered = np.sort(np.where(there, values, np.inf), axis=1)
    count = there.sum(axis=1)
    place = (share * np.maximum(count - 1, 0) + 0.5).astype(np.int64)
    found = ordered[np.arange(len(ordered)), place]
    return np.asarray(np.where(count > 0, found, np.nan), dtype=np.float64)


def shapes_of(signal: Signal, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smoothed signal around beats less its line; NaN where not all was measured."""
    at = np.linspace(-REACH_S, REACH_S, POINTS)
    step = 2.0 * REACH_S / (POINTS - 1)
    fine = (np.arange(POINTS + SMOOTH - 1) - 0.5 * (POINTS + SMOOTH - 2)) * step
    out = np.full((len(times), POINTS), np.nan)
    for segment in signal.segments:
        fs, start = float(segment.grid.fs), segment.grid.time(segment.first)
        for first, stop in segment.runs.tolist():
            since, until = start + first / fs + fine[-1], start + (stop - 1) / fs - fine[-1]
            inside = (times >= since) & (times <= until)
            place = ((times[inside, None] - start) + fine) * fs
            left = np.clip(place.astype(np.int64), first, max(stop - 2, first))
            right = np.minimum(left + 1, stop - 1)
            part = place - left
            level = segment.counts[left] * (1.0 - part) + segment.counts[right] * part
            total = level[:, :POINTS].copy()
            for k in range(1, SMOOTH):
                total += level[:, k : POINTS + k]
            out[inside] = total
    out -= out.mean(axis=1, keepdims=True)
    line = at / np.sqrt(np.sum(at * at))
    out -= (out @ line)[:, None] * line
    return out


def _widths(shapes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return area over height of each shape, from its median. [points]"""
    size = np.abs(shapes - np.median(shapes, axis=1, keepdims=True))
    height = size.max(axis=1, initial=0.0)
    return np.asarray(size.sum(axis=1) / np.where(height > 0, height, np.inf))
