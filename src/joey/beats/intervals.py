"""RR and NN intervals: from beats to the series that heart-rate variability is measured on.

Raw intervals (`rr`) feed heart rate and events; cleaned ones (`nn`) feed variability only. Cleaning
marks what cannot be a sinus interval and never makes up a beat. Nothing here knows how a beat was
found.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from joey.beats.types import BeatFlag
from joey.signals import Channel, Series, runs_of
from joey.spans import Spans, subtract
from joey.streams import GAP_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats.types import Beats

__all__ = [
    "Cleaning",
    "Intervals",
    "clean_intervals",
    "heart_rate_series",
    "intervals_from_rr",
    "nn_between",
    "nn_intervals",
    "rr_intervals",
    "timing_noise_ms",
    "with_breaks",
]

FEW = 16  # one of so many values and fewer: their medians are found one by one
TOUCH_MS = 1.0  # ms, far below any interval, far above the rounding of a time in seconds UTC
PAUSE_S = 4.0  # s, longer than any interval of a beating heart's 30 beats/min and more
MAD_TO_SD = 1.4826  # of a Gaussian
# Interpolated R waves of simulated preterm ECG whose peak is 20 times the SD of its noise have an
# error of SD 0.34 to 0.37 ms at 200 to 1000 Hz: the noise makes it, not the sampling step. At 50
# times it is 0.14 to 0.15 ms. The larger is taken, as a step: sqrt(12) times 0.375 ms.
TIMING_MS = 1.5
TIMING_SAMPLES = 0.25  # below 200 Hz the step is coarse for the R wave, and the error grows with it


@dataclass(frozen=True, slots=True, eq=False)
class Intervals:
    """RR intervals with their cleaned twins.

    Parameters
    ----------
    channel : Channel
        Where the beats were found.
    times : ndarray of float64, shape (n,)
        Start of each interval: the time of its first beat. [s]
    rr : ndarray of float64, shape (n,)
        Interval to the next beat of the same searched span: none crosses a gap. [ms]
    nn : ndarray of float64, shape (n,)
        The cleaned interval, NaN where rejected; feeds variability only, never events. Where an
        extra beat was taken out, the first of the two holds their sum and the second is NaN. [ms]
    corrected : ndarray of bool, shape (n,)
        Whether cleaning changed or rejected it.
    searched : Spans
        Where beats would have been found and made an interval.
    resolution_ms : float
        Timing noise of one beat: the sampling step where times are not interpolated, else
        sqrt(12) times the standard deviation of a beat's time; NaN where unknown. [ms]
    """

    channel: Channel
    times: NDArray[np.float64]
    rr: NDArray[np.float64]
    nn: NDArray[np.float64]
    corrected: NDArray[np.bool_]
    searched: Spans
    resolution_ms: float


@dataclass(frozen=True, slots=True)
class Cleaning:
    """The rules of NN cleaning: Joey's own, made to keep true decelerations.

    An adult filter that rejects every interval 20 % off its neighbors would delete the very
    decelerations in which a preterm infant's variability, and its answer to a hold, lies.

    Parameters
    ----------
    shortest_ms, longest_ms : float
        Limits of an NN interval: 300 beats/min, and a pause. [ms]
    median_beats : int
        Beats around an interval that its local median and MAD rest on.
    near : float
        How close to one or two local medians an interval is taken to be one, as a share.
    mads, floor_ms : float
        An outlier is further from the local median than `mads` x 1.4826 x MAD and `floor_ms`; on a
        4 ms grid the MAD of clean preterm beats is often zero. [1; ms]
    cap : float
        But never further than this share of the local median: a burst of noise raises the MAD that
        should tell it.
    run_beats : int
        A change over this many beats is the heart's: a monotone run, or a sustained one.
    largest_step : float
        In a monotone run no single step is more than this share of the whole way: a lone jump
        between ordinary beats is no run.
    ragged_beats, ragged : int, float
        Where the median step of this many beats exceeds this share of the local median, all is
        rejected: noise, or no sinus rhythm. A deceleration of ten beats does not reach it.
    smooth_step : float
        Beats of a sustained fast run differ from one to the next by at most this share: noise
        makes short intervals too, but ragged ones.

    References
    ----------
    .. [1] D. Kommers et al., "Features of heart rate variability capture regulatory changes during
       kangaroo care in preterm infants", J. Pediatr., vol. 182, pp. 92-98, 2017.
    """

    shortest_ms: float = 200.0
    longest_ms: float = 1500.0
    median_beats: int = 51
    near: float = 0.10
    mads: float = 5.0
    floor_ms: float = 25.0
    cap: float = 0.3
    run_beats: int = 3
    largest_step: float = 0.8
    ragged_beats: int = 21
    ragged: float = 0.15
    smooth_step: float = 0.25


DEFAULT = Cleaning()


def timing_noise_ms(fs: float) -> float:
    """Return the timing noise of beats that `detect_beats` finds in an ECG, as `Intervals` has it.

    Parameters
    ----------
    fs : float
        Sampling frequency of the ECG. [Hz]

    Returns
    -------
    float
        An upper bound for an ECG whose peak is at least 20 times the SD of its noise. [ms]
    """
    return max(TIMING_MS, TIMING_SAMPLES * 1000.0 / fs)


def rr_intervals(beats: Beats, *, resolution_ms: float) -> Intervals:
    """Return the raw intervals between beats of the same searched span, not cleaned.

    Beats more than 4 s apart make no interval: whether the heart or the trace paused cannot be told
    from one lead.

    Parameters
    ----------
    beats : Beats
        Beats and the spans that were searched for them.
    resolution_ms : float
        Timing noise of one beat, see `Intervals`. [ms]

    Returns
    -------
    Intervals
        `nn` equals `rr`, nothing is marked. Across the edge of a searched span lies no interval.
        `searched` is that of the beats without the time between beats too far apart.
    """
    first, searched = _pairs(beats)
    rr = (beats.times[first + 1] - beats.times[first]) * 1000.0
    plain = np.zeros(len(rr), dtype=np.bool_)
    return Intervals(
        beats.channel, beats.times[first], rr, rr.copy(), plain, searched, resolution_ms
    )


def nn_intervals(beats: Beats, *, resolution_ms: float, rules: Cleaning = DEFAULT) -> Intervals:
    """Return the intervals between beats, with those that are no sinus intervals marked.

    In this order: two intervals that sum to one ordinary interval between ordinary ones are an
    extra beat, and merged; intervals beyond the limits, near twice the local median, or far from it
    are rejected - the last two unless they belong to a monotone or sustained change of rate, which
    is the heart's own. Last, an interval that begins or ends with a beat whose shape is flagged
    (`mark_shapes`) is rejected: it is ectopic, aberrant or no beat. No beat is made up.

    Parameters
    ----------
    beats : Beats
        Beats and the spans that were searched for them.
    resolution_ms : float
        Timing noise of one beat, see `Intervals`. [ms]
    rules : Cleaning
        The thresholds.

    Returns
    -------
    Intervals
        With `rr` untouched.
    """
    cleaned = clean_intervals(rr_intervals(beats, resolution_ms=resolution_ms), rules)
    odd = (beats.flags & (BeatFlag.ODD_SHAPE | BeatFlag.EARLY_WIDE)) > 0
    if not np.any(odd):
        return cleaned
    # The end of an interval that holds the sum of two is that of the second.
    ends = np.searchsorted(beats.times, cleaned.times + (cleaned.nn - TOUCH_MS) / 1000.0)
    by_odd = odd[np.searchsorted(beats.times, cleaned.times)]
    by_odd |= odd[np.minimum(ends, len(odd) - 1)]
    by_odd &= np.isfinite(cleaned.nn)
    nn = np.where(by_odd, np.nan, cleaned.nn)
    return replace(cleaned, nn=nn, corrected=cleaned.corrected | by_odd)


def clean_intervals(raw: Intervals, rules: Cleaning = DEFAULT) -> Intervals:
    """Return intervals cleaned by the rules of `nn_intervals`."""
    median = _local_median(raw.times, raw.rr, raw.rr, rules.median_beats)
    nn, corrected = raw.rr.copy(), np.zeros(len(raw.rr), dtype=np.bool_)

    extra = np.flatnonzero(_extra_beats(raw, median, rules))
    nn[extra] += nn[extra + 1]
    nn[extra + 1] = np.nan
    corrected[extra] = corrected[extra + 1] = True

    # From here on in the sequence without the extra beats.
    kept = np.flatnonzero(np.isfinite(nn))
    x, middle, apart = nn[kept], median[kept], _apart(raw.times[kept], nn[kept])
    away = np.abs(raw.rr - median)
    missed = np.abs(x / (2.0 * middle) - 1.0) <= rules.near
    far = np.abs(x - middle) > rules.floor_ms
    near = np.flatnonzero(far)  # the spread is asked for only where it can acquit
    spread = _local_median(raw.times, raw.rr, away, rules.median_beats, kept[near])
    reach = np.minimum(rules.mads * MAD_TO_SD * spread, rules.cap * middle[near])
    far[near] = np.abs(x - middle)[near] > reach
    odd = missed | far
    if np.any(odd):
        odd &= ~(_monotone(x, apart, rules) | _sustained(x, middle, odd, apart, rules))
    # A stretch of mostly wild steps is no rhythm: there the exemption of runs keeps nothing.
    steps = np.abs(np.diff(x, prepend=x[:1]))
    wild = np.zeros(len(x), dtype=np.bool_)
    if (asked := _beside(steps > rules.ragged * np.min(middle, initial=np.inf), rules)).size:
        around = _local_median(raw.times[kept], x, steps, rules.ragged_beats, asked)
        wild[asked] = around > rules.ragged * middle[asked]
    rejected = odd | wild | (x < rules.shortest_ms) | (x > rules.longest_ms)
    nn[kept[rejected]] = np.nan
    corrected[kept[rejected]] = True
    return replace(raw, nn=nn, corrected=corrected)


def intervals_from_rr(
    rr_ms: NDArray[np.float64], start: float = 0.0, *, resolution_ms: float = float("nan")
) -> Intervals:
    """Return intervals that follow each other without a gap, for those who have only RR.

    Parameters
    ----------
    rr_ms : ndarray of float64, shape (n,)
        RR intervals, finite and positive. [ms]
    start : float
        Time of the first beat. [s]
    resolution_ms : float
        Timing noise of one beat, see `Intervals`; NaN where unknown. [ms]

    Raises
    ------
    ValueError
        If an interval is not a positive number: how long a gap lasts is not known without times.

    Examples
    --------
    >>> rr = np.array([400.0, 404.0, 396.0, 806.0, 400.0, 402.0, 398.0, 400.0])
    >>> clean_intervals(intervals_from_rr(rr)).corrected.nonzero()[0]
    array([3])
    """
    rr = np.asarray(rr_ms, dtype=np.float64)
    if rr.ndim != 1 or not np.all(np.isfinite(rr) & (rr > 0)):
        msg = "rr_ms holds one positive number per interval; where there are gaps, use beats"
        raise ValueError(msg)
    edges = start + np.concatenate(([0.0], np.cumsum(rr) / 1000.0))
    searched = Spans.of([(start, float(edges[-1]))])
    plain = np.zeros(len(rr), dtype=np.bool_)
    channel = Channel("beats", "ms", source="rr")
    return Intervals(channel, edges[:-1], rr, rr.copy(), plain, searched, resolution_ms)


def heart_rate_series(intervals: Intervals) -> Series:
    """Return the instantaneous heart rate 60000 / RR, each value standing for its interval. [1/min]

    The raw intervals are used: a missed beat shows as half the rate. Nothing stands in a gap.
    """
    channel = replace(intervals.channel, quantity="heart_rate", unit="/min", averaging_s=0.0)
    return Series(channel, intervals.times, 60000.0 / intervals.rr, intervals.rr / 1000.0)


def nn_between(intervals: Intervals, start: float, end: float) -> NDArray[np.float64]:
    """Return the accepted NN intervals that lie in [start, end), with a NaN at every break. [ms]"""
    lo, hi = np.searchsorted(intervals.times, (start, end))
    nn, times = intervals.nn[lo:hi], intervals.times[lo:hi]
    inside = np.isfinite(nn) & (times + nn / 1000.0 <= end + TOUCH_MS / 1000.0)
    return with_breaks(times[inside], nn[inside])


def with_breaks(times: NDArray[np.float64], nn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return intervals with a NaN at every break: what follows it is not the next interval.

    A break is where an interval was rejected or time is missing. No difference may cross it.

    Parameters
    ----------
    times : ndarray of float64, shape (n,)
        Start of each accepted interval, increasing. [s]
    nn : ndarray of float64, shape (n,)
        The intervals. [ms]
    """
    return np.insert(nn, np.flatnonzero(_apart(times, nn)) + 1, np.nan)


