"""The full set of heart-rate variability, window by window over days.

Every number of every window comes from here: those of a phase (`joey.features.hrv`) are means of
them. A window that misses the minimum-data rules has no values, but its coverage and a reason.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np

from joey.features.breathing import breath_intervals, breathing_band
from joey.features.capacity import capacities
from joey.features.decelerations import decelerations_of
from joey.features.entropy import FEWEST, NEARLY
from joey.features.matching import windows_matches
from joey.features.material import HrvRules, Material
from joey.features.scaling import alpha1_of
from joey.features.spectrum import band_powers
from joey.features.variability import Ranks, ranks_of, rmssd_floor, spread_of
from joey.spans import Spans, contains, intersect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from joey.beats import Intervals
    from joey.breaths import Breaths

__all__ = [
    "HrvWindows",
    "LaidOut",
    "lay_out",
    "measure_windows",
    "whole_windows",
    "windows_at",
    "windows_within",
]

MIN_BREATHS = 30  # in a window, for centiles of its breathing rate
PNN_MS = (5.0, 10.0, 20.0, 50.0)  # ms; beyond 50 ms is nearly nothing at neonatal rates
TOUCH_S = 0.001  # s, far below any interval, far above the rounding of a time in seconds UTC
AT_ONCE = 72  # windows, six hours: what is laid out stays in the cache, however long the recording
MOST_WINDOWS = 4 * 10**6  # three years, one each 30 s: two gigabytes of HRV
_ALWAYS = ("start", "end", "n", "accepted_s", "coverage", "corrected", "usable")


@dataclass(frozen=True, slots=True, eq=False)
class HrvWindows:
    """Heart-rate variability of windows: arrays of shape (w,), one value per window.

    Every value is NaN where the window is not usable, and where it cannot be formed. Differences
    of successive intervals, templates and boxes never cross a break.

    Parameters
    ----------
    start, end : ndarray of float64
        Of each window, half-open. [s]
    n : ndarray of int64
        Accepted intervals.
    accepted_s : ndarray of float64
        Time they fill. [s]
    coverage, corrected : ndarray of float64
        Share of the window's time that accepted intervals fill, and share of intervals that
        cleaning changed or rejected, 0 to 1.
    usable : ndarray of bool
        Whether the minimum-data rules are met.
    rmssd_floor : ndarray of float64
        What timing noise alone gives to RMSSD, see `rmssd_floor`; NaN where it is not known. [ms]
    mean_nn, median_nn, min_nn, max_nn : ndarray of float64
        Level and limits of NN. [ms]
    heart_rate : ndarray of float64
        60000 / mean NN. [1/min]
    sdnn, mad_nn, iqr_nn : ndarray of float64
        Standard deviation (n - 1), median absolute distance from the median (not scaled),
        interquartile range. [ms]
    cvnn : ndarray of float64
        SDNN / mean NN. [1]
    skewness, kurtosis : ndarray of float64
        From moments over n; a Gaussian has kurtosis 0. [1]
    rmssd, sdsd : ndarray of float64
        Root mean square and standard deviation (n - 1) of successive differences. [ms]
    cvsd : ndarray of float64
        RMSSD / mean NN. [1]
    nn5, nn10, nn20, nn50 : ndarray of float64
        Successive differences above 5, 10, 20, 50 ms. [1]
    pnn5, pnn10, pnn20, pnn50 : ndarray of float64
        Their share of the differences. [%]
    sd1, sd2 : ndarray of float64
        Spread of the Poincaré plot across and along its diagonal. [ms]
    sd_ratio : ndarray of float64
        SD1 / SD2. [1]
    ellipse : ndarray of float64
        Area of the plot's ellipse, pi SD1 SD2. [ms²]
    csi, cvi : ndarray of float64
        SD2 / SD1, and log10(16 SD1 SD2) with both in ms, after [1]_: indices, no proof of
        sympathetic or vagal activity. [1]
    r1, r2, asymmetry : ndarray of float64
        Sample asymmetry, see `measure_asymmetry`. [ms², ms², 1]
    dec_share, dec_sd : ndarray of float64
        Share of decelerating intervals and the spread of how far they lie above the median, by
        Joey's definition, see `decelerations_of`. [%; ms]
    dc, ac : ndarray of float64
        Deceleration and acceleration capacity by the rules (T = 3). [ms]
    dc_t1, ac_t1 : ndarray of float64
        The same with the adult T = 1. [ms]
    alpha1 : ndarray of float64
        Short-term scaling exponent, see `measure_alpha1`. [1]
    sampen_m2, sampen_m3 : ndarray of float64
        Sample entropies, see `measure_sample_entropy`, of ticks of 0.001 ms: the times of beats
        have no finer digits. [nat]
    tolerance_ms : ndarray of float64
        Their tolerance r. [ms]
    vlf, lf, hf, total, rsa : ndarray of float64
        Power by frequency band, see `measure_band_power`; total is that from the lower end of VLF
        to the upper end of HF. [ms²]
    lf_hf : ndarray of float64
        LF / HF: no balance of anything in a neonate, whose breathing lies elsewhere than an
        adult's. [1]
    lf_nu, hf_nu : ndarray of float64
        LF and HF as shares of their sum. [%]
    peak_lf_hz, peak_hf_hz : ndarray of float64
        Where a band's power is highest, in steps of 1/120 Hz. [Hz]
    top_hz : ndarray of float64
        Where HF ended: 2 Hz or half the heart rate. [Hz]
    whole_hz : ndarray of float64
        Where HF (and total) begin to lose over a fifth of what swings, by interpolation; `rsa`
        loses nothing. [Hz]
    reasons : tuple of str
        Why a window is not usable; empty where it is.

    References
    ----------
    .. [1] M. Toichi et al., "A new method of assessing cardiac autonomic function and its
       comparison with spectral analysis and coefficient of variation of R-R interval",
       J. Auton. Nerv. Syst., vol. 62, pp. 79-84, 1997, :doi:`10.1016/S0165-1838(96)00112-9`.
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    n: NDArray[np.int64]
    accepted_s: NDArray[np.float64]
    coverage: NDArray[np.float64]
    corrected: NDArray[np.float64]
    usable: NDArray[np.bool_]
    rmssd_floor: NDArray[np.float64]
    mean_nn: NDArray[np.float64]
    median_nn: NDArray[np.float64]
    min_nn: NDArray[np.float64]
    max_nn: NDArray[np.float64]
    heart_rate: NDArray[np.float64]
    sdnn: NDArray[np.float64]
    mad_nn: NDArray[np.float64]
    iqr_nn: NDArray[np.float64]
    cvnn: NDArray[np.float64]
    skewness: NDArray[np.float64]
    kurtosis: NDArray[np.float64]
    rmssd: NDArray[np.float64]
    sdsd: NDArray[np.float64]
    cvsd: NDArray[np.float64]
    nn5: NDArray[np.float64]
    nn10: NDArray[np.float64]
    nn20: NDArray[np.float64]
    nn50: NDArray[np.float64]
    pnn5: NDArray[np.float64]
    pnn10: NDArray[np.float64]
    pnn20: NDArray[np.float64]
    pnn50: NDArray[np.float64]
    sd1: NDArray[np.float64]
    sd2: NDArray[np.float64]
    sd_ratio: NDArray[np.float64]
    ellipse: NDArray[np.float64]
    csi: NDArray[np.float64]
    cvi: NDArray[np.float64]
    r1: NDArray[np.float64]
    r2: NDArray[np.float64]
    asymmetry: NDArray[np.float64]
    dec_share: NDArray[np.float64]
    dec_sd: NDArray[np.float64]
    dc: NDArray[np.float64]
    ac: NDArray[np.float64]
    dc_t1: NDArray[np.float64]
    ac_t1: NDArray[np.float64]
    alpha1: NDArray[np.float64]
    sampen_m2: NDArray[np.float64]
    sampen_m3: NDArray[np.float64]
    tolerance_ms: NDArray[np.float64]
    vlf: NDArray[np.float64]
    lf: NDArray[np.float64]
    hf: NDArray[np.float64]
    total: NDArray[np.float64]
    rsa: NDArray[np.float64]
    lf_hf: NDArray[np.float64]
    lf_nu: NDArray[np.float64]
    hf_nu: NDArray[np.float64]
    peak_lf_hz: NDArray[np.float64]
    peak_hf_hz: NDArray[np.float64]
    top_hz: NDArray[np.float64]
    whole_hz: NDArray[np.float64]
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        """Return how many windows there are."""
        return len(self.start)


