"""Whether ECG and pleth of one infant show the same beats: pulse by pulse, with the delay.

Two sensors fail for different reasons. Where each beat has its pulse, both are right; where they
part, one of them is not, and this says where and how - never which, and never why.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from joey.signals import runs_of
from joey.spans import EMPTY, Span, Spans, contains, intersect, union
from joey.streams import MARK_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats.types import Beats

__all__ = ["Agreement", "Disagreement", "compare_beats"]

LATEST_S = 1.5  # s, from beat to pulse: transit to the foot, and what the oximeter adds
BIN_S = 0.01  # s, of the histogram of delays
AS_GOOD = 0.95  # of the highest count: the shortest such delay is taken, for rhythms repeat
FEWEST = 20  # beats that a delay is learned from
COARSE_S, FINE_S = 0.08, 0.05  # s, a pulse is within this of the usual delay, then of the tracked
PART = 0.3  # and within this share of the interval
TRACKED = 31  # pulses that the tracked delay is the median of
RUN = 8  # beats in a row, of which half without partner are a disagreement
FEW, MORE = 0.2, 1.25  # times the other's count: hardly any, and more
SHORTEST_S = 3.0  # s, a shorter disagreement is not told


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A span in which beats and pulses part.

    Parameters
    ----------
    span : Span
        In the time of the ECG. [s]
    reason : str
        ``beats without pulses``, ``pulses without beats``, ``more pulses than beats``, ``more beats
        than pulses`` or ``pulses and beats at different times``.
    """

    span: Span
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Beats of an ECG with the pulses that follow them.

    Parameters
    ----------
    times : ndarray of float64, shape (n,)
        The beats where both signals were searched. [s]
    delays : ndarray of float64, shape (n,)
        From each beat to the steepest rise of its pulse; NaN where it has none. [s]
    share : float
        Share of these beats that have a pulse; NaN without beats.
    delay : float
        Median delay; NaN where no beat has a pulse. [s]
    searched : Spans
        Where both were searched and a delay could be learned.
    apart : tuple of Disagreement
        Spans of 3 s or more in which half of eight beats, or of eight pulses, have no partner.
    """

    times: NDArray[np.float64]
    delays: NDArray[np.float64]
    share: float
    delay: float
    searched: Spans
    apart: tuple[Disagreement, ...]


def compare_beats(ecg: Beats, pleth: Beats) -> Agreement:
    """Return which beats of an ECG have a pulse in the pleth, and where the two part.

    Parameters
    ----------
    ecg, pleth : Beats
        Of one infant, on one clock.

    Returns
    -------
    Agreement
        In each 10 min of UTC by itself: what is said there does not depend on the rest.

    Notes
    -----
    The usual delay is the shortest of the common differences from beat to pulse up to 1.5 s; it is
    tracked by the median of 31 pulses, for transit changes with pressure and posture. A pulse
    belongs to a beat when it comes within 50 ms of the tracked delay (and 0.3 intervals) and each
    is the other's nearest. A delay is transit plus what the oximeter's filters add: it is not a
    pulse transit time. With a regular rhythm and an oximeter later than an interval the delay may
    be short by one interval; the agreement is the same while the rate is.

    That two sensors confirm each other's beats is an idea of Q. Li, R. Mark and G. Clifford,
    Physiol. Meas., vol. 29, pp. 15-32, 2008, doi:10.1088/0967-3334/29/1/002, with an arterial line
    in the place of the pleth; the limits here are Joey's own.
    """
    both = intersect(ecg.searched, pleth.searched)
    times, pulses = ecg.times[contains(both, ecg.times)], pleth.times[contains(both, pleth.times)]
    delays, usual = np.full(len(times), np.nan), np.full(len(times), np.nan)
    taken = np.zeros(len(pulses), dtype=np.bool_)
    learned = EMPTY
    for lo, hi in _blocks(times):
        known = _track(times[lo:hi], pulses)
        if known is not None:
            delays[lo:hi], usual[lo:hi], own = known
            taken[own] = True
            mark = float(times[lo] // MARK_S) * MARK_S
            learned = union(learned, Spans.of([(mark, mark + MARK_S)]))
    searched = intersect(both, learned)
    counted, paired = contains(searched, times), np.isfinite(delays)
    if not np.any(counted):
        return Agreement(times, delays, float("nan"), float("nan"), searched, ())
    at = np.isfinite(usual)
    seen = pulses - np.interp(pulses, times[at], usual[at])  # when their beats should have been
    return Agreement(
        times,
        delays,
        float(np.mean(paired[counted])),
        float(np.median(delays[paired])) if np.any(paired) else float("nan"),
        searched,
        _apart(times, ~paired, seen, ~taken, searched),
    )


def _blocks(times: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return the index ranges of the times between marks."""
    edges = np.flatnonzero(np.diff(times // MARK_S, prepend=np.nan, append=np.nan) != 0)
    return list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))


