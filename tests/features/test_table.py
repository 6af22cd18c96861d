"""The table of features: what each gives over spans, what it says where it gives nothing."""

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from joey.beats import Beats, Intervals, clean_intervals, intervals_from_rr, nn_intervals
from joey.breaths import Breaths
from joey.features import (
    FEATURES,
    HrvRules,
    Material,
    Measured,
    feature_settings,
    features_for,
    measure_rmssd,
    measure_sdnn,
)
from joey.features.warmth import SITES
from joey.features.windows import whole_windows
from joey.signals import Channel, Series
from joey.spans import Spans

Floats = NDArray[np.float64]
START = 1.78e9  # s: a time of this century, where a float64 resolves 0.24 µs
HOUR = 3600.0
BY_NAME = {feature.name: feature for feature in FEATURES}
ECG = Channel("ecg", "mV", lead="II", source="sim/II")


def at(start: float, end: float) -> Spans:
    return Spans.of([(START + start, START + end)])


def simulated_rr(seconds: float, seed: int = 0) -> Floats:
    """Return simulated intervals of an infant at rest, at 250 Hz. [ms]"""
    rng = np.random.default_rng(seed)
    n = int(seconds / 0.4 * 1.05)
    level, drift = 0.0, 10.0 * np.sin(np.arange(n) / 3000.0)
    out = np.empty(n)
    for k, step in enumerate(rng.normal(0.0, 4.0, n)):
        level = 0.9 * level + step
        out[k] = 400.0 + level
    rr = np.rint((out + drift) / 4.0) * 4.0
    return rr[np.cumsum(rr) < seconds * 1000.0]


def ecg_intervals(rr: Floats) -> Intervals:
    cleaned = clean_intervals(intervals_from_rr(rr, START, resolution_ms=4.0))
    return replace(cleaned, channel=ECG)


def numeric(
    quantity: str, values: Floats, unit: str, *, site: str = "", step: float = 1.0
) -> Series:
    channel = Channel(quantity, unit, site=site, source=f"sim/{quantity}")
    times = START + step * np.arange(len(values))
    return Series(channel, times, values, np.full(len(values), step))


@pytest.fixture(scope="module")
def material() -> Material:
    """Return two simulated hours of an infant in which everything is measured."""
    seconds = int(2 * HOUR)
    rng = np.random.default_rng(3)
    t = np.arange(float(seconds))
    breaths = START + np.cumsum(rng.uniform(0.8, 1.4, int(seconds / 1.1)))
    dips = np.sin(t / 40.0)
    return Material(
        intervals=ecg_intervals(simulated_rr(seconds)),
        breaths=Breaths(
            Channel("resp", "Ohm", source="sim/RESP"),
            breaths[breaths < START + seconds],
            np.zeros(int(np.sum(breaths < START + seconds)), dtype=np.uint8),
            at(0, seconds),
        ),
        numerics={
            "spo2": (numeric("spo2", np.rint(93 + 4 * dips + rng.normal(0, 1, seconds)), "%"),),
            "heart_rate": (numeric("heart_rate", 150 + 6 * np.roll(dips, -8), "/min"),),
            "pulse_rate": (numeric("pulse_rate", 150 + 6 * np.roll(dips, -8), "/min"),),
            "resp_rate": (numeric("resp_rate", 55 + dips, "/min"),),
            "fio2": (numeric("fio2", np.full(4, 25.0), "%", step=1800.0),),
            "perfusion_index": (numeric("perfusion_index", 1.2 + 0.1 * dips, "%"),),
            "temp": tuple(
                numeric("temp", 36.6 + 0.1 * np.sin(t / 900.0), "Cel", site=site)
                for site in ("axilla", "rectal", "core", "skin", "")
            ),
        },
    )


def value(material: Material, name: str, spans: Spans) -> Measured:
    return BY_NAME[name].measure(material, spans)


def test_names_are_unique_and_every_row_is_complete() -> None:
    assert len(BY_NAME) == len(FEATURES)
    for feature in FEATURES:
        assert feature.group in {"heart", "breathing", "oxygen", "temperature"}
        assert feature.threshold in {"", "hr", "rr", "spo2", "temp"}
        assert feature.definition.endswith(".")
        assert feature.label
        assert feature.unit
        assert feature.settles_min == (30.0 if feature.group == "temperature" else 0.0)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_everything_measured_has_a_value_with_its_source(material: Material, name: str) -> None:
    found = value(material, name, at(0, HOUR))
    assert math.isfinite(found.value)
    assert found.n > 0
    assert 0.9 < found.coverage <= 1.0
    assert found.source


