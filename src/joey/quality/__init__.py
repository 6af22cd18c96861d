"""Which spans of one signal can be trusted, and why not. Never why a signal was lost."""

from joey.quality.numerics import (
    FrozenDetector,
    NumericDetector,
    differ,
    far_apart,
    follow_heart,
    frozen_together,
    judge_numeric,
    possible,
    still_differ,
)
from joey.quality.types import Quality, Verdict, add_doubt, bad_spans, distrust, doubtful_spans
from joey.quality.waveforms import QualityDetector, join_quality, judge_waveform

__all__ = [
    "FrozenDetector",
    "NumericDetector",
    "Quality",
    "QualityDetector",
    "Verdict",
    "add_doubt",
    "bad_spans",
    "differ",
    "distrust",
    "doubtful_spans",
    "far_apart",
    "follow_heart",
    "frozen_together",
    "join_quality",
    "judge_numeric",
    "judge_waveform",
    "possible",
    "still_differ",
]
