"""Heart-rate variability by frequency, in bands that fit a neonate.

Adult bands end at 0.4 Hz; an infant breathes at 0.7 to 1.2 Hz, so that they would miss the
respiratory sinus arrhythmia altogether.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import numpy as np

from joey.features.inputs import intervals_in, values_in

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BANDS", "BandPower", "BandPowers", "Bands", "band_powers", "measure_band_power"]

RESAMPLE_HZ = 4.0  # Hz, twice the highest frequency that is looked at
SEGMENT_S = 120.0  # s, a bit over one cycle of the slowest frequency that is looked at
SIZE = int(SEGMENT_S * RESAMPLE_HZ)  # values of a segment
SEGMENTS = 2  # fewer whole segments than this give no spectrum
# Cycles per beat up to which interpolation keeps 80 % of the power of a sine: measured, see
# docs/validation.md. A heart of 150/min shows that much up to 0.65 Hz, half of it at 0.95 Hz.
WHOLE_PER_BEAT = 0.26
DAY_S = 86_400.0
LONGEST_S = 31 * DAY_S  # s: 11 million values at 4 Hz
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
        not known or its middle lies beyond. From the beats themselves, without interpolation: what
        swings at the breathing rate is there whole, and `rsa` may exceed `hf`.
    top_hz : float
        Where HF ended. [Hz]
    whole_hz : float
        Where VLF, LF and HF are whole: what swings faster is in `hf` with less than 80 % of its
        power, since interpolation flattens it. [Hz]
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
    whole_hz: float
    segments: int
    reason: str = ""


_NOTHING = BandPower(nan, nan, nan, nan, nan, nan, 0, "no two unbroken stretches of 2 min")


@dataclass(frozen=True, slots=True, eq=False)
class BandPowers:
    """Power of NN intervals by band, of many windows: arrays of shape (w,).

    Parameters
    ----------
    vlf, lf, hf, rsa : ndarray of float64
        As in `BandPower`; NaN where there is no spectrum. [ms²]
    total : ndarray of float64
        From the lower end of VLF to the upper end of HF. [ms²]
    peak_lf_hz, peak_hf_hz : ndarray of float64
        The highest bin of a band, bins being 1/120 Hz apart. [Hz]
    top_hz, whole_hz : ndarray of float64
        Where HF ended, and up to where it is whole, as in `BandPower`. [Hz]
    segments : ndarray of int64
        Spectra that were averaged.
    """

    vlf: NDArray[np.float64]
    lf: NDArray[np.float64]
    hf: NDArray[np.float64]
    total: NDArray[np.float64]
    rsa: NDArray[np.float64]
    peak_lf_hz: NDArray[np.float64]
    peak_hf_hz: NDArray[np.float64]
    top_hz: NDArray[np.float64]
    whole_hz: NDArray[np.float64]
    segments: NDArray[np.int64]


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

    Raises
    ------
    ValueError
        If an interval is infinite, zero or negative, times do not rise, or they span over 31 days.

    Notes
    -----
    Each interval stands at its end. The series is resampled at 4 Hz by a monotone cubic (pchip),
    across at most two missing beats; Welch's mean of spectra of 120 s, Hann window, half
    overlapping, each freed of its straight line, of whole segments only; power is the sum over the
    bins of a band. So published bands are measured, and so what swings fast is flattened: of a sine
    of 0.2 cycles per beat 91 % of the power is left, of 0.26 80 %, of 0.32 65 %, of 0.44 35 %. HF
    is low by that much where an infant breathes fast (`whole_hz`); the band of its own breathing
    is measured from the beats instead, each standing for its time.

    References
    ----------
    .. [1] O. M. Doyle et al., "Heart rate variability during sleep in healthy term newborns in the
       early postnatal period", Physiol. Meas., vol. 30, pp. 847-860, 2009,
       :doi:`10.1088/0967-3334/30/8/009`.
    """
    accepted, start = intervals_in(nn, "ms"), values_in(times, "times")
    if len(start) != len(accepted) or not _rising(start, accepted):
        msg = f"each of {len(accepted)} accepted intervals has its start, rising, and none is NaN"
        raise ValueError(msg)
    if len(accepted) == 0:
        return _NOTHING
    if start[-1] - start[0] > LONGEST_S:
        days = (start[-1] - start[0]) / DAY_S
        msg = f"a spectrum of {days:.0f} days is of {LONGEST_S / DAY_S:g} at most: cut it in parts"
        raise ValueError(msg)
    starts, rows = start.reshape(1, -1), accepted.reshape(1, -1)
    breathing = np.full((1, 2), np.nan)
    if breathing_hz is not None:
        breathing[0] = breathing_hz
    found = band_powers(starts, rows, np.median(rows, axis=1), rows.mean(axis=1), breathing, bands)
    if found.segments[0] < SEGMENTS:
        return _NOTHING
    return BandPower(
        float(found.vlf[0]),
        float(found.lf[0]),
        float(found.hf[0]),
        float(found.rsa[0]),
        float(found.top_hz[0]),
        float(found.whole_hz[0]),
        int(found.segments[0]),
    )


def _rising(start: NDArray[np.float64], accepted: NDArray[np.float64]) -> bool:
    whole = np.isfinite(start).all() and np.isfinite(accepted).all()
    return bool(whole and np.all(start[1:] > start[:-1]))