@pytest.mark.parametrize("name", list(BY_NAME))
@pytest.mark.parametrize("spans", [at(0, HOUR), Spans.of([])], ids=["an hour", "no time"])
def test_without_material_there_is_no_value_but_a_reason(name: str, spans: Spans) -> None:
    found = value(Material(), name, spans)
    assert math.isnan(found.value)
    assert (found.n, found.coverage) == (0, 0.0)
    assert found.reason.startswith("no ")


@pytest.mark.parametrize("name", list(BY_NAME))
def test_where_the_recording_holds_nothing_there_is_no_value(material: Material, name: str) -> None:
    """As in a phase after all leads came off."""
    found = value(material, name, at(3 * HOUR, 4 * HOUR))
    assert math.isnan(found.value)
    assert found.coverage == 0
    assert found.reason


@pytest.mark.parametrize("name", [each.name for each in FEATURES if each.blockwise])
def test_a_blockwise_value_is_the_mean_of_its_blocks(material: Material, name: str) -> None:
    whole = value(material, name, at(0, HOUR)).value
    blocks = [value(material, name, at(lo, lo + 600.0)).value for lo in range(0, 3600, 600)]
    assert np.mean(blocks) == pytest.approx(whole, rel=2e-3)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_the_whole_is_measured_as_if_the_rest_were_not_there(material: Material, name: str) -> None:
    """A phase's value does not depend on what lies outside it."""
    spans = at(1200, 3000)
    lo, hi = np.searchsorted(material.intervals.times, (START + 1200, START + 3000))  # type: ignore[union-attr]
    own = replace(
        material,
        intervals=ecg_part(material, int(lo), int(hi)),
        windows={},
        numerics={
            quantity: tuple(part(each) for each in rows) if quantity != "fio2" else rows
            for quantity, rows in material.numerics.items()
        },
    )
    assert value(own, name, spans) == value(material, name, spans)


def ecg_part(material: Material, lo: int, hi: int) -> Intervals:
    whole = material.intervals
    assert whole is not None
    return replace(
        whole,
        times=whole.times[lo:hi],
        rr=whole.rr[lo:hi],
        nn=whole.nn[lo:hi],
        corrected=whole.corrected[lo:hi],
    )


def part(series: Series) -> Series:
    keep = (series.times >= START + 1199) & (series.times < START + 3001)
    return replace(
        series,
        times=series.times[keep],
        values=series.values[keep],
        valid_s=series.valid_s[keep],
    )


