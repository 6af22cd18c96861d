"""Multiscale and cross-sample entropy of sliding windows: those of each window alone."""

from dataclasses import replace

import numpy as np
import pytest

from joey.beats import intervals_from_rr
from joey.features import (
    HrvRules,
    measure_cross_entropy,
    measure_cross_entropy_windows,
    measure_multiscale_entropy,
    measure_multiscale_windows,
)
from joey.signals import Channel, Series
from joey.spans import Spans

START = 1_700_000_000.0


def test_each_window_has_the_entropies_of_its_own_intervals_and_their_coverage() -> None:
    rng = np.random.default_rng(1)
    intervals = intervals_from_rr(np.rint(400 + np.cumsum(rng.normal(0, 1, 9000)) % 40), 0.0)
    nn = intervals.nn.copy()
    nn[(intervals.times > 900) & (intervals.times < 1300)] = np.nan
    holed = replace(intervals, nn=nn)
    rules = HrvRules(window_s=900.0)
    found = measure_multiscale_windows(holed, rules=rules, step_s=300.0, scales=5)
    assert np.diff(found.start) == pytest.approx(300.0)
    usable = [not reason for reason in found.reasons]
    assert np.array_equal(usable, found.coverage >= 0.8)
    assert 3 <= sum(usable) < len(found)
    for k in np.flatnonzero(usable):
        inside = (intervals.times >= found.start[k]) & (
            intervals.times + intervals.rr / 1000.0 <= found.end[k] + 1e-9
        )
        alone = measure_multiscale_entropy(nn[inside], scales=5, tick_ms=0.001)
        assert found.entropy[k] == pytest.approx([each.value for each in alone])
        assert found.tolerance_ms[k] == pytest.approx(alone[0].r_ms)
    assert np.all(np.isnan(found.entropy[~np.array(usable)]))


def test_cross_entropy_of_a_window_is_that_of_its_values() -> None:
    rng = np.random.default_rng(2)
    times = START + np.arange(3600.0)
    slow = np.convolve(rng.normal(0, 1, 3659), np.ones(60) / 8, "valid")
    rate, spo2 = np.rint(150 + 8 * slow), np.rint(92 + 3 * slow + rng.normal(0, 1, 3600))
    spo2[1300:1500] = np.nan
    x, y = (
        Series(Channel(name), times, values, np.ones(3600))
        for name, values in (("heart_rate", rate), ("spo2", spo2))
    )
    found = measure_cross_entropy_windows(x, y)
    assert len(found) == 6
    assert found.coverage == pytest.approx([1, 1, 2 / 3, 1, 1, 1])
    assert found.reasons[2] == "both are known in 67%, less than 80%"
    for k in (0, 1, 3, 4, 5):
        part = slice(600 * k, 600 * k + 600, 2)
        assert found.entropy[k] == measure_cross_entropy(rate[part], spo2[part]).value
    assert np.isnan(found.entropy[2])


def test_a_gap_has_no_windows_and_a_step_that_is_no_time_is_refused() -> None:
    one = intervals_from_rr(np.random.default_rng(3).normal(400.0, 10.0, 4000))
    apart = 30 * 365 * 86_400.0
    both = replace(
        one,
        times=np.concatenate((one.times, one.times + apart)),
        rr=np.tile(one.rr, 2),
        nn=np.tile(one.nn, 2),
        corrected=np.tile(one.corrected, 2),
        searched=Spans.of(np.concatenate((one.searched.bounds, one.searched.bounds + apart))),
    )
    rules = HrvRules(window_s=600.0)
    assert len(measure_multiscale_windows(both, rules=rules, scales=2)) <= 6
    with pytest.raises(ValueError, match="positive time, not 0"):
        measure_multiscale_windows(one, rules=rules, step_s=0.0)


@pytest.mark.parametrize("window_s", [0.0, 0.5, -10.0, np.nan])
def test_a_window_of_no_two_values_is_refused(window_s: float) -> None:
    """Both are read every 2 s."""
    times = START + np.arange(100.0)
    one = Series(Channel("spo2", "%"), times, np.full(100, 95.0), np.ones(100))
    with pytest.raises(ValueError, match=r"2 s or more, not"):
        measure_cross_entropy_windows(one, one, window_s=window_s)
