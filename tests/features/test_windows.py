"""The full set window by window: plain definitions as the oracle, gaps, coverage, sliding, time."""

import csv
import math
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from joey.beats import Intervals, clean_intervals, intervals_from_rr, nn_between
from joey.features import (
    HrvRules,
    HrvWindows,
    measure_alpha1,
    measure_sample_entropy,
    measure_windows,
)
from joey.features.decelerations import decelerations_of
from joey.features.spectrum import _resampled
from joey.features.variability import ranks_of
from joey.signals import Channel
from joey.spans import Spans

Floats = NDArray[np.float64]
START = 1.78e9  # s: a time of this century, where a float64 resolves 0.24 µs
INDEX = {"start", "end", "n", "accepted_s", "coverage", "corrected", "usable", "reasons"}
VALUES = [each.name for each in fields(HrvWindows) if each.name not in INDEX]


def simulated_rr(count: int, seed: int = 0, step: float = 4.0) -> Floats:
    """Return simulated intervals of an infant at rest, on a clock's grid. [ms]"""
    rng = np.random.default_rng(seed)
    level, out = 0.0, np.empty(count)
    for k, noise in enumerate(rng.normal(0.0, 4.0, count)):
        level = 0.9 * level + noise
        out[k] = 400.0 + level
    return np.rint((out + 8.0 * np.sin(np.arange(count) / 12.0)) / step) * step


def holed(intervals: Intervals, seed: int, holes: int) -> Intervals:
    rng = np.random.default_rng(seed)
    nn = intervals.nn.copy()
    for at in rng.integers(0, len(nn), holes):
        nn[at : at + rng.integers(1, 5)] = np.nan
    return replace(intervals, nn=nn, corrected=~np.isfinite(nn))


def plain(nn: Floats) -> dict[str, float]:
    """Return what NumPy and SciPy say of intervals with NaN at breaks, formula by formula."""
    x, steps = nn[np.isfinite(nn)], np.diff(nn)
    steps = steps[np.isfinite(steps)]
    sizes, away = np.abs(steps), x - np.median(x)
    half = np.var(steps, ddof=1) / 2
    sd1, sd2 = math.sqrt(half), math.sqrt(2 * np.var(x, ddof=1) - half)
    r1, r2 = (float(np.sum(part**2)) / len(x) for part in (away[away < 0], away[away > 0]))
    found = {
        "mean_nn": x.mean(),
        "heart_rate": 60000 / x.mean(),
        "median_nn": np.median(x),
        "min_nn": x.min(),
        "max_nn": x.max(),
        "sdnn": x.std(ddof=1),
        "cvnn": x.std(ddof=1) / x.mean(),
        "mad_nn": np.median(np.abs(away)),
        "iqr_nn": float(np.subtract(*np.percentile(x, (75, 25)))),
        "skewness": scipy.stats.skew(x),
        "kurtosis": scipy.stats.kurtosis(x),
        "rmssd": math.sqrt(np.mean(steps**2)),
        "sdsd": steps.std(ddof=1),
        "cvsd": math.sqrt(np.mean(steps**2)) / x.mean(),
        "sd1": sd1,
        "sd2": sd2,
        "sd_ratio": sd1 / sd2,
        "ellipse": math.pi * sd1 * sd2,
        "csi": sd2 / sd1,
        "cvi": math.log10(16 * sd1 * sd2),
        "r1": r1,
        "r2": r2,
        "asymmetry": r2 / r1,
        "alpha1": measure_alpha1(nn),
        "sampen_m2": measure_sample_entropy(nn, m=2, tick_ms=0.001).value,
        "sampen_m3": measure_sample_entropy(nn, m=3, tick_ms=0.001).value,
        "tolerance_ms": 0.2 * x.std(ddof=1),
    }
    for limit in (5, 10, 20, 50):
        found[f"nn{limit}"] = float(np.sum(sizes > limit))
        found[f"pnn{limit}"] = 100.0 * float(np.mean(sizes > limit))
    for name, sign in (("dc", 1.0), ("ac", -1.0)):
        for suffix, count in (("", 3), ("_t1", 1)):
            found[name + suffix] = plain_capacity(sign * nn, count) * sign
    return {name: float(value) for name, value in found.items()}


def plain_capacity(nn: Floats, count: int) -> float:
    swings = []
    for i in range(50, len(nn) - 50):
        rise = nn[i : i + count].mean() - nn[i - count : i].mean()
        swing = (nn[i] + nn[i + 1] - nn[i - 1] - nn[i - 2]) / 4
        if rise > 0 and abs(nn[i] / nn[i - 1] - 1) <= 0.05 and math.isfinite(swing):
            swings.append(swing)
    return float(np.mean(swings))


