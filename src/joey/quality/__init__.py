"""Which spans of one signal can be trusted, and why not. Never why a signal was lost."""

from joey.quality.numerics import frozen_together, judge_numeric
from joey.quality.types import Quality, Verdict, bad_spans, distrust, doubtful_spans
from joey.quality.waveforms import QualityDetector, join_quality, judge_waveform

__all__ = [
    "Quality",
    "QualityDetector",
    "Verdict",
    "bad_spans",
    "distrust",
    "doubtful_spans",
    "frozen_together",
    "join_quality",
    "judge_numeric",
    "judge_waveform",
]
