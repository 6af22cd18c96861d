"""Heart-rate variability by frequency, in bands that fit a neonate.

Adult bands end at 0.4 Hz; an infant breathes at 0.7 to 1.2 Hz, so that they would miss the
respiratory sinus arrhythmia altogether.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BANDS", "BandPower", "Bands", "measure_band_power"]

RESAMPLE_HZ = 4.0  # Hz, twice the highest frequency that is looked at
SEGMENT_S = 120.0  # s, a bit over one cycle of the slowest frequency that is looked at
SEGMENTS = 2  # fewer whole segments than this give no spectrum
BRIDGE_BEATS = 2.0  # missing beats that interpolation may cross


@dataclass(frozen=True, slots=True)
class Bands:
    """Edges of the frequency bands, half-open. [Hz]

    VLF and LF after Doyle 2009, all three after Garvey 2021 and Goulding 2015. HF ends at half the
    mean heart rate at the latest: beats cannot show what is faster.
    """

    vlf: tuple[float, float] = (0.01, 0.04)
    lf: tuple[float, float] = (0.04, 0.2)
    hf: tuple[float, float] = (0.2, 2.0)


BANDS = Bands()


@dataclass(frozen=True, slots=True)
class BandPower:
    """Power of NN intervals by band. [ms²]

    Parameters
    ----------
    vlf, lf, hf : float
        By `Bands`; NaN where there is no spectrum.
    rsa : float
        In the band of the infant's own breathing, as far as beats can show it; NaN where that is
        not known or its middle lies beyond.
    top_hz : float
        Where HF ended. [Hz]
    segments : int
        Spectra that were averaged.
    reason : str
        Why there is no value; empty where there is.
    """

    vlf: float
    lf: float
    hf: float
    rsa: float
    top_hz: float
    segments: int
    reason: str = ""


def measure_band_power(
    times: NDArray[np.float64],
    nn: NDArray[np.float64],
    *,
    breathing_hz: tuple[float, float] | None = None,
    bands: Bands = BANDS,
) -> BandPower:
    """Return the power of accepted NN intervals by frequency band.

    Parameters
    ----------
    times : ndarray of float64, shape (n,)
        Start of each accepted interval, increasing. [s]
    nn : ndarray of float64, shape (n,)
        The intervals; none is NaN. [ms]
    breathing_hz : (float, float), optional
        Slow and fast end of the infant's breathing, its 10th and 90th centile. [Hz]
    bands : Bands
        The other bands.

    Returns
    -------
    BandPower
        NaN with a reason where fewer than two segments of 120 s are whole.

    Notes
    -----
    Each interval stands at its end. The series is resampled at 4 Hz by a monotone cubic (pchip),
    across at most two missing beats; Welch's mean of spectra of 120 s, Hann window, half
    overlapping, each freed of its straight line, of whole segments only; power is the sum over the
    bins of a band. LF/HF is not offered: it is no balance of anything in a neonate.

    References
    ----------
    .. [1] O. M. Doyle et al., "Heart rate variability during sleep in healthy term newborns in the
       early postnatal period", Physiol. Meas., vol. 30, pp. 847-860, 2009,
       :doi:`10.1088/0967-3334/30/8/009`.
    """
    nothing = BandPower(nan, nan, nan, nan, nan, 0, "no two unbroken stretches of 2 min")
    if len(nn) < 4:
        return nothing
    even = _resampled(times, nn)
    spectrum, segments = _welch(even)
    if segments < SEGMENTS:
        return nothing
    top = min(bands.hf[1], 0.5 * 1000.0 / float(np.mean(nn)))
    return BandPower(
        _power(spectrum, *bands.vlf),
        _power(spectrum, *bands.lf),
        _power(spectrum, bands.hf[0], top),
        nan if breathing_hz is None else _breathing_power(spectrum, breathing_hz, top),
        top,
        segments,
    )


def _resampled(times: NDArray[np.float64], nn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the intervals at 4 Hz from the first to the last beat; NaN where beats are missing."""
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - slow to import

    ends = times - times[0] + nn / 1000.0
    grid = np.arange(ends[0], ends[-1], 1.0 / RESAMPLE_HZ)
    even = np.asarray(PchipInterpolator(ends, nn)(grid), dtype=np.float64)
    missing = np.diff(ends) - nn[1:] / 1000.0
    wide = np.flatnonzero(missing > (BRIDGE_BEATS + 0.5) * np.median(nn) / 1000.0)
    for k in wide:
        lo, hi = np.searchsorted(grid, (ends[k], ends[k + 1]))
        even[lo:hi] = np.nan
    return even


def _welch(even: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    """Return the one-sided power density of the whole segments, and their number. [ms²/Hz]"""
    size = int(SEGMENT_S * RESAMPLE_HZ)
    if len(even) < size:
        return np.empty(0), 0
    rows = np.lib.stride_tricks.sliding_window_view(even, size)[:: size // 2]
    rows = rows[np.isfinite(rows).all(axis=1)]
    if len(rows) == 0:
        return np.empty(0), 0
    t = np.arange(size) - (size - 1) / 2.0
    rows = rows - rows.mean(axis=1, keepdims=True)
    rows = rows - (rows @ t / (t @ t))[:, None] * t
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(size) / size)
    density = np.abs(np.fft.rfft(rows * window, axis=1)) ** 2
    density *= 2.0 / (RESAMPLE_HZ * float(window @ window))
    return np.asarray(density.mean(axis=0), dtype=np.float64), len(rows)


def _power(spectrum: NDArray[np.float64], low: float, high: float) -> float:
    lo, hi = np.ceil(np.array((low, high)) * SEGMENT_S - 1e-9).astype(np.int64)
    return float(np.sum(spectrum[lo:hi])) / SEGMENT_S


def _breathing_power(
    spectrum: NDArray[np.float64], breathing_hz: tuple[float, float], top: float
) -> float:
    low, high = breathing_hz
    if not low < high or (low + high) / 2.0 > top:
        return nan
    return _power(spectrum, low, min(high, top))