@pytest.mark.parametrize(("seed", "holes"), [(1, 0), (2, 25), (3, 60)])
def test_every_window_is_what_the_plain_formulas_say(seed: int, holes: int) -> None:
    """The oracle: NumPy and SciPy on the accepted intervals of one window."""
    intervals = holed(intervals_from_rr(simulated_rr(2400, seed), 60.0), seed, holes)
    windows = measure_windows(intervals, rules=HrvRules(max_corrected=1.0))
    assert len(windows) == 3
    assert np.all(windows.usable)
    for k in range(3):
        expected = plain(nn_between(intervals, windows.start[k], windows.end[k]))
        for name, value in expected.items():
            assert getattr(windows, name)[k] == pytest.approx(value, rel=1e-9, abs=1e-12), name


def test_there_are_more_than_forty_values_and_all_of_them_are_numbers() -> None:
    intervals = replace(intervals_from_rr(simulated_rr(2400)), resolution_ms=4.0)
    windows = measure_windows(intervals)
    finite = {name for name in VALUES if np.all(np.isfinite(getattr(windows, name)))}
    assert set(VALUES) - finite == {"rsa"}
    assert len(finite) > 45
    assert windows.rmssd_floor == pytest.approx(4.0 * math.sqrt(0.5))


def test_bands_and_their_shares_belong_together() -> None:
    windows = measure_windows(intervals_from_rr(simulated_rr(3000, 4)))
    assert windows.total == pytest.approx(windows.vlf + windows.lf + windows.hf, rel=1e-9)
    assert windows.lf_nu + windows.hf_nu == pytest.approx(100.0)
    assert windows.lf_hf == pytest.approx(windows.lf / windows.hf)
    assert np.all((windows.peak_lf_hz >= 0.04) & (windows.peak_lf_hz < 0.2))
    assert np.all((windows.peak_hf_hz >= 0.2) & (windows.peak_hf_hz < windows.top_hz))


@pytest.mark.parametrize("hz", [0.1, 0.5])
def test_the_peak_of_a_band_is_the_frequency_of_the_swing(hz: float) -> None:
    times = [0.0]
    while times[-1] < 310.0:
        times.append(times[-1] + 0.4 + 0.01 * math.sin(2 * math.pi * hz * times[-1]))
    windows = measure_windows(intervals_from_rr(np.diff(times) * 1000.0))
    found = windows.peak_lf_hz if hz < 0.2 else windows.peak_hf_hz
    assert found[0] == pytest.approx(hz, abs=1 / 120)


@pytest.mark.parametrize("holes", [0, 40])
def test_resampling_is_scipys_monotone_cubic(holes: int) -> None:
    intervals = holed(intervals_from_rr(simulated_rr(800, 5)), 5, holes)
    known = np.isfinite(intervals.nn)
    nn, ends = intervals.nn[known], (intervals.times + intervals.rr / 1000.0)[known]
    (even,) = _resampled(intervals.times[known][None], nn[None], np.array([1e9]))
    grid = ends[0] + np.arange(len(even)) * 0.25
    inside = grid < ends[-1]
    assert even[inside] == pytest.approx(PchipInterpolator(ends, nn)(grid[inside]), rel=1e-9)
    assert np.all(np.isnan(even[~inside]))


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.none(), st.integers(80, 90)), min_size=1, max_size=60),
    st.integers(0, 2),
)
def test_decelerations_are_those_of_a_plain_running_median(
    ticks: list[int | None], dense: int
) -> None:
    nn = np.array([np.nan if each is None else 4.0 * each for each in ticks])
    starts = np.cumsum(np.full(len(nn), (0.4, 3.0, 15.0)[dense]))
    starts[np.isnan(nn)] = np.nan
    found = decelerations_of(starts[None], ranks_of(nn[None]))
    above = np.zeros(len(nn))
    for k in np.flatnonzero(np.isfinite(nn)):
        near = np.abs(starts - starts[k]) <= 30.0 + 1e-9
        above[k] = max(nn[k] - np.median(nn[near]), 0.0)
    positive = above > 0
    lone = ~np.concatenate(([False], positive[:-1])) & ~np.concatenate((positive[1:], [False]))
    chosen = above[positive & ~lone]
    count = int(np.isfinite(nn).sum())
    assert found.share[0] == pytest.approx(
        100.0 * len(chosen) / count if count else math.nan, nan_ok=True
    )
    spread = float(np.std(chosen, ddof=1)) if len(chosen) > 1 else math.nan
    assert found.spread[0] == pytest.approx(spread, nan_ok=True, abs=1e-9)