class TestVariability:
    def test_is_the_mean_of_windows_and_not_one_number_over_a_drift(self) -> None:
        rr = simulated_rr(HOUR)
        rr = rr + np.rint(np.linspace(0.0, 60.0, len(rr)) / 4) * 4  # the rate drifts for an hour
        material = Material(intervals=ecg_intervals(rr))
        found = value(material, "sdnn", at(0, HOUR))
        edges = np.concatenate(([0.0], np.cumsum(rr) / 1000.0))
        windows = [
            measure_sdnn(rr[(edges[:-1] >= lo - 1e-6) & (edges[1:] <= lo + 300.001)])
            for lo in range(0, 3600, 300)
            if lo + 300 <= edges[-1]
        ]
        assert found.value == pytest.approx(np.mean(windows), rel=1e-3)
        assert found.value < 0.75 * measure_sdnn(rr)

    def test_five_minutes_begin_anew_with_each_span_and_leave_the_rest(self) -> None:
        spans = Spans.of([(0.0, 700.0), (1000.0, 1299.0), (2000.0, 2300.0)])
        assert list(whole_windows(spans, 300.0)) == [
            (0.0, 300.0),
            (300.0, 600.0),
            (2000.0, 2300.0),
        ]

    def test_a_span_below_five_minutes_says_so(self, material: Material) -> None:
        found = value(material, "rmssd", at(0, 299))
        assert math.isnan(found.value)
        assert found.reason == "no 5-min window fits into this phase"

    def test_rmssd_near_the_timing_noise_says_so(self, material: Material) -> None:
        assert material.intervals is not None
        found = value(material, "rmssd", at(0, HOUR))
        assert found.value < 2 * 2.83
        assert found.reason == "less than twice the timing noise of the beats (floor 2.83 ms)"
        fine = Material(intervals=replace(material.intervals, resolution_ms=0.5))
        assert value(fine, "rmssd", at(0, HOUR)).reason == ""
        unknown = Material(intervals=replace(material.intervals, resolution_ms=math.nan))
        assert "not known" in value(unknown, "rmssd", at(0, HOUR)).reason

    def test_an_entropy_whose_tolerance_is_below_the_timing_says_so(
        self, material: Material
    ) -> None:
        found = value(material, "sampen_m3", at(0, HOUR))
        assert math.isfinite(found.value)
        assert "finer than the beats' timing (4 ms)" in found.reason

    def test_too_many_corrections_leave_no_window_and_both_shares_are_told(self) -> None:
        rr = simulated_rr(600.0)
        rr[20::15] *= 2.2
        found = value(Material(intervals=ecg_intervals(rr)), "sdnn", at(0, 600))
        assert math.isnan(found.value)
        assert "corrected" in found.reason
        assert "%" in found.reason

    def test_too_little_coverage_leaves_no_window(self) -> None:
        rr = simulated_rr(600.0)
        edges = START + np.concatenate(([0.0], np.cumsum(rr) / 1000.0))
        spans = Spans.of([(START - 1, START + 100), (START + 170, START + 620)])
        beats = Beats(ECG, edges, np.zeros(len(edges), np.uint8), spans)
        material = Material(intervals=nn_intervals(beats, resolution_ms=4.0))
        assert math.isnan(value(material, "sdnn", at(0, 300)).value)
        assert value(material, "sdnn", at(0, 600)).coverage == pytest.approx(0.5, abs=0.01)

    def test_a_gap_of_20_s_moves_rmssd_by_less_than_5_percent(self) -> None:
        rr = simulated_rr(300.0)
        edges = START + np.concatenate(([0.0], np.cumsum(rr) / 1000.0))
        flags = np.zeros(len(edges), np.uint8)
        searched = Spans.of([(START - 1, START + 150), (START + 170, START + 301)])
        holed = nn_intervals(Beats(ECG, edges, flags, searched), resolution_ms=4.0)
        found = value(Material(intervals=holed), "rmssd", at(0, 300))
        assert found.value == pytest.approx(measure_rmssd(rr), rel=0.05)
        assert found.coverage == pytest.approx(280 / 300, abs=0.01)

    def test_other_rules_are_kept_and_printed(self, material: Material) -> None:
        strict = HrvRules(window_s=120.0, min_beats=400)
        own = replace(material, rules=strict, windows={})
        assert value(own, "sdnn", at(0, 119)).reason == "no 2-min window fits into this phase"
        assert value(own, "sdnn", at(0, 600)).reason.startswith("no 2-min window has 400 accepted")
        assert feature_settings(strict)["hrv_window"] == "120 s"
        assert all(feature_settings(HrvRules()).values())

    def test_one_window_is_measured_once_for_all_features(self, material: Material) -> None:
        own = replace(material, windows={})
        for feature in FEATURES:
            feature.measure(own, at(0, HOUR))
        assert len(own.windows) == 12


class TestTrust:
    def test_distrusted_time_is_taken_out_and_lowers_coverage(self) -> None:
        bad = np.full(3600, 93.0)
        bad[1800:] = 60.0
        own = Material(
            numerics={"spo2": (numeric("spo2", bad, "%"),)},
            distrusted={"spo2": at(1800, 3600)},
        )
        found = value(own, "spo2", at(0, HOUR))
        assert found.value == 93.0
        assert found.coverage == pytest.approx(0.5)
        assert value(own, "spo2_below_80", at(0, HOUR)).value == 0.0
        assert value(own, "spo2_below_80", at(1800, HOUR)).reason == "no SpO2 in this phase"

    def test_beats_of_distrusted_ecg_do_not_count(self, material: Material) -> None:
        own = replace(material, distrusted={"ecg": at(0, 1800)}, windows={})
        assert value(own, "heart_rate", at(0, HOUR)).coverage == pytest.approx(0.5, abs=0.01)
        assert value(own, "rmssd", at(0, HOUR)).coverage == pytest.approx(0.5, abs=0.01)

    def test_less_than_a_minute_gives_no_average(self) -> None:
        own = Material(numerics={"spo2": (numeric("spo2", np.full(59, 93.0), "%"),)})
        found = value(own, "spo2", at(0, HOUR))
        assert math.isnan(found.value)
        assert found.reason == "only 59 s measured in this phase"
        assert found.coverage == pytest.approx(59 / 3600)

    def test_the_best_channel_is_read_unless_another_is_twice_as_full(self) -> None:
        first = numeric("spo2", np.full(1000, 90.0), "%", site="foot")
        second = numeric("spo2", np.full(3600, 95.0), "%", site="hand")
        own = Material(numerics={"spo2": (first, second)})
        assert value(own, "spo2", at(0, 1500)).source == "spo2 foot"
        found = value(own, "spo2", at(0, HOUR))
        assert (found.value, found.source) == (95.0, "spo2 hand")


