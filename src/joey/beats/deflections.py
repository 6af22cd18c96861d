"""How far, and where exactly, the signal goes up and down around a candidate beat."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from joey.compiled import kernel

__all__ = ["deflect", "pinpoint", "steepness_of", "tilt_of", "way_of"]

# Places in the widths of a recipe, in samples (half widths where a box is centred).
SHORT, LONG, FINE, BASE, GATHER, AROUND, NEIGHBOR, TURN, STEEPEST, REACH, KEEP, STRIDE, ASIDE = (
    range(13)
)
N_WIDTHS = 13

# Columns of a candidate.
TOP, ENERGY, HIGH, LOW, UP, N_PLACES = range(6)  # indices, and the sign of a pleth there
HIGH_SIZE, LOW_SIZE, RISE, N_SIZES = range(4)  # counts; and of the line, times a whole number


@kernel(counted=False)
def deflect(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    boxes: NDArray[np.int64],
    c: int,
) -> None:
    """Write where a candidate's deflections are, and how large.

    Parameters
    ----------
    x, gone : ndarray of int32
        The window's samples, and how many before each were not measured; nothing where all were.
    w : ndarray of int64
        Widths.
    at : ndarray of int64, shape (n, N_PLACES)
        Candidates; `HIGH` and `LOW` are written.
    sizes : ndarray of float64, shape (n, N_SIZES)
        Written. [counts; samples]
    boxes : ndarray of int64, shape (2 AROUND + 1,)
        Room to work in: a place for each sample looked at.
    c : int
        Which candidate.
    """
    if w[STEEPEST]:
        _slopes(x, w, at, sizes, c)
    else:
        _levels(x, gone, w, at, sizes, boxes, c)


# A value and its place in one number: the largest of such numbers is the first largest value's.
# They have room for samples of up to 1.5e9 at 1 kHz and of 24 bits at 4 kHz: `scale` grows with the
# square of the rate, and a box with the rate.
BITS = 14  # of the place: over those looked at, at any sampling frequency below 100 kHz
PLACES = 2**BITS
# Lengths that wide loops have a multiple of: what is left over would be done one by one.
HALF, ABREAST = 16, 32


@kernel(counted=False)
def _slopes(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    c: int,
) -> None:
    """Look for the steepest rise and fall of the band. [counts x box widths]"""
    short, long = w[SHORT], w[LONG]
    first = max(at[c, TOP] - w[AROUND], long + 1)  # slopes are known from `long` on
    up = at[c, UP]
    most = least = _slope(x, short, long, first) * up * PLACES
    most += PLACES - 1
    for k in range(1, at[c, TOP] + w[AROUND] + 1 - first):
        key = _slope(x, short, long, first + k) * up * PLACES
        most, least = max(most, key + PLACES - 1 - k), min(least, key + k)
    high, low = first + PLACES - 1 - (most & (PLACES - 1)), first + (least & (PLACES - 1))
    at[c, HIGH], at[c, LOW] = high, low
    sizes[c, HIGH_SIZE], sizes[c, LOW_SIZE] = float(most >> BITS), -float(least >> BITS)


@kernel(counted=False)
def _slope(x: NDArray[np.int32], short: int, long: int, i: int) -> int:
    within = (2 * long + 1) * (x[i + short + 1] - x[i - short])
    return within - (2 * short + 1) * (x[i + long + 1] - x[i - long])  # type: ignore[no-any-return]


@kernel(inline="always", counted=False)
def _levels(
    x: NDArray[np.int32],
    gone: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    boxes: NDArray[np.int64],
    c: int,
) -> None:
    """Look for the highest and lowest box(fine), from the line of the samples around. [counts]"""
    fine, base, wide, middle = w[FINE], w[BASE], w[AROUND], at[c, TOP]
    lower, upper, first = max(middle - base, 0), middle + base + 1, middle - wide
    before, own, behind = _sums(x, lower, first, middle + wide + 1, upper)
    around = before + own + behind
    absent = gone[upper] - gone[lower] if len(gone) > 0 else 0
    level = around / max(upper - lower - absent, 1)
    # The line goes through the means of what lies before and behind the beat; all is multiplied by
    # `scale`, so that it stays a whole number of counts.
    scale = (base - wide) * (base + wide + 1)
    width = 2 * fine + 1
    whole = absent == 0 and upper - lower == 2 * base + 1
    rise = (behind - before) * width if whole else 0
    if fine == 1 and len(boxes) >= HALF:
        most, least = _extremes_of_threes(x[first - 1 :], len(boxes), scale, rise, wide)
    else:
        _gather(x[first - fine :], width, boxes)
        most, least = _extremes(boxes, scale, rise, wide)
    high, low = first + PLACES - 1 - (most & (PLACES - 1)), first + (least & (PLACES - 1))
    most, least = most >> BITS, least >> BITS
    at[c, HIGH], at[c, LOW] = high, low
    sizes[c, HIGH_SIZE] = most / (scale * width) - level
    sizes[c, LOW_SIZE] = level - least / (scale * width)
    sizes[c, RISE] = rise


# Each short loop is a function of its own: the compiler then makes it wide.
@kernel(counted=False)
def _gather(x: NDArray[np.int32], width: int, boxes: NDArray[np.int64]) -> None:
    """Write the sums of `width` neighbors from each sample on."""
    n = len(boxes)
    one, two, three = x[:n], x[1 : n + 1], x[2 : n + 2]
    for k in range(n):
        boxes[k] = np.int64(one[k]) + two[k] + three[k]
    for j in range(3, width):
        more = x[j : n + j]
        for k in range(n):
            boxes[k] += more[k]


@kernel(counted=False)
def _extremes(boxes: NDArray[np.int64], scale: int, rise: int, wide: int) -> tuple[int, int]:
    """Return the keys of the highest and lowest box above a line that rises."""
    most, least = -(2**62), 2**62
    for k in range(len(boxes)):
        key = (scale * boxes[k] + rise * (wide - k)) * PLACES
        most = max(most, key + PLACES - 1 - k)
        least = min(least, key + k)
    return most, least


@kernel(inline="always", counted=False)
def _extremes_of_threes(
    x: NDArray[np.int32], n: int, scale: int, rise: int, wide: int
) -> tuple[int, int]:
    """Return the same for boxes of three samples, up to 400 Hz: without writing them down."""
    half = ((n + 1) // 2 + HALF - 1) // HALF * HALF  # the halves overlap: a key may come twice
    other = n - half
    one, two, three = x[:half], x[1 : half + 1], x[2 : half + 2]
    four, five, six = x[other:n], x[other + 1 : n + 1], x[other + 2 : n + 2]
    most, least = -(2**62), 2**62
    for k in range(len(one)):
        box, far = np.int64(one[k]) + two[k] + three[k], np.int64(four[k]) + five[k] + six[k]
        key = (scale * box + rise * (wide - k)) * PLACES
        most, least = max(most, key + PLACES - 1 - k), min(least, key + k)
        key = (scale * far + rise * (wide - other - k)) * PLACES
        most, least = max(most, key + PLACES - 1 - other - k), min(least, key + other + k)
    return most, least


@kernel(counted=False)
def _sums(x: NDArray[np.int32], lo: int, first: int, stop: int, hi: int) -> tuple[int, int, int]:
    """Return the sums of the samples from `lo`, from `first`, and from `stop` to before `hi`."""
    own, behind = stop - first, hi - stop
    before = first - lo
    n = (max(before, own, behind) + ABREAST - 1) // ABREAST * ABREAST
    one, two, three = x[lo : lo + n], x[first : first + n], x[stop : stop + n]
    a = b = c = 0
    for k in range(n):
        a += one[k] if k < before else 0
        b += two[k] if k < own else 0
        c += three[k] if k < behind else 0
    return a, b, c


@kernel(inline="always", counted=False)
def pinpoint(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    c: int,
    up: bool,  # noqa: FBT001  (a compiled function has no keywords)
) -> float:
    """Return where between its samples a deflection that `deflect` found tops. [samples]

    Parameters
    ----------
    x, w, at, sizes, c
        As in `deflect`.
    up : bool
        The upward one.
    """
    place = at[c, HIGH] if up else at[c, LOW]
    if w[STEEPEST]:
        short, long = w[SHORT], w[LONG]
        top = _slope(x, short, long, place)
        before = _slope(x, short, long, place - 1) - top
        behind = _slope(x, short, long, place + 1) - top
        # A slope lies between its two samples.
        return float(place + _shift(before, behind) + 0.5)
    fine, base, wide = w[FINE], w[BASE], w[AROUND]
    scale, rise = (base - wide) * (base + wide + 1), int(sizes[c, RISE])
    before = scale * (x[place - fine - 1] - x[place + fine]) + rise
    behind = scale * (x[place + fine + 1] - x[place - fine]) - rise
    return float(place + _shift(before, behind))


@kernel(counted=False)
def _shift(before: int, behind: int) -> float:
    """Return where the parabola through three values tops, the outer ones less the middle."""
    bend = before + behind
    if bend == 0:
        return 0.0
    return float(min(max(0.5 * (before - behind) / bend, -0.5), 0.5))


@kernel(counted=False)
def tilt_of(
    x: NDArray[np.int32],
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    c: int,
) -> float:
    """Return how much larger the upward deflection is than the downward, -1 to 1.

    Of an ECG each counts for how far it leaves both its sides: in a fast heart whose T wave goes
    down the line lies so low that what is flat between two beats is as high as they are deep.
    """
    up, down = sizes[c, HIGH_SIZE], sizes[c, LOW_SIZE]
    if not w[STEEPEST]:
        up = float(_leaves(x, w, at[c, TOP], at[c, HIGH], 1))
        down = float(_leaves(x, w, at[c, TOP], at[c, LOW], -1))
    return float((up - down) / max(up, down, 1e-9))


@kernel(inline="always", counted=False)
def _leaves(x: NDArray[np.int32], w: NDArray[np.int64], top: int, place: int, way: int) -> int:
    """Return how far a deflection leaves the nearer of its two sides, at least 0. [counts x box]"""
    fine, aside, reach = w[FINE], w[ASIDE], w[REACH]
    # What is further from the candidate may not have been measured.
    left = max(place - aside, top - reach + fine)
    right = min(place + aside, top + reach - fine)
    if fine == 1:
        own, before, behind = _three(x, place), _three(x, left), _three(x, right)
    else:
        own, before, behind = _box(x, place, fine), _box(x, left, fine), _box(x, right, fine)
    return max(min(way * (own - before), way * (own - behind)), 0)


@kernel(counted=False)
def _box(x: NDArray[np.int32], i: int, half: int) -> int:
    total = np.int64(0)
    part = x[i - half : i + half + 1]
    for k in range(len(part)):
        total += part[k]
    return total  # type: ignore[return-value]


@kernel(counted=False)
def _three(x: NDArray[np.int32], i: int) -> int:
    """Return the sum of a sample and its neighbors; unsigned, a place is not asked for its sign."""
    left, middle, right = x[np.uint64(i - 1)], x[np.uint64(i)], x[np.uint64(i + 1)]
    return np.int64(left) + middle + right  # type: ignore[no-any-return]


@kernel(counted=False)
def steepness_of(energy: float, sizes: NDArray[np.float64], c: int) -> float:
    """Return a candidate's energy for its height."""
    return float(energy / max(sizes[c, HIGH_SIZE], sizes[c, LOW_SIZE], 1e-9))


@kernel(counted=False)
def way_of(
    w: NDArray[np.int64],
    at: NDArray[np.int64],
    sizes: NDArray[np.float64],
    c: int,
    usual: float,
) -> int:
    """Return the sign of the deflection that a beat is timed at: the usual one, where it has it.

    The highest place of a wide beat that goes the other way may be where its T wave begins: at the
    edge of what is looked at, and lower than the beat is deep.
    """
    own, other, size, less = HIGH, LOW, LOW_SIZE, HIGH_SIZE
    if usual < 0:
        own, other, size, less = LOW, HIGH, HIGH_SIZE, LOW_SIZE
    at_edge = abs(at[c, own] - at[c, TOP]) == w[AROUND]
    inside = abs(at[c, other] - at[c, TOP]) < w[AROUND]
    turns = w[STEEPEST] == 0 and at_edge and inside and sizes[c, size] > sizes[c, less]
    return -1 if (usual < 0) != turns else 1