def test_a_difference_equal_to_the_threshold_is_not_beyond_it_at_any_time_of_day() -> None:
    """Times in seconds of this century round by 0.1 µs, and a 4 ms clock often steps by 20 ms."""
    rr = np.tile([400.0, 420.0, 404.0, 412.0], 800)
    times = START + np.concatenate(([0.0], np.cumsum(rr))) / 1000.0
    now = replace(intervals_from_rr(rr, START), nn=np.diff(times) * 1000.0)
    here = intervals_from_rr(rr)
    assert not np.array_equal(now.nn, here.nn)
    for name in ("nn20", "pnn20", "nn10"):
        expected = getattr(measure_windows(here), name)
        assert getattr(measure_windows(now), name)[:3] == pytest.approx(expected[:3], abs=1.0)
    assert np.all(measure_windows(now).nn20 == 0)


def test_windows_slide_and_what_overlaps_is_the_same() -> None:
    intervals = clean_intervals(intervals_from_rr(simulated_rr(6000, 6), START))
    apart, sliding = measure_windows(intervals), measure_windows(intervals, step_s=30.0)
    assert np.diff(sliding.start) == pytest.approx(30.0)
    assert len(sliding) == int((intervals.searched.bounds[0, 1] - START - 300.0) // 30.0) + 1
    for name in VALUES:
        again = getattr(sliding, name)[::10][: len(apart)]
        assert again == pytest.approx(getattr(apart, name), nan_ok=True, rel=1e-12), name


def test_a_window_does_not_depend_on_those_around_it() -> None:
    """Six hours are laid out at a time: the seventh measures as if it were alone."""
    intervals = intervals_from_rr(simulated_rr(60_000, 7))
    windows = measure_windows(intervals)
    assert len(windows) > 72
    for k in (0, 71, 72, len(windows) - 1):
        alone = measure_windows(intervals, within=Spans.of([(windows.start[k], windows.end[k])]))
        for name in VALUES:
            assert getattr(alone, name)[0] == pytest.approx(
                getattr(windows, name)[k], nan_ok=True, rel=1e-12
            ), name


def test_what_cannot_be_used_has_coverage_and_a_reason_and_no_values() -> None:
    rr = simulated_rr(4500, 8)
    intervals = intervals_from_rr(rr)
    gap = (intervals.times > 310.0) & (intervals.times < 400.0)
    odd = np.zeros(len(rr), dtype=np.bool_)
    odd[(intervals.times > 610.0) & (intervals.times < 640.0)] = True
    few = (intervals.times > 905.0) & (intervals.times < 1195.0)
    nn = np.where(gap | few, np.nan, intervals.nn)
    windows = measure_windows(replace(intervals, nn=nn, corrected=odd))
    assert windows.usable.tolist() == [True, False, False, False, True, True]
    assert windows.coverage[1] == pytest.approx(0.7, abs=0.01)
    assert windows.reasons[0] == ""
    assert windows.reasons[1] == "accepted intervals fill 70%, less than 80%"
    assert windows.reasons[2].endswith("% of the intervals corrected, more than 5%")
    assert windows.reasons[3].endswith(" accepted intervals, fewer than 300")
    for name in VALUES:
        assert np.all(np.isnan(getattr(windows, name)[1:4])), name


def test_distrusted_time_is_left_out() -> None:
    intervals = replace(intervals_from_rr(simulated_rr(1600, 9)), channel=Channel("ecg", "mV"))
    whole = measure_windows(intervals)
    less = measure_windows(intervals, distrusted={"ecg": Spans.of([(100.0, 130.0)])})
    assert less.coverage[0] == pytest.approx(whole.coverage[0] - 0.1, abs=0.005)
    assert less.coverage[1] == whole.coverage[1]
    assert less.sdnn[1] == whole.sdnn[1]
    assert less.sdnn[0] != whole.sdnn[0]


@pytest.mark.parametrize("shift", [0.0, START])
def test_nothing_to_measure_gives_no_windows(shift: float) -> None:
    short = intervals_from_rr(np.full(10, 400.0), shift)
    assert len(measure_windows(short)) == 0
    assert measure_windows(short).reasons == ()
    empty = intervals_from_rr(np.empty(0), shift)
    assert len(measure_windows(empty)) == 0


def test_a_flat_series_has_a_level_and_nothing_that_is_divided_by_its_spread() -> None:
    windows = measure_windows(intervals_from_rr(np.full(1600, 400.0)))
    assert windows.sdnn.tolist() == [0.0, 0.0]
    assert windows.hf == pytest.approx(0.0, abs=1e-20)
    for name in ("skewness", "kurtosis", "csi", "cvi", "sd_ratio", "asymmetry", "alpha1", "dc"):
        assert np.all(np.isnan(getattr(windows, name))), name


def test_thirty_years_without_a_beat_have_no_windows() -> None:
    """Two hours apart by a generation, as where a clock was wrong: windows where data are."""
    rr, apart = simulated_rr(18_000, 10), 30 * 365.25 * 86_400.0
    one = intervals_from_rr(rr, START)
    length = float(one.searched.bounds[0, 1]) - START
    both = replace(
        one,
        times=np.concatenate((one.times, one.times + apart)),
        rr=np.tile(one.rr, 2),
        nn=np.tile(one.nn, 2),
        corrected=np.tile(one.corrected, 2),
        searched=Spans.of([(START, START + length), (START + apart, START + apart + length)]),
    )
    windows = measure_windows(both, step_s=100.0)
    edges = np.concatenate((one.searched.bounds, one.searched.bounds + apart))
    for start, end in zip(windows.start, windows.end, strict=True):
        assert np.any((start < edges[:, 1]) & (end > edges[:, 0]))
    assert np.all((windows.start - START) % 100.0 == 0)
    assert len(windows) == pytest.approx(2 * length / 100.0, abs=8)
    alone = measure_windows(one, step_s=100.0)
    assert np.array_equal(windows.sdnn[: len(alone)], alone.sdnn, equal_nan=True)


def test_times_and_numbers_of_windows_that_cannot_be_are_refused() -> None:
    beyond = replace(intervals_from_rr(np.full(10, 400.0)), searched=Spans.of([(0.0, 1e300)]))
    with pytest.raises(ValueError, match="no second can be told in windows from 0 to 1e"):
        measure_windows(beyond)
    decades = replace(intervals_from_rr(np.full(10, 400.0)), searched=Spans.of([(0.0, 3e9)]))
    with pytest.raises(ValueError, match="10000000 windows are more than four million"):
        measure_windows(decades)


def test_a_step_that_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="positive time, not 0"):
        measure_windows(intervals_from_rr(np.full(10, 400.0)), step_s=0.0)


