"""What the signals around an event say of it: whether the pulse confirms it, how it recovered.

Nothing here finds or drops an event.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from joey.events.apneas import doubted
from joey.events.pieces import SLACK_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.events.types import Event, Events, Preset
    from joey.signals import Series

__all__ = ["Recovery", "confirm_bradycardia", "measure_recovery"]

AROUND_S = 2.0  # s on each side: the pulse arrives after the beat
ENOUGH = 0.5  # share of the event: pulses there, and of its low time confirmed; Joey default
USUAL_S = 60.0  # s before an event whose median is its usual pulse rate
UNEVEN = 0.15  # mean change from pulse to pulse over their mean: a dicrotic wave is counted in some
RECOVERED = 0.05  # share of baseline: recovered is within 5 % of it


@dataclass(frozen=True, slots=True)
class Recovery:
    """How long an event took to recover, from its nadir.

    Parameters
    ----------
    to_threshold_s : float
        Until it was over; NaN where its end was not seen. [s]
    to_baseline_s : float
        Until the value was within 5 % of baseline; NaN where that was not seen. [s]
    """

    to_threshold_s: float
    to_baseline_s: float


def confirm_bradycardia(found: Events, pulse: Series) -> Events:
    """Return bradycardias or pauses from ECG, those doubtful that the pleth's own pulses deny.

    Parameters
    ----------
    found : Events
        Bradycardias or pauses found beat by beat.
    pulse : Series
        Pulse rate from pulse to pulse of the pleth, as pieces. [beats/min] A monitor's averaged
        pulse rate must not be given: it barely moves in a true bradycardia of a few seconds.

    Returns
    -------
    Events
        All of them. One is marked as doubtful where pulses were measured for at least half of it
        and were below the threshold for less than half of its low time, 2 s around it allowed.
        Where there are too few pulses nothing is said: they neither confirm nor deny. Nor do pulses
        that are not even deny: in a slow heart a dicrotic wave is tall and late enough to be
        counted as a pulse, and short and long intervals alternate. Beats that the ECG missed leave
        the pulses even.
    """
    known = np.isfinite(pulse.values)
    times, ends, values = pulse.times[known], pulse.ends[known], pulse.values[known]
    items = tuple(
        doubted(event, "pleth pulses do not fall")
        if _denied(event, times, ends, values, found.preset)
        else event
        for event in found.items
    )
    return replace(found, items=items)


def _denied(
    event: Event,
    times: NDArray[np.float64],
    ends: NDArray[np.float64],
    values: NDArray[np.float64],
    preset: Preset,
) -> bool:
    lo = int(np.searchsorted(ends, event.span.start - AROUND_S, side="right"))
    hi = int(np.searchsorted(times, event.span.end + AROUND_S))
    limit = preset.below
    if preset.of_baseline:
        usual = values[np.searchsorted(times, event.span.start - USUAL_S) : lo]
        if len(usual) == 0:
            return False
        limit *= float(np.median(usual))
    within = np.minimum(ends[lo:hi], event.span.end + AROUND_S)
    held = within - np.maximum(times[lo:hi], event.span.start - AROUND_S)
    if np.sum(held) < ENOUGH * event.span.duration:
        return False
    periods = 60.0 / values[lo:hi]
    if np.sum(np.abs(np.diff(periods))) > UNEVEN * np.sum(periods):
        return False
    return bool(np.sum(held[values[lo:hi] < limit]) < ENOUGH * event.time_below_s)


def measure_recovery(found: Events, series: Series, baseline: float) -> tuple[Recovery, ...]:
    """Return how long each event took from its nadir to threshold and to baseline.

    Parameters
    ----------
    found : Events
        Of one signal.
    series : Series
        In which they were found.
    baseline : float
        The infant's usual value, such as the median of the phase before. [unit of the series]

    Returns
    -------
    tuple of Recovery
        One for each event. A time across a gap is not known: NaN.
    """
    known = np.isfinite(series.values)
    times, ends, values = series.times[known], series.ends[known], series.values[known]
    if found.preset.above:
        back = np.flatnonzero(values <= baseline * (1 + RECOVERED))
    else:
        back = np.flatnonzero(values >= baseline * (1 - RECOVERED))
    # From the nadir, the series is followed to its next gap or its end.
    lost = np.append(ends[:-1][times[1:] - ends[:-1] > SLACK_S], ends[-1:])

    def one(event: Event) -> Recovery:
        until = lost[np.searchsorted(lost, event.nadir_time, side="right")]
        over = event.span.end if event.span.end < until - SLACK_S else np.nan
        at = int(np.searchsorted(times[back], event.nadir_time))
        usual = times[back[at]] if at < len(back) and times[back[at]] < until else np.nan
        return Recovery(float(over - event.nadir_time), float(usual - event.nadir_time))

    return tuple(one(event) for event in found.items)
