"""How each feature is measured over spans, and why it sometimes cannot be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import isnan, nan
from typing import TYPE_CHECKING

import numpy as np

from joey.beats import heart_rate_series
from joey.events.stretches import SLACK
from joey.features.breathing import (
    breath_intervals,
    measure_breath_rate,
    measure_breath_variability,
)
from joey.features.coupling import WINDOW_S as COUPLING_S
from joey.features.coupling import CrossCorrelation, measure_heart_saturation
from joey.features.hrv import beating_intervals
from joey.features.material import Material, Measured
from joey.features.oxygen import measure_saturation_per_oxygen
from joey.features.standing import Standing, standing
from joey.features.temperature import NORMAL_FROM, five_minute_medians
from joey.features.windows import whole_windows
from joey.signals import blank
from joey.spans import Spans, intersect, subtract, total

if TYPE_CHECKING:
    from joey.beats import Intervals
    from joey.signals import Series

__all__ = [
    "MIN_BREATHS",
    "MIN_VALID_S",
    "breath_rate",
    "breath_variability",
    "coldest",
    "cool_share",
    "coupling",
    "coupling_lag",
    "fio2",
    "heart_rate",
    "monitor_heart_rate",
    "numeric",
    "numeric_mean",
    "saturation_below",
    "saturation_per_oxygen",
    "temperature",
    "temperature_series",
]

MIN_VALID_S = 60.0  # s of measured time below which no average is given
MIN_BREATHS = 100  # intervals in a five-minute window, for their variability
ENOUGH = 0.5  # share of a phase the best channel must cover to be preferred to a fuller one

Measure = Callable[[Material, Spans], Measured]


def heart_rate(material: Material, spans: Spans) -> Measured:
    """Return the heart rate from beats of the ECG: accepted intervals over the time they fill."""
    if material.intervals is None:
        return Measured(nan, 0, 0.0, "no ECG with beats in this phase")
    return _rate(material, material.intervals, spans, "no ECG with beats in this phase")


def monitor_heart_rate(material: Material, spans: Spans) -> Measured:
    """Return the mean heart or pulse rate that the monitor printed, else that of the pleth."""
    for quantity in ("heart_rate", "pulse_rate"):
        found = _mean(material, quantity, spans, "no heart rate or pulse rate in this phase")
        if not isnan(found.value):
            return found
    if material.pulse is None:
        return Measured(nan, 0, 0.0, "no heart rate or pulse rate in this phase")
    return _rate(material, material.pulse, spans, "no heart rate or pulse rate in this phase")


def numeric_mean(quantity: str, words: str) -> Measure:
    """Return the measure that averages a numeric over measured time."""

    def measure(material: Material, spans: Spans) -> Measured:
        return _mean(material, quantity, spans, f"no {words} in this phase")

    return measure


def fio2(material: Material, spans: Spans) -> Measured:
    """Return the mean inspired fraction of oxygen. [1]"""
    found = _mean(material, "fio2", spans, "no FiO2 in this phase")
    channel = numeric(material, "fio2", spans)
    percent = channel is not None and channel[0].channel.unit == "%"
    return replace(found, value=found.value / 100.0) if percent else found


def saturation_below(limit: float) -> Measure:
    """Return the measure of the share of measured time with SpO2 below a limit."""

    def measure(material: Material, spans: Spans) -> Measured:
        channel = numeric(material, "spo2", spans)
        if channel is None:
            return Measured(nan, 0, 0.0, "no SpO2 in this phase")
        series, there = channel
        return _measured(there.share(there.values < limit - SLACK), there, spans, series)

    return measure


def saturation_per_oxygen(material: Material, spans: Spans) -> Measured:
    """Return the mean of SpO2 / FiO2 while both are known."""
    saturation, oxygen = numeric(material, "spo2", spans), numeric(material, "fio2", spans)
    if saturation is None or oxygen is None:
        lacking = "SpO2" if saturation is None else "FiO2"
        return Measured(nan, 0, 0.0, f"no {lacking} in this phase")
    doubted = material.doubted("spo2"), material.doubted("fio2")
    trusted = subtract(subtract(spans, doubted[0]), doubted[1])
    ratio = measure_saturation_per_oxygen(saturation[0], oxygen[0], trusted)
    return _measured(ratio.mean, ratio, spans, saturation[0])


def breath_rate(material: Material, spans: Spans) -> Measured:
    """Return the breathing rate 60 / mean breath interval."""
    if material.breaths is None:
        return Measured(nan, 0, 0.0, "no respiration signal")
    intervals = breath_intervals(material.breaths, spans, material.doubted("resp"))
    covered = float(np.sum(intervals))
    coverage, label = _share(covered, spans), material.breaths.channel.label
    if covered < MIN_VALID_S:
        reason = "no breaths in this phase" if covered == 0 else _too_short(covered)
        return Measured(nan, len(intervals), coverage, reason, label)
    return Measured(measure_breath_rate(intervals), len(intervals), coverage, "", label)


def breath_variability(material: Material, spans: Spans) -> Measured:
    """Return the mean coefficient of variation of breath intervals in five-minute windows."""
    if material.breaths is None:
        return Measured(nan, 0, 0.0, "no respiration signal")
    label, doubted = material.breaths.channel.label, material.doubted("resp")
    used: list[float] = []
    count, covered = 0, 0.0
    for window in whole_windows(spans, material.rules.window_s):
        intervals = breath_intervals(material.breaths, Spans.of([window]), doubted)
        if len(intervals) >= MIN_BREATHS:
            used.append(measure_breath_variability(intervals))
            count, covered = count + len(intervals), covered + float(np.sum(intervals))
    if not used:
        reason = f"no 5-min window with {MIN_BREATHS} breath intervals in this phase"
        return Measured(nan, 0, 0.0, reason, label)
    return Measured(float(np.mean(used)), count, _share(covered, spans), "", label)


def temperature(site: str) -> Measure:
    """Return the measure of the mean of five-minute medians at a site."""
    return _at_site(site, lambda medians: float(np.mean(medians)))


def coldest(site: str) -> Measure:
    """Return the measure of the lowest five-minute median at a site."""
    return _at_site(site, lambda medians: float(np.min(medians)))


def cool_share(site: str) -> Measure:
    """Return the measure of the share of five-minute medians below 36.5 degree Celsius."""
    return _at_site(site, lambda medians: 100.0 * float(np.mean(medians < NORMAL_FROM)))


def temperature_series(material: Material, site: str) -> tuple[Series, ...]:
    """Return the temperatures of a site; ``other`` for those of no named one."""
    named = ("axilla", "rectal", "core", "skin")
    return tuple(
        each
        for each in material.numerics.get("temp", ())
        if (each.channel.site if each.channel.site in named else "other") == site
    )


def coupling(material: Material, spans: Spans) -> Measured:
    """Return the mean over ten-minute windows of the largest HR-SpO2 cross-correlation."""
    found, measured = _couplings(material, spans)
    if not found:
        return measured
    return replace(measured, value=float(np.mean([each.value for each in found])))


def coupling_lag(material: Material, spans: Spans) -> Measured:
    """Return the median over ten-minute windows of that cross-correlation's lag."""
    found, measured = _couplings(material, spans)
    if not found:
        return measured
    return replace(measured, value=float(np.median([each.lag_s for each in found])))