def _pairs(beats: Beats) -> tuple[NDArray[np.int64], Spans]:
    """Return the index of each beat whose next is of the same span and near, and what is left."""
    bounds, times = beats.searched.bounds, beats.times
    if len(bounds) == 0 or len(times) < 2:
        return np.empty(0, dtype=np.int64), beats.searched
    at = np.searchsorted(bounds[:, 0], times, side="right") - 1
    inside = (at >= 0) & (times < bounds[np.maximum(at, 0), 1])
    joined = inside[:-1] & inside[1:] & (at[:-1] == at[1:])
    near = np.diff(times) <= PAUSE_S
    silent = np.flatnonzero(joined & ~near)
    lost = Spans.of(np.column_stack((times[silent], times[silent + 1])))
    return np.flatnonzero(joined & near), subtract(beats.searched, lost)


def _apart(times: NDArray[np.float64], lengths: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether interval k + 1 starts later than interval k ends."""
    return np.asarray(np.diff(times) * 1000.0 - lengths[:-1] > TOUCH_MS, dtype=np.bool_)


def _local_median(
    times: NDArray[np.float64],
    lengths: NDArray[np.float64],
    values: NDArray[np.float64],
    beats: int,
    at: NDArray[np.int64] | None = None,
) -> NDArray[np.float64]:
    """Return the running median of values, or of those asked for; no gap over 10 s is crossed."""
    from scipy.ndimage import median_filter  # noqa: PLC0415 - slow to import

    breaks = np.flatnonzero(np.diff(times) - lengths[:-1] / 1000.0 > GAP_S) + 1
    edges = np.array([0, *breaks.tolist(), len(values)])
    if at is not None and len(at) * FEW < len(values) and np.min(np.diff(edges)) >= beats:
        stretch = np.searchsorted(edges, at, side="right")[:, None]
        lo, hi = edges[stretch - 1], edges[stretch]
        place = at[:, None] + np.arange(-(beats // 2), beats - beats // 2)
        place = np.where(place < lo, 2 * lo - 1 - place, place)  # mirrored at the edges
        place = np.where(place >= hi, 2 * hi - 1 - place, place)
        middle = beats // 2
        ordered = np.partition(values[place], middle, axis=1)[:, middle]
        return np.asarray(ordered, dtype=np.float64)
    out = np.empty(len(values))
    for lo, hi in pairwise(edges.tolist()):
        if hi > lo:
            out[lo:hi] = median_filter(values[lo:hi], size=beats, mode="reflect")
    return out if at is None else out[at]


def _beside(large: NDArray[np.bool_], rules: Cleaning) -> NDArray[np.int64]:
    """Return where there is a large step among those whose median is taken."""
    half = rules.ragged_beats // 2
    number = np.concatenate(([0], np.cumsum(large)))
    k = np.arange(len(large))
    around = number[np.minimum(k + half + 1, len(large))] - number[np.maximum(k - half, 0)]
    return np.flatnonzero(around)


def _extra_beats(raw: Intervals, median: NDArray[np.float64], rules: Cleaning) -> NDArray[np.bool_]:
    """Whether the beat between intervals k and k + 1 is one too many."""
    x, out = raw.rr, np.zeros(len(raw.rr), dtype=np.bool_)
    if len(x) < 2:
        return out
    pair = np.abs((x[:-1] + x[1:]) / median[:-1] - 1.0) <= rules.near
    pair &= ~_apart(raw.times, x)
    # A heart that doubles its rate makes many such pairs; an extra beat stands alone.
    ordinary = np.concatenate(([True], x > 0.75 * median, [True]))
    pair &= ordinary[:-3] & ordinary[3:]
    pair[1:] &= ~pair[:-1]
    out[:-1] = pair
    return out


def _monotone(
    x: NDArray[np.float64], apart: NDArray[np.bool_], rules: Cleaning
) -> NDArray[np.bool_]:
    """Whether each interval is part of a gradual change in one direction."""
    if len(x) < rules.run_beats:
        return np.zeros(len(x), dtype=np.bool_)
    out = np.zeros(len(x) + 1, dtype=np.int64)
    steps = np.diff(x)
    way = np.sign(steps)
    # A plateau goes on in the direction before it: on a 4 ms grid a ramp has equal neighbors.
    last = np.maximum.accumulate(np.where(way != 0, np.arange(len(way)), 0))
    way = np.where(apart, 0.0, way[last])
    turns = np.flatnonzero(np.concatenate(([True], (way[1:] != way[:-1]) | apart[1:] | apart[:-1])))
    sizes = np.abs(steps)
    largest = np.maximum.reduceat(sizes, turns)
    whole = np.add.reduceat(sizes, turns)
    stops = np.append(turns[1:], len(steps))
    gradual = (stops - turns + 1 >= rules.run_beats) & (largest <= rules.largest_step * whole)
    gradual &= way[turns] != 0
    np.add.at(out, turns[gradual], 1)
    np.add.at(out, stops[gradual] + 1, -1)
    return np.asarray(np.cumsum(out[:-1]) > 0, dtype=np.bool_)


def _sustained(
    x: NDArray[np.float64],
    middle: NDArray[np.float64],
    odd: NDArray[np.bool_],
    apart: NDArray[np.bool_],
    rules: Cleaning,
) -> NDArray[np.bool_]:
    """Whether each odd interval has odd neighbors on its side of the median, enough for a run."""
    out = np.zeros(len(x), dtype=np.bool_)
    ragged = np.abs(np.diff(x)) > rules.smooth_step * np.minimum(x[:-1], x[1:])
    for slow in (True, False):
        member = odd & ((x > middle) == slow)
        divided = apart if slow else apart | ragged
        for lo, hi in runs_of(member):
            inner = np.flatnonzero(divided[lo : hi - 1]) + lo + 1
            edges = [lo, *inner.tolist(), hi]
            for a, b in pairwise(edges):
                if b - a >= rules.run_beats:
                    out[a:b] = True
    return out
