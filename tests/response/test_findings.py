"""What is looked for in what: the steps between channels and events."""

from __future__ import annotations

import numpy as np

from joey.beats import detect_beats, rr_intervals
from joey.quality import Quality, Verdict
from joey.response import findings
from joey.response.channels import Waveform
from joey.signals import measured
from joey.simulate import simulate_beats, simulate_pleth
from joey.spans import Span, Spans, intersect, subtract, total


def test_pulses_of_a_bad_pleth_deny_nothing() -> None:
    """Where the pleth is graded bad its pulses are no evidence on a bradycardia of the ECG."""
    pleth = simulate_pleth(simulate_beats(60, 150, seed=1), seconds=60, seed=2)
    pulse = rr_intervals(detect_beats(pleth), resolution_ms=float("nan"))
    bad = Span(20.0, 40.0)
    quality = Quality(pleth.channel, (Verdict(bad, "bad", "clipped"),), Spans.of([(0.0, 60.0)]))
    found = findings._pulses(pulse, Waveform(pleth, quality, ""))
    assert found is not None
    there, gone = measured(found), Spans.of([bad])
    assert len(intersect(there, gone)) == 0
    elsewhere = subtract(Spans.of([(2.0, 58.0)]), gone)
    assert total(intersect(there, elsewhere)) > 0.95 * total(elsewhere)
    assert np.median(found.values) > 120
    assert findings._pulses(None, None) is None
