"""Blocks, memory and the rules that withhold an interval."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as reference

from joey.response.stats import (
    IntervalRules,
    Limit,
    Part,
    difference,
    exceeds,
    memory_of,
    tiles,
)
from joey.spans import Spans, intersect, subtract, total, union


def part(values: np.ndarray, blocks: int) -> Part:
    """One phase of seconds."""
    return Part(
        values.reshape(blocks, -1).mean(axis=1),
        values.reshape(-1, 60).mean(axis=1),
        float(len(values)),
    )


def noise(seed: int, minutes: int) -> np.ndarray:
    """White noise: no memory beyond one sample."""
    return np.random.default_rng(seed).standard_normal(minutes * 60)


def test_without_memory_it_is_the_plain_welch_interval() -> None:
    before, during = noise(1, 60), 0.5 * noise(2, 90) + 3
    b, d = part(before, 6), part(during, 9)
    expected = reference.ttest_ind(d.blocks, b.blocks, equal_var=False).confidence_interval(0.95)
    found = difference(b, d, IntervalRules(drift_p=0))
    assert float(found.memory) < 20
    assert float(found.half) == pytest.approx((expected.high - expected.low) / 2, rel=0.01)


@given(
    cuts=st.lists(st.tuples(st.integers(0, 7000), st.integers(1, 900)), max_size=4),
    start=st.sampled_from([0.0, 1.8e9]),
)
@settings(max_examples=60, deadline=None)
def test_tiles_are_equal_disjoint_long_enough_and_cover_the_phase(
    cuts: list[tuple[int, int]], start: float
) -> None:
    holes = Spans.of([(start + a, start + a + n) for a, n in cuts])
    phase = subtract(Spans.of([(start, start + 7200)]), holes)
    found = tiles(phase, 600)
    assert len(found) == int(total(phase) // 600)
    if found:
        lengths = [total(each) for each in found]
        assert min(lengths) > 600 - 1e-5
        assert max(lengths) - min(lengths) < 1e-5
        assert union(*found) == phase
        assert sum(lengths) == pytest.approx(total(phase))
        assert all(len(intersect(a, b)) == 0 for a, b in pairwise(found))


def test_fewer_than_three_blocks_have_no_interval() -> None:
    found = difference(part(noise(1, 60), 6), part(noise(2, 25), 2))
    assert found.limit == Limit.FEW_BLOCKS
    assert np.isnan(found.half)


def test_blocks_that_are_not_valid_do_not_count() -> None:
    during = part(noise(2, 60), 6)
    during.blocks[:4] = np.nan
    assert difference(part(noise(1, 60), 6), during).limit == Limit.FEW_BLOCKS


def test_a_value_that_never_moves_has_no_interval() -> None:
    still = Part(np.full(6, 100.0), np.full(60, 100.0), 3600.0)
    found = difference(still, still)
    assert found.limit == Limit.UNCHANGING
    assert np.isnan(found.half)


def test_a_memory_longer_than_a_twentieth_of_the_phase_withholds() -> None:
    slow = np.cumsum(noise(3, 120)) / 60
    found = difference(part(slow[:3600], 6), part(slow[3600:], 6))
    assert found.limit == Limit.MEMORY
    assert np.isnan(found.half)
    assert np.isfinite(found.unguarded)


def test_phases_that_drift_alike_withhold_and_the_slope_is_found() -> None:
    hours = np.arange(7200) / 3600
    values = noise(4, 120) + 5 * hours
    found = difference(
        part(values[:3600], 6), part(values[3600:], 6), IntervalRules(memory_factor=0)
    )
    assert found.limit == Limit.DRIFT
    assert float(found.drift) == pytest.approx(5, abs=0.3)


def test_missing_minutes_hardly_move_the_memory() -> None:
    rho = np.exp(-60 / 90)
    rng = np.random.default_rng(5)
    x = np.zeros((300, 125))
    for k in range(1, 125):
        x[:, k] = rho * x[:, k - 1] + np.sqrt(1 - rho**2) * rng.standard_normal(300)
    whole = float(np.median(memory_of(x[:, :60], x[:, 60:])))
    x[:, ::7] = np.nan
    assert float(np.median(memory_of(x[:, :60], x[:, 60:]))) == pytest.approx(whole, rel=0.1)


def test_no_phase_at_all_has_no_memory() -> None:
    assert np.isnan(memory_of())
    assert np.isnan(memory_of(np.empty(0), np.empty(0)))


def test_a_batch_gives_what_each_row_gives_alone() -> None:
    rows = [(noise(seed, 60), noise(seed + 9, 70)) for seed in range(3)]
    alone = [difference(part(b, 6), part(d, 7)) for b, d in rows]
    parts = [[part(each[k], 6 + k) for each in rows] for k in (0, 1)]
    batch = difference(
        *(
            Part(
                np.stack([p.blocks for p in ps]), np.stack([p.minutes for p in ps]), ps[0].duration
            )
            for ps in parts
        )
    )
    assert batch.half.tolist() == [float(each.half) for each in alone]


def test_hours_like_the_phases_withhold_in_five_percent() -> None:
    """Where nothing drifts, the guard by the hours without a hold is wrong as often as it says."""
    rng = np.random.default_rng(6)
    rules = IntervalRules()
    df, windows = 10.0, 4
    quantile = float(reference.t.ppf(0.975, df))
    half = quantile * np.sqrt(rng.chisquare(df, 4000) / df)
    usual = rng.chisquare(windows, 4000) / windows
    withheld = [
        exceeds(float(u), windows, float(h), df, rules) for u, h in zip(usual, half, strict=True)
    ]
    assert 0.04 <= np.mean(withheld) <= 0.06
    assert not exceeds(np.nan, 0, 1.0, df, rules)