def measure_windows(
    intervals: Intervals,
    *,
    within: Spans | None = None,
    step_s: float | None = None,
    rules: HrvRules | None = None,
    breaths: Breaths | None = None,
    distrusted: dict[str, Spans] | None = None,
) -> HrvWindows:
    """Return the heart-rate variability of every window of a recording.

    Parameters
    ----------
    intervals : Intervals
        Cleaned intervals between beats, see `joey.beats.nn_intervals`.
    within : Spans, optional
        Where windows lie: each span holds whole windows from its start on. Left out, one span from
        the first to the last searched time.
    step_s : float, optional
        From the start of a window to that of the next; left out, windows follow each other. [s]
    rules : HrvRules, optional
        Length of a window, what it needs, and how it is measured.
    breaths : Breaths, optional
        Breaths of the same infant: without them there is no `rsa`.
    distrusted : dict of str to Spans, optional
        By quantity (``ecg`` for the intervals of an ECG, ``resp`` for breaths): what to leave out.

    Returns
    -------
    HrvWindows
        In the order of time, of those that fit and hold searched time: in a gap longer than a
        window there are none, however long it is; beside a gap `coverage` tells.

    Raises
    ------
    ValueError
        If the step is not positive, a time is beyond what seconds can tell, or there are over four
        million windows.

    Examples
    --------
    >>> import numpy as np
    >>> from joey.beats import intervals_from_rr
    >>> found = measure_windows(intervals_from_rr(400.0 + 10.0 * np.sin(np.arange(2000) / 9)))
    >>> found.n, found.heart_rate.round(1), found.sdnn.round(2)
    (array([749, 749]), array([150., 150.]), array([7.07, 7.07]))
    """
    rules = HrvRules() if rules is None else rules
    if step_s is not None and not step_s > 0:
        msg = f"windows follow each other by a positive time, not {step_s} s"
        raise ValueError(msg)
    material = Material(intervals, breaths=breaths, distrusted=distrusted or {}, rules=rules)
    if within is None:
        bounds = intervals.searched.bounds
        within = Spans.of([(bounds[0, 0], bounds[-1, 1])] if len(bounds) else [])
    step = rules.window_s if step_s is None else step_s
    found = [
        (float(start) + k * step, float(start) + k * step + rules.window_s)
        for start, first, stop in windows_within(within, intervals.searched, rules.window_s, step)
        for k in range(first, stop)
    ]
    return windows_at(material, found)