def _track(
    times: NDArray[np.float64], pulses: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]] | None:
    """Return each beat's delay (NaN: none), the tracked one, and which pulses are theirs."""
    from scipy.ndimage import median_filter  # noqa: PLC0415 - slow to import

    first = _usual_delay(times, pulses)
    if first is None:
        return None
    off, mutual, _ = _nearest(times + first, pulses)
    near = mutual & (np.abs(off) <= COARSE_S)
    if np.count_nonzero(near) < FEWEST:
        return None
    tracked = median_filter(first + off[near], size=TRACKED, mode="nearest")
    usual = np.interp(times, times[near], tracked)
    off, mutual, pulse = _nearest(times + usual, pulses)
    gaps = np.diff(times)
    interval = np.minimum(np.append(gaps, np.inf), np.insert(gaps, 0, np.inf))
    good = mutual & (np.abs(off) <= np.minimum(FINE_S, PART * interval))
    return np.where(good, usual + off, np.nan), usual, pulse[good]


def _usual_delay(times: NDArray[np.float64], pulses: NDArray[np.float64]) -> float | None:
    lo, hi = np.searchsorted(pulses, (times, times + LATEST_S))
    parts = []
    for k in range(int(np.max(hi - lo, initial=0))):
        there = lo + k < hi
        parts.append(pulses[lo[there] + k] - times[there])
    after = np.concatenate(parts) if parts else np.empty(0)
    if len(after) < FEWEST:
        return None
    counts = np.bincount((after / BIN_S).astype(np.int64), minlength=round(LATEST_S / BIN_S))
    smooth = np.convolve(counts, np.ones(5), mode="same")
    top = int(np.flatnonzero(smooth >= AS_GOOD * smooth.max())[0])
    # The first to reach the height may stand on the flank: go on to the top beside it.
    while top + 1 < len(smooth) and smooth[top + 1] > smooth[top]:
        top += 1
    return (top + 0.5) * BIN_S


def _nearest(
    expected: NDArray[np.float64], pulses: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]]:
    """Return how late the nearest pulse is [s], whether it has nothing nearer, and which it is."""
    at = np.searchsorted(pulses, expected)
    before, after = np.clip(at - 1, 0, None), np.clip(at, None, len(pulses) - 1)
    take = np.where(expected - pulses[before] <= pulses[after] - expected, before, after)
    off = pulses[take] - expected
    least = np.full(len(pulses), np.inf)
    np.minimum.at(least, take, np.abs(off))
    return off, np.abs(off) == least[take], take


def _apart(
    times: NDArray[np.float64],
    alone: NDArray[np.bool_],
    seen: NDArray[np.float64],
    spare: NDArray[np.bool_],
    searched: Spans,
) -> tuple[Disagreement, ...]:
    """Return the spans where beats are alone, or pulses to spare."""
    spans = intersect(union(_dense(times, alone), _dense(seen, spare)), searched)
    found = []
    for start, end in spans.bounds.tolist():
        if end - start >= SHORTEST_S:
            lo, hi = np.searchsorted(times, (start, end))
            first, stop = np.searchsorted(seen, (start, end))
            found.append(Disagreement(Span(start, end), _reason(int(hi - lo), int(stop - first))))
    return tuple(found)


def _dense(times: NDArray[np.float64], alone: NDArray[np.bool_]) -> Spans:
    """Return the spans of runs of eight of which half or more are alone, from alone to alone."""
    if len(times) < RUN:
        return EMPTY
    many = np.convolve(alone, np.ones(RUN), mode="valid") >= RUN / 2
    inside = np.convolve(many, np.ones(RUN), mode="full") > 0
    rows = []
    for lo, hi in runs_of(np.asarray(inside, dtype=np.bool_)).tolist():
        own = np.flatnonzero(alone[lo:hi]) + lo
        rows.append((float(times[own[0]]), float(times[min(own[-1] + 1, len(times) - 1)])))
    return Spans.of(rows)


def _reason(beats: int, pulses: int) -> str:
    if pulses < FEW * beats:
        return "beats without pulses"
    if beats < FEW * pulses:
        return "pulses without beats"
    if pulses > MORE * beats:
        return "more pulses than beats"
    if beats > MORE * pulses:
        return "more beats than pulses"
    return "pulses and beats at different times"
