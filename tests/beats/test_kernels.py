"""The detector's compiled loops beside plain ones: the same candidates, the same places."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from joey import compiled
from joey.beats import deflections as d
from joey.beats import kernels, memory, polarity
from joey.beats.recipes import ECG, ONLY_HEAR, PLETH, Recipe, widths

LENGTH = 9000  # several tiles
RATES = ((100, 1), (250, 1), (360, 1), (500, 1), (125, 2))


def searched(
    x: NDArray[np.int64], valid: NDArray[np.bool_], w: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the candidates and the searched runs that the compiled loops find, in random steps."""
    n = len(x)
    begin, words, _ = kernels.furnish(w, n, (250, 1), 1.0, memory.beginning())
    work = np.full(words, 77, dtype=np.int64)  # what an earlier section may have left
    work[: len(begin)] = begin
    kernels.address(work, 0, (0, n), (0.0, 0.0))
    samples, absent = compiled.plain(kernels.samples_of)(work)
    samples[:], absent[:] = -12345, 0
    told = np.empty(0)
    rng = np.random.default_rng(seed)
    edges = [0, *(np.flatnonzero(np.diff(valid)) + 1).tolist(), n]
    for lo, hi in pairwise(edges):
        at = lo
        while at < hi:
            stop = min(hi, at + int(rng.integers(1, 3000)))
            number = stop - at
            if valid[lo]:
                samples[at:stop] = x[at:stop]
                kernels.advance(work, told, number, ONLY_HEAR)
            else:
                work[kernels.Z + kernels.SILENT] = number
                kernels.advance(work, told, 0, ONLY_HEAR)
            at = stop
    z = work[d.N_WIDTHS : kernels.CLOCK]
    many = int(z[kernels.MANY])
    first = kernels.VERDICTS + 2 * (many // 8 + 1)
    table = work[first : first + many * d.N_PLACES].reshape(many, d.N_PLACES)
    last = first + many * (d.N_PLACES + d.N_SIZES)
    runs = work[last : last + 2 * many].reshape(many, 2)
    return table[: z[kernels.FOUND]], runs[: z[kernels.RUNS]]


def plain(
    x: NDArray[np.int64], valid: NDArray[np.bool_], w: NDArray[np.int64]
) -> tuple[list[tuple[int, int, int]], NDArray[np.int64]]:
    """Return index, energy and direction of each candidate, and the searched indices."""
    n = len(x)
    x = np.where(valid, x, 0)
    reach, neighbor, gather, long = w[d.REACH], w[d.NEIGHBOR], w[d.GATHER], w[d.LONG]
    stride = int(w[d.STRIDE])
    sums = [np.convolve(x, np.ones(2 * half + 1, dtype=np.int64)) for half in (w[d.SHORT], long)]
    short_box, long_box = (s[h : h + n] for s, h in zip(sums, (w[d.SHORT], long), strict=True))
    band = (2 * long + 1) * short_box - (2 * w[d.SHORT] + 1) * long_box
    slope = np.diff(band)
    slope[:long] = 0
    up = np.ones(n, dtype=np.int64)
    weight = np.abs(slope)
    stop = n - max(neighbor + reach, w[d.AROUND] + w[d.BASE] + long + 4)
    if w[d.STEEPEST]:
        signs = polarities(band, slope, valid, w)
        known = np.repeat(signs, w[d.TURN])
        up[: len(known)] = known[:n]
        stop = min(stop, len(known) - neighbor - gather)
        weight = np.maximum(slope * up[:-1], 0)
    stop -= (stop - reach) % stride
    energy = np.zeros(n, dtype=np.int64)
    held = []
    for i in range(reach, n - reach):
        if valid[i - reach : i + reach + 1].all():
            if (i - reach) % stride == 0:
                energy[i] = weight[i - gather : i + gather + stride].sum()
            held.append(i)
    found = []
    for i in range(reach, stop, stride):
        before, behind = energy[max(i - neighbor, 0) : i], energy[i + 1 : i + neighbor + 1]
        if energy[i] > 0 and (before < energy[i]).all() and (behind <= energy[i]).all():
            middle = i + stride // 2
            found.append((middle, int(energy[i]), int(up[middle])))
    return found, np.array([i for i in held if i < stop])


def polarities(
    band: NDArray[np.int64],
    slope: NDArray[np.int64],
    valid: NDArray[np.bool_],
    w: NDArray[np.int64],
) -> list[int]:
    """Return which way up the pulse is in each block of which enough is known."""
    block, long = int(w[d.TURN]), int(w[d.LONG])
    parts = []
    for k in range((len(valid) - long - 1) // block):
        lo, hi = max(k * block, long), (k + 1) * block
        whole = hi > lo and valid[lo - long : hi + long + 1].all()
        parts.append(np.arange(lo, hi) if whole else np.arange(0))
    signs: list[int] = []
    followed, total = 0, 0.0
    for k in range(len(parts)):
        stop = polarity.LEARNED if k == 0 else k + polarity.AHEAD + 1
        if max(stop, polarity.LEARNED) > len(parts):
            break
        near = np.concatenate(parts[max(k - polarity.BEHIND, 0) : stop])
        if len(near):
            steep, high = (
                float(np.mean(y**3) / np.mean(y**2) ** 1.5)
                for y in (slope[near].astype(float), band[near].astype(float))
            )
            high -= float(np.clip(high, -polarity.LEVEL_LEAST, polarity.LEVEL_LEAST))
            own = float(np.clip(steep + polarity.LEVEL_SHARE * high, -1.0, 1.0))
            followed = min(followed + 1, polarity.MEMORY)
            total += (own - total) / followed
        sign = signs[-1] if signs else 1
        limit = -polarity.AGAINST if signs else polarity.FIRST
        signs.append(-sign if sign * total < limit else sign)
    return signs


@pytest.mark.parametrize("fs", [Fraction(125), Fraction(125, 2)])
def test_polarity_turns_as_a_plain_loop_says(fs: Fraction) -> None:
    """Skewed noise that is turned upside down twice, with gaps in it."""
    w = widths(PLETH, fs)
    rng = np.random.default_rng(int(fs))
    teeth = np.arange(LENGTH) % int(0.4 * fs) / (0.4 * float(fs))
    x = 500 * np.maximum(1 - teeth, 6 * teeth - 4) + 5 * rng.standard_normal(LENGTH)
    x[LENGTH // 3 : 2 * LENGTH // 3] *= -1
    valid = drawn(1, 1.0)[1]
    x = np.rint(x).astype(np.int64)

    table, _ = searched(x, valid, w, seed=1)
    found, _ = plain(x, valid, w)

    assert table[:, d.UP].tolist() == [row[2] for row in found]
    assert set(table[:, d.UP].tolist()) == {1, -1}


def drawn(seed: int, size: float) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return noise with deflections, some of it not measured and some of it flat."""
    rng = np.random.default_rng(seed)
    x = size * rng.standard_normal(LENGTH)
    x[:: int(rng.integers(60, 200))] += 20 * size
    x[3000:3300] = 0.0
    valid = np.ones(LENGTH, dtype=np.bool_)
    for start in rng.integers(0, LENGTH, 6):
        valid[start : start + int(rng.integers(1, 300))] = False
    return np.rint(x).astype(np.int64), valid


@pytest.mark.parametrize(
    "fs", [Fraction(100), Fraction(250), Fraction(360), Fraction(500), Fraction(125, 2)]
)
@pytest.mark.parametrize("size", [1.0, 300.0, 5e6])
@pytest.mark.parametrize("recipe", [ECG, PLETH])
def test_candidates_are_those_of_a_plain_loop(recipe: Recipe, size: float, fs: Fraction) -> None:
    """Ties of small counts, 16-bit counts, and counts whose energies need 64 bits."""
    w = widths(recipe, fs)
    x, valid = drawn(int(fs), size)

    table, runs = searched(x, valid, w, seed=int(size))
    found, held = plain(x, valid, w)

    assert len(found) > 20
    assert table[:, [d.TOP, d.ENERGY, d.UP]].tolist() == [list(row) for row in found]
    np.testing.assert_array_equal(np.concatenate([np.arange(*run) for run in runs]), held)


@pytest.mark.parametrize("over", [0, 1])
def test_energies_stay_exact_where_32_bits_end(over: int) -> None:
    """A square wave of the largest sample that 32 bits allow, and of one more."""
    w = widths(ECG, Fraction(250))
    begin, _, _ = kernels.furnish(w, LENGTH, (250, 1), 1.0, memory.beginning())
    most = int(begin[d.N_WIDTHS + kernels.LIMIT]) + over
    half = int(w[d.LONG] + w[d.SHORT]) + 1
    x = np.where(np.arange(LENGTH) // half % 2 == 0, most, -most).astype(np.int64)
    x[: LENGTH // 2 : 7] *= -1
    valid = np.ones(LENGTH, dtype=np.bool_)

    table, _ = searched(x, valid, w, seed=over)
    found, _ = plain(x, valid, w)

    assert table[:, [d.TOP, d.ENERGY, d.UP]].tolist() == [list(row) for row in found]
    assert table[:, d.ENERGY].max() > 2**29


@pytest.mark.parametrize("fs", [100, 125, 250, 275, 360, 500])
@pytest.mark.parametrize("size", [1.0, 300.0, 5e6])
@pytest.mark.parametrize("recipe", [ECG, PLETH])
def test_deflections_are_those_of_a_plain_loop(recipe: Recipe, size: float, fs: int) -> None:
    """Where the signal goes up and down, how far, and between which samples; edges included."""
    w = widths(recipe, Fraction(fs))
    x, _ = drawn(3, size)
    gone = np.zeros(0, dtype=np.int32)
    tops = np.concatenate(([w[d.REACH]], np.random.default_rng(1).integers(200, LENGTH - 300, 50)))
    at = np.zeros((len(tops), d.N_PLACES), dtype=np.int64)
    at[:, d.TOP], at[:, d.UP] = tops, np.where(np.arange(len(tops)) % 3 == 0, -1, 1)
    sizes = np.zeros((len(tops), d.N_SIZES))
    boxes = np.zeros(2 * w[d.AROUND] + 1, dtype=np.int64)

    for c in range(len(tops)):
        d.deflect(x.astype(np.int32), gone, w, at, sizes, boxes, c)

    for places, row in zip(at, sizes, strict=True):
        curve, scale, level, shift = _curve(x, w, places)
        first = max(places[d.TOP] - w[d.AROUND], w[d.LONG] + 1 if w[d.STEEPEST] else 0)
        near = curve[first : places[d.TOP] + w[d.AROUND] + 1]
        high, low = first + int(np.argmax(near)), first + int(np.argmin(near))
        assert (places[d.HIGH], places[d.LOW]) == (high, low)
        assert row[d.HIGH_SIZE] == curve[high] / scale - level
        assert row[d.LOW_SIZE] == level - curve[low] / scale
        c = int(np.flatnonzero((at == places).all(axis=1))[0])
        tilt = d.tilt_of(x.astype(np.int32), w, at, sizes, c)
        assert tilt == (_tilt(x, w, *places[: d.UP]) if recipe is ECG else _share(*row[: d.RISE]))
        for up, place in ((True, high), (False, low)):
            told = d.pinpoint(x.astype(np.int32), w, at, sizes, c, up)
            assert told == place + _top(curve, place) + shift


def _curve(
    x: NDArray[np.int64], w: NDArray[np.int64], places: NDArray[np.int64]
) -> tuple[NDArray[np.int64], int, float, float]:
    """Return what is looked at, times what; its level; and how far it lies behind its index."""

    def box(half: int) -> NDArray[np.int64]:
        return np.convolve(x, np.ones(2 * half + 1, dtype=np.int64))[half : half + len(x)]

    if w[d.STEEPEST]:
        short, long = int(w[d.SHORT]), int(w[d.LONG])
        slope = np.diff((2 * long + 1) * box(short) - (2 * short + 1) * box(long))
        return slope * places[d.UP], 1, 0.0, 0.5
    middle, base, wide = int(places[d.TOP]), int(w[d.BASE]), int(w[d.AROUND])
    width = 2 * int(w[d.FINE]) + 1
    lower = max(middle - base, 0)
    level = float(np.mean(x[lower : middle + base + 1]))
    # A line through the means of both sides, each `base - wide` long, `base + wide + 1` apart.
    scale = (base - wide) * (base + wide + 1)
    sides = x[middle + wide + 1 : middle + base + 1].sum() - x[lower : middle - wide].sum()
    rise = width * sides if lower == middle - base else 0
    line = rise * (np.arange(len(x)) - middle)
    return scale * box(int(w[d.FINE])) - line, scale * width, level, 0.0


def _tilt(x: NDArray[np.int64], w: NDArray[np.int64], top: int, _: int, *places: int) -> float:
    """Return the tilt of an ECG's deflections: by how far each leaves the nearer of its sides."""
    fine, aside, reach = int(w[d.FINE]), int(w[d.ASIDE]), int(w[d.REACH])
    leaves = []
    for way, place in zip((1, -1), places, strict=True):
        sides = max(place - aside, top - reach + fine), min(place + aside, top + reach - fine)
        own, left, right = (x[i - fine : i + fine + 1].sum() for i in (place, *sides))
        leaves.append(max(min(way * (own - left), way * (own - right)), 0))
    return _share(*leaves)


def _share(up: float, down: float) -> float:
    return float((up - down) / max(up, down, 1e-9))


def _top(curve: NDArray[np.int64], i: int) -> float:
    left, top, right = curve[i - 1 : i + 2].tolist()
    bend = left - 2 * top + right
    return 0.0 if bend == 0 else float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5))