def test_bradycardia_lowers_the_heart_rate_by_its_time() -> None:
    rr = np.concatenate((np.full(750, 400.0), np.full(75, 800.0), np.full(600, 400.0)))
    found = value(Material(intervals=ecg_intervals(rr)), "heart_rate", at(0, 600))
    assert found.value == pytest.approx((540 / 0.4 + 60 / 0.8) / 10, rel=1e-3)


def test_fio2_in_percent_is_shown_as_a_fraction(material: Material) -> None:
    assert value(material, "fio2", at(0, HOUR)).value == pytest.approx(0.25)
    spo2, ratio = (value(material, name, at(0, HOUR)).value for name in ("spo2", "spo2_fio2"))
    assert ratio == pytest.approx(spo2 / 0.25)
    (unit,) = (each.unit for each in features_for(material) if each.name == "spo2_fio2")
    assert unit == "1", "a ratio of 380 is no percentage, and its change no percentage points"


def test_cross_correlation_tells_that_saturation_follows(material: Material) -> None:
    assert value(material, "hr_spo2", at(0, HOUR)).value > 0.9
    assert value(material, "hr_spo2_lag", at(0, HOUR)).value == 8.0


def test_heart_rate_of_beats_serves_where_the_monitor_gives_none(material: Material) -> None:
    assert material.intervals is not None
    own = Material(intervals=material.intervals, numerics={"spo2": material.numerics["spo2"]})
    assert value(own, "hr_spo2", at(0, HOUR)).source == "heart_rate II and spo2"


def test_pulses_serve_where_there_is_neither_ecg_nor_a_printed_rate(material: Material) -> None:
    assert material.intervals is not None
    pulse = replace(material.intervals, channel=Channel("pleth"))
    found = value(Material(pulse=pulse), "heart_rate_monitor", at(0, HOUR))
    assert found.value == pytest.approx(value(material, "heart_rate", at(0, HOUR)).value)
    assert found.source == "pleth"
    assert value(Material(pulse=pulse), "rmssd", at(0, HOUR)).reason.startswith("no ECG")


class TestRows:
    def names(self, material: Material) -> list[str]:
        return [feature.name for feature in features_for(material)]

    def test_a_monitors_rate_is_shown_only_where_no_beats_or_breaths_are(
        self, material: Material
    ) -> None:
        assert "heart_rate_monitor" not in self.names(material)
        assert "resp_rate_monitor" not in self.names(material)
        bare = self.names(Material(numerics=material.numerics))
        assert "heart_rate_monitor" in bare
        assert "heart_rate" not in bare
        assert "breath_cv" not in bare

    def test_a_monitors_rate_stands_beside_beats_that_cover_under_half(
        self, material: Material
    ) -> None:
        """An ECG of some minutes must not hide the hours in which the monitor alone has a rate."""
        assert material.breaths is not None
        for seconds, both in ((1200.0, True), (4000.0, False)):
            beats = ecg_intervals(simulated_rr(seconds))
            few = material.breaths.times < START + seconds
            breaths = replace(
                material.breaths,
                times=material.breaths.times[few],
                flags=material.breaths.flags[few],
                searched=at(0, seconds),
            )
            rows = self.names(replace(material, intervals=beats, breaths=breaths))
            assert {"heart_rate", "resp_rate"} <= set(rows)
            assert ("heart_rate_monitor" in rows) is both
            assert ("resp_rate_monitor" in rows) is both

    @pytest.mark.parametrize("site", list(SITES))
    def test_a_temperature_has_a_row_where_it_has_a_probe(self, site: str) -> None:
        probe = numeric("temp", np.full(900, 36.6), "Cel", site="" if site == "other" else site)
        rows = [
            name for name in self.names(Material(numerics={"temp": (probe,)})) if "temp" in name
        ]
        assert rows[0] == f"temp_{site}"
        assert all(name.startswith(f"temp_{site}") for name in rows)

    def test_only_classed_sites_have_time_below_normal(self) -> None:
        below = {feature.name for feature in FEATURES if feature.name.endswith("below_36_5")}
        assert below == {f"temp_{site}_below_36_5" for site in ("axilla", "rectal", "core")}

    def test_order_is_that_of_the_table(self, material: Material) -> None:
        order = [feature.name for feature in FEATURES]
        rows = self.names(material)
        assert rows == sorted(rows, key=order.index)
