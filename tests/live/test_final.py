"""What a detector calls final is: nothing is told of the time before, whatever comes."""

from __future__ import annotations

import numpy as np
import pytest

from joey.beats import BeatDetector
from joey.breaths import BreathDetector
from joey.quality import QualityDetector
from joey.signals import Signal, signals_of
from joey.simulate import simulate_infant
from joey.spans import Span, Spans, contains


def with_holes(signal: Signal, holes: list[tuple[float, float]]) -> Signal:
    """Return a signal without some seconds, each part a segment."""
    from joey.signals import cut  # noqa: PLC0415  (beside its use)

    (whole,) = signal.segments
    edges = [0.0, *(edge for hole in holes for edge in hole), 1e9]
    parts: list = []
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        span = Span(whole.span.start + start, min(whole.span.start + end, whole.span.end))
        parts += cut(signal, span).segments
    return Signal(signal.channel, signal.fs, tuple(parts), signal.scale)


@pytest.mark.parametrize("quantity", ["ecg", "pleth", "resp"])
def test_nothing_is_told_of_time_that_was_final(quantity: str) -> None:
    """A second at a time, over holes short and long and a mark: facts lie after what was final."""
    recording = simulate_infant(0.3, 4, holds=0, dirt=True).recording
    signal = with_holes(
        signals_of(recording, quantity)[0],
        [(100.0, 104.0), (200.3, 215.7), (240.0, 243.0), (590.0, 640.0), (700.0, 709.0)],
    )
    detectors: list = [QualityDetector(signal.channel)]
    if quantity == "resp":
        detectors.append(BreathDetector(signal.channel))
    else:
        detectors.append(BeatDetector(signal.channel))
    name = {True: "resp", False: "signal"}
    for detector in detectors:
        is_breaths = isinstance(detector, BreathDetector)
        key = name[is_breaths]
        before, moved = -np.inf, 0
        start = signal.segments[0].span.start
        for k in range(1080):
            lo, hi = start + k, start + k + 1
            new = [
                s.part(max(s.grid.first_at(lo), s.first), min(s.grid.first_at(hi), s.stop))
                for s in signal.segments
                if s.span.start < hi and s.span.end > lo
            ]
            new = [each for each in new if len(each.counts)]
            upto = {key: hi, "beats": hi} if is_breaths else {key: hi}
            told = detector.update({key: new}, upto)
            spans = told.judged if hasattr(told, "judged") else told.searched
            if len(spans):
                assert spans.bounds[0, 0] >= before - 1e-6, k
            if hasattr(told, "times") and len(told.times):
                assert told.times[0] >= before
            assert detector.final >= before
            moved += detector.final > before
            before = detector.final
            assert before <= hi
        assert moved > 200
        assert before > start + 1040
        assert contains(Spans.of([(start, hi)]), np.array([before]))[0]
