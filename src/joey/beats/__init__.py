"""Heart beats from ECG or pleth, and the RR and NN intervals between them."""

from joey.beats.agreement import Agreement, Disagreement, compare_beats
from joey.beats.detector import BeatDetector, detect_beats, join_beats
from joey.beats.intervals import (
    Cleaning,
    Intervals,
    clean_intervals,
    heart_rate_series,
    intervals_from_rr,
    nn_between,
    nn_intervals,
    rr_intervals,
    timing_noise_ms,
    with_breaks,
)
from joey.beats.rates import RateAgreement, RateDetector, compare_rates
from joey.beats.shapes import mark_shapes
from joey.beats.timing import measured_timing_ms
from joey.beats.types import BeatFlag, Beats

__all__ = [
    "Agreement",
    "BeatDetector",
    "BeatFlag",
    "Beats",
    "Cleaning",
    "Disagreement",
    "Intervals",
    "RateAgreement",
    "RateDetector",
    "clean_intervals",
    "compare_beats",
    "compare_rates",
    "detect_beats",
    "heart_rate_series",
    "intervals_from_rr",
    "join_beats",
    "mark_shapes",
    "measured_timing_ms",
    "nn_between",
    "nn_intervals",
    "rr_intervals",
    "timing_noise_ms",
    "with_breaks",
]
