"""What is remembered of a section's beats, and what is usual by it as the next candidate comes.

It is bounded and starts empty: the size of a beat is the median of the last eight, as its interval
is, and noise, polarity and steepness follow what comes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from joey.beats.deflections import STEEPEST
from joey.beats.learning import CLEAR, THRESHOLD
from joey.beats.medians import RING, push
from joey.compiled import kernel

__all__ = [
    "N_NUMBERS",
    "N_RINGS",
    "P_SHARE",
    "SOON",
    "UPWARD",
    "Candidates",
    "Trace",
    "Usual",
    "beginning",
    "follow_polarity",
    "hear_noise",
    "hold",
    "remember",
    "usual_of",
]

MOST_ECHO = (
    0.2  # of a pulse's size: what is taken for noise between pulses are mostly echoes of them
)
SOON = 0.5  # of the median interval: so soon after a beat and under half its size is a T wave
T_WAVE_S = 0.36  # the latest T wave (Pan and Tompkins 1985)
P_SHARE = 0.7  # of the size of its beat, usual and own: the largest P wave
NOISE_STEP = 0.05  # of a beat's size: noise is taken to grow to this at once, and threefold after
CLEAR_MARGIN = 1.0  # times the usual candidate of noise: a small beat, before it is overdue
UPWARD = -0.55  # tilt: an R wave is timed unless the downward deflection is far larger (QS)
SWAY = (
    0.25  # tilt: how far past `UPWARD` it goes before the polarity changes; within, either will do
)
TURNED = 4  # beats in a row that are of the other polarity: the electrodes or the axis have turned
# The size that is held follows smaller beats in 8, larger ones in 64, as if by no more than half:
# 8 s of artifacts, five a second, raise it by less than `P_SHARE` takes back.
SHRINKS, GROWS, LARGEST = 8.0, 64.0, 1.5

(SPK, NPK, LAST, FROM, TILT, SIGN, POS, BACK, N_RR, N_E, USUAL, RR, SHARP, AGAINST) = range(14)
HELD, QUIETEST = 14, 15
N_NUMBERS = QUIETEST + RING  # the last are room for the quietest stretches, in order
ENERGIES, INTERVALS, BY_LENGTH, BY_SIZE, N_RINGS = range(5)  # as they came, and sorted


class Trace(NamedTuple):
    """The samples, and what `deflect` needs with them; the sampling frequency. [Hz]"""

    x: NDArray[np.int32]
    gone: NDArray[np.int32]
    w: NDArray[np.int64]
    boxes: NDArray[np.int64]
    fs: float


class Candidates(NamedTuple):
    """The section's candidates so far, their deflections, and what was decided of each."""

    at: NDArray[np.int64]
    sizes: NDArray[np.float64]
    verdict: NDArray[np.uint8]
    sign: NDArray[np.int8]


class Usual(NamedTuple):
    """What is usual as a candidate comes, in its energy and in samples.

    The energy of a beat; of one where breathing sways the size, endless after a bout of artifacts;
    of noise; from which on a candidate is a beat, and from which on it may be one. The interval
    (0: not known); so soon after a beat comes a T or dicrotic wave; when the last beat was, or
    where none is known the size was learned.
    """

    beat: float
    swaying: float
    noise: float
    threshold: float
    clear: float
    interval: float
    soon: float
    since: float


def beginning() -> NDArray[np.float64]:
    """Return what the loop carries from call to call, as it begins.

    Returns
    -------
    ndarray of float64, shape (N_NUMBERS + N_RINGS RING,)
        Numbers, energies, intervals, and the last two once more, sorted.
    """
    carried = np.zeros(N_NUMBERS + N_RINGS * RING)
    carried[LAST] = carried[BACK] = -1.0
    return carried


@kernel(inline="always", counted=False)
def usual_of(w: NDArray[np.int64], fs: float, s: NDArray[np.float64]) -> Usual:
    """Return what is usual now."""
    beat, interval, pleth = s[SPK], s[RR], w[STEEPEST] > 0
    swaying = s[HELD] if s[HELD] >= P_SHARE * beat else np.inf  # else there was a bout
    noise = min(s[NPK], (MOST_ECHO if pleth else 0.5) * beat)
    threshold = noise + THRESHOLD * (beat - noise)
    clear = threshold if pleth else min(threshold, max(CLEAR * beat, CLEAR_MARGIN * noise))
    # A dicrotic wave keeps its place in the interval, a T wave comes no later than its latest.
    soon = SOON * interval if pleth else min(SOON * interval, T_WAVE_S * fs)
    since = s[LAST] if s[LAST] >= 0 else s[FROM]
    return Usual(beat, swaying, noise, threshold, clear, interval, soon, since)


@kernel(inline="always", counted=False)
def remember(top: int, energy: float, s: NDArray[np.float64], rings: NDArray[np.float64]) -> None:
    """Put a beat's interval and its energy among those whose medians are usual."""
    if s[LAST] >= 0:
        s[RR] = push(rings[INTERVALS], rings[BY_LENGTH], int(s[N_RR]), top - s[LAST])
        s[N_RR] += 1
    s[SPK] = push(rings[ENERGIES], rings[BY_SIZE], int(s[N_E]), energy)
    s[N_E] += 1
    s[LAST] = top


@kernel(counted=False)
def hold(size: float, energy: float) -> float:
    """Return the size of a beat that a bout of artifacts hardly moves, after one more beat."""
    if energy < size:
        return size + (energy - size) / SHRINKS
    return size + (min(energy, LARGEST * size) - size) / GROWS


@kernel(inline="always", counted=False)
def follow_polarity(tilt: float, s: NDArray[np.float64]) -> None:
    """Follow which way up beats are: slowly, and at once where several turned in a row."""
    s[TILT] += (tilt - s[TILT]) / 16.0
    against = (tilt - UPWARD) * s[SIGN] < -SWAY
    s[AGAINST] = s[AGAINST] + 1.0 if against else 0.0
    if s[AGAINST] >= TURNED:
        s[TILT] = tilt
    if (s[TILT] - UPWARD) * s[SIGN] < -SWAY:
        s[SIGN] = -s[SIGN]


@kernel(inline="always", counted=False)
def hear_noise(energy: float, usual: Usual, s: NDArray[np.float64]) -> None:
    """Let a candidate that is no beat have its part in noise.

    A missed beat must not pass for much noise, or the next would be missed for it.
    """
    s[NPK] += (min(energy, max(3.0 * s[NPK], NOISE_STEP * usual.beat)) - s[NPK]) / 8.0
