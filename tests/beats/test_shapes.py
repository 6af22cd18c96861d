"""Which beats are of another shape: told by their neighbors, whatever the lead, cut or noise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from joey.beats import BeatFlag, Beats, detect_beats, mark_shapes, nn_intervals
from joey.signals import Signal, blank, cut, quantize, signals_of
from joey.simulate import simulate_ecg
from joey.simulate.ecg import Shape
from joey.sources import read
from joey.spans import Span, Spans

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SECONDS = 120.0
WIDE = Shape(q=0.0, r=1.0, s=-0.7, p=0.0, t=-0.4, qrs=0.12)
ODD = BeatFlag.ODD_SHAPE | BeatFlag.EARLY_WIDE


def rhythm(
    every: int, rate: float = 150.0, noise: float = 0.02
) -> tuple[Signal, NDArray[np.float64], NDArray[np.bool_]]:
    """Return an ECG in which every so many beats one is early and wide, with the truth."""
    rng = np.random.default_rng(every)
    count = int(SECONDS * rate / 60)
    beats = 0.5 + np.cumsum(60 / rate * (1 + rng.normal(0, 0.01, count)))
    beats = beats[beats < SECONDS - 1]
    wide = np.arange(len(beats)) % every == every - 1
    beats[wide] -= 0.3 * 60 / rate
    narrow = simulate_ecg(beats[~wide], seconds=SECONDS, noise=noise, seed=every)
    other = simulate_ecg(
        beats[wide], seconds=SECONDS, shape=WIDE, noise=0.0, wander=0.0, hum=0.0, seed=every
    )
    total = narrow.values + other.values
    return quantize(narrow.channel, narrow.fs, 0, total, 0.0025), beats, wide


def at(beats: NDArray[np.float64]) -> Beats:
    """Return beats at known times."""
    channel = simulate_ecg(beats[:3], seconds=5.0).channel
    return Beats(channel, beats, np.zeros(len(beats), np.uint8), Spans.of([(0.0, SECONDS)]))


@pytest.mark.parametrize("every", [2, 3, 5, 20])
def test_early_wide_beats_are_flagged_and_narrow_ones_are_not(every: int) -> None:
    """From bigeminy to now and then."""
    ecg, beats, wide = rhythm(every)

    flagged = (mark_shapes(ecg, at(beats)).flags & ODD) > 0

    assert flagged[wide].mean() >= 0.95
    assert flagged[~wide].mean() <= 0.01


def test_a_beat_of_another_shape_is_odd_wherever_it_comes() -> None:
    """An aberrant beat in its place is not early, but it is unlike the others."""
    beats = np.arange(0.5, SECONDS - 1, 0.4)
    turned = np.arange(len(beats)) % 15 == 7
    usual = simulate_ecg(beats[~turned], seconds=SECONDS, noise=0.02)
    other = simulate_ecg(
        beats[turned], seconds=SECONDS, polarity=-1, noise=0.0, wander=0.0, hum=0.0
    )
    ecg = quantize(usual.channel, usual.fs, 0, usual.values + other.values, 0.0025)

    flags = mark_shapes(ecg, at(beats)).flags

    np.testing.assert_array_equal((flags & BeatFlag.ODD_SHAPE) > 0, turned)
    assert not np.any(flags & BeatFlag.EARLY_WIDE)


@pytest.mark.parametrize("seed", [61, 62])
@pytest.mark.parametrize("fs", [125, 250, 500])
@pytest.mark.parametrize(
    ("noise", "hum", "notch"), [(0.1, 0.0, False), (0.02, 0.2, False), (0.04, 0.0, True)]
)
def test_ordinary_beats_in_noise_or_with_two_peaks_are_not_odd(
    noise: float, hum: float, notch: bool, fs: int, seed: int
) -> None:
    """Noise of a tenth of the QRS, hum of a fifth; timed at either of two peaks 19 ms apart."""
    rng = np.random.default_rng(seed)
    beats = 0.5 + np.cumsum(0.4 * (1 + rng.normal(0, 0.02, 290)))
    ecg = simulate_ecg(
        beats, seconds=SECONDS, fs=fs, amplitude=1.0, noise=noise, hum=hum, seed=seed
    )
    values = ecg.values
    if notch:
        after = (
            ecg.times[:, None] - beats[np.searchsorted(beats, ecg.times - 0.1) % len(beats), None]
        )
        values = simulate_ecg(
            beats, seconds=SECONDS, fs=fs, amplitude=0.0, noise=noise, seed=seed
        ).values
        values += np.exp(-0.5 * ((after - [-0.009, 0.010]) / 0.006) ** 2) @ [0.75, 0.8]
    ecg = quantize(ecg.channel, ecg.fs, 0, values, 0.0025)

    found = detect_beats(ecg)
    own = found.times < beats[-1] + 0.1
    assert np.sum(own) >= 285
    assert np.mean((mark_shapes(ecg, found).flags & ODD)[own] > 0) < 0.01


def test_wide_beats_are_odd_in_noise() -> None:
    """Noise of a tenth of the QRS hides no ventricular beat among ordinary ones."""
    ecg, beats, wide = rhythm(12, noise=0.07)

    flagged = (mark_shapes(ecg, at(beats)).flags & ODD) > 0
    assert flagged[wide].mean() >= 0.8
    assert flagged[~wide].mean() < 0.01


@pytest.mark.parametrize("factor", [-1.0, 0.2, 5.0])
def test_size_polarity_and_offset_do_not_matter(factor: float) -> None:
    """The same beats are flagged in any lead of the same shape."""
    ecg, beats, _ = rhythm(5)
    other = quantize(ecg.channel, ecg.fs, 0, ecg.values * factor + 3.0, 0.0005)

    np.testing.assert_array_equal(
        mark_shapes(ecg, at(beats)).flags, mark_shapes(other, at(beats)).flags
    )


def test_nothing_is_said_of_beats_in_noise() -> None:
    """Where no two beats are alike, none is odd."""
    ecg, beats, _ = rhythm(10**6, noise=0.7)

    assert np.mean((mark_shapes(ecg, at(beats)).flags & BeatFlag.ODD_SHAPE) > 0) <= 0.03


def test_a_lead_that_is_turned_makes_few_beats_odd() -> None:
    """The axis changes with the lift: the new shape is the usual one at once."""
    beats = np.arange(0.5, SECONDS - 1, 0.4)
    ecg = simulate_ecg(beats, seconds=SECONDS, noise=0.02)
    values = ecg.values
    values[len(values) // 2 :] *= -1
    turned = quantize(ecg.channel, ecg.fs, 0, values, 0.0025)

    assert np.count_nonzero(mark_shapes(turned, at(beats)).flags & ODD) <= 2


def test_what_is_said_of_a_beat_rests_on_the_beats_around_it_alone() -> None:
    """Cut sixteen beats away from it on both sides, it is judged the same."""
    ecg, beats, _ = rhythm(5)
    whole = mark_shapes(ecg, at(beats)).flags
    for first in (0, 40, 111):
        stop = first + 80
        part = cut(ecg, Span(float(beats[first]) - 0.3, float(beats[stop - 1]) + 0.3))
        inner = slice(first + 16, stop - 16)
        found = mark_shapes(part, at(beats[first:stop])).flags[16:-16]
        np.testing.assert_array_equal(found, whole[inner])


def test_beats_at_the_edge_of_a_gap_are_not_judged() -> None:
    """A shape that was not all measured is not known."""
    ecg, beats, _ = rhythm(10**6)
    gap = Spans.of([(30.0, 31.0), (60.0, 90.0)])
    outside = beats[(beats < 60.05) | (beats > 89.95)]

    assert not np.any(mark_shapes(blank(ecg, gap), at(outside)).flags & ODD)
    assert len(mark_shapes(ecg, at(beats[:0])).times) == 0


def test_intervals_on_both_sides_of_a_flagged_beat_are_no_nn() -> None:
    """And an extra beat between ordinary ones is still merged."""
    beats = at(np.cumsum(np.full(60, 0.4)))
    flags = beats.flags.copy()
    flags[30] = BeatFlag.ODD_SHAPE
    found = nn_intervals(replace(beats, flags=flags), resolution_ms=1.0)
    assert found.corrected.nonzero()[0].tolist() == [29, 30]
    assert np.isnan(found.nn[29:31]).all()
    np.testing.assert_allclose(found.rr, 400.0)

    extra = np.insert(beats.times, 31, beats.times[30] + 0.18)
    flags = np.zeros(61, np.uint8)
    flags[31] = BeatFlag.ODD_SHAPE
    merged = nn_intervals(replace(beats, times=extra, flags=flags), resolution_ms=1.0)
    assert merged.nn[30] == pytest.approx(400.0)
    assert np.isnan(merged.nn[31])


@pytest.mark.parametrize("infant", [1, 2])
def test_clean_cuts_of_real_preterm_ecg_have_hardly_an_odd_beat(
    shared_data: Path, infant: int
) -> None:
    """PICS v1.0.0, doi:10.13026/C2QQ2M: at most one in 250; three lie in a second of motion."""
    odd = total = 0
    for number in range(5):
        ecg = signals_of(read(shared_data / "pics" / f"infant{infant}_seg{number}_ecg"), "ecg")[0]
        flags = mark_shapes(ecg, detect_beats(ecg)).flags
        odd += np.count_nonzero(flags & ODD)
        total += len(flags)
    assert odd <= total / 250
