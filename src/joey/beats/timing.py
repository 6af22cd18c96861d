"""How exactly beats are timed: by what their times differ from where their complexes lie.

A notched R wave is timed at either of its peaks, whichever noise makes the higher one: the time
hops, and no count of beats shows it. The whole complex does not hop with its peak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from joey.beats.intervals import timing_noise_ms
from joey.beats.shapes import REACH_S, centers_of, shapes_of
from joey.beats.types import BeatFlag

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from joey.beats.types import Beats
    from joey.signals import Signal

__all__ = ["measured_timing_ms"]

BLOCK = 64  # beats, some 25 s: the axis and the lag of a peak hardly change
MANY = 32  # blocks, spread over all there are: more tell nothing new
FEWEST = 16  # beats of a block that a mean shape is made of
KEPT = 0.95  # of the beats: the others may be in a burst of motion, or be no beats
STEPS = 3  # to the place at which a complex fits the mean: each from the last


def measured_timing_ms(signal: Signal, beats: Beats) -> float:
    """Return the timing noise of the beats of an ECG, as `Intervals` has it.

    Parameters
    ----------
    signal : Signal
        The ECG the beats were found in.
    beats : Beats
        Of this signal, with `mark_shapes`' flags; flagged beats are left out.

    Returns
    -------
    float
        sqrt(12) times the SD of a beat's time less the place at which its whole complex (80 ms to
        either side) fits the mean complex of the 64 beats around, in up to 32 such stretches spread
        over the signal, without the 5 % that differ most; at least `timing_noise_ms`. A hop that
        one beat in twenty makes is not seen. [ms]

    Notes
    -----
    The place is that of least squares, as by correlation with a template: of all that is known of
    a complex, where a peak is of three samples.
    """
    floor = timing_noise_ms(float(signal.fs))
    plain = beats.flags & np.uint8(BeatFlag.ODD_SHAPE | BeatFlag.EARLY_WIDE) == 0
    times = beats.times[plain]
    whole = len(times) // BLOCK
    if whole == 0:
        return floor
    chosen = np.unique(np.linspace(0, whole - 1, min(whole, MANY)).round().astype(np.int64))
    off = [_off(signal, times[k * BLOCK : (k + 1) * BLOCK]) for k in chosen.tolist()]
    size = np.sort(np.abs(np.concatenate(off)))
    size = size[: int(KEPT * len(size) + 0.5)]
    if len(size) < FEWEST:
        return floor
    return max(floor, float(np.sqrt(12.0 * np.mean(size * size))) * 1000.0)


def _off(signal: Signal, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each beat lies from where its complex fits, less what is usual. [s]"""
    first = shapes_of(signal, times)
    times = times[np.isfinite(first[:, 0])]
    if len(times) < FEWEST:
        return np.empty(0)
    place = centers_of(first[np.isfinite(first[:, 0])])
    step = 2.0 * REACH_S / (first.shape[1] - 1)
    for _ in range(STEPS):
        moved = shapes_of(signal, times + place)
        inside = np.isfinite(moved[:, 0])
        times, place, moved = times[inside], place[inside], moved[inside]
        if len(times) < FEWEST:
            return np.empty(0)
        mean = moved.mean(axis=0)
        slope = np.gradient(mean, step)
        late = (moved - mean) @ slope / max(float(slope @ slope), 1e-30)
        place -= np.clip(late, -2.0 * step, 2.0 * step)
    return np.asarray(place - np.median(place), dtype=np.float64)