def test_real_days_of_preterm_infants_measure_plainly(shared_data: Path) -> None:
    """PICS infants 1, 6, 7 and 10: windows drawn from each day are what the formulas say."""
    with np.load(shared_data / "pics-rr" / "pics_rr.npz") as found:
        days = {number: found[f"rr{number}"][:60_000].astype(float) for number in (1, 6, 7, 10)}
    for number, rr in days.items():
        intervals = clean_intervals(intervals_from_rr(rr, resolution_ms=4.0))
        windows = measure_windows(intervals)
        usable = np.flatnonzero(windows.usable)
        assert len(usable) > 0.9 * len(windows), number
        for k in usable[:: len(usable) // 3]:
            expected = plain(nn_between(intervals, windows.start[k], windows.end[k]))
            for name, value in expected.items():
                found_value = getattr(windows, name)[k]
                assert found_value == pytest.approx(value, rel=1e-9, nan_ok=True), (number, name)


def test_the_reference_of_an_adult_lists_as_many_windows(shared_data: Path) -> None:
    """The same 30 s sliding windows as the toolbox: SDNN of most of them agrees within 1 %."""
    import warnings  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # wfdb's, about pandas
        import wfdb  # noqa: PLC0415 - warns at import

        marks = wfdb.rdann(str(shared_data / "nsr2db" / "nsr001"), "ecg", sampto=7500 * 125)
    beats = marks.sample[np.isin(np.array(marks.symbol), list("NVSFAJaejLRBQ/f"))]
    intervals = clean_intervals(intervals_from_rr(np.diff(beats) * 8.0, resolution_ms=8.0))
    rules = HrvRules(min_beats=100)
    with (shared_data / "nsr2db" / "nsr001_hrv_reference.csv").open(encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    windows = measure_windows(intervals, step_s=30.0, rules=rules)
    count = min(len(table), len(windows))
    for theirs, own, within in (
        ("SDNN", "sdnn", 0.01),
        ("RMSSD", "rmssd", 0.02),
        ("NNmean", "mean_nn", 0.002),
        ("NNmedian", "median_nn", 0.002),
        ("SD2", "sd2", 0.01),
    ):
        expected = np.array([float(row[theirs]) for row in table[:count]])
        ratio = getattr(windows, own)[:count] / expected
        assert np.nanmedian(np.abs(ratio - 1.0)) < within, own