def band_powers(
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    median_nn: NDArray[np.float64],
    mean_nn: NDArray[np.float64],
    breathing_hz: NDArray[np.float64],
    bands: Bands = BANDS,
) -> BandPowers:
    """Return the power by frequency band of many windows at once, as `measure_band_power` does.

    Parameters
    ----------
    starts, rows : ndarray of float64, shape (w, wide)
        Start of each interval [s] and the intervals [ms], NaN at breaks and behind the end.
    median_nn, mean_nn : ndarray of float64, shape (w,)
        Of each row. [ms]
    breathing_hz : ndarray of float64, shape (w, 2)
        Slow and fast end of the infant's breathing; NaN where it is not known. [Hz]
    bands : Bands
        The other bands.
    """
    top = np.minimum(bands.hf[1], 0.5 * 1000.0 / mean_nn)
    even = _resampled(starts, rows, median_nn)
    density, segments = _densities(even)
    # The sum over all bins below each, so that a band is one difference.
    sums = np.zeros((len(rows), SIZE // 2 + 2))
    np.cumsum(density, axis=1, out=sums[:, 1:])
    low, high = breathing_hz.T
    shown = (low < high) & ((low + high) / 2.0 <= top)
    vlf, lf = _power(sums, *bands.vlf), _power(sums, *bands.lf)
    hf = _power(sums, bands.hf[0], top)
    rsa = _direct(
        starts, rows, even, np.where(shown, low, 0.0), np.where(shown, np.minimum(high, top), 0.0)
    )
    known = segments >= SEGMENTS
    return BandPowers(
        vlf=np.where(known, vlf, nan),
        lf=np.where(known, lf, nan),
        hf=np.where(known, hf, nan),
        total=np.where(known, _power(sums, bands.vlf[0], top), nan),
        rsa=np.where(known & shown, rsa, nan),
        peak_lf_hz=np.where(known, _peak(density, *bands.lf), nan),
        peak_hf_hz=np.where(known, _peak(density, bands.hf[0], top), nan),
        top_hz=np.where(known, top, nan),
        whole_hz=np.where(known, WHOLE_PER_BEAT * 1000.0 / mean_nn, nan),
        segments=segments,
    )


def _resampled(
    starts: NDArray[np.float64], rows: NDArray[np.float64], median_nn: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the intervals at 4 Hz from the first to the last beat; NaN where beats are missing."""
    from joey.features import spectrum_kernels  # noqa: PLC0415 - numba is slow to import

    if starts.size == 0:
        return np.empty((len(rows), 0))
    longest = float(np.max(np.nanmax(starts, axis=1) - starts[:, 0]))
    even = np.empty((len(rows), int((longest + np.nanmax(rows) / 1000.0) * RESAMPLE_HZ) + 1))
    widest = (BRIDGE_BEATS + 0.5) * median_nn / 1000.0
    spectrum_kernels.resample(starts, rows, 1.0 / RESAMPLE_HZ, widest, even)
    return even


def _direct(
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    even: NDArray[np.float64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return the power of a band of each row from the beats themselves; 0 of none. [ms²]"""
    from joey.features import spectrum_kernels  # noqa: PLC0415 - numba is slow to import

    bins, power = np.column_stack((_bin(low), _bin(high))), np.zeros(len(rows))
    if np.any(bins[:, 1] > bins[:, 0]):
        spectrum_kernels.sum_bins(
            starts, rows, even, 1.0 / RESAMPLE_HZ, SIZE, SIZE // 2, bins, power
        )
    return power


def _densities(even: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the mean one-sided power density of each row's whole segments, and their number.

    Parameters
    ----------
    even : ndarray of float64, shape (w, long)
        Values at 4 Hz; NaN where unknown. [ms]

    Returns
    -------
    density : ndarray of float64, shape (w, 241)
        Zero without a whole segment. [ms²/Hz]
    segments : ndarray of int64, shape (w,)
    """
    from joey.features import spectrum_kernels  # noqa: PLC0415 - numba is slow to import

    most = max((even.shape[1] - SIZE) // (SIZE // 2) + 1, 0) * len(even)
    window = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(SIZE) / SIZE)
    parts, owners = np.empty((most, SIZE)), np.empty(most, dtype=np.int64)
    whole = spectrum_kernels.taper(even, SIZE // 2, window, parts, owners)
    lines = np.fft.rfft(parts[:whole], axis=1)
    density = np.zeros((len(even), SIZE // 2 + 1))
    spectrum_kernels.gather(lines, owners[:whole], density)
    segments = np.bincount(owners[:whole], minlength=len(even))
    density *= 2.0 / (RESAMPLE_HZ * float(window @ window)) / np.maximum(segments, 1)[:, None]
    return density, segments


def _bin(hz: float | NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the first bin at or above a frequency."""
    return np.ceil(np.asarray(hz) * SEGMENT_S - 1e-9).astype(np.int64)


def _power(
    sums: NDArray[np.float64],
    low: float | NDArray[np.float64],
    high: float | NDArray[np.float64],
) -> NDArray[np.float64]:
    rows = np.arange(len(sums))
    first, last = (np.minimum(_bin(hz), sums.shape[1] - 1) for hz in (low, high))
    return np.asarray(sums[rows, np.maximum(last, first)] - sums[rows, first]) / SEGMENT_S


def _peak(
    density: NDArray[np.float64], low: float, high: float | NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the frequency of the highest bin of a band; NaN of an empty band. [Hz]"""
    bins = np.arange(density.shape[1])
    inside = (bins >= _bin(low)) & (bins < np.reshape(_bin(high), (-1, 1)))
    highest = np.argmax(np.where(inside, density, -1.0), axis=1)
    return np.where(inside.any(axis=1), highest / SEGMENT_S, nan)