def numeric(material: Material, quantity: str, spans: Spans) -> tuple[Series, Standing] | None:
    """Return the channel of a quantity to read in spans, and its values there.

    The first channel that covers half of the spans, else the one that covers most; None where none
    has a value.
    """
    trusted = subtract(spans, material.doubted(quantity))
    most: tuple[Series, Standing] | None = None
    for series in material.numerics.get(quantity, ()):
        there = standing(series, trusted)
        if there.total >= ENOUGH * total(spans) and there.total > 0:
            return series, there
        if there.total > (0.0 if most is None else most[1].total):
            most = series, there
    return most


def _mean(material: Material, quantity: str, spans: Spans, lacking: str) -> Measured:
    channel = numeric(material, quantity, spans)
    if channel is None:
        return Measured(nan, 0, 0.0, lacking)
    series, there = channel
    return _measured(there.mean, there, spans, series)


def _measured(value: float, there: Standing, spans: Spans, series: Series) -> Measured:
    coverage, label = _share(there.total, spans), series.channel.label
    if there.total < MIN_VALID_S:
        return Measured(nan, len(there.values), coverage, _too_short(there.total), label)
    return Measured(value, len(there.values), coverage, "", label)


def _rate(material: Material, intervals: Intervals, spans: Spans, lacking: str) -> Measured:
    count, covered = 0, 0.0
    for start, end in spans.bounds:
        nn = beating_intervals(material, intervals, float(start), float(end))
        known = np.isfinite(nn)
        count, covered = count + int(known.sum()), covered + float(np.sum(nn[known])) / 1000.0
    coverage, label = _share(covered, spans), intervals.channel.label
    if covered < MIN_VALID_S:
        reason = lacking if count == 0 else _too_short(covered)
        return Measured(nan, count, coverage, reason, label)
    return Measured(60.0 * count / covered, count, coverage, "", label)


