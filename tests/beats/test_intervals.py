"""RR and NN intervals: none across a gap, true decelerations kept, artifacts marked."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from joey.beats import (
    BeatFlag,
    Beats,
    Intervals,
    clean_intervals,
    detect_beats,
    heart_rate_series,
    intervals_from_rr,
    nn_between,
    nn_intervals,
    rr_intervals,
    timing_noise_ms,
)
from joey.features import measure_rmssd, rmssd_floor
from joey.signals import Channel
from joey.simulate import simulate_ecg, simulate_infant
from joey.simulate.ecg import Shape
from joey.spans import Spans, contains, total

Floats = NDArray[np.float64]
ECG = Channel("ecg", "mV", lead="II", source="sim/II")


def quiet_rr(n: int, seed: int = 0, mean: float = 400.0) -> Floats:
    """Return simulated intervals of an infant at rest: AR(1), SD about 9 ms. [ms]"""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0.0, 4.0, n)
    out = np.empty(n)
    level = 0.0
    for k in range(n):
        level = 0.9 * level + steps[k]
        out[k] = mean + level
    return out


def beats_of(
    times: Floats, spans: Spans | None = None, flags: dict[int, int] | None = None
) -> Beats:
    marks = np.zeros(len(times), dtype=np.uint8)
    for index, flag in (flags or {}).items():
        marks[index] = flag
    searched = Spans.of([(times[0] - 0.1, times[-1] + 0.1)]) if spans is None else spans
    return Beats(ECG, times, marks, searched)


def times_of(rr: Floats, start: float = 1000.0) -> Floats:
    return start + np.concatenate(([0.0], np.cumsum(rr))) / 1000.0


def cleaned(rr: Floats) -> Intervals:
    return clean_intervals(intervals_from_rr(rr))


class TestRaw:
    def test_no_interval_crosses_the_edge_of_a_searched_span(self) -> None:
        times = times_of(quiet_rr(100))
        spans = Spans.of([(999.0, times[40] + 0.1), (times[41] - 0.1, 2000.0)])
        found = rr_intervals(beats_of(times, spans), resolution_ms=4.0)
        assert len(found.rr) == 99
        assert times[40] not in found.times

    def test_a_beat_outside_every_searched_span_makes_no_interval(self) -> None:
        times = times_of(quiet_rr(20))
        spans = Spans.of([(999.0, times[9] + 0.1), (times[12] - 0.1, 2000.0)])
        found = rr_intervals(beats_of(times, spans), resolution_ms=4.0)
        assert len(found.rr) == 20 - 3

    def test_beats_over_four_seconds_apart_make_no_interval_and_are_not_searched(self) -> None:
        rr = quiet_rr(40)
        rr[20] = 4500.0
        found = rr_intervals(beats_of(times_of(rr)), resolution_ms=4.0)
        assert len(found.rr) == 39
        assert np.max(found.rr) < 1000
        assert total(found.searched) == pytest.approx(np.sum(rr) / 1000 + 0.2 - 4.5)

    @pytest.mark.parametrize("count", [0, 1])
    def test_fewer_than_two_beats_have_no_interval(self, count: int) -> None:
        beats = Beats(ECG, np.full(count, 5.0), np.zeros(count, np.uint8), Spans.of([(0.0, 9.0)]))
        assert len(nn_intervals(beats, resolution_ms=4.0).rr) == 0

    def test_heart_rate_stands_for_its_interval_and_not_in_a_gap(self) -> None:
        times = np.array([10.0, 10.5, 11.0, 31.0, 31.25])
        spans = Spans.of([(9.0, 12.0), (30.0, 32.0)])
        rate = heart_rate_series(rr_intervals(beats_of(times, spans), resolution_ms=1.0))
        assert rate.values.tolist() == [120.0, 120.0, 240.0]
        assert rate.ends.tolist() == [10.5, 11.0, 31.25]
        assert rate.channel.quantity == "heart_rate"
        assert rate.channel.unit == "/min"

    @pytest.mark.parametrize("bad", [np.nan, 0.0, -400.0, np.inf])
    def test_rr_alone_must_be_positive_numbers(self, bad: float) -> None:
        with pytest.raises(ValueError, match="positive"):
            intervals_from_rr(np.array([400.0, bad, 400.0]))


class TestKept:
    """What the heart did stays, however far it is from the median."""

    def test_a_bradycardia_with_a_ramp(self) -> None:
        dip = [420, 480, 560, 660, 760, 800, 810, 790, 740, 640, 540, 460, 420]
        rr = np.concatenate((quiet_rr(200), dip, quiet_rr(200, 1)))
        assert not np.any(cleaned(rr).corrected)

    def test_a_bradycardia_that_starts_and_ends_at_once(self) -> None:
        """150 to 75 beats/min in one beat: each interval is twice the median, and true."""
        rr = np.concatenate((quiet_rr(200), quiet_rr(12, 2, 800.0), quiet_rr(200, 1)))
        assert not np.any(cleaned(rr).corrected)

    def test_a_fall_at_once_that_recovers_over_beats(self) -> None:
        rr = np.concatenate((quiet_rr(200), [810, 720, 640, 560, 490, 440], quiet_rr(200, 1)))
        assert not np.any(cleaned(rr).corrected)

    def test_a_bradycardia_on_a_4_ms_grid_with_equal_neighbors(self) -> None:
        dip = [440, 440, 500, 560, 560, 620, 680, 680, 600, 520, 520, 460]
        rr = np.rint(np.concatenate((quiet_rr(200), dip, quiet_rr(200, 1))) / 4) * 4
        assert not np.any(cleaned(rr).corrected)

    def test_a_heart_that_doubles_its_rate(self) -> None:
        """Two intervals of a true tachycardia sum to the old one, and are not merged."""
        rr = np.concatenate((quiet_rr(200), quiet_rr(20, 2, 215.0), quiet_rr(200, 1)))
        assert not np.any(cleaned(rr).corrected)

    @pytest.mark.parametrize("infant", [1, 6, 7, 10])
    def test_under_one_percent_of_clean_real_intervals_is_marked(
        self, shared_data: object, infant: int
    ) -> None:
        rr = np.load(f"{shared_data}/pics-rr/pics_rr.npz")[f"rr{infant}"].astype(np.float64)
        marked = cleaned(rr).corrected
        assert len(rr) > 180_000
        assert np.mean(marked) < 0.01

    def test_a_real_series_with_a_bradycardia_laid_into_it(self, shared_data: object) -> None:
        """The slow beats stay, wherever in the record they fall."""
        rr = np.load(f"{shared_data}/pics-rr/pics_rr.npz")["rr7"][:20_000].astype(np.float64)
        dip = np.array([1.1, 1.3, 1.6, 1.9, 2.0, 2.0, 1.9, 1.7, 1.4, 1.2])
        places = np.arange(500, 19_500, 500)
        for place in places:
            rr[place : place + len(dip)] = np.median(rr[place - 20 : place]) * dip
        marked = cleaned(rr).corrected
        slow = np.array([marked[p : p + len(dip)].sum() for p in places])
        assert slow.sum() <= 0.02 * len(dip) * len(places)


class TestMarked:
    def test_a_missed_beat_is_rejected_and_not_made_up(self) -> None:
        rr = quiet_rr(300)
        rr[150] = rr[150] + rr[151]
        rr = np.delete(rr, 151)
        found = cleaned(rr)
        assert np.flatnonzero(found.corrected).tolist() == [150]
        assert np.isnan(found.nn[150])

    def test_an_extra_beat_is_merged(self) -> None:
        clean = quiet_rr(300)
        rr = np.insert(clean, 150, 0.3 * clean[150])
        rr[151] = 0.7 * clean[150]
        found = cleaned(rr)
        assert np.flatnonzero(found.corrected).tolist() == [150, 151]
        assert found.nn[150] == pytest.approx(clean[150])
        assert np.isnan(found.nn[151])
        merged = nn_between(found, 0.0, 1e6)
        assert merged == pytest.approx(clean)  # no break: the merged interval is one of them

    def test_an_early_beat_with_its_long_pause_is_rejected(self) -> None:
        rr = quiet_rr(300)
        rr[150:152] = [280.0, 600.0]
        assert np.flatnonzero(cleaned(rr).corrected).tolist() == [150, 151]

    def test_a_jump_after_a_drift_is_no_ramp(self) -> None:
        """Two rising ordinary beats before it do not make a doubled interval a deceleration."""
        rr = quiet_rr(300)
        rr[148:151] = [396.0, 402.0, 806.0]
        assert cleaned(rr).corrected[150]

    def test_limits_hold_whatever_the_neighbors(self) -> None:
        rr = np.concatenate(
            (quiet_rr(100), [700, 1000, 1300, 1600, 1200, 800], [150, 160, 170, 180])
        )
        found = cleaned(np.concatenate((rr, quiet_rr(100))))
        assert np.flatnonzero(found.rr > 1500).tolist() == [103]
        assert np.isnan(found.nn[103])
        assert np.all(np.isnan(found.nn[106:110]))
        assert np.all(np.isfinite(found.nn[100:103]))

    def test_a_beat_found_by_searching_back_keeps_its_intervals(self) -> None:
        """It is a beat like any other; what a flagged shape does is tested in test_shapes."""
        times = times_of(quiet_rr(100))
        found = nn_intervals(beats_of(times, flags={70: BeatFlag.SEARCHED_BACK}), resolution_ms=4.0)
        assert not found.corrected.any()

    def test_most_of_a_noise_burst_is_rejected(self) -> None:
        noise = np.random.default_rng(3).uniform(210.0, 700.0, 60)
        found = cleaned(np.concatenate((quiet_rr(300), noise, quiet_rr(300, 1))))
        assert np.mean(found.corrected[300:360]) > 0.8
        assert np.mean(found.corrected[:290]) == 0


@settings(max_examples=40)
@given(
    seed=st.integers(0, 1000),
    artifacts=st.lists(st.tuples(st.integers(5, 290), st.floats(0.3, 2.5)), max_size=8),
)
def test_cleaning_never_touches_rr_and_marks_exactly_what_it_changed(
    seed: int, artifacts: list[tuple[int, float]]
) -> None:
    rr = quiet_rr(300, seed)
    for place, factor in artifacts:
        rr[place] *= factor
    found = cleaned(rr)
    assert np.array_equal(found.rr, rr)
    changed = ~(found.nn == found.rr)
    assert np.array_equal(changed, found.corrected)
    filled = found.nn[np.isfinite(found.nn)]
    assert np.all((filled >= 200.0) & (filled <= 1500.0))


@settings(max_examples=25)
@given(seed=st.integers(0, 1000), first=st.integers(0, 300))
def test_cleaning_looks_only_a_hundred_beats_around(seed: int, first: int) -> None:
    """A part cleaned alone is the same as in the whole, away from its edges."""
    rr = quiet_rr(700, seed)
    rr[[120, 333, 350, 480]] *= (2.0, 0.5, 1.3, 2.0)
    whole, part = cleaned(rr), cleaned(rr[first : first + 400])
    inner = slice(100, 300)
    assert np.array_equal(whole.nn[first : first + 400][inner], part.nn[inner], equal_nan=True)


def test_a_shift_to_the_seconds_of_this_century_changes_nothing() -> None:
    rr = np.rint(quiet_rr(2000) / 4) * 4
    rr[[500, 900]] *= 2
    here = clean_intervals(intervals_from_rr(rr, 0.0))
    now = nn_intervals(beats_of(times_of(rr, 1.78e9)), resolution_ms=4.0)
    assert np.array_equal(here.corrected, now.corrected)
    assert now.nn == pytest.approx(here.nn, abs=1e-3, nan_ok=True)


def test_rmssd_with_a_gap_of_20_s_is_within_5_percent() -> None:
    times = times_of(quiet_rr(750, 5))
    start, end = times[300] + 0.01, times[300] + 20.01
    kept = times[(times < start) | (times > end)]
    spans = Spans.of([(times[0] - 0.1, start), (end, times[-1] + 0.1)])
    whole = nn_intervals(beats_of(times), resolution_ms=4.0)
    holed = nn_intervals(beats_of(kept, spans), resolution_ms=4.0)
    assert len(holed.nn) < len(whole.nn) - 45
    expected = measure_rmssd(nn_between(whole, 0.0, 1e9))
    assert measure_rmssd(nn_between(holed, 0.0, 1e9)) == pytest.approx(expected, rel=0.05)


def test_intervals_of_a_window_lie_in_it_with_a_nan_at_each_break() -> None:
    rr = np.full(20, 400.0)
    rr[10] = 800.0
    found = clean_intervals(intervals_from_rr(rr))
    assert np.isnan(found.nn[10])
    inside = nn_between(found, 0.3, 6.3)
    # Intervals start at 0.4 s; the rejected one from 4.0 s to 4.8 s; the last starts at 5.6 s.
    assert np.flatnonzero(np.isnan(inside)).tolist() == [9]
    assert len(inside) == 9 + 1 + 3


def test_no_beat_of_a_simulated_infants_bradycardias_is_marked() -> None:
    infant = simulate_infant(hours=6, seed=4, holds=0, dirt=False, waveforms=False)
    found = nn_intervals(beats_of(infant.truth.beats_ns / 1e9), resolution_ms=4.0)
    slow = Spans.of([(each.start, each.end) for each in infant.truth.bradycardias])
    assert np.count_nonzero(contains(slow, found.times)) > 30
    assert not np.any(found.corrected[contains(slow, found.times)])
    assert np.mean(found.corrected) < 0.001


@pytest.mark.parametrize("fs", [125, 250, 500, 1000])
@pytest.mark.parametrize("ratio", [20, 50])
def test_the_timing_noise_that_is_stated_bounds_that_of_simulated_beats(
    fs: int, ratio: int
) -> None:
    """Peak to SD of the noise 20 and 50: the SD of a beat's time, and the RMSSD that it makes."""
    rng = np.random.default_rng(ratio)
    true = 1 + np.cumsum(0.4 * (1 + 0.03 * rng.standard_normal(1500)))
    ecg = simulate_ecg(true, fs, noise=Shape().r / ratio, seed=fs)
    beats = detect_beats(ecg)
    at = np.clip(np.searchsorted(true, beats.times - 0.1), 0, len(true) - 1)
    error = (beats.times - true[at]) * 1000
    assert len(error) >= 1495
    stated = timing_noise_ms(fs)
    step = float(np.std(error)) * np.sqrt(12)
    assert step <= stated
    assert ratio == 50 or step >= 0.6 * stated  # a bound that says something
    added = measure_rmssd(400 + np.diff(error))  # of a heart as even as can be
    assert added <= rmssd_floor(stated)