def windows_within(
    spans: Spans, there: Spans, window_s: float, step_s: float
) -> list[tuple[float, int, int]]:
    """Return which of the whole windows of each span hold time of some other spans.

    Parameters
    ----------
    spans : Spans
        Where windows lie, from the start of each on. [s]
    there : Spans
        Of what a window must hold some. [s]
    window_s, step_s : float
        Length of a window, and from start to start. [s]

    Returns
    -------
    list of (float, int, int)
        Start of a span; half-open range of windows: number k begins k steps after the start.

    Raises
    ------
    ValueError
        If a time is beyond what seconds can tell, or there are over four million windows.
    """
    found = []
    for start, end in spans.bounds.tolist():
        if not np.spacing(max(abs(start), abs(end))) < TOUCH_S:
            msg = f"no second can be told in windows from {start:g} to {end:g} s: mend the times"
            raise ValueError(msg)
        fit = _count(start, end, window_s, step_s)
        rows = intersect(there, Spans.of([(start, end)])).bounds - start
        first = np.clip(np.floor((rows[:, 0] - window_s) / step_s) + 1, 0, fit)
        stop = np.clip(np.ceil(rows[:, 1] / step_s), 0, fit)
        kept = stop > first
        ranges = Spans.of(np.column_stack((first, stop))[kept]).bounds
        found += [(start, int(a), int(b)) for a, b in ranges]
    many = sum(b - a for _, a, b in found)
    if many > MOST_WINDOWS:
        msg = f"{many} windows are more than four million: take them part by part, or a longer step"
        raise ValueError(msg)
    return found


def whole_windows(
    spans: Spans, window_s: float, step_s: float | None = None
) -> Iterator[tuple[float, float]]:
    """Yield the windows that fit into each span, from its start on. [s]

    Parameters
    ----------
    spans : Spans
        Where windows lie.
    window_s : float
        Their length. [s]
    step_s : float, optional
        From start to start; left out, one after the other. [s]
    """
    step = window_s if step_s is None else step_s
    for start, end in spans.bounds:
        for k in range(_count(start, end, window_s, step)):
            yield float(start) + k * step, float(start) + k * step + window_s


def _count(start: float, end: float, window_s: float, step_s: float) -> int:
    # A hair's breadth, so that 3600 s written as a difference of two times holds twelve.
    return max(int((end - start - window_s) / step_s + 1 + 1e-6), 0)