def _at_site(site: str, value_of: Callable[[np.ndarray], float]) -> Measure:
    adjective = {"axilla": "axillary ", "other": ""}.get(site, f"{site} ")
    words = f"no {adjective}temperature in this phase"

    def measure(material: Material, spans: Spans) -> Measured:
        doubted = material.doubted("temp")
        for series in temperature_series(material, site):
            medians = five_minute_medians(blank(series, doubted) if len(doubted) else series, spans)
            if len(medians):
                covered = standing(series, subtract(spans, doubted)).total
                label = series.channel.label
                return Measured(value_of(medians), len(medians), _share(covered, spans), "", label)
        return Measured(nan, 0, 0.0, words)

    return measure


def _couplings(material: Material, spans: Spans) -> tuple[list[CrossCorrelation], Measured]:
    """Return the windows' cross-correlations, and a measurement that lacks only their value."""
    saturation = numeric(material, "spo2", spans)
    if saturation is None:
        return [], Measured(nan, 0, 0.0, "no SpO2 in this phase")
    spo2 = _without(saturation[0], material.doubted("spo2"), spans)
    rate = _any_heart_rate(material, spans)
    if rate is None:
        return [], Measured(nan, 0, 0.0, "no heart rate in this phase")
    found: list[CrossCorrelation] = []
    windows = 0
    for start, _ in whole_windows(spans, COUPLING_S):
        windows += 1
        each = measure_heart_saturation(rate, spo2, start)
        if not isnan(each.value):
            found.append(each)
    label = f"{rate.channel.label} and {spo2.channel.label}"
    if windows == 0:
        return [], Measured(nan, 0, 0.0, "no 10-min window fits into this phase", label)
    covered = sum(each.pairs for each in found) * COUPLING_S
    reason = "" if found else "no 10-min window with 80 % of heart rate and SpO2 measured, moving"
    return found, Measured(nan, len(found), _share(covered, spans), reason, label)


def _any_heart_rate(material: Material, spans: Spans) -> Series | None:
    """Return the monitor's heart or pulse rate, else that of beats, over the time of spans."""
    for quantity in ("heart_rate", "pulse_rate"):
        channel = numeric(material, quantity, spans)
        if channel is not None:
            return _without(channel[0], material.doubted(quantity), spans)
    intervals = material.intervals if material.intervals is not None else material.pulse
    if intervals is None or len(spans) == 0:
        return None
    lo, hi = np.searchsorted(intervals.times, (spans.bounds[0, 0], spans.bounds[-1, 1]))
    if hi <= lo:
        return None
    part = replace(
        intervals,
        times=intervals.times[lo:hi],
        rr=intervals.rr[lo:hi],
        nn=intervals.nn[lo:hi],
        corrected=intervals.corrected[lo:hi],
    )
    return blank(heart_rate_series(part), material.doubted(intervals.channel.quantity))


def _without(series: Series, doubted: Spans, spans: Spans) -> Series:
    """Return the series around the spans, with what is doubted blanked."""
    lo = max(int(np.searchsorted(series.times, spans.bounds[0, 0], side="right")) - 1, 0)
    hi = int(np.searchsorted(series.times, spans.bounds[-1, 1]))
    part = replace(
        series,
        times=series.times[lo:hi],
        values=series.values[lo:hi],
        valid_s=series.valid_s[lo:hi],
    )
    return blank(part, intersect(doubted, spans))


def _share(seconds: float, spans: Spans) -> float:
    whole = total(spans)
    return min(seconds / whole, 1.0) if whole > 0 else 0.0


def _too_short(seconds: float) -> str:
    return f"only {seconds:.0f} s measured in this phase"
