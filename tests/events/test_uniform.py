"""A signal of uniform samples and its pieces have the same events, to the last bit."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from joey.events import PRESETS, find_in_series
from joey.signals import Channel, Grid, Segment, Signal, pieces, runs_of

NAMES = [name for name, preset in PRESETS.items() if np.isfinite(preset.below)]
SERIES = [name for name in NAMES if PRESETS[name].kind not in {"apnea", "periodic_breathing"}]


def a_signal(seed: int, dtype: str, *, fs: Fraction, scale: float) -> Signal:
    """Return dips and rises around every threshold, with gaps, in segments that may touch."""
    rng = np.random.default_rng(seed)
    segments = []
    grid, first = Grid(1_767_571_200_123_456_789, fs), 0
    for _ in range(4):
        steps = rng.normal(0, 14, 60)
        level = np.interp(np.arange(1500), 25 * np.arange(60), steps) + rng.choice([84, 104, 180])
        counts = np.rint(level / scale).astype(dtype)
        known = np.ones(1500, dtype=np.bool_)
        for at in rng.integers(0, 1480, 6):
            known[at : at + rng.integers(1, 20)] = False
        runs = runs_of(known)
        if dtype == "float32":  # a gap may be NaN alone
            counts[~known] = np.nan
            runs = np.array([[0, 1500]])
        segments.append(Segment(grid, first, counts, runs))
        first += 1500 + int(rng.choice([0, 1, 400]))
    return Signal(Channel("spo2", "%"), fs, tuple(segments), scale)


@pytest.mark.parametrize("name", SERIES)
@pytest.mark.parametrize(("dtype", "scale"), [("int16", 1.0), ("int32", -0.1), ("float32", 1.0)])
def test_a_signal_has_the_events_of_its_pieces(name: str, dtype: str, scale: float) -> None:
    """Whatever the preset, the counts, their scale and the gaps, nothing differs."""
    for seed, fs in enumerate((Fraction(1), Fraction(3, 7), Fraction(1024, 1000))):
        signal = a_signal(seed, dtype, fs=fs, scale=scale)
        for preset in (PRESETS[name], replace(PRESETS[name], bridge=3.0, join=6.0)):
            for baseline in (None, 100.0):
                ours = find_in_series(preset, signal, source="numeric", baseline=baseline)
                wanted = find_in_series(preset, pieces(signal), source="numeric", baseline=baseline)
                # As text, since nothing equals NaN.
                assert [repr(each) for each in ours.items] == [repr(each) for each in wanted.items]
                np.testing.assert_array_equal(ours.searched.bounds, wanted.searched.bounds)


def test_more_stretches_than_are_found_at_once_are_all_found() -> None:
    """A value that hops across the threshold at each sample is followed to the end."""
    count = 150_001
    values = np.where(np.arange(count) % 2, 70, 95).astype(np.int16)
    segment = Segment(Grid(0, Fraction(1)), 0, values, np.array([[0, count]]))
    signal = Signal(Channel("spo2", "%"), Fraction(1), (segment,))
    found = find_in_series(replace(PRESETS["desat_abd"], join=0.0), signal, source="numeric")
    assert len(found.items) == count // 2
    assert found.searched.bounds.tolist() == [[0.0, float(count)]]


def test_a_signal_in_which_nothing_was_measured_says_so() -> None:
    segment = Segment(Grid(0, Fraction(1)), 0, np.zeros(9, np.int16), np.empty((0, 2), np.int64))
    signal = Signal(Channel("spo2", "%"), Fraction(1), (segment,))
    found = find_in_series(PRESETS["desat_uva"], signal, source="numeric")
    assert found.items == ()
    assert found.reason == "no SpO2 in the recording"