def windows_at(material: Material, bounds: list[tuple[float, float]]) -> HrvWindows:
    """Return the variability of the ECG's intervals in windows, in the order they are given.

    Parameters
    ----------
    material : Material
        With intervals.
    bounds : list of (float, float)
        Start and end of each window. [s]

    Raises
    ------
    ValueError
        If the material has no intervals.
    """
    if material.intervals is None:
        msg = "variability needs intervals between beats"
        raise ValueError(msg)
    edges = np.array(bounds, dtype=np.float64).reshape(-1, 2)
    parts = [
        _measured(material, material.intervals, edges[k : k + AT_ONCE])
        for k in range(0, max(len(edges), 1), AT_ONCE)
    ]
    if len(parts) == 1:
        return parts[0]
    columns = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(HrvWindows)
        if each.name != "reasons"
    }
    return HrvWindows(**columns, reasons=tuple(r for part in parts for r in part.reasons))


def _measured(material: Material, intervals: Intervals, bounds: NDArray[np.float64]) -> HrvWindows:
    """Return windows that are few enough to be laid out side by side."""
    rules = material.rules
    laid = lay_out(material, intervals, bounds)
    columns: dict[str, NDArray[Any]] = {
        each.name: np.full(len(bounds), nan)
        for each in fields(HrvWindows)
        if each.name not in {"reasons", *_ALWAYS}
    }
    if np.any(laid.usable):
        breathing = _breathing(material, bounds[laid.usable])
        values = _values(rules, laid.starts, laid.rows, laid.lengths, breathing)
        for name, found in values.items():
            columns[name][laid.usable] = found
    columns["rmssd_floor"][laid.usable] = rmssd_floor(intervals.resolution_ms)
    always = (
        *(bounds[:, 0], bounds[:, 1], laid.n, laid.accepted_s),
        *(laid.coverage, laid.corrected, laid.usable),
    )
    columns |= dict(zip(_ALWAYS, always, strict=True))
    return HrvWindows(**columns, reasons=laid.reasons)


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """Windows side by side, and which of them may be measured.

    Parameters
    ----------
    n, accepted_s, coverage, corrected, usable, reasons
        As in `HrvWindows`, of every window.
    starts, rows : ndarray of float64, shape (usable windows, wide)
        Start of each interval [s] and the intervals [ms], NaN at breaks and behind the end.
    lengths : ndarray of int64, shape (usable windows,)
        How much of each row is its window's.
    """

    n: NDArray[np.int64]
    accepted_s: NDArray[np.float64]
    coverage: NDArray[np.float64]
    corrected: NDArray[np.float64]
    usable: NDArray[np.bool_]
    reasons: tuple[str, ...]
    starts: NDArray[np.float64]
    rows: NDArray[np.float64]
    lengths: NDArray[np.int64]


def lay_out(material: Material, intervals: Intervals, bounds: NDArray[np.float64]) -> LaidOut:
    """Return the intervals of windows that are few enough to be laid out side by side.

    Parameters
    ----------
    material : Material
        With rules, and what is distrusted.
    intervals : Intervals
        Between beats.
    bounds : ndarray of float64, shape (w, 2)
        Start and end of each window. [s]
    """
    rules = material.rules
    times, nn, corrected = _accepted(material, intervals, bounds)
    edges = np.searchsorted(times, bounds).astype(np.int64)
    counts = np.empty((3, len(bounds)), dtype=np.int64)
    seconds, ends = np.empty(len(bounds)), bounds[:, 1].copy()
    from joey.features import window_kernels  # noqa: PLC0415 - numba is slow to import

    window_kernels.tally(times, nn, corrected, edges, ends, TOUCH_S, counts, seconds)
    n, breaks, changed = counts
    coverage = seconds / (ends - bounds[:, 0])
    share = changed / np.maximum(edges[:, 1] - edges[:, 0], 1)
    usable = (n >= max(rules.min_beats, 1)) & (coverage >= rules.min_coverage)
    usable &= share <= rules.max_corrected
    lengths = (n + breaks)[usable]
    starts = np.empty((len(lengths), int(lengths.max(initial=0))))
    rows = np.empty_like(starts)
    if len(lengths):
        window_kernels.lay(times, nn, edges[usable], ends[usable], TOUCH_S, starts, rows)
    reasons = tuple(
        "" if usable[k] else _lacking(int(n[k]), float(coverage[k]), float(share[k]), rules)
        for k in range(len(bounds))
    )
    return LaidOut(n, seconds, coverage, share, usable, reasons, starts, rows, lengths)


