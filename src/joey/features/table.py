"""The features Joey measures over any spans, in the order they are shown.

A definition is one sentence for the report's methods; what a number needs, and why it is sometimes
not given, lies in `joey.features.hrv` and `joey.features.measures`.
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

from joey.features import measures
from joey.features.hrv import (
    entropy_over_windows,
    over_windows,
    rmssd_over_windows,
)
from joey.features.material import Feature, HrvRules, HrvWindow, Material, Measured
from joey.features.spectrum import BANDS, RESAMPLE_HZ, SEGMENT_S
from joey.features.warmth import SITES, TEMPERATURE, warmth_of
from joey.signals import measured
from joey.spans import total, union

if TYPE_CHECKING:
    from collections.abc import Callable

    from joey.beats import Intervals
    from joey.breaths import Breaths
    from joey.spans import Spans

__all__ = ["FEATURES", "Feature", "Material", "Measured", "feature_settings", "features_for"]

WINDOWS = "Mean over the windows with enough accepted NN intervals (see the settings): "
# Positive and skewed: an interval of their differences would reach below zero (Joey default).
SKEWED = ("sdnn", "rmssd", "sd1", "sd2", "asymmetry", "lf", "hf", "rsa")
OFTEN_ZERO = ("pnn10",)  # a share with many zeros: neither a difference's interval nor a ratio
ENOUGH = 0.5  # share of all measured time in which beats (breaths) stand for the monitor's rate
SELDOM = ("temp", "fio2")  # stand for hours after one reading: no measure of the recording's length
NO_SPECTRUM = "no window holds two unbroken stretches of 2 min"


def _hrv(
    name: str,
    label: str,
    unit: str,
    decimals: int,
    definition: str,
    measure: Callable[[Material, Spans], Measured] | None = None,
    lacking: str = "cannot be formed from these intervals",
) -> Feature:
    value_of: Callable[[HrvWindow], float] = attrgetter(name)

    def windows(material: Material, spans: Spans) -> Measured:
        return over_windows(material, spans, value_of, lacking)

    return Feature(
        name=name,
        label=label,
        unit=unit,
        decimals=decimals,
        group="heart",
        blockwise=name not in OFTEN_ZERO,
        settles_min=0.0,
        threshold="",
        definition=WINDOWS + definition,
        measure=windows if measure is None else measure,
        scale="ratio" if name in SKEWED else "difference",
    )


def _entropy(name: str, label: str, definition: str) -> Feature:
    value_of: Callable[[HrvWindow], float] = attrgetter(name)

    def measure(material: Material, spans: Spans) -> Measured:
        return entropy_over_windows(material, spans, value_of)

    return _hrv(name, label, "nat", 2, definition, measure)


HEART = (
    Feature(
        name="heart_rate",
        label="Heart rate",
        unit="/min",
        decimals=1,
        group="heart",
        blockwise=True,
        settles_min=0.0,
        threshold="hr",
        definition="Accepted beat intervals of the ECG divided by the time they fill, "
        "60000 / mean NN.",
        measure=measures.heart_rate,
    ),
    Feature(
        name="heart_rate_monitor",
        label="Heart rate (monitor)",
        unit="/min",
        decimals=1,
        group="heart",
        blockwise=True,
        settles_min=0.0,
        threshold="hr",
        definition="Mean over measured time of the heart rate the monitor printed, else of its "
        "pulse rate, else of the pleth's pulses: shown where the ECG gives beats in less "
        "than half of the measured time.",
        measure=measures.monitor_heart_rate,
    ),
    _hrv(
        "sdnn",
        "SDNN",
        "ms",
        1,
        "standard deviation of NN (n - 1; Task Force 1996).",
    ),
    _hrv(
        "rmssd",
        "RMSSD",
        "ms",
        1,
        "root mean square of successive NN differences, none across a break (Task Force 1996); not "
        "corrected for the timing noise of the beats, which is named where it is near.",
        rmssd_over_windows,
    ),
    _hrv(
        "pnn10",
        "pNN10",
        "%",
        1,
        "share of successive NN differences above 10 ms.",
    ),
    _hrv(
        "sd1",
        "SD1",
        "ms",
        1,
        "spread across the Poincaré plot, from var(diff NN) / 2.",
    ),
    _hrv(
        "sd2",
        "SD2",
        "ms",
        1,
        "spread along the Poincaré plot, from 2 var(NN) - var(diff NN) / 2.",
    ),
    _hrv(
        "asymmetry",
        "Sample asymmetry",
        "1",
        2,
        "squared distance from the median NN of decelerations over that of accelerations "
        "(Kovatchev 2003).",
    ),
    _entropy(
        "sampen_m3",
        "Sample entropy, m = 3",
        "-ln of the share of matches of 3 NN that still match at the next, within r SD "
        "(Lake 2002).",
    ),
    _entropy(
        "sampen_m2",
        "Sample entropy, m = 2",
        "-ln of the share of matches of 2 NN that still match at the next, within r SD "
        "(Richman and Moorman 2000).",
    ),
    _hrv(
        "alpha1",
        "DFA alpha1",
        "1",
        2,
        "slope of detrended fluctuation over boxes of 4 to 16 beats (Peng 1995).",
    ),
    _hrv(
        "dc",
        "Deceleration capacity",
        "ms",
        2,
        "phase-rectified averaging around lengthenings (Bauer 2006; T = 3 is "
        "Joey's, for neonatal rates).",
    ),
    _hrv(
        "ac",
        "Acceleration capacity",
        "ms",
        2,
        "phase-rectified averaging around shortenings (Bauer 2006; T, s and L in the settings).",
    ),
    _hrv(
        "lf",
        "LF power",
        "ms²",
        1,
        "Welch power of NN in 0.04-0.2 Hz.",
        lacking=NO_SPECTRUM,
    ),
    _hrv(
        "hf",
        "HF power",
        "ms²",
        1,
        "Welch power of NN from 0.2 Hz to 2 Hz or half the heart rate, whichever is less (bands "
        "for neonates, Doyle 2009, Garvey 2021); interpolation leaves less than 80 % of what "
        "swings faster than 0.26 times a beat.",
        lacking=NO_SPECTRUM,
    ),
    _hrv(
        "rsa",
        "Respiratory sinus arrhythmia",
        "ms²",
        1,
        "Power of NN between the 10th and 90th centile of the infant's own breathing rate, from "
        "the beats themselves: it may exceed HF, which interpolation lowers.",
        lacking="the breathing rate is not known, or lies beyond half the heart rate",
    ),
)

BREATHING = (
    Feature(
        name="resp_rate",
        label="Breathing rate",
        unit="/min",
        decimals=1,
        group="breathing",
        blockwise=True,
        settles_min=0.0,
        threshold="rr",
        definition="60 / mean interval between breaths found in the respiration signal; pauses "
        "count.",
        measure=measures.breath_rate,
    ),
    Feature(
        name="resp_rate_monitor",
        label="Breathing rate (monitor)",
        unit="/min",
        decimals=1,
        group="breathing",
        blockwise=True,
        settles_min=0.0,
        threshold="rr",
        definition="Mean over measured time of the rate the monitor printed: shown where the "
        "respiration signal gives breaths in less than half of the measured time.",
        measure=measures.numeric_mean("resp_rate", "breathing rate"),
    ),
    Feature(
        name="breath_cv",
        label="Breath interval variability",
        unit="%",
        decimals=0,
        group="breathing",
        blockwise=True,
        settles_min=0.0,
        threshold="",
        definition="Mean over windows with at least 100 breath intervals: their standard "
        "deviation over their mean.",
        measure=measures.breath_variability,
    ),
)


def _below(limit: int) -> Feature:
    return Feature(
        name=f"spo2_below_{limit}",
        label=f"Time with SpO2 < {limit} %",
        unit="%",
        decimals=1,
        group="oxygen",
        # Mostly zeros with a few bursts: the spread of block values tells nothing of its error.
        blockwise=False,
        settles_min=0.0,
        threshold="",
        definition=f"Share of measured time with oxygen saturation below {limit} %.",
        measure=measures.saturation_below(float(limit)),
    )


OXYGEN = (
    Feature(
        name="spo2",
        label="SpO2",
        unit="%",
        decimals=1,
        group="oxygen",
        blockwise=True,
        settles_min=0.0,
        threshold="spo2",
        definition="Mean oxygen saturation over measured time.",
        measure=measures.numeric_mean("spo2", "SpO2"),
    ),
    _below(80),
    _below(85),
    _below(90),
    Feature(
        name="fio2",
        label="FiO2",
        unit="1",
        decimals=2,
        group="oxygen",
        blockwise=False,
        settles_min=0.0,
        threshold="",
        definition="Mean inspired fraction of oxygen while it is known.",
        measure=measures.fio2,
    ),
    Feature(
        name="spo2_fio2",
        label="SpO2 / FiO2",
        unit="1",
        decimals=0,
        group="oxygen",
        blockwise=True,
        settles_min=0.0,
        threshold="",
        definition="Mean of SpO2 in percent over the FiO2, a fraction, that stood at that time: a "
        "saturation that rises with FiO2 says nothing of the hold.",
        measure=measures.saturation_per_oxygen,
    ),
    Feature(
        name="perfusion_index",
        label="Perfusion index",
        unit="%",
        decimals=2,
        group="oxygen",
        blockwise=True,
        settles_min=0.0,
        threshold="",
        definition="Mean over measured time of the oximeter's perfusion index.",
        measure=measures.numeric_mean("perfusion_index", "perfusion index"),
    ),
    Feature(
        name="hr_spo2",
        label="HR-SpO2 cross-correlation",
        unit="1",
        decimals=2,
        group="oxygen",
        blockwise=True,
        settles_min=0.0,
        threshold="",
        definition="Mean over 10-min windows of the largest correlation at lags of -30 to +30 s, "
        "mean removed, 80 % measured (after Fairchild and Lake 2018); positive: both "
        "fall together.",
        measure=measures.coupling,
    ),
    Feature(
        name="hr_spo2_lag",
        label="Lag of the HR-SpO2 correlation",
        unit="s",
        decimals=0,
        group="oxygen",
        blockwise=False,
        settles_min=0.0,
        threshold="",
        definition="Median over the windows of the HR-SpO2 cross-correlation: the lag at which "
        "it is largest; positive: SpO2 follows heart rate.",
        measure=measures.coupling_lag,
    ),
)

FEATURES: tuple[Feature, ...] = (*HEART, *BREATHING, *OXYGEN, *TEMPERATURE)


def features_for(material: Material) -> tuple[Feature, ...]:
    """Return the features worth a row for this infant, in order.

    A monitor's rate is left out where beats (breaths) were looked for in at least half of the time
    in which a vital sign was measured, and so are the temperatures of sites that have no probe,
    FiO2 and perfusion where there is none. Everything else is kept: that it could not be measured
    is told by its reason.
    """
    heart, breathing = material.intervals, material.breaths
    beats = heart is not None and len(heart.times) > 0
    breaths = breathing is not None and len(breathing.times) > 0
    left_out = set()
    if not beats:
        left_out.add("heart_rate")
    elif _mostly(material, heart) or not _any_monitor_rate(material):
        left_out.add("heart_rate_monitor")
    if not breaths:
        left_out.add("resp_rate")
    elif _mostly(material, breathing) or not material.numerics.get("resp_rate"):
        left_out.add("resp_rate_monitor")
    if not breaths:
        left_out |= {"breath_cv", "rsa"}
    if not material.numerics.get("fio2"):
        left_out |= {"fio2", "spo2_fio2"}
    if not material.numerics.get("perfusion_index"):
        left_out.add("perfusion_index")
    for site in SITES:
        if not measures.temperature_series(material, site):
            left_out |= {feature.name for feature in warmth_of(site)}
    return tuple(feature for feature in FEATURES if feature.name not in left_out)


def _any_monitor_rate(material: Material) -> bool:
    given = material.numerics.get("heart_rate") or material.numerics.get("pulse_rate")
    return bool(given) or material.pulse is not None


def _mostly(material: Material, found: Intervals | Breaths | None) -> bool:
    """Whether something was looked for in at least half of the time a vital sign was measured."""
    if found is None:
        return False
    searched = [e.searched for e in (material.intervals, material.pulse, material.breaths) if e]
    series = [
        measured(each)
        for quantity, several in material.numerics.items()
        if quantity not in SELDOM
        for each in several
    ]
    return total(found.searched) >= ENOUGH * total(union(*searched, *series))


def feature_settings(rules: HrvRules) -> dict[str, str]:
    """Return every setting that moves a feature's number, by name, for a report to print."""
    vlf, lf, hf = (f"{low:g}-{high:g} Hz" for low, high in (BANDS.vlf, BANDS.lf, BANDS.hf))
    return {
        "hrv_window": f"{rules.window_s:g} s",
        "hrv_min_beats": f"{rules.min_beats}",
        "hrv_min_coverage": f"{rules.min_coverage:g}",
        "hrv_max_corrected": f"{rules.max_corrected:g}",
        "hrv_bands": f"VLF {vlf}, LF {lf}, HF {hf} (at most half the heart rate)",
        "hrv_spectrum": f"pchip at {RESAMPLE_HZ:g} Hz, Welch over {SEGMENT_S:g} s",
        "sample_entropy_r": f"{rules.entropy_r:g} SD",
        "capacity": f"T = {rules.anchor}, s = {rules.scale}, L = {rules.reach}",
        "alpha1_boxes": "4-16 beats",
        "breath_variability_min": f"{measures.MIN_BREATHS} intervals a window",
        "average_min": f"{measures.MIN_VALID_S:g} s measured",
        "cross_correlation": "10-min windows, lags of -30 to +30 s, 80 % measured",
        "temperature": "medians of 5 min",
    }