def _accepted(
    material: Material, intervals: Intervals, bounds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return times [s], NN [ms; NaN where rejected or in distrusted time] and corrections."""
    reach = (bounds[:, 0].min(), bounds[:, 1].max()) if len(bounds) else (0.0, 0.0)
    lo, hi = np.searchsorted(intervals.times, reach)
    times, nn = intervals.times[lo:hi].copy(), intervals.nn[lo:hi].copy()
    doubted = material.doubted(intervals.channel.quantity)
    if len(doubted):
        ends = times + np.where(np.isfinite(nn), nn, intervals.rr[lo:hi]) / 1000.0
        nn = np.where(contains(doubted, times) | contains(doubted, ends), np.nan, nn)
    return times, nn, intervals.corrected[lo:hi].copy()


def _values(
    rules: HrvRules,
    starts: NDArray[np.float64],
    rows: NDArray[np.float64],
    lengths: NDArray[np.int64],
    breathing: NDArray[np.float64],
) -> dict[str, NDArray[Any]]:
    """Return the values of usable windows by the names of `HrvWindows`."""
    ranked = ranks_of(rows)
    found = spread_of(rows, ranked.ordered, PNN_MS)
    dec = decelerations_of(starts, ranked)
    prsa = {"scale": rules.scale, "reach": rules.reach}
    dc, ac = capacities(rows, lengths, anchor=rules.anchor, **prsa)
    dc_t1, ac_t1 = capacities(rows, lengths, anchor=1, **prsa)
    power = band_powers(starts, rows, found.median_nn, found.mean_nn, breathing)
    own = {each.name for each in fields(HrvWindows)}
    values = {
        each.name: getattr(group, each.name)
        for group in (found, power)
        for each in fields(group)
        if each.name in own and each.name != "n"
    }
    with np.errstate(divide="ignore", invalid="ignore"):
        for k, limit in enumerate(PNN_MS):
            values[f"nn{limit:g}"] = found.over[k]
            values[f"pnn{limit:g}"] = found.share_over[k]
        across, along = _known(found.sd1), _known(found.sd2)
        both = _known(power.lf + power.hf)
        return values | {
            "heart_rate": 60000.0 / found.mean_nn,
            "sd_ratio": found.sd1 / along,
            "ellipse": np.pi * found.sd1 * found.sd2,
            "csi": found.sd2 / across,
            "cvi": np.log10(16.0 * across * along),
            "dec_share": dec.share,
            "dec_sd": dec.spread,
            "dc": dc.value,
            "ac": ac.value,
            "dc_t1": dc_t1.value,
            "ac_t1": ac_t1.value,
            **_entropies(ranked, lengths, rules.entropy_r * found.sdnn),
            "alpha1": alpha1_of(rows, ranked.n, found.mean_nn),
            "lf_hf": power.lf / _known(power.hf),
            "lf_nu": 100.0 * power.lf / both,
            "hf_nu": 100.0 * power.hf / both,
        }


def _entropies(
    ranked: Ranks, lengths: NDArray[np.int64], tolerance_ms: NDArray[np.float64]
) -> dict[str, NDArray[Any]]:
    """Return the sample entropies, as `measure_sample_entropy` does: ranked and compared once."""
    counts = windows_matches(ranked, lengths, np.floor(tolerance_ms / ranked.tick_ms + NEARLY))
    values = np.full((2, len(lengths)), nan)
    for m, (a, b) in enumerate((counts[:2], counts[2:])):
        enough = a >= FEWEST
        values[m, enough] = np.log(b[enough] / a[enough])
    return {
        "sampen_m2": values[0],
        "sampen_m3": values[1],
        "tolerance_ms": tolerance_ms,
    }


def _breathing(material: Material, bounds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the band of the infant's own breathing in each window; NaN where unknown. [Hz]"""
    out = np.full((len(bounds), 2), nan)
    if material.breaths is None:
        return out
    for k, (start, end) in enumerate(bounds):
        own = breath_intervals(material.breaths, Spans.of([(start, end)]), material.doubted("resp"))
        if len(own) >= MIN_BREATHS:
            out[k] = breathing_band(own)
    return out


def _known(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values with NaN for zero: nothing is divided by it."""
    return np.where(values > 0, values, nan)


def _lacking(n: int, coverage: float, corrected: float, rules: HrvRules) -> str:
    if n < max(rules.min_beats, 1):
        return f"{n} accepted intervals, fewer than {max(rules.min_beats, 1)}"
    if coverage < rules.min_coverage:
        return f"accepted intervals fill {coverage:.0%}, less than {rules.min_coverage:.0%}"
    return f"{corrected:.1%} of the intervals corrected, more than {rules.max_corrected:.0%}"
